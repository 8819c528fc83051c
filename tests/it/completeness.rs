//! Sequences of outages, downtimes and restarts in which a filing could be lost or told wrong.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use sellbell::clock::Clock;
use sellbell::config::Settings;
use sellbell::edgar::FilingRef;
use sellbell::filing::edgar_day;
use sellbell::intake::BackfillReport;
use sellbell::runtime;
use sellbell::service;
use sellbell::source::{Client, Trouble};
use sellbell::store::{
    Backfill, Discovered, Ending, Frontier, Ledger, Quarantined, Settled, Standing, Store,
};

use crate::plays::{ANY_SALE, cik};
use crate::world::{World, at, deliver_all, finely, key_of, overwrite, records, reopened, small_sale};

const OPERATORS: &str = "[operators]\nnotify = [\"terminal\"]\n";

/// A bot that ran on Friday 20 August and is back a week later. The feed shows nothing of the week any more.
#[tokio::test]
async fn the_days_of_a_downtime_are_not_given_up_after_75_minutes_of_403() {
    let world = World::new().await;
    let app = world.app_with(&(world.settings() + OPERATORS), ANY_SALE, None);
    world.edgar.publish(&small_sale("0000000007-21-000001", 70, "2021-08-20T16:00:00-04:00"));
    app.intake.poll_once(at("2021-08-20T16:01:00-04:00")).await.unwrap();
    let missed = small_sale("0000000007-21-000002", 71, "2021-08-23T16:00:00-04:00");
    world.edgar.publish_unlisted(&missed);
    // Its indexes answer "not there yet" for an hour and a quarter.
    let mut now = at("2021-08-27T10:00:00-04:00");
    for _ in 0..6 {
        app.intake.reconciler.reconcile_once(now).await.unwrap();
        now += TimeDelta::minutes(15);
    }
    // Then they are all there.
    world.edgar.publish_index("20210820", &[("0000000007-21-000001", 70)]);
    world.edgar.publish_index("20210823", &[("0000000007-21-000002", 71)]);
    for day in ["20210824", "20210825", "20210826"] {
        world.edgar.publish_index(day, &[]);
    }
    for _ in 0..40 {
        now += TimeDelta::hours(1);
        app.intake.reconciler.reconcile_once(now).await.unwrap();
        app.intake.settler.settle_once(now).await.unwrap();
    }
    assert_eq!(
        app.store.standing(missed.accession.parse().unwrap()).await.unwrap(),
        Standing::Done,
        "missed for good"
    );
    world.edgar.take_fetched();
    deliver_all(&app, now).await;
    world.take_output();
    world.finish().await;
}

/// 75 minutes with a clock that is three weeks ahead.
#[tokio::test]
async fn a_clock_ahead_does_not_end_the_comparison_of_days_to_come() {
    let world = World::new().await;
    let app = world.app_with(&(world.settings() + OPERATORS), ANY_SALE, None);
    world.edgar.publish(&small_sale("0000000007-21-000001", 70, "2021-08-23T16:00:00-04:00"));
    app.intake.poll_once(at("2021-08-23T16:01:00-04:00")).await.unwrap();
    let mut wrong = at("2021-09-13T16:05:00-04:00");
    for _ in 0..6 {
        app.intake.reconciler.reconcile_once(wrong).await.unwrap();
        wrong += TimeDelta::minutes(15);
    }
    // Right again. On the 24th the feed fails to show one.
    let missed = small_sale("0000000007-21-000002", 71, "2021-08-24T16:00:00-04:00");
    world.edgar.publish_unlisted(&missed);
    world.edgar.publish_index("20210823", &[("0000000007-21-000001", 70)]);
    world.edgar.publish_index("20210824", &[("0000000007-21-000002", 71)]);
    let mut now = at("2021-08-24T22:30:00-04:00");
    for _ in 0..10 {
        app.intake.reconciler.reconcile_once(now).await.unwrap();
        app.intake.settler.settle_once(now).await.unwrap();
        now += TimeDelta::hours(1);
    }
    assert_eq!(
        app.store.standing(missed.accession.parse().unwrap()).await.unwrap(),
        Standing::Done,
        "missed for good"
    );
    world.edgar.take_fetched();
    deliver_all(&app, now).await;
    world.take_output();
    world.finish().await;
}

