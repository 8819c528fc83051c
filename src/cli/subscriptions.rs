//! `sellbell subscriptions`: lists, adds and removes subscriptions of Discord channels, through the running
//! bot or, if none is running, directly in the store.

use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::anyhow;
use chrono::{DateTime, Utc};

use super::output::print;
use super::remote::{self, Reached};
use super::status::time;
use super::{environment, setup};
use crate::config::Settings;
use crate::destination::{PlaceName, Threads};
use crate::http::SubscriptionRequest;
use crate::notify::Notifier;
use crate::rules::RuleSet;
use crate::service::{self, SubscriptionLine, Subscriptions};
use crate::store::Store;
use crate::text::{path_text, visible};

/// How long to wait for a bot that asks Discord.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: SubscriptionsVerb,
}

#[derive(Debug, clap::Subcommand)]
enum SubscriptionsVerb {
    /// List all subscriptions, with the names of servers and channels
    List(ListArgs),
    /// Subscribe a channel to a rule, like `/subscribe`
    Add(AddArgs),
    /// End a subscription, like `/unsubscribe`
    Remove(ChangeArgs),
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// Settings file [default: config/sellbell.toml if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct AddArgs {
    #[command(flatten)]
    change: ChangeArgs,
    /// Put the alerts into threads: one for each `ticker`, or one a `day`
    #[arg(long, value_name = "BY")]
    threads: Option<Threads>,
}

