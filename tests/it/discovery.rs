//! From the feed to filings that are done: each once, nothing else, nothing missed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;

use chrono::TimeDelta;
use sellbell::runtime::App;
use sellbell::source::Trouble;

use crate::shared;
use crate::world::{World, at, deliver_all, qualys, reopened, small_sale, submission};

const ANY_SALE: &str = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"jsonl\"]\n";

/// The value between two marks, for a reader that shares no code with ours.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).unwrap().1.split_once(end).unwrap().0
}

#[test_with::path("../shared/corpus")]
#[tokio::test(start_paused = true)]
async fn each_form_4_of_the_recorded_pages_is_fetched_once_and_nothing_else() {
    let folder = shared::folder();
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
        let accepted_at = at(between(entry, "<updated>", "<"));
        submissions.insert(path.clone(), submission(accession, form, cik.parse().unwrap(), 7, accepted_at));
        expected.entry(accession.to_owned()).or_default().insert(path);
    }
    assert!(expected.len() > 300 && others > 100, "{} filings, {others} other entries", expected.len());

    let world = World::new().await;
    world.edgar.serve(&pages, end, submissions);
    let app = world.app(ANY_SALE, Some("2025-01-01T00:00:00-05:00"));
    let now = at("2025-12-12T18:04:00-05:00");
    let report = app.intake.poll_once(now).await.unwrap();
    assert_eq!((report.new, report.trouble), (expected.len(), None));
    let mut settled = report.settled;
    // What is more than one round follows at once.
    while settled < expected.len() {
        let more = app.intake.settler.settle_once(now).await.unwrap().settled;
        assert!(more > 0, "only {settled} were settled");
        settled += more;
    }
    let fetched = world.edgar.take_fetched();
    assert_eq!(fetched.values().sum::<usize>(), expected.len(), "fetched once each");
    for (path, times) in &fetched {
        let accession = between(path, "/data/", ".txt").split_once('/').unwrap().1;
        assert_eq!(*times, 1, "{path}");
        assert!(expected[accession].contains(path), "{path}");
    }
    // One short page, then twelve long ones, the feed's end; it three times more, since it is an early one, and before the last time
    // whether EDGAR is there at all.
    let mut asked = world.edgar.take_feed_requests();
    assert_eq!(asked.remove(0), (0, 20));
    assert_eq!(asked.split_off(asked.len() - 4), [(1200, 100), (1200, 100), (0, 20), (1200, 100)]);
    // Each page begins a little above the end of the one before; the last brings nothing new, and behind it is nothing.
    let starts = (0..=12).map(|n| n * 95).chain([1195, 1200]);
    assert_eq!(asked, starts.map(|start| (start, 100)).collect::<Vec<_>>());

    let (delivered, failed, dead) = deliver_all(&app, now).await;
    assert_eq!((delivered, failed, dead), (expected.len(), 0, 0));
    assert_eq!(world.take_output().lines().count(), expected.len());
    let again = app.intake.poll_once(at("2025-12-12T18:04:02-05:00")).await.unwrap();
    assert_eq!((again.new, again.settled, again.pages), (0, 0, 1));
    world.close(app);
    let restarted = world.app(ANY_SALE, None);
    let again = restarted.intake.poll_once(at("2025-12-12T18:05:00-05:00")).await.unwrap();
    assert_eq!((again.new, again.settled), (0, 0));
    world.finish().await;
}

#[tokio::test]
async fn a_first_run_takes_what_is_there_as_known_and_rings_for_what_comes_after() {
    let world = World::new().await;
    world.edgar.publish(&qualys());
    let app = world.app(ANY_SALE, None);
    let report = app.intake.poll_once(at("2021-08-24T17:13:00-04:00")).await.unwrap();
    assert_eq!((report.baseline, report.new, report.settled), (1, 0, 0));
    // Accepted in the very second of the newest that was known: new all the same.
    world.edgar.publish(&small_sale("0000000007-21-000001", 70, "2021-08-24T17:12:09-04:00"));
    world.edgar.publish(&small_sale("0000000007-21-000002", 71, "2021-08-24T17:14:00-04:00"));
    let report = app.intake.poll_once(at("2021-08-24T17:14:02-04:00")).await.unwrap();
    assert_eq!((report.baseline, report.new, report.alerted), (0, 2, 2));
    assert_eq!(world.edgar.take_fetched().len(), 2);
    world.close(app);

    // `--since` before the first run makes that moment new, and tells nothing twice.
    let app = world.app(ANY_SALE, Some("2021-08-24T17:00:00-04:00"));
    let report = app.intake.poll_once(at("2021-08-24T17:15:00-04:00")).await.unwrap();
    assert_eq!((report.new, report.alerted), (1, 1));
    assert_eq!(
        world.edgar.take_fetched().into_keys().collect::<Vec<_>>(),
        ["/Archives/edgar/data/1107843/0009900001-21-000001.txt"]
    );
    assert_eq!(deliver_all(&app, at("2021-08-24T17:15:00-04:00")).await, (3, 0, 0));
    assert_eq!(world.take_output().lines().count(), 3);
    world.close(app);
    let app = world.app(ANY_SALE, None);
    assert_eq!(app.intake.poll_once(at("2021-08-24T17:16:00-04:00")).await.unwrap().new, 0);
    world.finish().await;
}

