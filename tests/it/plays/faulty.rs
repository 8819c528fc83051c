//! Faults that pass, and an outage, in an hour of 31 filings a minute: they make the bot slower, and nothing else.
#![allow(clippy::print_stdout)]

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use sellbell::replay::{Archive, Faults, Kind, Log};
use sellbell::runtime;
use sellbell::service::{self, Quantiles};

use super::{ANY_SALE, Play, accession, made};
use crate::world::at;

const BEGIN: &str = "2023-03-08T16:00:00-05:00";

/// An hour's filings, or a part of it.
fn dense(minutes: u64) -> Archive {
    let mut archive = Archive::default();
    for number in 0..31 * minutes {
        let second = i64::try_from(number * 60 / 31).unwrap();
        archive.add_made(made(
            accession(number),
            "4",
            1_000 + number,
            at(BEGIN) + TimeDelta::seconds(second),
        ));
    }
    archive.mix_other_forms(5);
    archive
}

/// Plays so many minutes with these faults; each alert must come once. The times from acceptance to the destination, and
/// what EDGAR saw.
async fn played(minutes: u64, faults: Faults, seed: u64) -> (Quantiles, Log) {
    let start = at(BEGIN) - TimeDelta::minutes(1);
    let mut play = Play::new(dense(minutes), start, faults, ANY_SALE).await.polling("* * 6-21 * * Mon-Fri");
    let app = play.start(Some(start));
    play.until(end(minutes) + TimeDelta::minutes(3)).await;
    drop(app);
    play.stop().await;
    play.assert_each_told_once(start, seed);
    play.assert_polite(seed);
    (play.latency(), play.edgar.log())
}

fn end(minutes: u64) -> DateTime<Utc> {
    at(BEGIN) + TimeDelta::minutes(i64::try_from(minutes).unwrap())
}

fn requests(log: &Log) -> f64 {
    (log.feed + log.submissions + log.tickers + log.indexes) as f64
}