#[tokio::test]
async fn a_day_that_was_not_seen_at_all_has_no_clean_receipt() {
    let world = World::new().await;
    let app = world.app_with(&(world.settings() + OPERATORS), ANY_SALE, None);
    world.edgar.publish(&small_sale("0000000007-21-000001", 70, "2021-08-24T16:00:00-04:00"));
    app.intake.poll_once(at("2021-08-24T16:01:00-04:00")).await.unwrap();
    world.edgar.publish_index("20210824", &[("0000000007-21-000001", 70)]);
    let missed = small_sale("0000000007-21-000002", 71, "2021-08-25T16:00:00-04:00");
    world.edgar.publish_unlisted(&missed);
    world.edgar.publish_index("20210825", &[("0000000007-21-000002", 71)]);
    let mut day: chrono::NaiveDate = "2021-08-26".parse().unwrap();
    while day < "2021-09-06".parse().unwrap() {
        world.edgar.publish_index(&day.format("%Y%m%d").to_string(), &[]);
        day = day.succ_opt().unwrap();
    }
    let now = at("2021-09-06T12:00:00-04:00");
    app.intake.reconciler.reconcile_once(now).await.unwrap();
    assert_eq!(app.intake.settler.settle_once(now).await.unwrap().past, 1, "a rule would have rung for it");
    app.intake.reconciler.reconcile_once(now + TimeDelta::minutes(1)).await.unwrap();
    let receipt = app.store.receipt("2021-08-25".parse().unwrap()).await.unwrap().unwrap();
    world.edgar.take_fetched();
    deliver_all(&app, now + TimeDelta::minutes(2)).await;
    assert!(!receipt.is_clean(), "not seen in time, but clean: {receipt}");
    deliver_all(&app, now + TimeDelta::minutes(3)).await;
    assert!(
        world.take_output().contains("2021-08-25: 1 in the index, 0 seen, 1 recovered"),
        "the operators are told"
    );
    world.finish().await;
}

