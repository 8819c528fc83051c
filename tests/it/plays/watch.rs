//! Downtimes, quarantine, indexes that lie or are late, and an EDGAR that shows nothing.

use chrono::{DateTime, TimeDelta, Utc};
use sellbell::delivery::Body;
use sellbell::destination::Destination;
use sellbell::render::notice::{Words, words};
use sellbell::replay::{Archive, Faults};
use sellbell::runtime;
use sellbell::service;
use sellbell::store::{Progress, Standing, Store};

use super::{ANY_SALE, Play, accession, assert_all_done, made, scattered};
use crate::world::{World, at, deliver_all, small_sale};

/// The notices that wait for the operators, who here are at the terminal of a bot that does not deliver.
async fn notices(store: &Store) -> Vec<Words> {
    let queued = store.queued(&Destination::Terminal, 100).await.unwrap();
    let notices = queued.into_iter().filter_map(|delivery| match delivery.body {
        Body::Notice(notice) => Some(words(&notice)),
        _ => None,
    });
    notices.collect()
}

/// A filing each quarter of an hour from 9 to 18 o'clock of each business day of three weeks.
fn three_weeks() -> Archive {
    let mut archive = Archive::default();
    let mut number = 0;
    for day in "2023-02-13".parse::<chrono::NaiveDate>().unwrap().iter_days().take(21) {
        if !sellbell::filing::is_business_day(day) {
            continue;
        }
        for quarter in 0..36 {
            let morning = at(&format!("{day}T09:00:00-05:00"));
            archive.add_made(made(accession(number), "4", 1_000, morning + TimeDelta::minutes(15 * quarter)));
            number += 1;
        }
    }
    // So many that the feed does not reach back over a day.
    for filler in 0..5_200_u64 {
        let moment = at("2023-03-03T10:00:00-05:00") + TimeDelta::seconds(i64::try_from(filler * 5).unwrap());
        let filers = [(super::cik(90_000 + filler), "BANK".to_owned())];
        archive.add_listed(accession(1_000_000 + filler), "424B2", moment, &filers);
    }
    archive
}

#[tokio::test(start_paused = true)]
#[ignore = "weeks"]
async fn after_weeks_of_downtime_all_is_found_and_what_is_old_comes_in_one_summary_at_length() {
    let rules = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"jsonl\", \"terminal\"]\n\
        [[rule]]\nname = \"first\"\ncodes = [\"S\"]\nfirst_in = \"20d\"\nnotify = [\"jsonl\"]\n";
    let start = at("2023-02-14T08:00:00-05:00");
    let mut play =
        Play::new(three_weeks(), start, Faults::none(), rules).await.polling("0 * 6-21 * * Mon-Fri");
    play.start(None);
    play.until(at("2023-02-14T12:10:00-05:00")).await;
    play.stop().await;
    let first_run: Vec<_> = play.told().into_keys().collect();
    assert_eq!(first_run.len(), 13, "of that day alone");

    // Seventeen days later, Presidents' Day among them.
    play.until(at("2023-03-03T18:30:00-05:00")).await;
    let app = play.start(None);
    // What the feed no longer showed of today is in the night's index.
    play.until(at("2023-03-04T02:00:00-05:00")).await;
    assert!(!service::status(&app, play.clock.now()).await.unwrap().catching_up);
    let days = app.store.receipts("2023-02-01".parse().unwrap(), 99).await.unwrap();
    let (mut recovered, mut seen) = (0, 0);
    for receipt in &days {
        assert_eq!(receipt.state, Progress::Compared, "{receipt}");
        assert_eq!(receipt.listed, 36, "{receipt}");
        recovered += receipt.recovered + receipt.passed_over;
        seen += receipt.seen;
    }
    // 13 February was compared as the baseline's day, and the holiday has no index.
    assert_eq!(days.len(), 14, "{days:#?}");
    assert_eq!(recovered + seen, 14 * 36);
    assert_all_done_or_past(&app.store, &play, start).await;
    // Within seven days all rang, each once; what is older is in the one summary.
    let told = play.told();
    let young = at("2023-02-24T18:31:00-05:00");
    for (accession, accepted_at, _) in &play.filings {
        let expected = usize::from(first_run.contains(accession) || *accepted_at >= young);
        let times = told.get(accession).copied().unwrap_or(0);
        assert_eq!(times, expected, "{accession} of {accepted_at}");
    }
    let whole = app.store.history(super::cik(1_000), start).await.unwrap().1.unwrap();
    assert!(whole <= at("2023-02-14T09:00:00-05:00"), "history has no hole: {whole}");
    drop(app);
    play.stop().await;
}

