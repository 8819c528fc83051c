//! What rules would have done: the same alerts whatever holds the filings, and the same as the bot's.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use sellbell::alert::Alert;
use sellbell::backtest::Backtest;
use sellbell::destination::Destination;
use sellbell::filing::{Filing, Intent, Plan};
use sellbell::problem::Source;
use sellbell::reader;
use sellbell::rules::{self, RuleSet};
use sellbell::source::archive::Archive;

use crate::{form345, shared};

const RULES: &str = r#"
[[rule]]
name = "large"
min_value = 1_000_000
[[rule]]
name = "first"
min_value = 50_000
first_in = "3mo"
[[rule]]
name = "cluster"
cluster = { insiders = 3, within = "14d" }
cooldown = "14d"
[[rule]]
name = "salami"
cumulative = { within = "30d", min_value = 2_000_000 }
[[rule]]
name = "discretionary-officers"
roles = ["officer"]
intents = ["discretionary", "unknown"]
min_value = 100_000
not = { codes = ["M"], table = "any" }
[[rule]]
name = "purchases"
codes = ["P"]
min_value = 10_000
"#;

fn rules_of(text: &str) -> RuleSet {
    let known = |_: &Destination| true;
    RuleSet::new(rules::load_slice([Source { file: "rules", text }], &known, &[]).unwrap())
}

fn run(paths: &[PathBuf], from: Option<NaiveDate>) -> (Backtest, Vec<Alert>) {
    let mut archive = Archive::open(paths, None, &mut |_, _| {}).unwrap();
    let mut backtest = Backtest::new(rules_of(RULES), from).unwrap();
    let mut alerts = Vec::new();
    for entry in archive.filings() {
        alerts.extend(backtest.take(&entry.outcome.unwrap()).unwrap());
    }
    (backtest, alerts)
}

fn bundled() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/replay/bundled")
}

/// Rule, filing and figures of each alert.
fn told(alerts: &[Alert]) -> Vec<String> {
    alerts
        .iter()
        .map(|alert| {
            format!(
                "{} {} {:?} {:?} {:?} {} {:?}",
                alert.rule,
                alert.accession,
                alert.shares,
                alert.value_usd,
                alert.lot_numbers,
                alert.plan.word(Plan::word),
                alert.intent.map(|intent| intent.word(Intent::word))
            )
        })
        .collect()
}

#[test]
fn the_demo_filings_ring_as_in_the_demo() {
    let text = fs::read_to_string(bundled().join("rules.toml")).unwrap();
    let mut archive = Archive::open(&[bundled()], None, &mut |_, _| {}).unwrap();
    let mut backtest = Backtest::new(rules_of(&text), None).unwrap();
    let mut alerts = Vec::new();
    for entry in archive.filings() {
        alerts.extend(backtest.take(&entry.outcome.unwrap()).unwrap());
    }
    let rang: Vec<(&str, usize, usize)> =
        backtest.tallies().iter().map(|tally| (tally.rule.as_str(), tally.alerts, tally.merged)).collect();
    insta::assert_debug_snapshot!(rang);
    assert_eq!(backtest.filings(), 13);
    assert_eq!(alerts.len(), rang.iter().map(|(_, rang, _)| rang).sum::<usize>());
}

#[test]
fn days_before_the_first_that_counts_only_build_up_history() {
    let (all, alerts) = run(&[bundled()], None);
    let (first, _) = all.days().unwrap();
    let (later, counted) = run(&[bundled()], first.succ_opt());
    assert!(later.filings() < all.filings() && later.filings() > 0);
    let day = |alert: &&Alert| sellbell::filing::edgar_day(alert.accepted_at.unwrap()) > first;
    let expected: Vec<Alert> = alerts.iter().filter(day).cloned().collect();
    assert_eq!(told(&counted), told(&expected));
}

#[test_with::path("../shared/corpus")]
#[test]
#[ignore = "each filing, twice"]
fn the_corpus_rings_the_same_as_submissions_and_as_tables_at_length() {
    let folder = shared::folder();
    let dir = tempfile::tempdir().unwrap();
    let mut filings: Vec<Filing> = Vec::new();
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder.join("corpus")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    // The tables have no time of day: within a day, filings come in the order of their accessions.
    for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "txt")) {
        filings.extend(
            reader::read(&fs::read(path).unwrap()).ok().filter(|filing| filing.accepted_at.is_some()),
        );
    }
    assert!(filings.len() > 3_000);
    let tables = dir.path().join("2023q1_form345.zip");
    fs::write(&tables, form345::zip(&filings)).unwrap();
    let mut evening = Backtest::new(rules_of(RULES), None).unwrap();
    let day = |filing: &Filing| sellbell::filing::edgar_day(filing.accepted_at.unwrap());
    filings.sort_by_key(|filing| (day(filing), filing.accession));
    let mut from_submissions = Vec::new();
    for mut filing in filings {
        // As the tables have it: the day, and no time.
        let late =
            day(&filing).and_hms_opt(22, 0, 0).unwrap().and_local_timezone(chrono_tz::America::New_York);
        filing.accepted_at = Some(late.unwrap().to_utc());
        from_submissions.extend(evening.take(&filing).unwrap());
    }
    let (backtest, from_tables) = run(&[tables], None);
    assert_eq!(told(&from_tables), told(&from_submissions));
    let rang: BTreeMap<&str, usize> =
        backtest.tallies().iter().map(|tally| (tally.rule.as_str(), tally.alerts)).collect();
    insta::assert_debug_snapshot!("corpus_tallies", rang);
}
