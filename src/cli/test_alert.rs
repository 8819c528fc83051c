//! `sellbell test-alert`: sends a sample alert to one destination, the way real alerts are sent, and reports
//! the result.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use anyhow::anyhow;
use chrono::{DateTime, Utc};

use super::named::named;
use super::output::print;
use super::{channel_kinds, environment, pings, setup};
use crate::config::Settings;
use crate::delivery::{Batch, Body};
use crate::destination::{Destination, FORMS};
use crate::notify::{Notifier, WITH_ALERTS};
use crate::rules::Rule;
use crate::service;
use crate::text::path_text;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[arg(value_name = "DESTINATION", help = format!("Where to: {FORMS}, channel:ID for a subscribed channel, or email:NAME/ID for one address of a recipient"))]
    destination: Destination,
    /// Settings file [default: config/sellbell.toml]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut settings = setup::settings(args.config.as_deref())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Without a store, or with one in use, the first address of a recipient has its name.
    if let Ok((Some(store), _)) = setup::store(&settings)
        && let Ok(known) = runtime.block_on(store.known_addresses())
    {
        settings.name_inboxes(&known);
    }
    let destination = &args.destination;
    if !settings.knows(destination) && !matches!(destination, Destination::Channel(_)) {
        let defined = settings.destinations().join(", ");
        return Err(anyhow!("the settings define no destination `{destination}`; they define {defined}"));
    }
    let secrets = environment::secrets(&settings)?;
    let output = Arc::new(Mutex::new(io::stdout()));
    let notifier =
        Notifier::new(&settings, &secrets, &|used| destination.covers(used), output, environment::colour())?;
    if !notifier.serves(destination) {
        return Err(anyhow!("{destination} needs the bot, and DISCORD_TOKEN is not set"));
    }
    let mut is_well = true;
    for one in settings.each_of(destination) {
        is_well &= runtime.block_on(try_out(&settings, &notifier, &one)).unwrap_or_else(|error| {
            // Another address may accept it.
            print(&mut io::stderr(), &format!("sellbell: {error:#}\n"));
            false
        });
    }
    if matches!(destination, Destination::Email(_)) && secrets.smtp_url.is_none() {
        let folder = path_text(&settings.email.out_dir);
        print(&mut io::stderr(), &format!("The e-mail is a file in {folder}, because SMTP_URL is not set\n"));
    }
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Sends a sample; false if it was accepted and something is wrong all the same.
async fn try_out(
    settings: &Settings,
    notifier: &Notifier,
    destination: &Destination,
) -> anyhow::Result<bool> {
    if let Some(wrong) = channel_kinds::wrong_kind(notifier, destination).await {
        return Err(anyhow!("{wrong}: {WITH_ALERTS}"));
    }
    let now = now();
    let delivery = service::sample(settings, destination, now)?;
    let what =
        if matches!(delivery.body, Body::Digest(_)) { "digest with a sample alert" } else { "sample alert" };
    let shown = named(None, settings, destination).await?;
    let sent = notifier.try_out(&Batch::one(delivery.clone()), now).await;
    let took = (self::now() - now).as_seconds_f64();
    notifier.hang_up().await;
    // For one of the bot's channels, report missing permissions even if everything went well this time.
    let opens_threads = settings.discord.threads_of(destination).is_some();
    let lacking = notifier.lacks(destination, opens_threads).await;
    let lacking = lacking.inspect_err(|error| tracing::debug!("the bot's permissions are unknown: {error}"));
    let lacking = lacking.ok().flatten().unwrap_or_default();
    let lacking =
        (!lacking.is_empty()).then(|| format!("the bot lacks {} in that channel", lacking.join(", ")));
    match sent {
        Ok(sent) => {
            let id = sent.message_id.map_or(String::new(), |id| format!("; its id is {id}"));
            let file = if notifier.takes_files(destination).is_some() { " with a file" } else { "" };
            print(&mut io::stderr(), &format!("{shown} accepted a {what}{file} in {took:.2} s{id}\n"));
            let is_lacking = lacking.is_some();
            if let Some(lacking) = lacking {
                print(&mut io::stderr(), &format!("But {lacking}: grant it\n"));
            }
            let pings = unpinged(settings, notifier, destination).await;
            pings.iter().for_each(|said| print(&mut io::stderr(), said));
            Ok(!is_lacking && pings.is_empty())
        }
        Err(error) => {
            let advice = lacking.map(|lacking| format!("{lacking}: grant it"));
            let advice = advice.or(error.advice.map(str::to_owned));
            let advice = advice.map_or(String::new(), |advice| format!("\nWhat to do: {advice}"));
            Err(anyhow!("{shown} did not accept a {what} ({took:.2} s): {error}{advice}"))
        }
    }
}

/// What to say about roles that rules mention and that messages to this destination cannot ping. For a channel
/// without a name in the settings, any rule may be subscribed.
async fn unpinged(settings: &Settings, notifier: &Notifier, destination: &Destination) -> Vec<String> {
    let Ok(rules) = setup::rules(settings, &settings.rules_dir) else { return Vec::new() };
    let is_used =
        |rule: &&Rule| rule.notify.contains(destination) || matches!(destination, Destination::Channel(_));
    let found = pings::unpinged(notifier, rules.iter().filter(is_used), destination).await;
    let found = found.inspect_err(|error| tracing::debug!("the server's roles are unknown: {error}"));
    let said = |(rule, names): (&Rule, Vec<String>)| {
        let names = names.join(", ");
        format!("But alerts of rule `{}` do not ping {names} there: {}\n", rule.name, pings::ADVICE)
    };
    found.unwrap_or_default().into_iter().map(said).collect()
}

#[expect(clippy::disallowed_methods, reason = "a verb of the command line knows the time")]
fn now() -> DateTime<Utc> {
    Utc::now()
}
