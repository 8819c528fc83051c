//! Filings that wait for history while it is being fetched.

use chrono::{DateTime, TimeDelta, Utc};
use sellbell::replay::{Archive, Faults};

use super::{Play, accession, made};
use crate::world::at;

/// Filings that wait for the past hold up the past for which they wait.
#[tokio::test(start_paused = true)]
async fn filings_that_wait_for_history_do_not_hold_it_up() {
    let rules = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nciks = [5000]\nnotify = [\"jsonl\"]\n\
        [[rule]]\nname = \"first\"\ncodes = [\"S\"]\nfirst_in = \"1d\"\nnotify = [\"jsonl\"]\n";
    let mut archive = Archive::default();
    let mut number = 0;
    let mut add = |from: DateTime<Utc>, count: i32, step: TimeDelta, archive: &mut Archive| {
        for n in 0..count {
            archive.add_made(made(accession(number), "4", 1_000 + number, from + step * n));
            number += 1;
        }
    };
    add(at("2023-02-28T09:00:00-05:00"), 10, TimeDelta::minutes(1), &mut archive);
    add(at("2023-03-02T09:00:00-05:00"), 20, TimeDelta::minutes(1), &mut archive);
    // The feed begins in the morning of Friday, 3 March.
    for filler in 0..5_000_u64 {
        let moment = at("2023-03-03T10:00:00-05:00") + TimeDelta::seconds(i64::try_from(filler).unwrap());
        let filers = [(super::cik(90_000 + filler), "BANK".to_owned())];
        archive.add_listed(accession(1_000_000 + filler), "424B2", moment, &filers);
    }
    add(at("2023-03-03T12:00:00-05:00"), 100, TimeDelta::seconds(30), &mut archive);
    // Live, while it catches up.
    archive.add_made(made(accession(900_000), "4", 5_000, at("2023-03-06T12:05:00-05:00")));
    let start = at("2023-02-27T08:00:00-05:00");
    let mut play = Play::new(archive, start, Faults::none(), rules).await.polling("0 * 6-21 * * Mon-Fri");
    play.start(None);
    play.until(at("2023-02-28T12:00:00-05:00")).await;
    play.stop().await;
    play.until(at("2023-03-06T12:00:10-05:00")).await;
    let app = play.start(None);
    play.until(at("2023-03-06T12:00:10-05:00") + TimeDelta::minutes(60)).await;
    assert!(play.told().contains_key(&accession(900_000)), "a live one waits behind those that wait");
    let waiting: Vec<_> = play.filings.iter().filter(|f| f.1 >= at("2023-03-03T12:00:00-05:00")).collect();
    let silent = waiting.iter().filter(|f| !play.told().contains_key(&f.0)).count();
    let count = waiting.len();
    drop(app);
    play.stop().await;
    assert_eq!(silent, 0, "of {} first sales so many are silent", count);
}