/// `count` filings, half a minute apart, the last accepted at `last`.
fn spread(world: &World, count: i64, last: &str) {
    for n in 0..count {
        let accession: &'static str = Box::leak(format!("0000000008-21-{n:06}").into_boxed_str());
        let accepted = at(last) - TimeDelta::seconds(30 * (count - 1 - n));
        world.edgar.publish(&small_sale(accession, 80, Box::leak(accepted.to_rfc3339().into_boxed_str())));
    }
}

/// An app that knows the feed up to 16:00.
async fn app_since_16(world: &World) -> App {
    let app = world.app(ANY_SALE, None);
    world.edgar.publish(&small_sale("0000000007-21-000100", 70, "2021-08-24T16:00:00-04:00"));
    assert!(app.intake.poll_once(at("2021-08-24T16:00:30-04:00")).await.unwrap().baseline >= 1);
    app
}

/// As often as one request is made in all.
const TRIES: usize = 4;

#[tokio::test(start_paused = true)]
async fn a_page_that_fails_in_passing_is_asked_for_again_by_itself() {
    let maintenance = "<!DOCTYPE html><title>SEC.gov | Maintenance</title>";
    let cut = "<?xml version=\"1.0\"?><feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><id>ne";
    for (status, body) in
        [(500, maintenance), (502, ""), (503, maintenance), (200, maintenance), (200, cut), (404, "")]
    {
        let world = World::new().await;
        let app = app_since_16(&world).await;
        spread(&world, 150, "2021-08-24T17:20:00-04:00");
        world.edgar.take_feed_requests();
        world.edgar.fail_feed_after(2, &[(status, body); TRIES - 1]);
        let report = app.intake.poll_once(at("2021-08-24T17:20:10-04:00")).await.unwrap();
        assert_eq!((report.new, report.trouble), (150, None), "{status} {body}");
        // Nothing else is asked for again.
        let asked = world.edgar.take_feed_requests();
        assert_eq!(asked.iter().filter(|page| **page == (95, 100)).count(), TRIES, "{asked:?}");
        assert_eq!(asked.len(), TRIES + 8, "{asked:?}");
        world.edgar.take_fetched();
        world.finish().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_breaks_off_leaves_no_gap_and_goes_on_at_the_page_that_failed() {
    let maintenance = "<!DOCTYPE html><title>SEC.gov | Maintenance</title>";
    let unavailable = "<!DOCTYPE html><title>SEC.gov | File Unavailable</title>";
    for (status, body, faults) in [
        (500, maintenance, TRIES),
        (502, "", TRIES),
        (503, maintenance, TRIES),
        (503, unavailable, 3 + TRIES),
    ] {
        let world = World::new().await;
        let app = app_since_16(&world).await;
        spread(&world, 250, "2021-08-24T18:10:00-04:00");
        // Page three of the long ones fails; the page of the feed's end does so only where EDGAR is down altogether.
        world.edgar.fail_feed_after(3, &vec![(status, body); faults]);
        let report = app.intake.poll_once(at("2021-08-24T18:10:10-04:00")).await.unwrap();
        assert_eq!(report.new, 98, "{status}");
        assert!(report.trouble.is_some(), "{status}");
        // More come in above, and move the rest down.
        for n in 0..12 {
            let accession: &'static str = Box::leak(format!("0000000009-21-1{n:05}").into_boxed_str());
            world.edgar.publish(&small_sale(accession, 90, "2021-08-24T18:10:20-04:00"));
        }
        world.edgar.take_feed_requests();
        let rest = app.intake.poll_once(at("2021-08-24T18:11:30-04:00")).await.unwrap();
        assert_eq!((rest.new, rest.trouble), (164, None), "{status}");
        let asked = world.edgar.take_feed_requests();
        assert_eq!(asked[..3], [(0, 20), (0, 100), (190, 100)], "what was read stays read");
        assert_eq!(app.intake.poll_once(at("2021-08-24T18:11:32-04:00")).await.unwrap().new, 0);
        while app.intake.settler.settle_once(at("2021-08-24T18:11:32-04:00")).await.unwrap().settled > 0 {}
        assert_eq!(world.edgar.take_fetched().into_values().sum::<usize>(), 262, "each once");
        world.finish().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_deep_page_that_is_not_there_for_a_moment_is_not_the_feeds_end() {
    let unavailable = (503, "<!DOCTYPE html><title>SEC.gov | File Unavailable</title>");
    let empty = (200, "<?xml version=\"1.0\"?><feed xmlns=\"http://www.w3.org/2005/Atom\"></feed>");
    let usual = (3, 100);
    for (cut, fault) in [
        (usual, unavailable),
        (usual, empty),
        ((3, 70), unavailable),
        ((3, 4), empty),
        ((2, 70), unavailable),
        ((2, 20), unavailable),
    ] {
        let world = World::new().await;
        let app = app_since_16(&world).await;
        spread(&world, 250, "2021-08-24T18:10:00-04:00");
        // The pages above may be short.
        let (pages, entries) = cut;
        if cut != usual {
            world.edgar.cut_feed_pages(pages, entries);
        }
        // The next one of the long pages, three times; then the first page is there, and so is this one.
        world.edgar.fail_feed_after(pages, &[fault; 3]);
        let report = app.intake.poll_once(at("2021-08-24T18:10:10-04:00")).await.unwrap();
        assert_eq!((report.new, report.trouble), (250, None), "{cut:?} {fault:?}");
        world.edgar.take_fetched();
        world.finish().await;
    }
}

/// An archive's feed may be so short that each poll meets its end: that costs two requests more, and no wait.
#[tokio::test(start_paused = true)]
async fn the_end_of_a_feed_that_has_begun_just_now_is_found_cheaply() {
    let world = World::new().await;
    world.edgar.publish(&small_sale("0000000007-21-000001", 70, "2021-08-24T16:00:00-04:00"));
    let app = world.app(ANY_SALE, Some("2021-08-24T00:00:00-04:00"));
    for new in [1, 0] {
        let report = app.intake.poll_once(at("2021-08-24T16:01:00-04:00")).await.unwrap();
        assert_eq!((report.new, report.trouble), (new, None));
        let asked = world.edgar.take_feed_requests();
        assert_eq!(asked.split_first(), Some((&(0, 20), &[(0, 100), (2, 100), (0, 20), (2, 100)][..])));
    }
    world.edgar.take_fetched();
    world.finish().await;
}

/// A first page without entries says no more than the one that is asked about.
#[tokio::test(start_paused = true)]
async fn an_edgar_of_empty_pages_has_no_end_of_its_feed() {
    let empty = (200, "<?xml version=\"1.0\"?><feed xmlns=\"http://www.w3.org/2005/Atom\"></feed>");
    let world = World::new().await;
    let app = app_since_16(&world).await;
    spread(&world, 250, "2021-08-24T18:10:00-04:00");
    // A page of it, each time, and then the first one.
    world.edgar.fail_feed_after(3, &[empty; 4]);
    let now = at("2021-08-24T18:10:10-04:00");
    let report = app.intake.poll_once(now).await.unwrap();
    assert!(report.trouble.is_some_and(|trouble| trouble.message.contains("is empty")));
    let rest = app.intake.poll_once(now + TimeDelta::seconds(2)).await.unwrap();
    assert_eq!((report.new + rest.new, rest.trouble), (250, None));
    while app.intake.settler.settle_once(now + TimeDelta::seconds(2)).await.unwrap().settled > 0 {}
    assert_eq!(world.edgar.take_fetched().into_values().sum::<usize>(), 250);
    world.finish().await;
}

/// A reading goes on where it was for as long as it takes.
#[tokio::test(start_paused = true)]
async fn a_feed_of_short_pages_is_read_to_its_end_all_the_same() {
    let world = World::new().await;
    let app = app_since_16(&world).await;
    spread(&world, 250, "2021-08-24T18:10:00-04:00");
    world.edgar.cut_feed_pages(70, 8);
    let now = at("2021-08-24T18:10:10-04:00");
    let first = app.intake.discovery.discover_once(now).await.unwrap();
    assert!(first.new < 250 && first.trouble.is_some_and(|trouble| trouble.message.contains("short")));
    let rest = app.intake.discovery.discover_once(now + TimeDelta::seconds(2)).await.unwrap();
    assert_eq!((first.new + rest.new, rest.trouble), (250, None));
    world.finish().await;
}

/// What was read before a page failed need not be all that is there now: an entry may have come late below its head.
#[tokio::test(start_paused = true)]
async fn a_reading_that_goes_on_looks_for_late_entries_below_its_head() {
    let world = World::new().await;
    let app = app_since_16(&world).await;
    spread(&world, 250, "2021-08-24T18:10:00-04:00");
    world.edgar.fail_feed_after(3, &[(502, ""); TRIES]);
    let now = at("2021-08-24T18:10:10-04:00");
    let report = app.intake.poll_once(now).await.unwrap();
    assert!(report.new < 250 && report.trouble.is_some());
    // Eight above, so that the short page meets what was read; and one that is fifty seconds late, further down.
    world.edgar.publish_below(4, &small_sale("0000000009-21-000001", 90, "2021-08-24T18:09:10-04:00"));
    for n in 0..8 {
        let accession: &'static str = Box::leak(format!("0000000009-21-1{n:05}").into_boxed_str());
        world.edgar.publish(&small_sale(accession, 90, "2021-08-24T18:10:05-04:00"));
    }
    let rest = app.intake.poll_once(now + TimeDelta::seconds(2)).await.unwrap();
    assert_eq!((report.new + rest.new, rest.trouble), (259, None));
    while app.intake.settler.settle_once(now + TimeDelta::seconds(2)).await.unwrap().settled > 0 {}
    assert!(world.edgar.take_fetched().keys().any(|path| path.ends_with("0000000009-21-000001.txt")));
    world.finish().await;
}

#[tokio::test]
async fn an_entry_that_appears_late_is_seen() {
    let world = World::new().await;
    let app = app_since_16(&world).await;
    spread(&world, 30, "2021-08-24T16:30:00-04:00");
    assert_eq!(app.intake.poll_once(at("2021-08-24T16:30:10-04:00")).await.unwrap().new, 30);
    // Twenty newer ones fill the short page; below them one that is forty seconds older than what was seen.
    world.edgar.publish(&small_sale("0000000009-21-000001", 90, "2021-08-24T16:29:20-04:00"));
    for n in 0..10 {
        let accession: &'static str = Box::leak(format!("0000000009-21-1{n:05}").into_boxed_str());
        world.edgar.publish(&small_sale(accession, 90, "2021-08-24T16:30:20-04:00"));
    }
    assert_eq!(app.intake.poll_once(at("2021-08-24T16:30:30-04:00")).await.unwrap().new, 11);
    world.edgar.take_fetched();
    world.finish().await;
}

/// Each poll reads little behind what is known; each half minute one reads further, and finds what came late below that.
#[tokio::test]
async fn an_entry_that_appears_below_the_short_page_is_seen_within_half_a_minute() {
    let world = World::new().await;
    let app = app_since_16(&world).await;
    let publish = |numbers: std::ops::Range<u32>, accepted: &'static str| {
        for n in numbers {
            let accession: &'static str = Box::leak(format!("0000000009-21-1{n:05}").into_boxed_str());
            world.edgar.publish(&small_sale(accession, 90, accepted));
        }
    };
    // Two entries each.
    publish(0..30, "2021-08-24T16:30:00-04:00");
    publish(30..32, "2021-08-24T16:30:09-04:00");
    assert_eq!(app.intake.poll_once(at("2021-08-24T16:30:10-04:00")).await.unwrap().new, 32);
    world.edgar.publish_below(64, &small_sale("0000000009-21-000001", 90, "2021-08-24T16:29:20-04:00"));
    publish(40..43, "2021-08-24T16:30:19-04:00");
    let near = app.intake.poll_once(at("2021-08-24T16:30:20-04:00")).await.unwrap();
    assert_eq!((near.new, near.pages), (3, 1), "{:?}", world.edgar.take_feed_requests());
    assert_eq!(app.intake.poll_once(at("2021-08-24T16:30:40-04:00")).await.unwrap().new, 1);
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test(start_paused = true)]
async fn an_absurd_time_hides_nothing() {
    let world = World::new().await;
    // In the first run's page, and later an entry far in the past among the newest.
    world.edgar.publish(&small_sale("0000000009-31-000001", 90, "2031-01-01T00:00:00-05:00"));
    let app = app_since_16(&world).await;
    spread(&world, 60, "2021-08-24T17:00:00-04:00");
    world.edgar.publish(&small_sale("0000000009-01-000001", 90, "2001-01-01T00:00:00-05:00"));
    for n in 0..9 {
        let accession: &'static str = Box::leak(format!("0000000009-21-1{n:05}").into_boxed_str());
        world.edgar.publish(&small_sale(accession, 90, "2021-08-24T17:00:05-04:00"));
    }
    assert_eq!(app.intake.poll_once(at("2021-08-24T17:00:10-04:00")).await.unwrap().new, 69);
    world.edgar.take_fetched();
    world.edgar.publish(&small_sale("0000000009-31-000002", 90, "2031-01-01T00:00:00-05:00"));
    assert_eq!(app.intake.poll_once(at("2021-08-24T17:00:12-04:00")).await.unwrap().new, 1);
    world.edgar.publish(&small_sale("0000000009-21-000007", 90, "2021-08-24T17:00:13-04:00"));
    assert_eq!(app.intake.poll_once(at("2021-08-24T17:00:14-04:00")).await.unwrap().new, 1);
    world.edgar.take_fetched();
    world.finish().await;
}

/// Old times in a row anywhere on a page, of one filing or of many: what is below them is read all the same, at once.
#[tokio::test(start_paused = true)]
async fn old_times_above_new_entries_do_not_end_the_paging() {
    old_times_end_nothing(OLD.into_iter().step_by(3)).await;
}

#[tokio::test(start_paused = true)]
#[ignore = "each place"]
async fn old_times_above_new_entries_do_not_end_the_paging_at_length() {
    old_times_end_nothing(OLD).await;
}

/// So many entries from the top lie above the old ones, and there are so many old ones.
const OLD: [(usize, usize); 13] = [
    (0, 1),
    (0, 2),
    (4, 2),
    (0, 10),
    (16, 2),
    (18, 1),
    (90, 5),
    (150, 3),
    (10, 40),
    (98, 1),
    (0, 70),
    (10, 5),
    (10, 29),
];

async fn old_times_end_nothing(places: impl IntoIterator<Item = (usize, usize)>) {
    for (above, old) in places {
        let world = World::new().await;
        let app = app_since_16(&world).await;
        spread(&world, 120, "2021-08-24T17:30:00-04:00");
        for n in 0..old {
            let accession: &'static str = Box::leak(format!("0000000009-01-{n:06}").into_boxed_str());
            let filing = small_sale(accession, 90, "2001-01-01T00:00:00-05:00");
            world.edgar.publish_below(above, &filing);
        }
        let first = app.intake.poll_once(at("2021-08-24T17:30:10-04:00")).await.unwrap();
        assert_eq!((first.new, first.trouble), (120, None), "{old} old ones below {above} entries");
        // And what comes after is found on few pages, now that they are known.
        world.edgar.publish(&small_sale("0000000007-21-000200", 70, "2021-08-24T17:31:00-04:00"));
        let next = app.intake.poll_once(at("2021-08-24T17:31:02-04:00")).await.unwrap();
        assert!(next.new == 1 && next.pages <= 4, "{old} below {above}: {next:?}");
        while app.intake.settler.settle_once(at("2021-08-24T17:32:00-04:00")).await.unwrap().settled > 0 {}
        world.edgar.take_fetched();
        world.finish().await;
    }
}

/// The end of a page is what counts, and no single time there: neither does one end the paging, nor does one make it go on for ever.
#[tokio::test(start_paused = true)]
async fn one_absurd_time_at_a_pages_end_decides_nothing() {
    for absurd in ["2001-01-01T00:00:00-05:00", "2031-01-01T00:00:00-05:00"] {
        let world = World::new().await;
        let app = app_since_16(&world).await;
        spread(&world, 60, "2021-08-24T17:00:00-04:00");
        // The short page ends with it, and so does the first long one.
        for (above, accession) in [(18, "0000000009-01-000001"), (98, "0000000009-01-000002")] {
            world.edgar.publish_below(above, &small_sale(accession, 90, absurd));
        }
        let report = app.intake.poll_once(at("2021-08-24T17:00:10-04:00")).await.unwrap();
        let ahead = if absurd.starts_with("2031") { 2 } else { 0 };
        assert_eq!((report.new, report.trouble), (60 + ahead, None), "{absurd}");
        // Of a page that goes far down, one at the end is no reason to read another.
        world.edgar.publish_below(38, &small_sale("0000000009-01-000003", 90, absurd));
        world.edgar.publish(&small_sale("0000000007-21-000200", 70, "2021-08-24T17:01:00-04:00"));
        world.edgar.take_feed_requests();
        for second in [20, 22, 24] {
            let report = app.intake.poll_once(at(&format!("2021-08-24T17:01:{second}-04:00"))).await.unwrap();
            assert_eq!(report.pages, 1, "{absurd}: {:?}", world.edgar.take_feed_requests());
        }
        while app.intake.settler.settle_once(at("2021-08-24T17:02:00-04:00")).await.unwrap().settled > 0 {}
        world.edgar.take_fetched();
        world.finish().await;
    }
}

/// A feed that ends above what was seen leaves a stretch to the daily indexes, also where an old time stands among its entries.
#[tokio::test(start_paused = true)]
async fn an_old_time_does_not_hide_that_the_feed_ended_early() {
    let world = World::new().await;
    let app = app_since_16(&world).await;
    spread(&world, 120, "2021-08-26T17:30:00-04:00");
    for (above, accession) in [(30, "0000000009-01-000001"), (242, "0000000009-01-000002")] {
        world.edgar.publish_below(above, &small_sale(accession, 90, "2001-01-01T00:00:00-05:00"));
    }
    world.edgar.end_after(244);
    app.intake.poll_once(at("2021-08-26T17:30:10-04:00")).await.unwrap();
    while app.intake.settler.settle_once(at("2021-08-26T17:31:00-04:00")).await.unwrap().settled > 0 {}
    world.edgar.take_fetched();
    world.close(app);
    let hole = reopened(&world.path("store")).frontier().await.unwrap().unwrap().hole;
    assert!(hole.is_some(), "the stretch from the 24th on is not looked for");
    world.finish().await;
}

#[tokio::test(start_paused = true)]
async fn a_look_back_that_breaks_off_goes_on_after_a_restart() {
    let world = World::new().await;
    spread(&world, 150, "2021-08-24T17:20:00-04:00");
    let app = world.app(ANY_SALE, Some("2021-08-24T00:00:00-04:00"));
    world.edgar.fail_feed_after(2, &[(500, ""); TRIES]);
    let report = app.intake.poll_once(at("2021-08-24T17:20:10-04:00")).await.unwrap();
    world.close(app);
    let app = world.app(ANY_SALE, None);
    let now = at("2021-08-24T17:30:00-04:00");
    let rest = app.intake.poll_once(now).await.unwrap();
    assert_eq!((report.new, rest.new, rest.baseline), (50, 100, 0));
    while app.intake.settler.settle_once(now).await.unwrap().settled > 0 {}
    assert_eq!(world.edgar.take_fetched().into_values().sum::<usize>(), 150);
    assert_eq!(deliver_all(&app, at("2021-08-24T17:30:00-04:00")).await, (150, 0, 0));
    assert_eq!(world.take_output().lines().count(), 150);
    world.finish().await;
}

#[tokio::test]
async fn a_feed_without_a_readable_entry_is_a_trouble_and_not_a_quiet_day() {
    let world = World::new().await;
    let app = app_since_16(&world).await;
    let page = "<?xml version=\"1.0\"?><feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><id>new</id></entry></feed>";
    world.edgar.fail_feed_after(0, &[(200, page)]);
    let report = app.intake.poll_once(at("2021-08-24T16:01:00-04:00")).await.unwrap();
    assert_eq!((report.pages, report.trouble.unwrap().trouble), (1, Trouble::Passing));
    world.finish().await;
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_not_taken() {
    let world = World::new().await;
    let app = app_since_16(&world).await;
    let endless = "x".repeat(5 * 1024 * 1024);
    world.edgar.fail_feed_after(0, &[(200, &endless)]);
    let report = app.intake.poll_once(at("2021-08-24T16:01:00-04:00")).await.unwrap();
    assert!(report.trouble.unwrap().message.contains("longer than"));
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
    let report = app.intake.poll_once(at("2021-08-24T17:13:00-04:00")).await.unwrap();
    assert_eq!((report.new, report.settled, report.postponed), (1, 0, 1));
    // Not before its time.
    assert_eq!(app.intake.poll_once(at("2021-08-24T17:13:00.200-04:00")).await.unwrap().postponed, 0);
    world.edgar.replace(&small_sale("0000000007-21-000001", 70, "2021-08-24T17:12:09-04:00"));
    let report = app.intake.poll_once(at("2021-08-24T17:14:00-04:00")).await.unwrap();
    assert_eq!((report.settled, report.alerted, report.unreadable), (1, 1, 0));
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
    for minute in 13..24 {
        let report = app.intake.poll_once(at(&format!("2021-08-24T17:{minute}:00-04:00"))).await.unwrap();
        unreadable += report.unreadable;
    }
    assert_eq!(unreadable, 1);
    assert_eq!(world.edgar.take_fetched().into_values().collect::<Vec<_>>(), [9, 1]);
    assert_eq!(deliver_all(&app, at("2021-08-24T17:16:00-04:00")).await, (1, 0, 0));
    assert!(world.take_output().contains("0000000007-21-000002"));
    world.finish().await;
}

/// When EDGAR is asked again after an answer, in seconds.
async fn silence_after(world: &World, app: &App, start: &str, fault: (u16, &str)) -> i64 {
    silence_after_all(world, app, start, &[fault]).await
}

/// When EDGAR is asked again after answers, in seconds.
async fn silence_after_all(world: &World, app: &App, start: &str, faults: &[(u16, &str)]) -> i64 {
    world.edgar.fail_feed_after(0, faults);
    let start = at(start);
    assert!(app.intake.poll_once(start).await.unwrap().trouble.is_some());
    world.edgar.take_feed_requests();
    for second in 1.. {
        app.intake.poll_once(start + TimeDelta::seconds(second)).await.unwrap();
        if !world.edgar.take_feed_requests().is_empty() {
            return second;
        }
    }
    unreachable!("the loop has no end")
}

#[tokio::test(start_paused = true)]
async fn blocks_silence_every_request_longer_each_time_and_lose_nothing() {
    let world = World::new().await;
    let app = world.app(ANY_SALE, Some("2021-08-24T00:00:00-04:00"));
    let rate = "<!DOCTYPE html><html><title>SEC.gov | Request Rate Threshold Exceeded</title></html>";
    let agent =
        "<!DOCTYPE html><html><h1>Your Request Originates from an Undeclared Automated Tool</h1></html>";
    assert_eq!(silence_after(&world, &app, "2021-08-24T10:00:00-04:00", (200, rate)).await, 600);
    assert_eq!(
        silence_after(&world, &app, "2021-08-24T11:00:00-04:00", (403, rate)).await,
        1200,
        "a good answer came between, and it was blocked an hour ago"
    );
    assert_eq!(
        silence_after(&world, &app, "2021-08-24T14:30:00-04:00", (403, agent)).await,
        3600,
        "three clean hours later it is the first one"
    );
    assert_eq!(silence_after(&world, &app, "2021-08-24T18:40:00-04:00", (403, "changed words")).await, 600);
    // What passes silences nothing.
    assert_eq!(silence_after_all(&world, &app, "2021-08-24T18:55:00-04:00", &[(502, ""); TRIES]).await, 1);
    // Twice in a row: the second answer after the silence is a block again.
    world.edgar.fail_feed_after(0, &[(403, rate)]);
    app.intake.poll_once(at("2021-08-25T16:00:00-04:00")).await.unwrap();
    assert_eq!(silence_after(&world, &app, "2021-08-25T16:10:00-04:00", (403, rate)).await, 1200);
    // A restart does not end it.
    world.edgar.fail_feed_after(0, &[(403, rate)]);
    app.intake.poll_once(at("2021-08-25T21:00:00-04:00")).await.unwrap();
    world.close(app);
    let app = world.app(ANY_SALE, None);
    world.edgar.take_feed_requests();
    world.edgar.publish(&qualys());
    app.intake.poll_once(at("2021-08-25T21:09:59-04:00")).await.unwrap();
    assert_eq!(world.edgar.take_feed_requests(), []);
    let report = app.intake.poll_once(at("2021-08-25T21:12:30-04:00")).await.unwrap();
    assert_eq!((report.new, report.alerted), (1, 1));
    // A clock that was a year ahead when the block came is no reason to be silent for a year.
    world.edgar.fail_feed_after(0, &[(403, rate)]);
    app.intake.poll_once(at("2022-08-24T17:00:00-04:00")).await.unwrap();
    assert!(app.intake.poll_once(at("2021-08-25T21:13:00-04:00")).await.unwrap().pages > 0);
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test]
async fn retry_after_is_obeyed() {
    let world = World::new().await;
    let app = world.app(ANY_SALE, Some("2021-08-24T00:00:00-04:00"));
    world.edgar.retry_after(1_500);
    assert_eq!(silence_after(&world, &app, "2021-08-24T10:00:00-04:00", (503, "")).await, 1500);
    world.finish().await;
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_the_archives_leaves_their_filings_for_later_and_loses_nothing() {
    let world = World::new().await;
    let app = app_since_16(&world).await;
    spread(&world, 10, "2021-08-24T16:30:00-04:00");
    world.edgar.submissions_down(true);
    let report = app.intake.poll_once(at("2021-08-24T16:30:10-04:00")).await.unwrap();
    assert_eq!((report.new, report.settled, report.postponed), (10, 0, 10));
    // The feed is read meanwhile.
    world.edgar.publish(&small_sale("0000000009-21-000001", 90, "2021-08-24T16:30:11-04:00"));
    assert_eq!(app.intake.discovery.discover_once(at("2021-08-24T16:30:12-04:00")).await.unwrap().new, 1);
    world.edgar.submissions_down(false);
    let report = app.intake.settler.settle_once(at("2021-08-24T16:30:30-04:00")).await.unwrap();
    assert_eq!((report.settled, report.alerted, report.pages), (11, 11, 0));
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test]
async fn a_look_back_survives_a_silence_and_an_empty_page() {
    let world = World::new().await;
    world.edgar.publish(&qualys());
    let app = world.app(ANY_SALE, None);
    assert_eq!(app.intake.poll_once(at("2021-08-24T17:13:00-04:00")).await.unwrap().baseline, 1);
    let rate = "<!DOCTYPE html><html><title>SEC.gov | Request Rate Threshold Exceeded</title></html>";
    world.edgar.fail_feed_after(0, &[(403, rate)]);
    app.intake.poll_once(at("2021-08-24T17:14:00-04:00")).await.unwrap();
    world.close(app);
    let app = world.app(ANY_SALE, Some("2021-08-24T00:00:00-04:00"));
    let silent = app.intake.poll_once(at("2021-08-24T17:15:00-04:00")).await.unwrap();
    assert_eq!((silent.pages, silent.silent_until), (0, Some(at("2021-08-24T17:24:00-04:00"))));
    world.close(app);
    let app = world.app(ANY_SALE, None);
    let empty = "<?xml version=\"1.0\"?><feed xmlns=\"http://www.w3.org/2005/Atom\"></feed>";
    world.edgar.fail_feed_after(0, &[(200, empty), (200, empty)]);
    assert_eq!(app.intake.poll_once(at("2021-08-24T17:24:00-04:00")).await.unwrap().new, 0);
    assert_eq!(app.intake.poll_once(at("2021-08-24T17:24:02-04:00")).await.unwrap().alerted, 1);
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test(start_paused = true)]
async fn a_block_after_an_outage_is_the_first_block() {
    let world = World::new().await;
    let app = world.app(ANY_SALE, Some("2021-08-24T00:00:00-04:00"));
    let start = at("2021-08-24T10:00:00-04:00");
    for minute in 0..3 {
        world.edgar.fail_feed_after(0, &[(502, ""); TRIES]);
        app.intake.poll_once(start + TimeDelta::minutes(2 * minute)).await.unwrap();
    }
    let rate = "<!DOCTYPE html><html><title>SEC.gov | Request Rate Threshold Exceeded</title></html>";
    assert_eq!(silence_after(&world, &app, "2021-08-24T10:20:00-04:00", (403, rate)).await, 600);
    world.finish().await;
}

#[tokio::test]
async fn a_page_that_is_cut_leaves_no_gap() {
    let world = World::new().await;
    let app = app_since_16(&world).await;
    spread(&world, 60, "2021-08-24T16:40:00-04:00");
    // Well formed, but only the first seven entries of what was asked for: of the short page and of the long one.
    world.edgar.cut_feed_pages(2, 7);
    let report = app.intake.poll_once(at("2021-08-24T16:40:10-04:00")).await.unwrap();
    assert_eq!((report.new, report.trouble), (60, None));
    world.edgar.take_fetched();
    world.finish().await;
}