#[tokio::test]
async fn filings_that_an_index_shows_are_held_against_history_in_their_order() {
    let world = World::new().await;
    let rules = "[[rule]]\nname = \"first\"\ncodes = [\"S\"]\nfirst_in = \"2d\"\nnotify = [\"jsonl\"]\n";
    let app = world.app(rules, None);
    world.edgar.publish(&small_sale("0000000007-25-000100", 69, "2025-12-04T12:00:00-05:00"));
    app.intake.poll_once(at("2025-12-04T12:01:00-05:00")).await.unwrap();
    for day in ["20251205", "20251208", "20251209", "20251210"] {
        world.edgar.publish_index(day, &[]);
    }
    world.edgar.publish_index("20251204", &[("0000000007-25-000100", 69)]);
    // A sale of the 9th and one of the 10th, told in this order by two agents.
    let mut earlier = small_sale("0000000009-25-000001", 70, "2025-12-11T16:00:00-05:00");
    earlier.body = String::from_utf8(earlier.body)
        .unwrap()
        .replace("<transactionDate><value>2025-12-10", "<transactionDate><value>2025-12-09")
        .into_bytes();
    let later = small_sale("0000000007-25-000002", 70, "2025-12-11T17:00:00-05:00");
    world.edgar.publish_unlisted(&earlier);
    world.edgar.publish_unlisted(&later);
    world.edgar.publish_index("20251211", &[(earlier.accession, 70), (later.accession, 70)]);
    let mut now = at("2025-12-11T23:00:00-05:00");
    for _ in 0..4 {
        app.intake.reconciler.reconcile_once(now).await.unwrap();
        app.intake.settler.settle_once(now).await.unwrap();
        now += TimeDelta::minutes(1);
    }
    world.edgar.take_fetched();
    world.edgar.take_index_requests();
    deliver_all(&app, now).await;
    let rang: Vec<String> = world
        .take_output()
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["accession"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(rang, [earlier.accession], "the later one is not the first sale");
    world.finish().await;
}

#[tokio::test]
async fn a_look_back_rings_for_what_was_not_fetched() {
    let world = World::new().await;
    let rule = |cik: u64| {
        format!("[[rule]]\nname = \"r{cik}\"\nciks = [{cik}]\ncodes = [\"S\"]\nnotify = [\"jsonl\"]\n")
    };
    let app = world.app(&rule(70), None);
    world.edgar.publish(&small_sale("0000000007-21-000001", 70, "2021-08-24T16:00:00-04:00"));
    app.intake.poll_once(at("2021-08-24T16:01:00-04:00")).await.unwrap();
    world.edgar.publish(&small_sale("0000000007-21-000002", 71, "2021-08-24T16:02:00-04:00"));
    assert_eq!(app.intake.poll_once(at("2021-08-24T16:03:00-04:00")).await.unwrap().not_fetched, 1);
    world.close(app);
    let app = world.app(&(rule(70) + &rule(71)), Some("2021-08-24T16:01:30-04:00"));
    let report = app.intake.poll_once(at("2021-08-24T16:05:00-04:00")).await.unwrap();
    world.edgar.take_fetched();
    deliver_all(&app, at("2021-08-24T16:05:00-04:00")).await;
    world.take_output();
    assert_eq!((report.new, report.alerted), (1, 1), "--since: what was accepted after it is new and rings");
    world.finish().await;
}

#[tokio::test]
async fn an_outage_does_not_shorten_a_block() {
    use axum::Router;
    use axum::extract::Request;
    use axum::http::StatusCode;
    use std::time::Duration;
    let world = World::new().await;
    let fake = world.app(ANY_SALE, None);
    world.edgar.publish(&small_sale("0000000007-21-000001", 70, "2021-08-24T16:00:00-04:00"));
    fake.intake.poll_once(at("2021-08-24T16:01:00-04:00")).await.unwrap();
    drop(fake);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(|request: Request| async move {
        if request.uri().path().contains("daily-index") {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let page = "<!DOCTYPE html><html><title>SEC.gov | Request Rate Threshold Exceeded</title></html>";
            (StatusCode::FORBIDDEN, page)
        } else {
            tokio::time::sleep(Duration::from_millis(600)).await;
            (StatusCode::BAD_GATEWAY, "")
        }
    });
    let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let settings = world.settings().replace(world.edgar.base_url(), &base);
    let app = world.app_with(&settings, ANY_SALE, None);
    let now = at("2021-08-25T10:00:00-04:00");
    let (poll, days) = tokio::join!(app.intake.poll_once(now), app.intake.reconciler.reconcile_once(now));
    assert!(poll.unwrap().trouble.is_some());
    assert_eq!(days.unwrap().failures, 1);
    let until = service::status(&app, now).await.unwrap().no_requests_until.unwrap();
    server.abort();
    assert!(until - now >= TimeDelta::minutes(10), "blocked, and asked again after {}", until - now);
    world.finish().await;
}

#[tokio::test]
async fn an_unfinished_index_of_a_day_without_the_bot_is_not_believed_at_once() {
    let world = World::new().await;
    let app = world.app_with(&(world.settings() + OPERATORS), ANY_SALE, None);
    world.edgar.publish(&small_sale("0000000007-21-000001", 70, "2021-08-23T16:00:00-04:00"));
    app.intake.poll_once(at("2021-08-23T16:01:00-04:00")).await.unwrap();
    world.edgar.publish_index("20210823", &[("0000000007-21-000001", 70)]);
    let missed = small_sale("0000000007-21-000003", 71, "2021-08-24T18:00:00-04:00");
    world.edgar.publish_unlisted(&small_sale("0000000007-21-000002", 72, "2021-08-24T10:00:00-04:00"));
    world.edgar.publish_unlisted(&missed);
    // Down for the 24th. At half past ten its index is half written.
    world.edgar.publish_index("20210824", &[("0000000007-21-000002", 72)]);
    let mut now = at("2021-08-24T22:30:00-04:00");
    app.intake.reconciler.reconcile_once(now).await.unwrap();
    world.edgar.publish_index("20210824", &[("0000000007-21-000002", 72), ("0000000007-21-000003", 71)]);
    for _ in 0..30 {
        app.intake.settler.settle_once(now).await.unwrap();
        app.intake.reconciler.reconcile_once(now).await.unwrap();
        now += TimeDelta::minutes(30);
    }
    assert_eq!(
        app.store.standing(missed.accession.parse().unwrap()).await.unwrap(),
        Standing::Done,
        "missed for good"
    );
    world.edgar.take_fetched();
    deliver_all(&app, now).await;
    world.take_output();
    world.finish().await;
}

async fn known_store(world: &World, now: DateTime<Utc>) {
    let store = Store::open(&world.path("store")).unwrap();
    store.set_ledger(Ledger { next: edgar_day(now - TimeDelta::days(1)) }).await.unwrap();
    store.discovered(Discovered::default(), Frontier::at(now - TimeDelta::hours(1)), now).await.unwrap();
}

/// The order that the two tasks of `run` may come in on two threads.
#[tokio::test]
async fn a_look_back_stays_in_the_ledger() {
    let world = World::new().await;
    let now = at("2021-08-25T10:00:00-04:00");
    known_store(&world, now).await;
    world.edgar.publish(&small_sale("0000000007-21-000001", 70, "2021-08-25T08:00:00-04:00"));
    world.edgar.publish(&small_sale("0000000007-21-000002", 70, "2021-08-25T08:30:00-04:00"));
    let app = world.app(ANY_SALE, Some("2021-08-02T00:00:00-04:00"));
    let (days, poll) = tokio::join!(app.intake.reconciler.reconcile_once(now), app.intake.poll_once(now));
    days.unwrap();
    poll.unwrap();
    world.edgar.take_fetched();
    deliver_all(&app, now).await;
    world.take_output();
    assert_eq!(app.store.ledger().await.unwrap().unwrap().next, "2021-08-02".parse().unwrap());
    world.finish().await;
}

/// A past that is being fetched takes from a look back what that has made new.
#[tokio::test]
async fn a_backfill_does_not_silence_what_a_look_back_asks_for() {
    let world = World::new().await;
    let old = small_sale("0000000007-21-000001", 70, "2021-08-24T16:00:00-04:00");
    world.edgar.publish(&old);
    let app = world.app(ANY_SALE, None);
    let now = at("2021-08-24T16:01:00-04:00");
    app.intake.poll_once(now).await.unwrap();
    // `sellbell backfill` was broken off with the filings of the first run's day in its queue.
    let (past, filing) = (past(now, &[]), in_the_past(old.accession));
    app.store.set_backfill(&past, &[filing]).await.unwrap();
    world.close(app);
    let app = world.app(ANY_SALE, Some("2021-08-24T00:00:00-04:00"));
    // Pending, and not fetched yet: one of many, or put off after an error.
    world.edgar.submissions_down(true);
    let now = at("2021-08-24T16:10:00-04:00");
    assert_eq!(app.intake.poll_once(now).await.unwrap().new, 1);
    world.edgar.submissions_down(false);
    app.intake.backfiller.backfill_once(now + TimeDelta::seconds(1)).await.unwrap();
    let report = app.intake.settler.settle_once(now + TimeDelta::minutes(1)).await.unwrap();
    world.edgar.take_fetched();
    deliver_all(&app, now).await;
    world.take_output();
    assert_eq!(report.alerted, 1, "{:?}", app.store.standing(old.accession.parse().unwrap()).await.unwrap());
    world.finish().await;
}

/// One day whose index is refused in other words than S3's holds up the notices and summaries of all days.
#[tokio::test]
async fn a_day_without_a_readable_index_is_told_and_holds_up_nothing_for_ever() {
    use axum::Router;
    use axum::extract::Request;
    use axum::http::StatusCode;
    let world = World::new().await;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let old = small_sale("0000000007-21-000002", 71, "2021-08-25T16:00:00-04:00").body;
    let router = Router::new().fallback(move |request: Request| {
        let old = String::from_utf8(old.clone()).unwrap();
        async move {
            let path = request.uri().path();
            let head = "CIK|Company Name|Form Type|Date Filed|File Name\n---\n";
            if path.contains("20210826") {
                (StatusCode::FORBIDDEN, "<html><title>Access Denied</title></html>".to_owned())
            } else if path.contains("20210825") {
                (StatusCode::OK, format!("{head}71|X|4|20210825|edgar/data/71/0000000007-21-000002.txt\n"))
            } else if path.contains("daily-index") {
                (StatusCode::OK, head.to_owned())
            } else {
                (StatusCode::OK, old)
            }
        }
    });
    let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let settings = world.settings().replace(world.edgar.base_url(), &base) + OPERATORS;
    let rules = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"terminal\"]\n";
    let app = world.app_with(&settings, rules, None);
    let then = at("2021-08-24T16:00:00-04:00");
    app.store.set_ledger(Ledger { next: edgar_day(then) }).await.unwrap();
    app.store.discovered(Discovered::default(), Frontier::at(then), then).await.unwrap();
    let mut now = at("2021-09-06T12:00:00-04:00");
    for _ in 0..24 * 30 {
        app.intake.reconciler.reconcile_once(now).await.unwrap();
        app.intake.settler.settle_once(now).await.unwrap();
        now += TimeDelta::hours(1);
    }
    server.abort();
    deliver_all(&app, now).await;
    let told = world.take_output();
    assert!(told.contains("Found late"), "a month later nobody was told anything: {told:?}");
    world.finish().await;
}

/// EDGAR that answers each path as `answer` says; its address, and the paths that were asked for.
pub async fn answering(
    answer: impl Fn(&str) -> axum::response::Response + Clone + Send + Sync + 'static,
) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    let router = axum::Router::new().fallback(move |request: axum::extract::Request| {
        let path = request.uri().path().to_owned();
        noted.lock().unwrap().push(path.clone());
        let response = answer(&path);
        async move { response }
    });
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (base, asked)
}

