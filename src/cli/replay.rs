//! `sellbell replay`: replays the filings of an archive as if they arrived now, at their recorded times or
//! faster.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, anyhow};
use chrono::{Days, NaiveDate, TimeDelta};

use super::output::print;
use super::{environment, setup, status};
use crate::clock::Clock;
use crate::config::Settings;
use crate::destination::Destination;
use crate::filing::{edgar_day, edgar_time};
use crate::notify::Secrets;
use crate::problem::Source;
use crate::replay::{Archive, Faults, ReplayedEdgar, Stage};
use crate::rules::{self, Rule};
use crate::runtime::{self, App, Setup};
use crate::service;
use crate::store::{Receipt, Store};
use crate::text::path_text;
use crate::trust::Roots;

const DEMO_RULES: &str = include_str!("../replay/bundled/rules.toml");
/// Requests per second at real-time speed, as in the settings.
const REQUESTS: f64 = 8.0;
const MOST_REQUESTS: f64 = 10_000.0;
/// How long a request on loopback may take on a busy machine.
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(250);
/// How many days later to stop waiting for a day to be compared with its index.
const MOST_DAYS_AFTER: u64 = 4;
/// If a second of the replay takes less than this, the measured latency is largely that of this machine.
const SHORTEST_SECOND: Duration = Duration::from_millis(2);
/// How often to check if the replay is over.
const LOOK: Duration = Duration::from_millis(100);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How many times faster than real time
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=36_000))]
    speed: u32,
    /// First day to replay [default: the day with the most filings]
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// Last day to replay [default: the first]
    #[arg(long, value_name = "DATE")]
    to: Option<NaiveDate>,
    /// Rule folder or file [default: the rules folder of the settings, or the demo's rules if there is none]
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    /// Make one answer in ten fail, chosen by this seed
    #[arg(long, value_name = "SEED")]
    faults: Option<u64>,
    /// Keep the store in a new folder inside this one [default: it is deleted]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Folders, .zip or .tar.gz files of submissions
    #[arg(value_name = "ARCHIVE", required = true)]
    archives: Vec<PathBuf>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let (from, to) = match (args.from, args.to) {
        (Some(from), Some(to)) if to < from => return Err(anyhow!("--to is before --from")),
        (Some(from), to) => (from, to.unwrap_or(from)),
        (None, Some(_)) => return Err(anyhow!("--to needs --from")),
        (None, None) => {
            let day = fullest_day(&args.archives)?;
            (day, day)
        }
    };
    let mut archive = Archive::from_files(&args.archives, Some(from), Some(to), &mut |_, _| {})?;
    if archive.forms_4() == 0 {
        return Err(anyhow!("it has no Form 4 from {from} to {to}"));
    }
    archive.mix_other_forms(1);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(play(args, archive, from, to));
    runtime.shutdown_timeout(Duration::from_secs(1));
    done
}

fn fullest_day(paths: &[PathBuf]) -> anyhow::Result<NaiveDate> {
    let archive = Archive::from_files(paths, None, None, &mut |_, _| {})?;
    let mut days = std::collections::BTreeMap::<NaiveDate, usize>::new();
    for (_, accepted_at, _) in archive.filings_4() {
        *days.entry(edgar_day(accepted_at)).or_default() += 1;
    }
    let fullest = days.into_iter().max_by_key(|(day, count)| (*count, std::cmp::Reverse(*day)));
    fullest.map(|(day, _)| day).context("it has no Form 4 with an acceptance time")
}

async fn play(args: &Args, archive: Archive, from: NaiveDate, to: NaiveDate) -> anyhow::Result<ExitCode> {
    let speed = f64::from(args.speed);
    let opens = edgar_time(from, 5, 59);
    let last = archive.last().context("there is nothing to replay")?;
    let faults = args.faults.map_or_else(Faults::none, |seed| Faults::storm(seed, opens, last, 0.1));
    let count = archive.forms_4();
    let clock = Clock::played(opens, speed);
    let edgar = ReplayedEdgar::play(Stage { archive, clock, faults }).await.context("no port on loopback")?;
    let temporary = tempfile::tempdir()?;
    let folder = store_folder(args.dir.as_deref().unwrap_or(temporary.path()))?;
    let requests = (REQUESTS * speed).min(MOST_REQUESTS);
    let text = format!(
        "[edgar]\nbase_url = \"{}\"\nrequests_per_second = {requests:.0}\n[store]\ndir = {}\n[http]\nlisten = \"\"\n",
        edgar.base_url(),
        toml::Value::String(folder.display().to_string()),
    );
    let mut settings = Settings::read("replay settings", &text, &[])?;
    // Without scaling, waiting for an answer that never comes would last hours or days of replayed time.
    settings.edgar.timeout = settings.edgar.timeout.div_f64(speed).max(SHORTEST_TIMEOUT);
    let rules = rules(args.rules.as_deref())?;
    let output = Arc::new(Mutex::new(io::stdout()));
    let count_of_rules = rules.len();
    let assembly = runtime::assemble(Setup {
        settings,
        rules,
        secrets: &Secrets::default(),
        used: &|_| true,
        roots: &Roots::default(),
        clock,
        output,
        colour: environment::colour(),
    })?;
    let store = Store::open(&folder)?;
    let days = match (args.from, from == to) {
        (None, _) => format!("{from}, the day with the most (choose others with --from and --to),"),
        (Some(_), true) => from.to_string(),
        (Some(_), false) => format!("{from} to {to}"),
    };
    let minutes = (edgar_time(to, 23, 59) - opens).num_minutes();
    let said = format!(
        "{count} filings of {days} at {speed} times the speed, {} rules: about {}. Ctrl-C stops.\n\n",
        count_of_rules,
        status::span(TimeDelta::seconds((minutes as f64 * 60.0 / speed) as i64))
    );
    print(&mut io::stdout(), &said);
    let app = Arc::new(assembly.on(store, Some(opens)));
    let given_up = AtomicBool::new(false);
    let stop = async { given_up.store(!ended(&app, &edgar, from, to).await, Ordering::Relaxed) };
    runtime::run(Arc::clone(&app), None, stop).await?;
    print(&mut io::stdout(), &summary(&app, &edgar)?);
    if given_up.load(Ordering::Relaxed) {
        return Err(anyhow!("{to} was not compared with its index within {MOST_DAYS_AFTER} days"));
    }
    Ok(ExitCode::SUCCESS)
}