async fn assert_all_done_or_past(store: &Store, play: &Play, since: DateTime<Utc>) {
    for (accession, accepted_at, _) in play.filings.iter().filter(|f| f.1 >= since && f.1 <= play.clock.now())
    {
        let standing = store.standing(*accession).await.unwrap();
        assert!(
            matches!(standing, Standing::Done | Standing::Past),
            "{accession} of {accepted_at}: {standing:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_feed_never_showed_is_found_in_the_night_and_marked_late() {
    // Down for the afternoon, and polls begin again only after EDGAR has closed: the night's comparison finds it.
    let start = at("2023-03-08T15:00:00-05:00");
    let archive = scattered(7, 40, "2023-03-08T15:30:00-05:00", "2023-03-08T16:00:00-05:00");
    let mut play = Play::new(archive, start, Faults::none(), ANY_SALE).await.polling("0 0 15 * * Mon-Fri");
    let app = play.start(Some(start));
    play.until(at("2023-03-09T02:00:00-05:00")).await;
    let receipt = app.store.receipt("2023-03-08".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(receipt.state, Progress::Compared);
    let text = "2023-03-08: 40 in the index, 0 seen, 40 recovered, 0 unreadable";
    assert_eq!(receipt.to_string(), text);
    assert!(!receipt.is_clean() && receipt.reported);
    assert!(play.output().lines().all(|line| line.contains("\"late\":true")));
    let status = service::status(&app, play.clock.now()).await.unwrap();
    assert_eq!((status.latency.alerts, status.latency.late), (0, 40));
    assert_eq!(status.receipts[0].text, text);
    drop(app);
    play.stop().await;
    assert_all_done(&play.store(), &play, start, 0).await;
    play.assert_each_told_once(start, 0);
}

const OPERATORS: &str = "[operators]\nnotify = [\"terminal\"]\n";

#[tokio::test]
async fn a_day_that_was_clean_says_so_and_an_unclean_one_is_told_once() {
    let world = World::new().await;
    let app = world.app_with(&(world.settings() + OPERATORS), ANY_SALE, None);
    world.edgar.publish(&small_sale("0000000007-21-000001", 70, "2021-08-24T16:00:00-04:00"));
    app.intake.poll_once(at("2021-08-24T16:01:00-04:00")).await.unwrap();
    world.edgar.publish(&small_sale("0000000007-21-000002", 71, "2021-08-24T16:02:00-04:00"));
    app.intake.poll_once(at("2021-08-24T16:03:00-04:00")).await.unwrap();
    // Not before its time, then not there yet, then there.
    let report = app.intake.reconciler.reconcile_once(at("2021-08-24T22:29:59-04:00")).await.unwrap();
    assert_eq!(report.next, Some(at("2021-08-24T22:30:00-04:00")));
    assert!(world.edgar.take_index_requests().is_empty());
    let report = app.intake.reconciler.reconcile_once(at("2021-08-24T22:30:00-04:00")).await.unwrap();
    assert_eq!(report.next, Some(at("2021-08-24T22:45:00-04:00")));
    assert_eq!(world.edgar.take_index_requests(), ["20210824"]);
    world.edgar.publish_index("20210824", &[("0000000007-21-000001", 70), ("0000000007-21-000002", 7)]);
    let report = app.intake.reconciler.reconcile_once(at("2021-08-24T22:45:00-04:00")).await.unwrap();
    let said: Vec<String> = report.receipts.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["2021-08-24: 2 in the index, 2 seen, 0 recovered, 0 unreadable"]);
    assert!(notices(&app.store).await.is_empty());

    // The next day's index lacks one that was seen: it is read again before that is believed, and then told.
    world.edgar.publish(&small_sale("0000000007-21-000003", 72, "2021-08-25T16:02:00-04:00"));
    app.intake.poll_once(at("2021-08-25T16:03:00-04:00")).await.unwrap();
    world.edgar.publish_index("20210825", &[]);
    let mut now = at("2021-08-25T22:30:00-04:00");
    for expected in [0, 0, 1] {
        assert_eq!(
            app.intake.reconciler.reconcile_once(now).await.unwrap().receipts.len(),
            expected,
            "{now}"
        );
        now += TimeDelta::hours(1);
    }
    app.intake.reconciler.reconcile_once(now).await.unwrap();
    let told = notices(&app.store).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].text.contains("1 seen but not listed") && told[0].text.contains("0000000007-21-000003"));
    world.edgar.take_index_requests();
    world.edgar.take_fetched();
    deliver_all(&app, now).await;
    world.take_output();
    world.finish().await;
}

