//! `sellbell mute` and `unmute`: through the running bot or, if none is running, directly in the store.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, anyhow};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::arguments::{self, moment};
use super::output::print;
use super::remote::{self, Reached};
use super::status::{span, time};
use super::{environment, setup};
use crate::http::MuteRequest;
use crate::mute::{Mute, Muting};
use crate::outbox;
use crate::rules::RuleSet;

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("end").required(true))]
pub(super) struct Args {
    /// What to mute: ticker:QLYS, owner:1234567 (a CIK), owner:NAME, rule:NAME or destination:discord:NAME
    #[arg(value_name = "WHAT")]
    what: Muting,
    /// How long, such as 90m, 8h or 3d
    #[arg(long = "for", value_name = "SPAN", value_parser = arguments::span, group = "end")]
    span: Option<Duration>,
    /// Until when: a day (midnight in New York) or an RFC 3339 time
    #[arg(long, value_name = "TIME", value_parser = moment, group = "end")]
    until: Option<DateTime<Utc>>,
    /// Reason, shown in `status`
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
    /// Who mutes it [default: the current user]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Settings file [default: config/sellbell.toml if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct UnmuteArgs {
    /// What to unmute, as it was muted
    #[arg(value_name = "WHAT")]
    what: Muting,
    /// Settings file [default: config/sellbell.toml if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub(super) fn mute(args: &Args) -> anyhow::Result<ExitCode> {
    let mut settings = setup::settings(args.config.as_deref())?;
    let now = now();
    let until = match (args.span, args.until) {
        (Some(span), _) => TimeDelta::from_std(span).ok().and_then(|span| now.checked_add_signed(span)),
        (None, until) => until,
    };
    let until = until.context("that is too long")?;
    let by = args.by.clone().or_else(environment::user);
    let mute = Mute::new(args.what.clone(), now, until)?.said(by.as_deref(), args.why.as_deref());
    remote::runtime()?.block_on(async {
        let store = match remote::reach(&settings.store_dir).await? {
            Reached::Running(bot) => {
                let Mute { what, until, why, by, .. } = mute.clone();
                let request = MuteRequest { what: what.to_string(), until, why, by };
                let changed = bot.change("/mutes", |client, url| client.post(url).json(&request));
                return changed.await.map(drop);
            }
            Reached::Stopped(store) => store,
        };
        settings.name_inboxes(&store.known_addresses().await?);
        let rules = RuleSet::new(setup::rules(&settings, &settings.rules_dir)?);
        mute.what.check(&settings, &rules)?;
        store.set_mute(&mute).await?;
        Ok(store.flush().await?)
    })?;
    let said = format!(
        "{} is muted until {}, for {}. Alerts held back until then are sent in one message.\n",
        mute.what.in_words(),
        time(until),
        span(until - now)
    );
    print(&mut io::stdout(), &said);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn unmute(args: &UnmuteArgs) -> anyhow::Result<ExitCode> {
    let settings = setup::settings(args.config.as_deref())?;
    let what = &args.what;
    let muted = remote::runtime()?.block_on(async {
        let store = match remote::reach(&settings.store_dir).await? {
            Reached::Running(bot) => {
                let query = [("what", what.to_string())];
                let changed = bot.change("/mutes", |client, url| client.delete(url).query(&query)).await?;
                let answer: Value = serde_json::from_slice(&changed)?;
                let muted = answer["muted"].as_u64();
                return muted.context("the running sellbell does not say how many alerts were muted");
            }
            Reached::Stopped(store) => store,
        };
        let ended =
            outbox::unmute(&store, what, now()).await?.ok_or_else(|| anyhow!("{what} is not muted"))?;
        store.flush().await?;
        Ok(u64::try_from(ended)?)
    })?;
    let kept = match muted {
        0 => "Nothing was held back".to_owned(),
        1 => "1 alert was held back, and is sent now".to_owned(),
        _ => format!("{muted} alerts were held back, and are sent now in one message per destination"),
    };
    print(&mut io::stdout(), &format!("{} is no longer muted. {kept}.\n", what.in_words()));
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::disallowed_methods, reason = "the command is given now")]
fn now() -> DateTime<Utc> {
    Utc::now()
}
