//! The command line: one file a verb. The top floor: it reads the environment and the clock.

mod arguments;
mod backfill;
mod backtest;
mod check;
mod demo;
mod environment;
mod explain;
mod filings;
mod log;
mod mute;
mod output;
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
mod test_alert;

use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::filter::LevelFilter;

use crate::private;
use crate::rules;
use crate::sandbox::{self, Sandbox};
use output::tell;

/// Rings when company insiders sell: SEC Form 4 alerts for Discord, e-mail and the terminal.
#[derive(Debug, Parser)]
#[command(version, about, propagate_version = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Watch EDGAR and ring
    Run(run::Args),
    /// See it ring, without network, account or set-up: bundled filings through the whole pipeline
    Demo(demo::Args),
    /// Read settings and rules, and tell every mistake in them
    Check(check::Args),
    /// Tell why each rule rings for a filing or does not, and what would happen next
    Explain(explain::Args),
    /// Tell what the rules would have done with the filings of an archive; sends nothing
    Backtest(backtest::Args),
    /// Send a sample alert to one destination, and tell what came of it
    TestAlert(test_alert::Args),
    /// Tell what state the bot is in
    Status(status::Args),
    /// Tell nothing of a ticker, owner or rule, or to a destination, for a while
    Mute(mute::Args),
    /// Tell again what was muted, and what that kept back in one message
    Unmute(mute::UnmuteArgs),
    /// End a destination's pause now, and send what was given up for it again
    Retry(retry::Args),
    /// Look through the store, write all of it out, make its file smaller
    Store(store::Args),
    /// Fetch the past of issuers, for rules that look back
    Backfill(backfill::Args),
    /// Play the filings of an archive as if they came in now
    Replay(replay::Args),
    /// Print what filings say
    Show(show::Args),
    /// Print the JSON Schema of a file that people write, for editors
    Schema(schema::Args),
    /// Evaluate what rules say in minijinja, for another process of the program
    #[command(hide = true)]
    Evaluate,
}

/// Does what the arguments ask for, and says how it went: 0 done, 1 failed, 2 wrong usage.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    if matches!(cli.verb, Verb::Evaluate) {
        let served = sandbox::serve(io::stdin(), io::stdout());
        return served.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    private::close_to_others();
    isolate();
    // The others speak on standard output.
    let usual = if matches!(cli.verb, Verb::Run(_)) { LevelFilter::INFO } else { LevelFilter::WARN };
    environment::start_log(usual);
    let done = match cli.verb {
        Verb::Run(args) => run::run(&args),
        Verb::Demo(args) => demo::run(&args),
        Verb::Check(args) => check::run(&args),
        Verb::Explain(args) => explain::run(&args),
        Verb::Backtest(args) => backtest::run(&args),
        Verb::TestAlert(args) => test_alert::run(&args),
        Verb::Status(args) => status::run(&args),
        Verb::Mute(args) => mute::mute(&args),
        Verb::Unmute(args) => mute::unmute(&args),
        Verb::Retry(args) => retry::run(&args),
        Verb::Store(args) => store::run(&args),
        Verb::Backfill(args) => backfill::run(&args),
        Verb::Replay(args) => replay::run(&args),
        Verb::Show(args) => show::run(&args),
        Verb::Schema(args) => schema::run(&args),
        Verb::Evaluate => Ok(()).map(|()| ExitCode::SUCCESS),
    };
    done.unwrap_or_else(|error| {
        tell(&mut io::stderr(), &format!("sellbell: {error:#}\n"));
        ExitCode::FAILURE
    })
}

/// Has what rules say in minijinja be evaluated in another process of this program.
fn isolate() {
    // By this name, it is found also where its file was replaced by a newer one.
    let own = Path::new("/proc/self/exe");
    let program = if own.exists() { Ok(own.to_owned()) } else { std::env::current_exe() };
    if let Ok(program) = program {
        rules::isolate(Box::new(Sandbox::new(&program, "evaluate")));
    }
}