#[tokio::test]
async fn a_filing_in_quarantine_is_told_once_and_tried_each_day_until_it_can_be_read() {
    let world = World::new().await;
    let app = world.app_with(&(world.settings() + OPERATORS), ANY_SALE, Some("2021-08-24T00:00:00-04:00"));
    let good = small_sale("0000000007-21-000001", 70, "2021-08-24T17:12:09-04:00");
    let mut bad = good.clone();
    bad.body = String::from_utf8(bad.body).unwrap().replace("</issuer>", "").into_bytes();
    world.edgar.publish(&bad);
    let mut now = at("2021-08-24T17:13:00-04:00");
    for _ in 0..10 {
        app.intake.poll_once(now).await.unwrap();
        now += TimeDelta::minutes(1);
    }
    let accession = good.accession.parse().unwrap();
    assert_eq!(app.store.standing(accession).await.unwrap(), Standing::Unreadable);
    let status = service::status(&app, now).await.unwrap();
    assert!(status.quarantined == 1 && status.quarantine[0].starts_with(good.accession), "{status:?}");
    assert_eq!(
        app.store.quarantined_bytes(accession).await.unwrap().unwrap(),
        bad.body,
        "its bytes are kept"
    );
    // A day later it is tried again, in vain, and told no more.
    for _ in 0..3 {
        now += TimeDelta::hours(25);
        runtime::housekeeping_once(&app, now).await.unwrap();
        for _ in 0..10 {
            app.intake.settler.settle_once(now).await.unwrap();
            now += TimeDelta::minutes(1);
        }
    }
    assert_eq!(
        notices(&app.store).await.iter().filter(|notice| notice.title == "A filing cannot be read").count(),
        1
    );
    world.edgar.replace(&good);
    now += TimeDelta::hours(25);
    runtime::housekeeping_once(&app, now).await.unwrap();
    assert_eq!(app.intake.settler.settle_once(now).await.unwrap().alerted, 1, "though late");
    assert_eq!(service::status(&app, now).await.unwrap().quarantined, 0);
    world.edgar.take_fetched();
    world.edgar.take_index_requests();
    deliver_all(&app, now).await;
    assert!(world.take_output().contains(good.accession));
    world.finish().await;
}

#[tokio::test]
async fn nothing_new_in_edgars_hours_is_told_once_and_its_end_once() {
    let world = World::new().await;
    let app = world.app_with(&(world.settings() + OPERATORS), ANY_SALE, None);
    world.edgar.publish(&small_sale("0000000007-21-000001", 70, "2021-08-27T21:50:00-04:00"));
    app.intake.poll_once(at("2021-08-27T21:51:00-04:00")).await.unwrap();
    let stale = async |time: &str| app.intake.feed_alarm.watch(at(time)).await.unwrap();
    // The night, the weekend, and the first hour and a half of Monday are silent.
    for quiet in ["2021-08-27T23:59:00", "2021-08-28T15:00:00", "2021-08-30T05:59:00", "2021-08-30T07:30:00"]
    {
        assert!(!stale(&format!("{quiet}-04:00")).await, "{quiet}");
    }
    assert!(stale("2021-08-30T07:31:00-04:00").await && stale("2021-08-30T08:00:00-04:00").await);
    assert_eq!(notices(&app.store).await.len(), 1);
    // An old page is no recovery, an entry of any form is.
    app.intake.poll_once(at("2021-08-30T08:01:00-04:00")).await.unwrap();
    assert!(stale("2021-08-30T08:01:00-04:00").await);
    let mut other = small_sale("0000000009-21-000001", 90, "2021-08-30T08:02:00-04:00");
    other.form = "424B2";
    world.edgar.publish(&other);
    app.intake.poll_once(at("2021-08-30T08:03:00-04:00")).await.unwrap();
    assert!(!stale("2021-08-30T08:03:00-04:00").await);
    let titles: Vec<String> = notices(&app.store).await.into_iter().map(|notice| notice.title).collect();
    assert_eq!(titles, ["EDGAR shows nothing new", "EDGAR shows new filings again"]);
    // Labor Day is a holiday.
    assert!(!stale("2021-09-06T15:00:00-04:00").await);
    deliver_all(&app, at("2021-08-30T08:03:00-04:00")).await;
    world.take_output();
    world.finish().await;
}

