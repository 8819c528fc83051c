//! `sellbell status`: shows the state of the bot.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::America::New_York;
use textwrap::Options;

use super::output::print;
use super::remote::{self, Reached};
use super::setup;
use crate::clock::Clock;
use crate::operators::{ConnectionCount, GatewayStatus};
use crate::service::{LatencyStatus, Quantiles, Status};
use crate::store::Store;
use crate::text::{path_text, plain};

/// The default width of a terminal, and that of the names on its left.
const WIDTH: usize = 80;
/// How many readers that unsubscribed to name at most.
const MOST_UNSUBSCRIBED: usize = 5;
const INDENT: &str = "            ";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Settings file [default: config/sellbell.toml if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut settings = setup::settings(args.config.as_deref())?;
    let dir = &settings.store_dir;
    if !Store::is_in(dir) {
        let said = format!("There is no store in {} yet: sellbell has not run.\n", path_text(dir));
        if args.json {
            print(&mut io::stderr(), &said);
            print(&mut io::stdout(), "null\n");
        } else {
            print(&mut io::stdout(), &said);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let runtime = remote::runtime()?;
    let status = match runtime.block_on(remote::reach(dir))? {
        Reached::Running(bot) => bot.status,
        Reached::Stopped(store) => runtime.block_on(async {
            settings.name_inboxes(&store.known_addresses().await?);
            Status::of(&store, &settings, Clock::wall().now()).await
        })?,
    };
    let said =
        if args.json { format!("{}\n", serde_json::to_string_pretty(&status)?) } else { people(&status) };
    print(&mut io::stdout(), &said);
    Ok(ExitCode::SUCCESS)
}

/// Formats a status for people, in lines of at most 80 columns.
fn people(status: &Status) -> String {
    let state = if status.running.is_some() { "running" } else { "not running" };
    let mut text = format!("sellbell {}, {state}, {}\n", status.version, time(status.at));
    let feed = status.read_until.map_or_else(
        || "not read yet".to_owned(),
        |seen| format!("read up to {}, {} ago", time(seen), span(status.at - seen)),
    );
    line(&mut text, "feed", &feed);
    if let Some(until) = status.no_requests_until {
        let left = span(until - status.at);
        line(&mut text, "EDGAR", &format!("no requests until {}, {left} more", time(until)));
    }
    if let Some(trouble) = &status.trouble {
        line(&mut text, "trouble", trouble);
    }
    if let Some(alarm) = &status.nothing_new {
        let said = format!("since {}, reported {}", time(alarm.newest), time(alarm.since));
        line(&mut text, "nothing new", &said);
    }
    if status.catching_up {
        line(&mut text, "catching up", "with filings that the feed no longer shows, from daily indexes");
    }
    if let Some(running) = &status.running {
        line(&mut text, "rules", &running.rules.to_string());
        line(&mut text, "fetches", &running.fetches);
        let since = format!(
            "since the start: {} fetched ({} undecided), {} not fetched; {} requests, {:.1} MB",
            running.fetched,
            running.undecided,
            running.not_fetched,
            running.requests,
            running.bytes as f64 / 1e6
        );
        line(&mut text, "", &since);
        running.gateway.iter().for_each(|gateway| put_gateway(&mut text, gateway));
    }
    put_filings(&mut text, status);
    put_deliveries(&mut text, status);
    text.push_str(&latency(&status.latency));
    for backfill in &status.backfills {
        line(&mut text, "backfill", backfill);
    }
    line(&mut text, "store", &format!("{}, {:.1} MB", status.store, status.store_bytes as f64 / 1e6));
    if status.corrupt_records > 0 {
        let said = format!(
            "{} records cannot be read, and are kept apart: `sellbell store export` includes them",
            status.corrupt_records
        );
        line(&mut text, "", &said);
    }
    line(&mut text, "days", "compared with EDGAR's index, newest first; ! marks days with problems:");
    for receipt in &status.receipts {
        put(&mut text, if receipt.clean { "    " } else { "  ! " }, "      ", &receipt.text);
    }
    if status.receipts.is_empty() {
        put(&mut text, "    ", "    ", "none yet");
    }
    text
}

/// Adds the filings that wait, and those in quarantine.
fn put_filings(text: &mut String, status: &Status) {
    let filings = format!("{} to be fetched, {} in quarantine", status.pending, status.quarantined);
    line(text, "filings", &filings);
    for one in &status.quarantine {
        line(text, "", one);
    }
    let unnamed = status.quarantined.saturating_sub(status.quarantine.len());
    if unnamed > 0 {
        line(text, "", &format!("and {unnamed} more"));
    }
}

/// Adds the deliveries and whatever holds them up.
fn put_deliveries(text: &mut String, status: &Status) {
    let deliveries =
        format!("{} waiting, {} delivered, {} given up", status.queued, status.delivered, status.dead);
    line(text, "deliveries", &deliveries);
    for paused in &status.paused {
        line(text, "paused", &named(status, paused));
    }
    for unsubscribed in status.unsubscribed.iter().take(MOST_UNSUBSCRIBED) {
        line(text, "readers", &named(status, unsubscribed));
    }
    if status.unsubscribed.len() > MOST_UNSUBSCRIBED {
        line(text, "", &format!("and {} more", status.unsubscribed.len() - MOST_UNSUBSCRIBED));
    }
    for trouble in &status.troubles {
        line(text, "notice", &named(status, trouble));
    }
    for muted in &status.mutes {
        line(text, "muted", &named(status, &muted.to_string()));
    }
}

/// A text that shows the names of channels after their ids, which commands take.
fn named(status: &Status, text: &str) -> String {
    let mut said = text.to_owned();
    for (id, name) in &status.names {
        let is_whole = |at: usize| !said[at + id.len()..].starts_with(|next: char| next.is_ascii_digit());
        if let Some((at, _)) = said.match_indices(id.as_str()).find(|(at, _)| is_whole(*at)) {
            said.insert_str(at + id.len(), &format!(" ({name})"));
        }
    }
    said
}

/// Adds the state of Discord's gateway.
fn put_gateway(text: &mut String, gateway: &GatewayStatus) {
    let GatewayStatus { connected, since, reason, failures, registered, unregistered, connections } = gateway;
    let since = time(*since);
    let reason = reason.as_ref().map_or(String::new(), |reason| format!(": {reason}"));
    let tries = if *failures > 0 { format!(", {failures} attempts failed") } else { String::new() };
    let state = match connections {
        Some(ConnectionCount { open, all }) => format!("{open} of {all} connections open"),
        None if *connected => "connected".to_owned(),
        None => "not connected".to_owned(),
    };
    line(text, "gateway", &format!("{state} since {since}{tries}{reason}"));
    match unregistered {
        Some(why) => line(text, "", &format!("the slash commands cannot be registered: {why}")),
        None if !registered => line(text, "", "the slash commands are not registered yet"),
        None => {}
    }
}

/// Formats how long alerts took, for people.
pub(super) fn latency(latency: &LatencyStatus) -> String {
    let mut text = String::new();
    let alerts = format!("{} in the last day, {} more found late", latency.alerts, latency.late);
    line(&mut text, "alerts", &alerts);
    for (way, times) in [
        ("EDGAR's own lag", latency.seen),
        ("shown to sent", latency.sent),
        ("accepted to sent", latency.total),
    ] {
        if let Some(Quantiles { p50, p95, p99 }) = times {
            // Not wrapped, because its spaces align the columns.
            text.push_str(&format!("{INDENT}{way:<16}  p50 {p50:.1} s   p95 {p95:.1} s   p99 {p99:.1} s\n"));
        }
    }
    text
}

/// Adds a name and the text about it.
fn line(text: &mut String, name: &str, said: &str) {
    put(text, &format!("{name:<12}"), INDENT, said);
}

fn put(text: &mut String, first: &str, further: &str, said: &str) {
    let options = Options::new(WIDTH).initial_indent(first).subsequent_indent(further).break_words(false);
    text.push_str(&textwrap::fill(&plain(said), options));
    text.push('\n');
}

/// A time in New York, as filers see it.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.with_timezone(&New_York).format("%Y-%m-%d %H:%M:%S %Z").to_string()
}

/// A span in its two largest units.
pub(super) fn span(span: TimeDelta) -> String {
    let seconds = span.num_seconds().max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mute::Mute;
    use crate::service::{MuteLine, ReceiptLine, Running};
    use crate::store::{Alarm, Progress, Receipt};

    fn at(time: &str) -> DateTime<Utc> {
        time.parse().unwrap()
    }

    fn receipt(day: &str, recovered: usize) -> ReceiptLine {
        let new = Receipt::new(day.parse().unwrap(), at("2023-03-08T03:30:00Z"));
        let receipt =
            Receipt { state: Progress::Compared, listed: 621, seen: 621 - recovered, recovered, ..new };
        ReceiptLine { text: receipt.to_string(), clean: receipt.is_clean(), receipt }
    }

    #[test]
    fn all_that_can_be_said_fits_into_80_columns() {
        let times = Some(Quantiles { p50: 1.24, p95: 2.0, p99: 12.96 });
        let status = Status {
            version: "0.1.0".to_owned(),
            at: at("2023-03-08T15:00:00Z"),
            store: "sellbell-data".to_owned(),
            store_bytes: 12_345_678,
            read_until: Some(at("2023-03-08T14:56:48Z")),
            no_requests_until: Some(at("2023-03-08T15:09:00Z")),
            trouble: Some("https://www.sec.gov/cgi-bin/browse-edgar: 403: EDGAR blocks this address because of too many requests".to_owned()),
            nothing_new: Some(Alarm { newest: at("2023-03-08T12:00:00Z"), since: at("2023-03-08T13:30:00Z") }),
            catching_up: true,
            pending: 3,
            quarantined: 11,
            quarantine: vec!["0001127602-23-009000: line 12: the XML ends within <transactionAmounts>\u{1b}[31m, and nothing follows".to_owned()],
            receipts: vec![receipt("2023-03-07", 2), receipt("2023-03-06", 0)],
            latency: LatencyStatus { alerts: 41, late: 2, seen: times, sent: times, total: times },
            queued: 1,
            delivered: 40,
            dead: 0,
            paused: vec![
                "discord:alerts since 2023-03-08 14:00 UTC: Discord answers 403, code 50013: Missing Permissions".to_owned(),
                "channel:7777 since 2023-03-08 14:00 UTC: gone".to_owned(),
                "channel:777 since 2023-03-08 14:00 UTC: gone".to_owned(),
            ],
            unsubscribed: (0..7).map(|one| format!("email:desk-{one} unsubscribed 2023-03-08 14:00 EST")).collect(),
            troubles: vec!["discord:alerts takes no files, since 2023-03-08 13:00 UTC".to_owned()],
            mutes: vec![MuteLine {
                mute: Mute {
                    what: "owner:DOE JANE".parse().unwrap(),
                    since: at("2023-03-07T15:00:00Z"),
                    until: at("2023-03-09T21:00:00Z"),
                    why: Some("a block trade that all know of".to_owned()),
                    by: Some("ops".to_owned()),
                },
                muted: 12,
            }],
            names: [("channel:777".to_owned(), "#alerts on Traders".to_owned())].into(),
            corrupt_records: 2,
            backfills: vec!["QLYS since 2021-03-08: 12 of 130 filings left".to_owned()],
            running: Some(Running {
                rules: 4,
                fetches: "filings of 3 issuers alone, which all rules name".to_owned(),
                fetched: 120,
                undecided: 4,
                not_fetched: 2_345,
                requests: 21_600,
                bytes: 98_765_432,
                gateway: Some(GatewayStatus {
                    connected: false,
                    since: at("2023-03-08T14:20:00Z"),
                    reason: Some("it cannot be reached, or hung up".to_owned()),
                    failures: 38,
                    registered: false,
                    unregistered: Some("Discord answers 403, since 2023-03-08 14:21 UTC".to_owned()),
                    connections: None,
                }),
            }),
        };
        let text = people(&status);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn spans_have_two_units() {
        for (seconds, expected) in
            [(-5, "0 s"), (59, "59 s"), (192, "3 min 12 s"), (7_260, "2 h 1 min"), (180_000, "2 d 2 h")]
        {
            assert_eq!(span(TimeDelta::seconds(seconds)), expected);
        }
    }
}
