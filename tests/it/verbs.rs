//! The verbs that tell the state, fetch a past and play an archive, as the real program.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use chrono::TimeDelta;
use sellbell::clock::Clock;
use sellbell::replay::{Archive, Faults, Kind, ReplayedEdgar, Stage};
use sellbell::store::{Standing, Store};
use serde_json::Value;

use crate::plays::{accession, cik, made};
use crate::world::{QUALYS, at};

fn sellbell(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sellbell"));
    command.args(args).current_dir(dir).env_clear().output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap() + &String::from_utf8(output.stderr.clone()).unwrap()
}

const RULES: &str =
    "[[rule]]\nname = \"any\"\ntickers = [\"QLYS\"]\ncodes = [\"S\"]\nnotify = [\"terminal\"]\n";

#[test]
fn status_says_what_there_is_and_a_stale_address_misleads_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let none = sellbell(dir.path(), &["status"]);
    assert!(none.status.success() && said(&none).contains("sellbell has not run"));
    drop(Store::open(&dir.path().join("sellbell-data")).unwrap());
    fs::write(dir.path().join("sellbell-data/address"), "127.0.0.1:9\n").unwrap();
    let stopped = sellbell(dir.path(), &["status"]);
    assert!(
        said(&stopped).contains("not running") && said(&stopped).contains("not read yet"),
        "{}",
        said(&stopped)
    );
    let json: Value = serde_json::from_slice(&sellbell(dir.path(), &["status", "--json"]).stdout).unwrap();
    assert_eq!((&json["pending"], &json["running"]), (&Value::from(0), &Value::Null));
}

/// An EDGAR with 130 filings of one company over a year, and five of another in which it is no issuer.
async fn company(faults: Faults) -> ReplayedEdgar {
    let mut archive = Archive::default();
    let start = at("2022-03-01T10:00:00-05:00");
    for number in 0..130 {
        archive.add_made(made(
            accession(number),
            "4",
            70,
            start + TimeDelta::days(2 * i64::try_from(number).unwrap()),
        ));
    }
    archive.small_company_files = true;
    let clock = Clock::played(at("2023-03-08T23:40:00-05:00"), 1.0);
    ReplayedEdgar::play(Stage { archive, clock, faults }).await.unwrap()
}

fn settle(dir: &Path, edgar: &ReplayedEdgar) {
    let settings = format!(
        "[edgar]\nbase_url = \"{}\"\nrequests_per_second = 5000\n[http]\nlisten = \"\"\n",
        edgar.base_url()
    );
    fs::create_dir_all(dir.join("config")).unwrap();
    fs::write(dir.join("config/sellbell.toml"), settings).unwrap();
    fs::create_dir_all(dir.join("rules")).unwrap();
    fs::write(dir.join("rules/any.toml"), RULES).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_past_is_fetched_once_and_goes_on_where_it_was_broken_off() {
    let dir = tempfile::tempdir().unwrap();
    // The feed, then the lists; a block in the midst of the filings.
    let edgar = company(Faults::only(vec![(40, Kind::TooManyWait)])).await;
    settle(dir.path(), &edgar);
    let run = |args: &'static [&'static str]| {
        let dir = dir.path().to_owned();
        tokio::task::spawn_blocking(move || sellbell(&dir, args))
    };
    let args = &["backfill", "--cik", "70", "--since", "2022-01-01"];
    let broken_off = run(args).await.unwrap();
    assert_eq!(broken_off.status.code(), Some(1), "{}", said(&broken_off));
    assert!(said(&broken_off).contains("left alone until"), "{}", said(&broken_off));
    let shown = run(&["status"]).await.unwrap();
    assert!(said(&shown).contains("filings left"), "{}", said(&shown));
    // The wait is over, as if the clock had gone on.
    let store = Store::open(&dir.path().join("sellbell-data")).unwrap();
    store.set_silence(None).unwrap();
    for backfill in store.backfills().unwrap() {
        let ready = sellbell::store::Backfill { not_before: at("2022-01-01T00:00:00Z"), ..backfill };
        store.set_backfill(&ready, &[]).unwrap();
    }
    drop(store);
    let done = run(args).await.unwrap();
    assert!(done.status.success(), "{}", said(&done));
    assert!(said(&done).contains("history is whole since 2022-01-01"), "{}", said(&done));
    let store = Store::open(&dir.path().join("sellbell-data")).unwrap();
    for number in 0..130 {
        let standing = store.standing(accession(number)).unwrap();
        assert_eq!(standing, Standing::Past, "{number}");
    }
    let (past, whole) = store.history(cik(70), at("2022-01-01T00:00:00-05:00")).unwrap();
    assert_eq!((past.len(), whole), (130, Some(at("2022-01-01T00:00:00-05:00"))));
    assert_eq!(store.counts().unwrap().queued, 0, "nobody is told of a past");
    drop(store);
    assert!(edgar.fetched().values().all(|times| *times == 1), "and each filing was asked for once");
    let again = run(args).await.unwrap();
    assert!(said(&again).contains("0 filings read"), "{}", said(&again));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_ticker_names_the_nearest() {
    let dir = tempfile::tempdir().unwrap();
    let mut archive = Archive::default();
    archive.add(QUALYS.to_vec()).unwrap();
    let edgar = ReplayedEdgar::start(archive).await.unwrap();
    settle(dir.path(), &edgar);
    let path = dir.path().to_owned();
    let refused = tokio::task::spawn_blocking(move || {
        sellbell(&path, &["backfill", "--ticker", "QLYZ", "--since", "2y"])
    });
    let refused = refused.await.unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("no ticker QLYZ; did you mean QLYS?"), "{}", said(&refused));
}

#[test]
fn a_day_of_an_archive_is_played_to_its_receipt() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("archive")).unwrap();
    fs::write(dir.path().join("archive/0009900001-21-000001.txt"), QUALYS).unwrap();
    let played = sellbell(dir.path(), &["replay", "--speed", "36000", "archive"]);
    let said = said(&played);
    assert!(played.status.success(), "{said}");
    assert!(said.contains("Philippe Courtot Family Trust"), "{said}");
    assert!(said.contains("2021-08-24: 1 in the index, 1 seen, 0 recovered, 0 unreadable"), "{said}");
    let nothing = sellbell(dir.path(), &["replay", "--from", "2021-08-25", "archive"]);
    assert_eq!(nothing.status.code(), Some(1));
}