/// The folder of the store, which must not exist yet.
fn store_folder(dir: &Path) -> anyhow::Result<PathBuf> {
    let folder = dir.join("store");
    if folder.exists() {
        return Err(anyhow!(
            "{} already exists: a replay starts with an empty store, so choose another --dir",
            path_text(&folder)
        ));
    }
    Ok(folder)
}

/// Waits until the last day is compared with its index or the user presses Ctrl-C, and reports each day when
/// it is compared. Returns `false` if the last day is not compared in time.
async fn ended(app: &App, edgar: &ReplayedEdgar, from: NaiveDate, to: NaiveDate) -> bool {
    let mut day = from;
    let over = async {
        loop {
            tokio::time::sleep(LOOK).await;
            loop {
                // In this order, so that a receipt that becomes final in between is not skipped.
                let passed = app.store.ledger().await.ok().flatten().is_some_and(|ledger| ledger.next > day);
                match app.store.receipt(day).await.ok().flatten().filter(Receipt::is_final) {
                    Some(receipt) => print(&mut io::stdout(), &receipt_line(app, edgar, &receipt).await),
                    // A day on which EDGAR is closed gets no receipt.
                    None if passed => {}
                    None => break,
                }
                let Some(next) = day.succ_opt().filter(|next| *next <= to) else { return true };
                day = next;
            }
            let last = to.checked_add_days(Days::new(MOST_DAYS_AFTER));
            if last.is_some_and(|last| edgar_day(app.clock().now()) > last) {
                return false;
            }
        }
    };
    tokio::select! {
        over = over => over,
        _ = tokio::signal::ctrl_c() => true,
    }
}

/// The report of a compared day: its receipt, the requests to EDGAR so far, and how long its alerts took.
async fn receipt_line(app: &App, edgar: &ReplayedEdgar, receipt: &Receipt) -> String {
    let log = edgar.log();
    let requests = log.feed + log.submissions + log.indexes + log.companies + log.tickers;
    let times = match app.clock().real(TimeDelta::seconds(1)) < SHORTEST_SECOND {
        true => "Latency is not shown: at this speed it would only measure this machine.\n".to_owned(),
        false => service::status(app, app.clock().now())
            .await
            .map_or_else(|_| String::new(), |status| status::latency(&status.latency)),
    };
    format!("\n{receipt}; {requests} requests so far\n{times}")
}

fn summary(app: &App, edgar: &ReplayedEdgar) -> anyhow::Result<String> {
    let log = edgar.log();
    let mut text = format!("\nreplayed until {}\n", status::time(app.clock().now()));
    writeln!(
        text,
        "EDGAR was asked for {} pages of the feed, {} submissions and {} indexes, {:.1} MB in all; faults: {}",
        log.feed,
        log.submissions,
        log.indexes,
        log.bytes as f64 / 1e6,
        log.faults_met()
    )?;
    Ok(text)
}

fn rules(path: Option<&Path>) -> anyhow::Result<Vec<Rule>> {
    let anywhere = |_: &Destination| true;
    let settings = setup::settings(None)?;
    let mut rules = match path {
        Some(path) => rules::load_path(path, &anywhere, &[])?,
        None if settings.rules_dir.is_dir() => rules::load_path(&settings.rules_dir, &anywhere, &[])?,
        None => rules::load_slice([Source { file: "demo rules", text: DEMO_RULES }], &anywhere, &[])?,
    };
    for rule in &mut rules {
        rule.notify = vec![Destination::Terminal];
    }
    Ok(rules)
}