async fn known_since(app: &sellbell::runtime::App, then: DateTime<Utc>) {
    app.store.set_ledger(Ledger { next: edgar_day(then) }).await.unwrap();
    app.store.discovered(Discovered::default(), Frontier::at(then), then).await.unwrap();
}

#[tokio::test]
async fn a_block_counts_where_its_page_cannot_be_read() {
    for (status, header, expected) in [
        (403, ("x-none", "1"), 600),
        (429, ("x-none", "1"), 600),
        (429, ("retry-after", "3600"), 3_600),
        (503, ("retry-after", "3600"), 3_600),
    ] {
        let world = World::new().await;
        let (base, _) = answering(move |_| {
            // What is no gzip cannot be unpacked.
            let response = axum::response::Response::builder().status(status).header(header.0, header.1);
            let response = response.header("content-encoding", "gzip");
            response.body("<html>Request Rate Threshold Exceeded".into()).unwrap()
        })
        .await;
        let settings = world.settings().replace(world.edgar.base_url(), &base);
        let app = world.app_with(&settings, ANY_SALE, None);
        let now = at("2021-08-25T10:00:00-04:00");
        known_since(&app, now - TimeDelta::hours(1)).await;
        app.intake.poll_once(now).await.unwrap();
        let until = service::status(&app, now).await.unwrap().no_requests_until.unwrap();
        assert_eq!((until - now).num_seconds(), expected, "{status} {header:?}");
        world.finish().await;
    }
}