async fn faults_cost_their_share(minutes: u64, seed: u64, percents: &[u8]) {
    let (well, log) = played(minutes, Faults::none(), 0).await;
    println!(
        "{minutes} min without faults: p50 {:.2}, p99 {:.2}, {} requests",
        well.p50,
        well.p99,
        requests(&log)
    );
    assert!(well.p50 <= 1.0 && well.p99 <= 3.0, "{well:?}");
    let usual = requests(&log);
    for &percent in percents {
        let rate = f64::from(percent) / 100.0;
        let storm = Faults::storm(seed, at(BEGIN), end(minutes) + TimeDelta::minutes(3), rate);
        let (times, log) = played(minutes, storm.of_kinds(&Kind::PASSING), seed).await;
        let share = requests(&log) / usual;
        println!(
            "{percent} %: p50 {:.2} ({:.2}), p99 {:.2}, {share:.2} times the requests, at most {} in a second, {} faults",
            times.p50,
            times.p50 / well.p50,
            times.p99,
            log.most_in_a_second,
            log.faults_met()
        );
        assert!(share <= 1.15 / (1.0 - rate), "{percent} %: {share}");
        assert!(percent > 10 || times.p50 <= 1.5 * well.p50, "{percent} %: {times:?}");
        assert!(percent > 25 || times.p50 <= 3.0 * well.p50 && times.p99 < 30.0, "{percent} %: {times:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn faults_that_pass_cost_their_share() {
    faults_cost_their_share(5, 1, &[25]).await;
}

#[tokio::test(start_paused = true)]
#[ignore = "an hour, five times"]
async fn faults_that_pass_cost_their_share_at_length() {
    faults_cost_their_share(60, 2, &[5, 10, 25, 40]).await;
}

/// Sixty filings that are shown at once take eight seconds to fetch; two minutes later comes one more.
fn burst() -> Archive {
    let mut archive = Archive::default();
    for number in 0..60 {
        archive.add_made(made(accession(number), "4", 1_000 + number, at(BEGIN)));
    }
    archive.add_made(made(accession(60), "4", 1_060, at(BEGIN) + TimeDelta::minutes(2)));
    archive
}

async fn one_kind(kind: &'static [Kind], from: TimeDelta) -> Play {
    let start = at(BEGIN) - TimeDelta::minutes(1);
    let storm = Faults::storm(1, at(BEGIN) + from, at(BEGIN) + TimeDelta::minutes(4), 1.0);
    let mut play = Play::new(burst(), start, storm.of_kinds(kind), ANY_SALE).await;
    play.start(Some(start));
    play
}

#[tokio::test(start_paused = true)]
async fn filings_are_fetched_while_the_feed_fails() {
    let mut play = one_kind(&[Kind::FeedCut], TimeDelta::seconds(3)).await;
    play.until(at(BEGIN) + TimeDelta::seconds(30)).await;
    assert_eq!(play.told().len(), 60);
    assert!(play.edgar.log().faults_met() > 10);
    play.until(at(BEGIN) + TimeDelta::minutes(6)).await;
    play.stop().await;
    play.assert_each_told_once(at(BEGIN), 0);
    play.assert_polite(0);
}

#[tokio::test(start_paused = true)]
async fn the_feed_is_read_while_filings_fail() {
    let mut play = one_kind(&[Kind::OtherSubmission], TimeDelta::zero()).await;
    play.until(at(BEGIN) + TimeDelta::minutes(2) + TimeDelta::seconds(8)).await;
    let app = play.start_or_running();
    assert_eq!((app.store.pending(usize::MAX).await.unwrap().len(), play.told().len()), (61, 0));
    drop(app);
    // By then they are asked for less and less often.
    play.until(at(BEGIN) + TimeDelta::minutes(12)).await;
    play.stop().await;
    play.assert_each_told_once(at(BEGIN), 0);
    play.assert_polite(0);
}

/// Nothing else comes that would have it looked for.
#[tokio::test(start_paused = true)]
async fn a_lone_filing_that_is_put_off_is_fetched_as_soon_as_it_is_due() {
    let mut archive = Archive::default();
    archive.add_made(made(accession(0), "4", 1_000, at(BEGIN)));
    let start = at(BEGIN) - TimeDelta::minutes(1);
    let storm = Faults::storm(1, at(BEGIN), at(BEGIN) + TimeDelta::seconds(5), 1.0);
    let mut play = Play::new(archive, start, storm.of_kinds(&[Kind::SubmissionCut]), ANY_SALE).await;
    play.start(Some(start));
    play.until(at(BEGIN) + TimeDelta::seconds(30)).await;
    assert!(play.edgar.log().faults_met() > 0);
    assert_eq!(play.told().len(), 1);
    play.stop().await;
    play.assert_polite(0);
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_not_remembered_over_a_restart() {
    let mut play = one_kind(&[Kind::Unavailable], TimeDelta::zero()).await;
    play.until(at(BEGIN) + TimeDelta::minutes(3)).await;
    assert!(play.start_or_running().client.outage().is_some());
    play.kill().await;
    let before = play.edgar.log().feed;
    let app = play.start(None);
    play.until(play.clock.now() + TimeDelta::milliseconds(50)).await;
    assert_eq!((play.edgar.log().feed, app.client.outage()), (before + 1, None));
    drop(app);
    play.until(at(BEGIN) + TimeDelta::minutes(6)).await;
    play.stop().await;
    play.assert_each_told_once(at(BEGIN), 0);
}

/// A filing that was shown before an outage does not wait longer for what failed in it.
#[tokio::test(start_paused = true)]
async fn after_an_outage_what_was_shown_before_it_comes_at_once() {
    let mut play = one_kind(&[Kind::Unavailable], TimeDelta::seconds(4)).await;
    play.until(at(BEGIN) + TimeDelta::minutes(3)).await;
    assert!((1..60).contains(&play.told().len()), "the outage began while they were fetched");
    play.until(at(BEGIN) + TimeDelta::minutes(4) + TimeDelta::seconds(20)).await;
    assert_eq!(play.told().len(), 61);
    play.stop().await;
    play.assert_each_told_once(at(BEGIN), 0);
    play.assert_polite(0);
}

/// One run does what it can within a bound, and says what is left.
#[tokio::test(start_paused = true)]
async fn one_run_goes_on_through_faults_and_ends_in_an_outage() {
    let start = at(BEGIN) - TimeDelta::minutes(1);
    let end = at(BEGIN) + TimeDelta::hours(2);
    for (rate, kinds) in [(0.4, &Kind::PASSING[..]), (1.0, &[Kind::BadGateway]), (1.0, &[Kind::Silence])] {
        let faults = Faults::storm(3, start, end, rate).of_kinds(kinds);
        let play = Play::new(dense(2), start, faults, ANY_SALE).await;
        play.until(at(BEGIN) + TimeDelta::minutes(10)).await;
        let app = Arc::new(play.app(Some(start)));
        let report = runtime::run_once(&app, false).await.unwrap();
        let took = play.clock.now() - at(BEGIN) - TimeDelta::minutes(10);
        if rate < 1.0 {
            assert_eq!((report.poll.trouble, report.pending, report.queued), (None, 0, 0), "{kinds:?}");
            play.assert_each_told_once(start, 3);
        } else {
            assert!(report.poll.trouble.is_some(), "{kinds:?}");
            assert!(took < TimeDelta::minutes(2), "{kinds:?}: {took}");
        }
        play.assert_polite(3);
    }
}

async fn outage(minutes: u64, kinds: &'static [Kind]) {
    let start = at(BEGIN) - TimeDelta::minutes(1);
    let (down, up) = (at(BEGIN) + TimeDelta::minutes(3), at(BEGIN) + TimeDelta::minutes(13));
    let storm = Faults::storm(1, down, up, 1.0).of_kinds(kinds);
    let mut play = Play::new(dense(minutes), start, storm, ANY_SALE).await.polling("* * 6-21 * * Mon-Fri");
    let app = play.start(Some(start));
    play.until(down).await;
    let before = play.edgar.log();
    play.until(up).await;
    let asked = requests(&play.edgar.log()) - requests(&before);
    println!("{kinds:?}: {asked} requests in ten minutes");
    assert!(asked <= 120.0, "{asked} requests in ten minutes");
    assert!(
        service::status(&app, play.clock.now())
            .await
            .unwrap()
            .trouble
            .is_some_and(|said| said.contains("probed"))
    );
    play.until(up + TimeDelta::seconds(15)).await;
    for (accession, ..) in play.filings.iter().filter(|filing| filing.1 <= up) {
        let standing = app.store.standing(*accession).await.unwrap();
        assert_ne!(standing, sellbell::store::Standing::New, "{accession} is found within 15 s of its end");
    }
    play.until(end(minutes) + TimeDelta::minutes(3)).await;
    drop(app);
    play.stop().await;
    play.assert_each_told_once(start, 1);
    play.assert_polite(1);
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_probed_and_then_all_is_found() {
    outage(15, &[Kind::Unavailable]).await;
}

#[tokio::test(start_paused = true)]
#[ignore = "an hour, three times"]
async fn an_outage_of_any_kind_is_probed_at_length() {
    for kinds in [
        &[Kind::Silence][..],
        &[Kind::ServerError, Kind::HtmlPage, Kind::BadGateway],
        &[Kind::FileUnavailable, Kind::Unavailable],
    ] {
        outage(60, kinds).await;
    }
}
