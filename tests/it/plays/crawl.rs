//! The recorded crawl, played as a feed that grows while it is paged.

use std::collections::BTreeMap;
use std::fs;

use chrono::TimeDelta;
use sellbell::filing::{Accession, Cik};
use sellbell::replay::{Archive, Faults};

use super::{ANY_SALE, Play, made};
use crate::shared;
use crate::world::at;

/// The value between two marks, for a reader that shares no code with ours.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).unwrap().1.split_once(end).unwrap().0
}

/// What the twelve pages list, at the times that they tell.
fn recorded(folder: &std::path::Path) -> Archive {
    type Filers = Vec<(Cik, String)>;
    let mut filings: BTreeMap<Accession, (String, String, Filers)> = BTreeMap::new();
    for page in 0..12 {
        let bytes = fs::read(folder.join(format!("edgar/atom/type-4_start-{:04}.xml", page * 100))).unwrap();
        let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
        for entry in text.split("<entry>").skip(1) {
            let accession = between(entry, "accession-number=", "<").parse().unwrap();
            let cik: Cik = between(entry, "/edgar/data/", "/").parse().unwrap();
            let (form, time) = (between(entry, "term=\"", "\""), between(entry, "<updated>", "<"));
            let filing =
                filings.entry(accession).or_insert_with(|| (form.to_owned(), time.to_owned(), Vec::new()));
            let one = (cik, between(entry, "<title>", "</title>").to_owned());
            if !filing.2.contains(&one) {
                // The issuer comes first here.
                let place = if one.1.ends_with("(Issuer)") { 0 } else { filing.2.len() };
                filing.2.insert(place, one);
            }
        }
    }
    let mut archive = Archive::default();
    for (accession, (form, time, filers)) in filings {
        match form.as_str() {
            "4" | "4/A" => {
                let form = if form == "4" { "4" } else { "4/A" };
                let mut filing = made(accession, form, filers[0].0.number(), at(&time));
                if filers.len() > 1 {
                    filing.owners = filers[1..].to_vec();
                }
                archive.add_made(filing);
            }
            other => archive.add_listed(accession, other, at(&time), &filers),
        }
    }
    archive
}

#[test_with::path("../shared/corpus")]
#[tokio::test(start_paused = true)]
async fn corpus_crawl_each_accession_once_whatever_the_interval() {
    crawl(&[7, 217, 1_800]).await;
}

#[test_with::path("../shared/corpus")]
#[tokio::test(start_paused = true)]
#[ignore = "eight intervals"]
async fn corpus_crawl_at_length() {
    crawl(&[1, 2, 7, 30, 60, 217, 600, 1_800]).await;
}

async fn crawl(intervals: &[i64]) {
    let folder = shared::folder();
    let start = at("2025-12-12T16:00:00-05:00");
    for &seconds in intervals {
        let play = Play::new(recorded(&folder), start, Faults::none(), ANY_SALE).await;
        assert!(play.filings.len() > 300);
        let app = play.app(Some(start));
        let end = at("2025-12-12T18:05:00-05:00") + TimeDelta::seconds(seconds);
        let mut next = start;
        while next < end {
            next += TimeDelta::seconds(seconds);
            play.until(next).await;
            let report = app.intake.poll_once(play.clock.now()).await.unwrap();
            assert_eq!(report.trouble, None, "{seconds} s");
            // All that is due, one round after the other.
            while app.intake.settler.settle_once(play.clock.now()).await.unwrap().settled > 0 {}
        }
        let fetched = play.edgar.fetched();
        assert_eq!(fetched.len(), play.filings.len(), "{seconds} s");
        assert!(fetched.values().all(|times| *times == 1), "{seconds} s");
        play.assert_polite(seconds.unsigned_abs());
        assert!(app.store.pending(usize::MAX).await.unwrap().is_empty(), "{seconds} s");
    }
}
