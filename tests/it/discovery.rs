//! From the feed to filings that are done: each once, nothing else, nothing missed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;

use sellbell::source::Trouble;

use crate::shared;
use crate::world::{World, at, deliver_all, qualys, small_sale, submission};

const ANY_SALE: &str = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"jsonl\"]\n";

/// The value between two marks, for a reader that shares no code with ours.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).unwrap().1.split_once(end).unwrap().0
}

#[tokio::test]
async fn each_form_4_of_the_recorded_pages_is_fetched_once_and_nothing_else() {
    let Some(folder) = shared::folder() else { return };
    let pages: Vec<String> = (0..12)
        .map(|n| fs::read(folder.join(format!("edgar/atom/type-4_start-{:04}.xml", n * 100))).unwrap())
        .map(|bytes| bytes.iter().map(|&byte| char::from(byte)).collect())
        .collect();
    let end = fs::read(folder.join("edgar/errors/status503-end-of-feed.html")).unwrap();
    let mut expected: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut others = 0;
    let mut submissions = HashMap::new();
    for entry in pages.iter().flat_map(|page| page.split("<entry>").skip(1)) {
        let form = between(entry, "term=\"", "\"");
        let accession = between(entry, "accession-number=", "<");
        if form != "4" && form != "4/A" {
            others += 1;
            continue;
        }
        let cik = between(entry, "/edgar/data/", "/");
        let path = format!("/Archives/edgar/data/{cik}/{accession}.txt");
        submissions.insert(path.clone(), submission(accession, form, cik.parse().unwrap(), 7));
        expected.entry(accession.to_owned()).or_default().insert(path);
    }
    assert!(expected.len() > 300 && others > 100, "{} filings, {others} other entries", expected.len());

    let world = World::new().await;
    world.edgar.serve(&pages, end, submissions);
    let app = world.app(ANY_SALE, Some("2025-01-01T00:00:00-05:00"));
    let now = at("2025-12-12T18:04:00-05:00");
    let report = app.poll_once(now).await.unwrap();
    assert_eq!((report.new, report.settled, report.trouble), (expected.len(), expected.len(), None));
    let fetched = world.edgar.take_fetched();
    assert_eq!(fetched.values().sum::<usize>(), expected.len(), "fetched once each");
    for (path, times) in &fetched {
        let accession = between(path, "/data/", ".txt").split_once('/').unwrap().1;
        assert_eq!(*times, 1, "{path}");
        assert!(expected[accession].contains(path), "{path}");
    }
    // One short page, then twelve long ones and the feed's end.
    let asked = world.edgar.take_feed_requests();
    assert_eq!(asked[0], (0, 20));
    assert_eq!(asked[1..], (0..=12).map(|n| (n * 100, 100)).collect::<Vec<_>>());

    let (delivered, failed, dead) = deliver_all(&app, now).await;
    assert_eq!((delivered, failed, dead), (expected.len(), 0, 0));
    assert_eq!(world.take_output().lines().count(), expected.len());
    let again = app.poll_once(at("2025-12-12T18:04:02-05:00")).await.unwrap();
    assert_eq!((again.new, again.settled, again.pages), (0, 0, 1));
    drop(app);
    let restarted = world.app(ANY_SALE, None);
    let again = restarted.poll_once(at("2025-12-12T18:05:00-05:00")).await.unwrap();
    assert_eq!((again.new, again.settled), (0, 0));
    world.finish().await;
}

#[tokio::test]
async fn a_first_run_takes_what_is_there_as_known_and_rings_for_what_comes_after() {
    let world = World::new().await;
    world.edgar.publish(&qualys());
    let app = world.app(ANY_SALE, None);
    let report = app.poll_once(at("2021-08-24T17:13:00-04:00")).await.unwrap();
    assert_eq!((report.baseline, report.new, report.settled), (1, 0, 0));
    // Accepted in the very second of the newest that was known: new all the same.
    world.edgar.publish(&small_sale("0000000007-21-000001", 70, "2021-08-24T17:12:09-04:00"));
    world.edgar.publish(&small_sale("0000000007-21-000002", 71, "2021-08-24T17:14:00-04:00"));
    let report = app.poll_once(at("2021-08-24T17:14:02-04:00")).await.unwrap();
    assert_eq!((report.baseline, report.new, report.rang), (0, 2, 2));
    assert_eq!(world.edgar.take_fetched().len(), 2);
    drop(app);

    // `--since` before the first run makes that moment new, and tells nothing twice.
    let app = world.app(ANY_SALE, Some("2021-08-24T17:00:00-04:00"));
    let report = app.poll_once(at("2021-08-24T17:15:00-04:00")).await.unwrap();
    assert_eq!((report.new, report.rang), (1, 1));
    assert_eq!(
        world.edgar.take_fetched().into_keys().collect::<Vec<_>>(),
        ["/Archives/edgar/data/1107843/0009900001-21-000001.txt"]
    );
    assert_eq!(deliver_all(&app, at("2021-08-24T17:15:00-04:00")).await, (3, 0, 0));
    assert_eq!(world.take_output().lines().count(), 3);
    drop(app);
    let app = world.app(ANY_SALE, None);
    assert_eq!(app.poll_once(at("2021-08-24T17:16:00-04:00")).await.unwrap().new, 0);
    world.finish().await;
}

