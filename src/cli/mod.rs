//! The command line, with one file per command. This is the top floor: it reads the environment and the
//! clock.

mod arguments;
mod backfill;
mod backtest;
mod channel_kinds;
mod check;
mod demo;
mod digest;
mod discord;
mod environment;
mod explain;
mod filings;
mod log;
mod mute;
mod named;
mod output;
mod pings;
mod remote;
mod replay;
mod retry;
mod run;

mod schema;
mod setup;
mod show;
mod signals;
mod status;
mod store;
mod subscriptions;
mod test_alert;

use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::filter::LevelFilter;

use crate::private;
use crate::rules;
use crate::sandbox::{self, Sandbox};
use output::print;

/// Alerts you when company insiders trade: SEC Form 4 filings to Discord, e-mail, webhooks and the terminal.
#[derive(Debug, Parser)]
#[command(version, about, propagate_version = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Watch EDGAR and send alerts
    Run(run::Args),
    /// Run the whole pipeline on bundled filings; needs no network, account or set-up
    Demo(demo::Args),
    /// Check settings, rules and secrets, and list every mistake
    Check(check::Args),
    /// Explain why each rule matches a filing or not, and what would be sent
    Explain(explain::Args),
    /// Run the rules over an archive of filings and list the alerts; sends nothing
    Backtest(backtest::Args),
    /// Send a sample alert to one destination and report the result
    TestAlert(test_alert::Args),
    /// Preview digests, or send what waits before the slot is over
    Digest(digest::Args),
    /// Help to set up the bot on Discord
    Discord(discord::Args),
    /// Show the state of the bot
    Status(status::Args),
    /// Mute alerts for a ticker, owner, rule or destination
    Mute(mute::Args),
    /// End a mute, and send what it held back in one message
    Unmute(mute::UnmuteArgs),
    /// Resume a paused destination and send again what was given up for it
    Retry(retry::Args),
    /// List, add or remove subscriptions of Discord channels
    Subscriptions(subscriptions::Args),
    /// Check, export or compact the store
    Store(store::Args),
    /// Fetch past filings of issuers, for rules that look back
    Backfill(backfill::Args),
    /// Replay the filings of an archive as if they arrived now; sends nothing
    Replay(replay::Args),
    /// Print filings
    Show(show::Args),
    /// Print the JSON Schema of rule files, for editors
    Schema(schema::Args),
    /// Evaluate what rules say in minijinja, for another process of the program
    #[command(hide = true)]
    Evaluate,
}

/// Runs the command given by the arguments and returns its exit status: 0 done, 1 failed, 2 wrong usage.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    if matches!(cli.verb, Verb::Evaluate) {
        let served = sandbox::serve(io::stdin(), io::stdout());
        return served.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    private::close_to_others();
    isolate();
    // The other commands report on standard output.
    let usual = if matches!(cli.verb, Verb::Run(_)) { LevelFilter::INFO } else { LevelFilter::WARN };
    environment::start_log(usual);
    let done = match cli.verb {
        Verb::Run(args) => run::run(&args),
        Verb::Demo(args) => demo::run(&args),
        Verb::Check(args) => check::run(&args),
        Verb::Explain(args) => explain::run(&args),
        Verb::Backtest(args) => backtest::run(&args),
        Verb::TestAlert(args) => test_alert::run(&args),
        Verb::Digest(args) => digest::run(&args),
        Verb::Discord(args) => discord::run(&args),
        Verb::Status(args) => status::run(&args),
        Verb::Mute(args) => mute::mute(&args),
        Verb::Unmute(args) => mute::unmute(&args),
        Verb::Retry(args) => retry::run(&args),
        Verb::Subscriptions(args) => subscriptions::run(&args),
        Verb::Store(args) => store::run(&args),
        Verb::Backfill(args) => backfill::run(&args),
        Verb::Replay(args) => replay::run(&args),
        Verb::Show(args) => show::run(&args),
        Verb::Schema(args) => schema::run(&args),
        Verb::Evaluate => Ok(()).map(|()| ExitCode::SUCCESS),
    };
    done.unwrap_or_else(|error| {
        print(&mut io::stderr(), &format!("sellbell: {error:#}\n"));
        ExitCode::FAILURE
    })
}

/// Sets up a separate process of this program to evaluate the minijinja code in rules.
fn isolate() {
    // This path works even if the program's file has been replaced by a newer one.
    let own = Path::new("/proc/self/exe");
    let program = if own.exists() { Ok(own.to_owned()) } else { std::env::current_exe() };
    if let Ok(program) = program {
        rules::isolate(Box::new(Sandbox::new(&program, "evaluate")));
    }
}