#[tokio::test(start_paused = true)]
async fn indexes_that_fail_are_not_all_asked_for_one_after_the_other() {
    finely();
    let world = World::new().await;
    let (base, asked) = answering(|_| {
        axum::response::Response::builder().status(500).body(axum::body::Body::empty()).unwrap()
    })
    .await;
    let settings = world.settings().replace(world.edgar.base_url(), &base);
    let app = world.app_with(&settings, ANY_SALE, None);
    known_since(&app, at("2021-03-01T12:00:00-05:00")).await;
    let mut now = at("2021-08-25T10:00:00-04:00");
    let end = now + TimeDelta::hours(1);
    while now < end {
        let report = app.intake.reconciler.reconcile_once(now).await.unwrap();
        now = report.next.unwrap().max(now + TimeDelta::seconds(1));
    }
    let asked = asked.lock().unwrap().len();
    assert!((3..100).contains(&asked), "{asked} requests in an hour of outage");
    world.finish().await;
}

/// A past of issuer 70 that is being fetched.
fn past(now: DateTime<Utc>, files: &[&str]) -> Backfill {
    Backfill {
        issuer: cik(70),
        name: "X".into(),
        since: "2021-01-01".parse().unwrap(),
        asked_at: now,
        files: files.iter().map(|file| (*file).to_owned()).collect(),
        queued: 1,
        left_out: None,
        not_before: now,
        failures: 0,
        damaged: 0,
    }
}

