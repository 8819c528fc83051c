//! `sellbell status`: what state the bot is in.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::anyhow;
use chrono::{DateTime, Utc};
use chrono_tz::America::New_York;

use super::{setup, tell};
use crate::app::{LatencyStatus, Quantiles, Status};
use crate::clock::Clock;
use crate::http::address_file;
use crate::store::{Store, StoreError};
use crate::text::plain;

/// A bot on the same machine answers at once.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Settings file [default: config/sellbell.toml, where it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// For machines
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let settings = setup::settings(args.config.as_deref())?;
    let dir = &settings.store_dir;
    if !dir.is_dir() {
        tell(
            &mut io::stdout(),
            &format!("There is no store in {} yet: sellbell has not run.\n", dir.display()),
        );
        return Ok(ExitCode::SUCCESS);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let status = match runtime.block_on(asked(dir)) {
        Some(status) => status,
        None => match Store::open(dir) {
            Ok(store) => Status::of(&store, Clock::wall().now())?,
            Err(StoreError::Busy(_)) => {
                return Err(anyhow!(
                    "a running sellbell has the store in {}, and does not answer: see `listen` under [http] in its settings",
                    dir.display()
                ));
            }
            Err(error) => return Err(error.into()),
        },
    };
    let said =
        if args.json { format!("{}\n", serde_json::to_string_pretty(&status)?) } else { people(&status)? };
    tell(&mut io::stdout(), &said);
    Ok(ExitCode::SUCCESS)
}

/// What the bot says that has the store; `None` where none answers.
async fn asked(dir: &Path) -> Option<Status> {
    let address = std::fs::read_to_string(address_file(dir)).ok()?;
    let client = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build().ok()?;
    let answer = client.get(format!("http://{}/status", address.trim())).send().await.ok()?;
    answer.json().await.ok()
}

/// A status as people read it.
pub(super) fn people(status: &Status) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let time = |at: DateTime<Utc>| at.with_timezone(&New_York).format("%Y-%m-%d %H:%M:%S %Z").to_string();
    let state = if status.running.is_some() { "running" } else { "not running" };
    writeln!(text, "sellbell {}, {state}, {}", status.version, time(status.at))?;
    match status.seen_until {
        Some(seen) => writeln!(text, "feed        read up to {}", time(seen))?,
        None => writeln!(text, "feed        not read yet")?,
    }
    if let Some(until) = status.silent_until {
        writeln!(text, "EDGAR       asked nothing until {}", time(until))?;
    }
    if let Some(trouble) = &status.trouble {
        writeln!(text, "trouble     {}", plain(trouble))?;
    }
    if let Some(alarm) = &status.nothing_new {
        writeln!(text, "nothing new since {}, told {}", time(alarm.newest), time(alarm.since))?;
    }
    if status.catching_up {
        writeln!(text, "catching up with what the feed no longer showed, by daily indexes")?;
    }
    if let Some(running) = &status.running {
        writeln!(text, "rules       {}", running.rules)?;
        writeln!(text, "fetches     {}", running.fetches)?;
        writeln!(
            text,
            "            since the start: {} fetched ({} undecided), {} not fetched; {} requests, {:.1} MB",
            running.fetched,
            running.undecided,
            running.not_fetched,
            running.requests,
            running.bytes as f64 / 1e6
        )?;
    }
    writeln!(text, "filings     {} to be fetched, {} in quarantine", status.pending, status.quarantined)?;
    for line in &status.quarantine {
        writeln!(text, "            {}", plain(line))?;
    }
    writeln!(
        text,
        "deliveries  {} waiting, {} taken, {} given up",
        status.queued, status.delivered, status.dead
    )?;
    text.push_str(&latency(&status.latency)?);
    for line in &status.backfills {
        writeln!(text, "backfill    {}", plain(line))?;
    }
    writeln!(text, "store       {}, {:.1} MB", status.store, status.store_bytes as f64 / 1e6)?;
    writeln!(text, "days        compared with EDGAR's index:")?;
    for line in &status.receipts {
        writeln!(text, "  {} {}", if line.clean { ' ' } else { '!' }, plain(&line.text))?;
    }
    if status.receipts.is_empty() {
        writeln!(text, "    none yet")?;
    }
    Ok(text)
}

/// How long alerts took, as people read it.
pub(super) fn latency(latency: &LatencyStatus) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    writeln!(text, "alerts      {} in the last day, {} more found late", latency.alerts, latency.late)?;
    for (way, times) in [
        ("accepted to seen", latency.seen),
        ("seen to sent", latency.sent),
        ("accepted to sent", latency.total),
    ] {
        if let Some(Quantiles { p50, p95, p99 }) = times {
            writeln!(text, "            {way:<16}  p50 {p50:.1} s   p95 {p95:.1} s   p99 {p99:.1} s")?;
        }
    }
    Ok(text)
}