#[tokio::test]
async fn a_block_is_told_once_and_another_contact_may_ask_at_once() {
    let world = World::new().await;
    let settings = world.settings() + OPERATORS;
    let app = world.app_with(&settings, ANY_SALE, Some("2021-08-24T00:00:00-04:00"));
    let agent = "<!DOCTYPE html><h1>Your Request Originates from an Undeclared Automated Tool</h1>";
    let mut now = at("2021-08-24T10:00:00-04:00");
    for hours in [1, 2, 4] {
        world.edgar.fail_feed_after(0, &[(403, agent)]);
        app.intake.poll_once(now).await.unwrap();
        let until = service::status(&app, now).await.unwrap().no_requests_until.unwrap();
        assert_eq!((until - now).num_minutes(), 60 * hours);
        now = until + TimeDelta::seconds(5);
    }
    assert_eq!(notices(&app.store).await.len(), 1);
    drop(app);
    let now = now - TimeDelta::hours(3);
    let same = world.app_with(&settings, ANY_SALE, None);
    assert!(same.intake.poll_once(now).await.unwrap().silent_until.is_some());
    drop(same);
    let other = settings.replace("Test test@example.org", "Jane jane@example.org");
    let app = world.app_with(&other, ANY_SALE, None);
    let report = app.intake.poll_once(now).await.unwrap();
    assert_eq!((report.silent_until, report.trouble), (None, None));
    deliver_all(&app, now).await;
    world.take_output();
    world.finish().await;
}

#[tokio::test]
async fn waits_for_an_index_do_not_count_as_reading_it() {
    let world = World::new().await;
    let app = world.app(ANY_SALE, Some("2021-08-24T00:00:00-04:00"));
    world.edgar.publish(&small_sale("0000000007-21-000001", 70, "2021-08-24T16:00:00-04:00"));
    app.intake.poll_once(at("2021-08-24T16:01:00-04:00")).await.unwrap();
    let mut now = at("2021-08-24T22:30:00-04:00");
    for _ in 0..4 {
        assert!(app.intake.reconciler.reconcile_once(now).await.unwrap().receipts.is_empty());
        now += TimeDelta::minutes(15);
    }
    // At last it is there, and is not finished: that is not believed at once.
    world.edgar.publish_index("20210824", &[]);
    assert!(app.intake.reconciler.reconcile_once(now).await.unwrap().receipts.is_empty());
    world.edgar.publish_index("20210824", &[("0000000007-21-000001", 70)]);
    let report = app.intake.reconciler.reconcile_once(now + TimeDelta::hours(1)).await.unwrap();
    assert_eq!(
        report.receipts[0].to_string(),
        "2021-08-24: 1 in the index, 1 seen, 0 recovered, 0 unreadable"
    );
    world.edgar.take_index_requests();
    world.edgar.take_fetched();
    deliver_all(&app, now).await;
    world.take_output();
    world.finish().await;
}

#[tokio::test]
async fn a_look_back_that_is_over_leaves_the_bound_for_old_alerts_in_force() {
    let world = World::new().await;
    let app = world.app(ANY_SALE, Some("2021-08-10T00:00:00-04:00"));
    // Two weeks old, and asked for.
    world.edgar.publish(&small_sale("0000000007-21-000001", 70, "2021-08-10T16:00:00-04:00"));
    let now = at("2021-08-24T23:00:00-04:00");
    assert_eq!(app.intake.poll_once(now).await.unwrap().alerted, 1);
    let days: Vec<_> = (10..=24).map(|day| format!("202108{day}")).collect();
    for day in &days {
        let filings: &[(&str, u64)] = if day == "20210810" { &[("0000000007-21-000001", 70)] } else { &[] };
        world.edgar.publish_index(day, filings);
    }
    // Nothing was seen of the last day, so that its index is read again.
    assert_eq!(app.intake.reconciler.reconcile_once(now).await.unwrap().receipts.len(), 10);
    assert_eq!(
        app.intake.reconciler.reconcile_once(now + TimeDelta::hours(1)).await.unwrap().receipts.len(),
        0
    );
    assert_eq!(
        app.intake.reconciler.reconcile_once(now + TimeDelta::hours(2)).await.unwrap().receipts.len(),
        1
    );
    // Sixteen days of downtime later an index lists one that the feed no longer shows.
    let old = small_sale("0000000007-21-000002", 70, "2021-08-25T16:00:00-04:00");
    let shown = world.edgar.publish_unlisted(&old);
    world.edgar.publish_index("20210825", &[(shown, 70)]);
    let now = at("2021-09-10T12:00:00-04:00");
    assert_eq!(app.intake.reconciler.reconcile_once(now).await.unwrap().missed, 1);
    let report = app.intake.settler.settle_once(now).await.unwrap();
    assert_eq!((report.past, report.alerted), (1, 0), "it is too old to ring");
    world.edgar.take_index_requests();
    world.edgar.take_fetched();
    deliver_all(&app, now).await;
    assert_eq!(world.take_output().lines().count(), 1);
    world.finish().await;
}