fn in_the_past(accession: &str) -> FilingRef {
    FilingRef {
        accession: accession.parse().unwrap(),
        form: "4".parse().unwrap(),
        accepted_at: at("2021-08-24T00:00:00-04:00"),
        filer: cik(70),
        issuer: None,
    }
}

/// Goes on with the past until it is done or given up, at most `steps` times; how often it had to.
async fn go_on(
    app: &sellbell::runtime::App,
    mut now: DateTime<Utc>,
    steps: usize,
) -> (usize, BackfillReport) {
    for step in 1..=steps {
        let report = app.intake.backfiller.backfill_once(now).await.unwrap();
        if report.done || report.given_up.is_some() {
            return (step, report);
        }
        now = report.next.unwrap();
    }
    panic!("neither done nor given up after {steps} steps");
}

#[tokio::test(start_paused = true)]
async fn failures_leave_no_filing_out_of_a_past() {
    let world = World::new().await;
    let body = small_sale("0000000007-21-000001", 70, "2021-08-24T16:00:00-04:00").body;
    let left = Arc::new(Mutex::new(9));
    let (base, _) = answering(move |_| {
        let mut left = left.lock().unwrap();
        let down = *left > 0;
        *left -= i32::from(down);
        let status = if down { 500 } else { 200 };
        let body = if down { Vec::new() } else { body.clone() };
        axum::response::Response::builder().status(status).body(body.into()).unwrap()
    })
    .await;
    let settings = world.settings().replace(world.edgar.base_url(), &base);
    let app = world.app_with(&settings, ANY_SALE, None);
    let now = at("2021-08-25T10:00:00-04:00");
    known_since(&app, now).await;
    app.store.set_backfill(&past(now, &[]), &[in_the_past("0000000007-21-000001")]).await.unwrap();
    let (steps, report) = go_on(&app, now, 30).await;
    let (ended, _) = report.current.unwrap();
    assert_eq!(
        (steps, ended.left_out),
        (4, None),
        "twice four tries in vain, the filing at its second, the end"
    );
    let standing = app.store.standing("0000000007-21-000001".parse().unwrap()).await.unwrap();
    assert_eq!(standing, Standing::Past);
    world.finish().await;
}

#[tokio::test]
async fn a_filing_that_comes_damaged_again_and_again_is_left_out_of_a_past() {
    let world = World::new().await;
    let (base, asked) = answering(|_| axum::response::Response::new("no filing".into())).await;
    let settings = world.settings().replace(world.edgar.base_url(), &base);
    let app = world.app_with(&settings, ANY_SALE, None);
    let now = at("2021-08-25T10:00:00-04:00");
    known_since(&app, now).await;
    app.store.set_backfill(&past(now, &[]), &[in_the_past("0000000007-21-000001")]).await.unwrap();
    let (ended, _) = go_on(&app, now, 30).await.1.current.unwrap();
    assert_eq!(ended.left_out, Some("2021-08-24".parse().unwrap()));
    assert_eq!(asked.lock().unwrap().len(), 8);
    world.finish().await;
}

#[tokio::test]
async fn a_company_that_edgar_does_not_know_is_given_up() {
    let world = World::new().await;
    let (base, asked) = answering(|_| {
        axum::response::Response::builder().status(404).body("<html>not found</html>".into()).unwrap()
    })
    .await;
    let settings = world.settings().replace(world.edgar.base_url(), &base);
    let app = world.app_with(&settings, ANY_SALE, None);
    let now = at("2021-08-25T10:00:00-04:00");
    known_since(&app, now).await;
    app.intake.backfiller.begin(cik(70), "X", "2021-01-01".parse().unwrap(), now).await.unwrap();
    let (_, report) = go_on(&app, now, 30).await;
    assert_eq!(report.given_up.unwrap().issuer, cik(70));
    assert_eq!(asked.lock().unwrap().len(), 3);
    assert_eq!(app.store.backfills().await.unwrap(), []);
    world.finish().await;
}