#[derive(Debug, clap::Args)]
struct ChangeArgs {
    /// The channel's id
    #[arg(value_name = "CHANNEL", value_parser = channel)]
    channel: u64,
    /// The rule's name
    #[arg(value_name = "RULE")]
    rule: String,
    /// Settings file [default: config/sellbell.toml if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Parses the id of a channel, also as destinations and messages write it.
fn channel(text: &str) -> Result<u64, String> {
    let bare = text.strip_prefix("channel:").or_else(|| text.strip_prefix("<#")?.strip_suffix('>'));
    let id = bare.unwrap_or(text).parse().ok().filter(|id| *id > 0);
    id.ok_or_else(|| {
        "expected a channel's id, such as 1103812345678905678: with Developer Mode on, Discord copies it from the channel's menu".to_owned()
    })
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.verb {
        SubscriptionsVerb::List(args) => list(args),
        SubscriptionsVerb::Add(args) => add(args),
        SubscriptionsVerb::Remove(args) => remove(args),
    }
}

fn list(args: &ListArgs) -> anyhow::Result<ExitCode> {
    let settings = setup::settings(args.config.as_deref())?;
    let dir = &settings.store_dir;
    let all: Vec<SubscriptionLine> = if Store::is_in(dir) {
        remote::runtime()?.block_on(async {
            match remote::reach(dir).await? {
                Reached::Running(bot) => {
                    let answer =
                        bot.change("/subscriptions", |client, url| client.get(url).timeout(PATIENCE));
                    anyhow::Ok(serde_json::from_slice(&answer.await?)?)
                }
                Reached::Stopped(store) => Ok(service::subscriptions(&store).await?),
            }
        })?
    } else {
        let said = format!("There is no store in {} yet: sellbell has not run.\n", path_text(dir));
        print(&mut io::stderr(), &said);
        Vec::new()
    };
    let said = match args.json {
        true => format!("{}\n", visible(&serde_json::to_string_pretty(&all)?)),
        false => people(&all),
    };
    print(&mut io::stdout(), &said);
    Ok(ExitCode::SUCCESS)
}

fn add(args: &AddArgs) -> anyhow::Result<ExitCode> {
    let AddArgs { change: ChangeArgs { channel, rule, config }, threads } = args;
    let settings = setup::settings(config.as_deref())?;
    let name = remote::runtime()?.block_on(async {
        let store = match remote::reach(&settings.store_dir).await? {
            Reached::Running(bot) => {
                let (channel, rule) = (channel.to_string(), rule.clone());
                let request = SubscriptionRequest { channel, rule, threads: *threads };
                let path = "/subscriptions";
                let changed =
                    bot.change(path, |client, url| client.post(url).json(&request).timeout(PATIENCE));
                return changed.await.map(|_| None);
            }
            Reached::Stopped(store) => store,
        };
        add_to(&store, &settings, (*channel, rule), *threads).await
    })?;
    let shown = shown(*channel, name.as_ref());
    print(&mut io::stdout(), &format!("{shown} now gets alerts for `{rule}`.\n"));
    Ok(ExitCode::SUCCESS)
}

/// Subscribes a channel in a store that no bot has open. Returns the channel's name, if known.
async fn add_to(
    store: &Store,
    settings: &Settings,
    (channel, rule): (u64, &str),
    threads: Option<Threads>,
) -> anyhow::Result<Option<PlaceName>> {
    let rules = &RuleSet::new(setup::rules(settings, &settings.rules_dir)?);
    let secrets = environment::secrets(settings)?;
    let output = Arc::new(Mutex::new(io::stdout()));
    let notifier = &Notifier::new(settings, &secrets, &|_| false, output, environment::colour())?;
    Subscriptions { settings, rules, store, notifier }.add(channel, rule, threads, now()).await??;
    store.flush().await?;
    Ok(store.place_name(channel).await?)
}

fn remove(args: &ChangeArgs) -> anyhow::Result<ExitCode> {
    let ChangeArgs { channel, rule, config } = args;
    let settings = setup::settings(config.as_deref())?;
    remote::runtime()?.block_on(async {
        match remote::reach(&settings.store_dir).await? {
            Reached::Running(bot) => {
                let query = [("channel", channel.to_string()), ("rule", rule.clone())];
                let changed = bot.change("/subscriptions", |client, url| client.delete(url).query(&query));
                changed.await.map(drop)
            }
            Reached::Stopped(store) => {
                if !store.unsubscribe(*channel, rule).await? {
                    return Err(anyhow!("channel {channel} does not subscribe to a rule `{rule}`"));
                }
                Ok(store.flush().await?)
            }
        }
    })?;
    print(&mut io::stdout(), &format!("Channel {channel} no longer gets alerts for `{rule}`.\n"));
    Ok(ExitCode::SUCCESS)
}

/// Lists subscriptions for people, by channel.
fn people(all: &[SubscriptionLine]) -> String {
    if all.is_empty() {
        return "No channel has subscriptions.\n".to_owned();
    }
    let mut text = String::new();
    let mut before: Option<&str> = None;
    for one in all {
        if before.replace(&one.channel) != Some(&one.channel) {
            let name = one.channel_name.as_ref().map(|channel| match &one.server_name {
                Some(server) => format!(" (#{channel} on {server})"),
                None => format!(" (#{channel})"),
            });
            let server = one.server.as_ref().filter(|_| one.server_name.is_none());
            let server = server.map_or(String::new(), |server| format!(", server {server}"));
            // Writing to a `String` cannot fail.
            let _ = writeln!(text, "channel {}{}{server}", one.channel, name.unwrap_or_default());
        }
        let by = one.by.as_ref().map_or("by the command line".to_owned(), |by| format!("by user {by}"));
        let threads = match one.threads {
            Some(Threads::Ticker) => ", in a thread for each company",
            Some(Threads::Day) => ", in a thread a day",
            None => "",
        };
        let _ = writeln!(text, "  {}, since {}, {by}{threads}", one.rule, time(one.since));
        if let Some(aside) = &one.set_aside {
            let (since, until) = (time(aside.since), time(aside.until));
            let _ = writeln!(text, "    set aside since {since}: {}; kept until {until}", aside.why);
        }
    }
    text
}

fn shown(channel: u64, name: Option<&PlaceName>) -> String {
    match name {
        Some(name) => format!("Channel {channel} ({name})"),
        None => format!("Channel {channel}"),
    }
}

#[expect(clippy::disallowed_methods, reason = "the command is given now")]
fn now() -> DateTime<Utc> {
    Utc::now()
}
