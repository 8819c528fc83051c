//! `sellbell discord`: helps to set up the bot on Discord.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use anyhow::{Context, anyhow};

use super::output::print;
use super::{environment, remote, setup};
use crate::notify::{NoAnswer, Notifier};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: DiscordVerb,
}

#[derive(Debug, clap::Subcommand)]
enum DiscordVerb {
    /// Print the link that invites the bot to a server, with the permissions that it needs
    Invite(InviteArgs),
}

#[derive(Debug, clap::Args)]
struct InviteArgs {
    /// Settings file [default: config/sellbell.toml if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.verb {
        DiscordVerb::Invite(args) => invite(args),
    }
}

fn invite(args: &InviteArgs) -> anyhow::Result<ExitCode> {
    let settings = setup::settings(args.config.as_deref())?;
    let secrets = environment::secrets(&settings)?;
    let output = Arc::new(Mutex::new(io::stdout()));
    let notifier = Notifier::new(&settings, &secrets, &|_| false, output, environment::colour())?;
    let bot = notifier.bot().context(
        "DISCORD_TOKEN is not set: create a bot at https://discord.com/developers/applications, and set the \
         variable to its token",
    )?;
    let invitation = remote::runtime()?.block_on(bot.invitation()).map_err(|error| match error {
        NoAnswer::Refused { status: 401, .. } => {
            anyhow!("{error}: the token in DISCORD_TOKEN is wrong or was reset: copy the bot's token again")
        }
        _ => anyhow!(error),
    })?;
    print(&mut io::stdout(), &format!("{invitation}\n"));
    print(
        &mut io::stderr(),
        "Open the link in a browser and choose a server. You need the permission Manage Server there.\n",
    );
    Ok(ExitCode::SUCCESS)
}
