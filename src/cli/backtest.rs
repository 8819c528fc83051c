//! `sellbell backtest`: runs rules over an archive of filings and reports the alerts they would have caused.

use std::fmt::Write as _;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::ensure;
use chrono::NaiveDate;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::print;
use super::{environment, remote, setup};
use crate::backtest::{Backtest, Tally};
use crate::config::Settings;
use crate::edgar::tickers::Tickers;
use crate::filing::edgar_day;
use crate::render::terminal::{self, Colour};
use crate::rules::RuleSet;
use crate::source::archive::Archive;
use crate::text::visible;
use crate::text::{clip, plain};

/// How many unreadable filings to name at most.
const MOST_NAMED: usize = 5;
/// Width of a histogram, in columns.
const COLUMNS: usize = 48;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Settings file [default: config/sellbell.toml if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Rule folder or file [default: the rules folder of the settings]
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    /// First day to report, by the time EDGAR accepted the filing; earlier filings only build up history
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// Last day to report
    #[arg(long, value_name = "DATE")]
    to: Option<NaiveDate>,
    /// Print one JSON object per alert
    #[arg(long)]
    json: bool,
    /// Folders, .zip or .tar.gz files of submissions (such as EDGAR's daily tarballs), or the SEC's quarterly form345.zip
    #[arg(value_name = "ARCHIVE", required = true)]
    archives: Vec<PathBuf>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if let (Some(from), Some(to)) = (args.from, args.to) {
        ensure!(from <= to, "--to {to} is before --from {from}");
    }
    let settings = setup::settings(args.config.as_deref())?;
    let rules = RuleSet::new(setup::rules(&settings, args.rules.as_deref().unwrap_or(&settings.rules_dir))?);
    let listed = listed(&settings)?;
    let bar = progress();
    bar.set_style(style("{msg} {wide_bar} {bytes}/{total_bytes}"));
    bar.set_message("scanning");
    let mut archive = Archive::open(&args.archives, None, &mut |read, all| {
        bar.set_length(all);
        bar.set_position(read);
    })?;
    bar.set_style(style("{msg} {wide_bar} {human_pos}/{human_len} filings, {per_sec}"));
    bar.set_message("filings");
    bar.set_length(u64::try_from(archive.len()).unwrap_or(u64::MAX));
    bar.set_position(0);
    let mut backtest = Backtest::new(rules, args.from)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut unreadable: Vec<String> = Vec::new();
    let mut unread = 0;
    for entry in archive.filings() {
        bar.inc(1);
        let mut filing = match entry.outcome {
            Ok(filing) => filing,
            Err(error) => {
                unread += 1;
                if unreadable.len() < MOST_NAMED {
                    unreadable.push(format!("{}: {error}", entry.name));
                }
                continue;
            }
        };
        if filing.accepted_at.is_some_and(|accepted| args.to.is_some_and(|to| edgar_day(accepted) > to)) {
            break;
        }
        if let Some(listed) = &listed {
            listed.place(&mut filing);
        }
        let alerts = backtest.take(&filing)?;
        for alert in alerts.iter().filter(|_| args.json) {
            let line = serde_json::to_string(alert)?;
            match writeln!(out, "{}", visible(&line)) {
                // The reader of the pipe has gone away.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
                written => written?,
            }
        }
    }
    bar.finish_and_clear();
    out.flush()?;
    drop(out);
    for line in &unreadable {
        print(&mut io::stderr(), &format!("{}\n", plain(line)));
    }
    if unread > unreadable.len() {
        let more = unread - unreadable.len();
        print(&mut io::stderr(), &format!("and {more} more that cannot be read\n"));
    }
    if !args.json {
        let said = summary(&backtest, &archive, unread, environment::colour())?;
        print(&mut io::stdout(), &said);
        if listed.is_none() {
            let note = "Tickers are as filers typed them: EDGAR's list is not in the store yet, or the bot has the store open.\n";
            print(&mut io::stdout(), note);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// EDGAR's list of tickers, if the bot has fetched it and is not running.
fn listed(settings: &Settings) -> anyhow::Result<Option<Tickers>> {
    let (Some(store), _) = setup::store(settings)? else { return Ok(None) };
    let kept = remote::runtime()?.block_on(store.tickers())?;
    Ok(kept.map(|(_, tickers)| tickers))
}

fn progress() -> ProgressBar {
    let target =
        if io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    ProgressBar::with_draw_target(None, target)
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn summary(backtest: &Backtest, archive: &Archive, unread: usize, colour: Colour) -> anyhow::Result<String> {
    let mut text = String::new();
    let Some((first, last)) = backtest.days() else {
        return Ok("The archive has no filings for these days.\n".to_owned());
    };
    let mut notes = Vec::new();
    for (count, what) in [
        (u64::try_from(unread)?, "cannot be read"),
        (archive.repeated(), "are there twice"),
        (archive.skipped(), "of other forms"),
    ] {
        if count > 0 {
            notes.push(format!("{count} {what}"));
        }
    }
    let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
    let (spooled, indexed) = backtest.history_bytes();
    writeln!(
        text,
        "{} filings from {first} to {last}{notes}; history took {} KB on disk, {} KB in memory\n",
        backtest.filings(),
        spooled.div_ceil(1024),
        indexed.div_ceil(1024),
    )?;
    for tally in backtest.tallies() {
        let days = tally.days(first, last);
        let (p50, p95, most) = Tally::percentiles(&days);
        let times = if tally.alerts == 1 { "once".to_owned() } else { format!("{} times", tally.alerts) };
        writeln!(
            text,
            "{}  {times}; per day: {p50} median, {p95} p95, {most} at most",
            terminal::bold(colour, &tally.rule)
        )?;
        if tally.alerts > 0 {
            writeln!(text, "  {}  {first} to {last}", bars(&Tally::histogram(&days, COLUMNS)))?;
        }
        let mut besides = Vec::new();
        for (count, what) in [
            (tally.merged, "merged into the alert of another filing that reported the trade"),
            (tally.withdrawn, "withdrew an alert"),
            (tally.cooled, "held back by the cooldown"),
        ] {
            if count > 0 {
                besides.push(format!("{count} {what}"));
            }
        }
        if !besides.is_empty() {
            writeln!(text, "  besides: {}", besides.join("; "))?;
        }
        for (number, largest) in tally.largest.iter().enumerate() {
            let line = clip(&largest.text, 150);
            writeln!(text, "  {:>2}. {}  {}  {}", number + 1, largest.day, largest.accession, plain(&line))?;
        }
        text.push('\n');
    }
    Ok(text)
}

/// Draws a histogram one line high, in steps of an eighth of that height.
fn bars(counts: &[usize]) -> String {
    const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    counts.iter().map(|count| EIGHTHS[(count * 8).div_ceil(most).min(8)]).collect()
}
