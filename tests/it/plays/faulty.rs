//! Faults that pass, and an outage, in an hour of 31 filings a minute: they make the bot slower, and nothing else.

use chrono::{DateTime, TimeDelta, Utc};
use sellbell::app::Quantiles;
use sellbell::replay::{Archive, Faults, Kind, Log};

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

async fn faults_cost_their_share(minutes: u64, seed: u64) {
    let (well, log) = played(minutes, Faults::none(), 0).await;
    println!(
        "{minutes} min without faults: p50 {:.2}, p99 {:.2}, {} requests",
        well.p50,
        well.p99,
        requests(&log)
    );
    assert!(well.p50 <= 1.0 && well.p99 <= 3.0, "{well:?}");
    let usual = requests(&log);
    for percent in [5, 10, 25, 40] {
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
    faults_cost_their_share(8, 1).await;
}

#[tokio::test(start_paused = true)]
#[ignore = "an hour, five times"]
async fn faults_that_pass_cost_their_share_in_an_hour() {
    faults_cost_their_share(60, 2).await;
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
    assert!(app.status(play.clock.now()).unwrap().trouble.is_some_and(|said| said.contains("probed")));
    play.until(up + TimeDelta::seconds(15)).await;
    let missing = play
        .filings
        .iter()
        .filter(|filing| filing.1 <= up)
        .filter(|filing| app.store.standing(filing.0).unwrap() == sellbell::store::Standing::New);
    assert_eq!(missing.count(), 0, "all are found within 15 s of its end");
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
async fn an_outage_of_any_kind_is_probed_and_then_all_is_found() {
    for kinds in [
        &[Kind::Silence][..],
        &[Kind::ServerError, Kind::HtmlPage, Kind::BadGateway],
        &[Kind::FileUnavailable, Kind::Unavailable],
    ] {
        outage(60, kinds).await;
    }
}
