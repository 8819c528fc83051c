//! `sellbell retry`: ends a destination's pause and sends its dead deliveries again, through the running bot
//! or, if none is running, directly in the store.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::anyhow;
use chrono::{DateTime, Utc};

use super::output::print;
use super::remote::{self, Reached};
use super::setup;
use crate::config::Settings;
use crate::destination::{Destination, FORMS};
use crate::http::RetryRequest;
use crate::outbox::{self, Retried, Retry};

/// How long to wait for a bot that has many deliveries to queue again.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("which").required(true))]
pub(super) struct Args {
    #[arg(
        value_name = "DESTINATION",
        group = "which",
        help = format!("Which: {FORMS}, channel:ID for a subscribed channel, or email:NAME/ID for one address of a recipient")
    )]
    destination: Option<Destination>,
    /// Every destination that is paused or has waiting or given-up deliveries
    #[arg(long, group = "which")]
    all: bool,
    /// Settings file [default: config/sellbell.toml if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut settings = setup::settings(args.config.as_deref())?;
    let what = args.destination.clone().map_or(Retry::All, Retry::One);
    let (retried, is_running) = remote::runtime()?.block_on(async {
        let store = match remote::reach(&settings.store_dir).await? {
            Reached::Running(bot) => {
                let destination = args.destination.as_ref().map(ToString::to_string);
                let request = RetryRequest { destination, all: args.all };
                let changed =
                    bot.change("/retries", |client, url| client.post(url).json(&request).timeout(PATIENCE));
                return anyhow::Ok((serde_json::from_slice::<Vec<Retried>>(&changed.await?)?, true));
            }
            Reached::Stopped(store) => store,
        };
        settings.name_inboxes(&store.known_addresses().await?);
        let retried =
            outbox::retry(&store, &settings, &what, now()).await?.map_err(|error| anyhow!(error))?;
        store.flush().await?;
        Ok((retried, false))
    })?;
    let when = if is_running { "now" } else { "when sellbell runs" };
    let mut said: String = retried.iter().map(|one| line(one, &settings, when)).collect();
    if retried.is_empty() {
        said.push_str("No destination is paused, and nothing is waiting or given up.\n");
    }
    print(&mut io::stdout(), &said);
    Ok(ExitCode::SUCCESS)
}

fn line(retried: &Retried, settings: &Settings, when: &str) -> String {
    let Retried { destination, was_paused, waiting, revived } = retried;
    let address = destination.parse().ok().and_then(|destination| settings.masked_address(&destination));
    let address = address.map_or(String::new(), |address| format!(" ({address})"));
    let pause = if *was_paused { "its pause is over; " } else { "" };
    let counted =
        |count: usize| if count == 1 { "1 delivery".to_owned() } else { format!("{count} deliveries") };
    let what = match (*revived, *waiting) {
        (0, 0) => "nothing was given up, and nothing is waiting".to_owned(),
        (0, waiting) => format!("nothing was given up; {} in the queue are tried {when}", counted(waiting)),
        (revived, waiting) => format!(
            "queued again: {} that were given up; tried {when}, with {waiting} that were waiting",
            counted(revived)
        ),
    };
    format!("{destination}{address}: {pause}{what}\n")
}

#[expect(clippy::disallowed_methods, reason = "the command is given now")]
fn now() -> DateTime<Utc> {
    Utc::now()
}