#[tokio::test]
async fn a_poll_that_breaks_off_leaves_no_gap() {
    let world = World::new().await;
    let app = world.app(ANY_SALE, None);
    world.edgar.publish(&small_sale("0000000007-21-000100", 70, "2021-08-24T16:00:00-04:00"));
    app.poll_once(at("2021-08-24T16:00:30-04:00")).await.unwrap();
    let names: Vec<&'static str> =
        (0..150).map(|n| &*Box::leak(format!("0000000008-21-{n:06}").into_boxed_str())).collect();
    for name in &names {
        world.edgar.publish(&small_sale(name, 80, "2021-08-24T17:00:00-04:00"));
    }
    // 302 entries: the second long page fails, so what lies below it is found by the next poll only.
    world.edgar.fail_after_feed_pages(2, 500);
    let report = app.poll_once(at("2021-08-24T17:00:10-04:00")).await.unwrap();
    assert_eq!(report.new, 50);
    let rest = app.poll_once(at("2021-08-24T17:00:12-04:00")).await.unwrap();
    assert_eq!(report.new + rest.new, 150);
    assert_eq!(world.edgar.take_fetched().values().sum::<usize>(), 150);
    world.finish().await;
}

#[tokio::test]
async fn a_filing_that_is_not_there_yet_or_comes_damaged_is_fetched_later() {
    let world = World::new().await;
    let app = world.app(ANY_SALE, Some("2021-08-24T00:00:00-04:00"));
    let mut cut = small_sale("0000000007-21-000001", 70, "2021-08-24T17:12:09-04:00");
    let whole = std::mem::take(&mut cut.body);
    cut.body = whole[..whole.len() / 2].to_vec();
    world.edgar.publish(&cut);
    let report = app.poll_once(at("2021-08-24T17:13:00-04:00")).await.unwrap();
    assert_eq!((report.new, report.settled, report.postponed), (1, 0, 1));
    // Not before its time.
    assert_eq!(app.poll_once(at("2021-08-24T17:13:01-04:00")).await.unwrap().postponed, 0);
    world.edgar.replace(&small_sale("0000000007-21-000001", 70, "2021-08-24T17:12:09-04:00"));
    let report = app.poll_once(at("2021-08-24T17:14:00-04:00")).await.unwrap();
    assert_eq!((report.settled, report.rang, report.unreadable), (1, 1, 0));
    assert_eq!(world.edgar.take_fetched().into_values().collect::<Vec<_>>(), [2]);
    world.finish().await;
}

#[tokio::test]
async fn a_filing_that_stays_damaged_is_set_aside_and_stops_nothing() {
    let world = World::new().await;
    let app = world.app(ANY_SALE, Some("2021-08-24T00:00:00-04:00"));
    let mut broken = small_sale("0000000007-21-000001", 70, "2021-08-24T17:12:09-04:00");
    broken.body = String::from_utf8(broken.body).unwrap().replace("</issuer>", "").into_bytes();
    world.edgar.publish(&broken);
    world.edgar.publish(&small_sale("0000000007-21-000002", 71, "2021-08-24T17:12:10-04:00"));
    let mut unreadable = 0;
    for minute in 13..16 {
        let report = app.poll_once(at(&format!("2021-08-24T17:{minute}:00-04:00"))).await.unwrap();
        unreadable += report.unreadable;
    }
    assert_eq!(unreadable, 1);
    assert_eq!(world.edgar.take_fetched().into_values().collect::<Vec<_>>(), [3, 1]);
    assert_eq!(deliver_all(&app, at("2021-08-24T17:16:00-04:00")).await, (1, 0, 0));
    assert!(world.take_output().contains("0000000007-21-000002"));
    world.finish().await;
}

#[tokio::test]
async fn a_block_page_silences_every_request_for_ten_minutes_and_loses_nothing() {
    let world = World::new().await;
    let app = world.app(ANY_SALE, Some("2021-08-24T00:00:00-04:00"));
    world.edgar.publish(&qualys());
    let block = "<!DOCTYPE html><html><title>SEC.gov | Request Rate Threshold Exceeded</title></html>";
    world.edgar.fail_next(&[(200, block)]);
    let report = app.poll_once(at("2021-08-24T17:13:00-04:00")).await.unwrap();
    assert_eq!(report.trouble.unwrap().trouble, Trouble::RateBlocked);
    world.edgar.take_feed_requests();
    for silent in ["2021-08-24T17:13:02-04:00", "2021-08-24T17:22:59-04:00"] {
        assert_eq!(app.poll_once(at(silent)).await.unwrap().pages, 0);
    }
    assert_eq!(world.edgar.take_feed_requests(), []);
    let report = app.poll_once(at("2021-08-24T17:23:00-04:00")).await.unwrap();
    assert_eq!((report.new, report.rang), (1, 1));
    assert_eq!(world.edgar.take_fetched().len(), 1);
    world.finish().await;
}
