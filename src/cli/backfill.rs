//! `sellbell backfill`: fetches past filings of issuers, for rules that look back.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use anyhow::{Context, anyhow};
use chrono::{DateTime, TimeDelta, Utc};
use indicatif::{ProgressBar, ProgressStyle};

use super::arguments::{Since, since};
use super::output::print;
use super::{environment, remote, setup, status};
use crate::clock::Clock;
use crate::config::Settings;
use crate::filing::{Cik, edgar_day};
use crate::intake::PollReport;
use crate::notify::Secrets;
use crate::problem::nearest;
use crate::runtime::{self, App, Setup};
use crate::service;
use crate::store::StoreError;

/// The longest wait for the next request; if it would be longer, the command ends.
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(1);
/// The longest outage to wait out before the command ends.
const LONGEST_OUTAGE: TimeDelta = TimeDelta::minutes(2);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Settings file [default: config/sellbell.toml if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Tickers of the issuers, separated by commas
    #[arg(long, value_name = "TICKER", num_args = 1.., value_delimiter = ',', required_unless_present = "cik")]
    ticker: Vec<String>,
    /// CIKs of the issuers, EDGAR's own numbers, separated by commas
    #[arg(long, value_name = "CIK", num_args = 1.., value_delimiter = ',')]
    cik: Vec<Cik>,
    /// How far back to go: a span like 2y or 90d, or a day
    #[arg(long, value_name = "SPAN", value_parser = since)]
    since: Since,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let settings = setup::settings(args.config.as_deref())?;
    let rules = setup::rules(&settings, &settings.rules_dir)?;
    let runtime = remote::runtime()?;
    let store = runtime.block_on(remote::open(&settings.store_dir)).map_err(|error| match error.downcast_ref() {
        Some(StoreError::Busy(_)) => anyhow!("the store is in use by a running sellbell: stop it, run this, and start it again; it then continues an unfinished backfill by itself"),
        _ => error,
    })?;
    // Nothing is sent here, so no link needs to be signed.
    let settings = Settings { public_url: None, ..settings };
    let output = Arc::new(Mutex::new(io::stdout()));
    let assembly = runtime::assemble(Setup {
        settings,
        rules,
        secrets: &Secrets::default(),
        used: &|_| false,
        roots: &environment::edgar_roots()?,
        clock: Clock::wall(),
        output,
        colour: environment::colour(),
    })?;
    let app = assembly.on(store, None);
    runtime.block_on(async {
        let done = tokio::select! {
            done = fill(&app, args) => done,
            _ = tokio::signal::ctrl_c() => {
                let note = "stopped: the next `sellbell backfill` or `sellbell run` continues\n";
                print(&mut io::stderr(), note);
                Ok(ExitCode::FAILURE)
            }
        };
        app.store.flush().await?;
        done
    })
}

async fn fill(app: &App, args: &Args) -> anyhow::Result<ExitCode> {
    let clock = app.clock();
    let since = args.since.day(clock.now()).context("--since reaches too far back")?;
    if since > edgar_day(clock.now()) {
        return Err(anyhow!("--since is in the future: give the first day to fetch"));
    }
    let begun = app.intake.discovery.begin(clock.now()).await?;
    if let Some(trouble) = begun.trouble {
        return Err(anyhow!("EDGAR: {trouble}"));
    }
    let status = service::status(app, clock.now()).await?;
    if let Some(until) = status.no_requests_until {
        return Err(left_alone(until, status.trouble));
    }
    let asked = issuers(app, args).await?;
    for (issuer, name) in &asked {
        app.intake.backfiller.begin(*issuer, name, since, clock.now()).await?;
    }
    let bar = progress();
    let mut failed = 0;
    loop {
        let report = app.intake.backfiller.backfill_once(clock.now()).await?;
        if let Some(given_up) = &report.given_up {
            failed += 1;
            let said =
                format!("{}: EDGAR has no list of filings of CIK {}\n", given_up.name, given_up.issuer);
            bar.suspend(|| print(&mut io::stderr(), &said));
            continue;
        }
        let (Some((backfill, left)), Some(next)) = (&report.current, report.next) else { break };
        bar.set_message(backfill.name.clone());
        bar.set_length(u64::try_from(backfill.queued).unwrap_or(u64::MAX));
        bar.set_position(u64::try_from(backfill.queued.saturating_sub(*left)).unwrap_or(0));
        if report.done {
            failed += usize::from(backfill.left_out.is_some());
            let whole = app.store.history(backfill.issuer, clock.now()).await?.1;
            let whole = match whole.filter(|whole| *whole <= clock.now()) {
                Some(whole) => format!("history is complete since {}", edgar_day(whole)),
                None => "no rule names it, so its next filings are not fetched and history stays incomplete: name it in a rule, or set fetch_all under [edgar]"
                    .to_owned(),
            };
            let left_out = backfill.left_out.map_or_else(String::new, |day| {
                format!("; filings that could not be read are missing, the newest of {day}")
            });
            let said = format!("{}: {} filings read; {whole}{left_out}\n", backfill.name, backfill.queued);
            bar.suspend(|| print(&mut io::stdout(), &said));
        }
        let wait = next - clock.now();
        let outage = app.client.outage().filter(|outage| clock.now() - outage.since > LONGEST_OUTAGE);
        if wait > LONGEST_WAIT || outage.is_some() {
            bar.finish_and_clear();
            let reason = outage.map(|outage| outage.reason);
            let reason = reason.or_else(|| report.trouble.map(|trouble| trouble.to_string()));
            return Err(left_alone(next, reason));
        }
        tokio::time::sleep(clock.real(wait)).await;
    }
    bar.finish_and_clear();
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn left_alone(until: DateTime<Utc>, reason: Option<String>) -> anyhow::Error {
    let reason = reason.map_or_else(String::new, |reason| format!(" ({reason})"));
    let until = status::time(until);
    anyhow!("no requests to EDGAR until {until}{reason}: run this again then, and it continues")
}

/// The issuers named on the command line, each with the name to display.
async fn issuers(app: &App, args: &Args) -> anyhow::Result<Vec<(Cik, String)>> {
    let mut issuers: Vec<(Cik, String)> = args.cik.iter().map(|cik| (*cik, format!("CIK {cik}"))).collect();
    if args.ticker.is_empty() {
        return Ok(issuers);
    }
    let now = app.clock().now();
    let mut report = PollReport::default();
    app.intake.tickers.refresh(now, &mut report).await?;
    if let Some(until) = service::status(app, now).await?.no_requests_until {
        return Err(left_alone(until, report.trouble.map(|trouble| trouble.to_string())));
    }
    let (_, tickers) =
        app.store.tickers().await?.context("EDGAR's list of tickers cannot be fetched: see above")?;
    for ticker in &args.ticker {
        let ticker = ticker.to_ascii_uppercase();
        let Some(cik) = tickers.company(&ticker) else {
            let all = tickers.iter().flat_map(|(_, own)| own.iter().map(String::as_str));
            let hint =
                nearest(&ticker, all).map_or_else(String::new, |near| format!("; did you mean {near}?"));
            return Err(anyhow!("EDGAR lists no ticker {ticker}{hint}"));
        };
        issuers.push((cik, ticker));
    }
    Ok(issuers)
}

fn progress() -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) =
        ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len} filings, {eta} left")
    {
        bar.set_style(style);
    }
    bar
}