/// EDGAR has never been seen to send one; RFC 9110 has three ways to write a date, of which servers use this one.
#[tokio::test(start_paused = true)]
async fn a_retry_after_that_is_a_date_is_a_wait_until_then() {
    for (date, seconds) in [
        ("Wed, 08 Mar 2023 20:20:00 GMT", Some(1_200)),
        ("Wed, 08 Mar 2023 19:00:00 GMT", Some(0)),
        ("soon", None),
    ] {
        let (base, _) = answering(move |_| {
            let response = axum::response::Response::builder().status(503).header("retry-after", date);
            response.body(axum::body::Body::empty()).unwrap()
        })
        .await;
        let settings = format!("[edgar]\nbase_url = \"{base}\"\n");
        let settings = Settings::read("settings", &settings, &[]).unwrap();
        let clock = Clock::played(at("2023-03-08T15:00:00-05:00"), 1.0);
        let error = Client::new(&settings.edgar, clock).unwrap().feed_page(0, 20).await.unwrap_err();
        let waits = error.retry_after.map(|wait| wait.as_secs_f64().round() as i64);
        assert_eq!(waits, seconds, "{date}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_index_whose_answer_asks_to_wait_is_not_asked_for_in_its_other_form() {
    let s3 = "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>";
    for (status, body, retry_after) in [(403, s3, true), (404, "", true), (400, "", true), (404, "", false)] {
        let (base, asked) = answering(move |_| {
            let response = axum::response::Response::builder().status(status);
            let response = if retry_after { response.header("retry-after", "120") } else { response };
            response.body(axum::body::Body::from(body)).unwrap()
        })
        .await;
        let settings = Settings::read("settings", &format!("[edgar]\nbase_url = \"{base}\"\n"), &[]).unwrap();
        let clock = Clock::played(at("2023-03-08T15:00:00-05:00"), 1.0);
        let client = Client::new(&settings.edgar, clock).unwrap();
        let error = client.index("2023-03-07".parse().unwrap()).await.unwrap_err();
        assert_eq!(asked.lock().unwrap().len(), if retry_after { 1 } else { 2 }, "{status}");
        // It is this answer that is noted, not that the other was not asked for.
        assert_eq!((error.is_grave(), error.trouble == Trouble::Silent), (retry_after, false), "{error}");
    }
}

/// A stop waits for nothing: what was answered before it is known after it.
#[tokio::test(start_paused = true)]
async fn a_block_is_written_down_at_once_though_an_earlier_request_has_no_answer() {
    let world = World::new().await;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let router = axum::Router::new().fallback(|request: axum::extract::Request| async move {
        if request.uri().path().contains("000001") {
            std::future::pending::<()>().await;
        }
        (axum::http::StatusCode::FORBIDDEN, "<html><title>SEC.gov | Request Rate Threshold Exceeded</title>")
    });
    let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let app = world.app_with(&world.settings().replace(world.edgar.base_url(), &base), ANY_SALE, None);
    let now = app.clock().now();
    let new = [in_the_past("0000000007-21-000001"), in_the_past("0000000007-21-000002")];
    let found = Discovered { new: &new, ..Discovered::default() };
    app.store.discovered(found, Frontier::at(now - TimeDelta::days(9_000)), now).await.unwrap();
    let stopped =
        tokio::time::timeout(std::time::Duration::from_millis(390), app.intake.settler.settle_once(now))
            .await;
    assert!(stopped.is_err(), "the first is still waited for");
    assert!(app.store.silence().await.unwrap().is_some());
    server.abort();
    drop(app);
    world.finish().await;
}

/// The list has a loop of its own, which may hang.
#[tokio::test]
async fn a_reading_of_the_feed_does_not_ask_for_the_tickers() {
    let world = World::new().await;
    let app = world.app(ANY_SALE, None);
    let now = at("2021-08-25T10:00:00-04:00");
    app.intake.discovery.discover_once(now).await.unwrap();
    app.intake.discovery.discover_once(now).await.unwrap();
    assert_eq!(world.edgar.take_ticker_requests(), 0);
    app.intake.poll_once(now).await.unwrap();
    assert_eq!(world.edgar.take_ticker_requests(), 1);
    world.finish().await;
}

/// A crash between a filing's way into quarantine and the notice of it.
#[tokio::test]
async fn a_filing_in_quarantine_is_told_of_after_a_crash() {
    let world = World::new().await;
    let now = at("2021-08-25T10:00:00-04:00");
    known_store(&world, now).await;
    let accession = "0000000007-21-000001".parse().unwrap();
    let confined = Quarantined {
        filing: in_the_past("0000000007-21-000001"),
        seen_at: now,
        reason: "it is cut".into(),
        since: now,
        tried_at: now,
        tries: 1,
        reported: false,
    };
    let store = reopened(&world.path("store"));
    let unreadable = Some((confined, b"<cut".to_vec()));
    store.commit(&Settled { unreadable, ..Settled::new(accession, Ending::Unreadable, now) }).await.unwrap();
    drop(store);
    let app = world.app_with(&(world.settings() + OPERATORS), ANY_SALE, None);
    for minutes in [1, 6] {
        runtime::housekeeping_once(&app, now + TimeDelta::minutes(minutes)).await.unwrap();
    }
    deliver_all(&app, now + TimeDelta::minutes(6)).await;
    let told = world.take_output();
    assert_eq!(told.matches("A filing cannot be read").count(), 1, "{told}");
    world.edgar.take_index_requests();
    world.finish().await;
}

async fn damage_pending(world: &World) {
    let records = records(&world.path("store")).await;
    let pending = records.iter().find(|record| record["tree"] == "pending").unwrap();
    overwrite(&world.path("store"), "pending", key_of(pending), b"\x01{\"filing\":").await;
}

/// What a comparison missed is pending; then the disk damages that record.
#[tokio::test]
async fn a_missed_filing_whose_record_is_damaged_is_missed_once_more() {
    let world = World::new().await;
    let day = at("2021-08-24T12:00:00-04:00");
    let missed = small_sale("0000000007-21-000001", 70, "2021-08-24T16:00:00-04:00");
    let shown = world.edgar.publish_unlisted(&missed);
    world.edgar.publish_index("20210824", &[(shown, 70)]);
    let app = world.app(ANY_SALE, None);
    known_since(&app, day).await;
    let now = at("2021-08-25T12:00:00-04:00");
    assert_eq!(app.intake.reconciler.reconcile_once(now).await.unwrap().missed, 1);
    world.close(app);
    damage_pending(&world).await;
    let app = world.app(ANY_SALE, None);
    let (mut now, mut receipts) = (now, Vec::new());
    for _ in 0..12 {
        now += TimeDelta::minutes(10);
        app.intake.settler.settle_once(now).await.unwrap();
        receipts.extend(app.intake.reconciler.reconcile_once(now).await.unwrap().receipts);
    }
    let said: Vec<String> = receipts.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["2021-08-24: 1 in the index, 0 seen, 1 recovered, 0 unreadable"]);
    assert_eq!(app.store.standing(shown.parse().unwrap()).await.unwrap(), Standing::Done);
    world.edgar.take_index_requests();
    world.edgar.take_fetched();
    deliver_all(&app, now).await;
    world.take_output();
    world.finish().await;
}

/// The same, and the index does not list it any more.
#[tokio::test]
async fn a_missed_filing_that_is_lost_for_good_is_told_after_so_many_looks() {
    let world = World::new().await;
    world.edgar.publish_index("20210824", &[("0000000007-21-000001", 70)]);
    let app = world.app_with(&(world.settings() + OPERATORS), ANY_SALE, None);
    known_since(&app, at("2021-08-24T12:00:00-04:00")).await;
    let mut now = at("2021-08-25T12:00:00-04:00");
    assert_eq!(app.intake.reconciler.reconcile_once(now).await.unwrap().missed, 1);
    world.close(app);
    damage_pending(&world).await;
    world.edgar.publish_index("20210824", &[]);
    world.edgar.take_index_requests();
    let app = world.app_with(&(world.settings() + OPERATORS), ANY_SALE, None);
    let mut receipts = Vec::new();
    for _ in 0..60 {
        now += TimeDelta::minutes(10);
        app.intake.settler.settle_once(now).await.unwrap();
        receipts.extend(app.intake.reconciler.reconcile_once(now).await.unwrap().receipts);
    }
    assert_eq!(receipts.len(), 1);
    assert!(receipts[0].unreadable == 1 && !receipts[0].is_clean(), "{}", receipts[0]);
    let asked = world.edgar.take_index_requests().iter().filter(|day| *day == "20210824").count();
    assert!((2..=8).contains(&asked), "{asked}");
    deliver_all(&app, now).await;
    assert!(world.take_output().contains("1 unreadable"));
    world.finish().await;
}
