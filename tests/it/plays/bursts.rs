//! Many filings that are found at once: their alerts come in the order in which EDGAR accepted them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use sellbell::clock::Clock;
use sellbell::filing::Accession;
use sellbell::replay::{Archive, Faults, Kind};
use sellbell::runtime;

use tokio::time::sleep;

use super::{ANY_SALE, Play, accession, made};
use crate::world::{World, at, finely, small_sale};

const BEGIN: &str = "2023-03-08T16:00:00-05:00";

/// Sixty filings, one a second, whose accessions do not follow their times.
fn burst() -> Archive {
    let mut archive = Archive::default();
    for second in 0..60 {
        let number = second * 37 % 60;
        let accepted_at = at(BEGIN) + TimeDelta::seconds(i64::try_from(second).unwrap());
        archive.add_made(made(accession(number), "4", 1_000 + number, accepted_at));
    }
    archive
}

/// Starts the bot when all of them are out; when those were accepted whose alerts came, in this order.
async fn alerted(faults: Faults, per_second: u32) -> (Play, Vec<DateTime<Utc>>) {
    let start = at(BEGIN) - TimeDelta::minutes(1);
    let settings = format!("requests_per_second = {per_second}\n");
    let mut play = Play::new(burst(), start, faults, ANY_SALE).await.with(&settings);
    play.until(at(BEGIN) + TimeDelta::minutes(5)).await;
    play.start(Some(start));
    play.until(at(BEGIN) + TimeDelta::minutes(10)).await;
    play.stop().await;
    play.assert_each_told_once(start, 0);
    play.assert_polite(0);
    let accepted: BTreeMap<Accession, DateTime<Utc>> =
        play.filings.iter().map(|filing| (filing.0, filing.1)).collect();
    let times = play.alerted().into_iter().map(|accession| accepted[&accession]).collect();
    (play, times)
}

#[tokio::test(start_paused = true)]
async fn alerts_of_a_burst_come_in_the_order_of_acceptance() {
    for per_second in [1, 2, 4, 8] {
        let (_play, times) = alerted(Faults::none(), per_second).await;
        assert!(times.is_sorted(), "{per_second} a second: {times:?}");
    }
}

/// Those that are fetched well keep their order, whatever becomes of others.
#[tokio::test(start_paused = true)]
async fn a_filing_that_fails_is_late_alone() {
    for kind in [Kind::BadGateway, Kind::Silence, Kind::SubmissionCut, Kind::AccessDenied] {
        // The feed's pages and the tickers come first.
        let faults = Faults::only((10..70).step_by(9).map(|number| (number, kind)).collect());
        let (play, times) = alerted(faults, 8).await;
        let met = usize::try_from(play.edgar.log().faults_met()).unwrap();
        assert!((3..=7).contains(&met), "{kind:?}: {met} faults");
        // As many are late as failed, at most.
        let mut newest = times[0];
        let late = times.iter().filter(|time| {
            newest = newest.max(**time);
            **time < newest
        });
        let late = late.count();
        assert!(late <= met, "{kind:?}: {late} of {met}: {times:?}");
    }
}

/// Answers that take unlike long are put in their order again, but for one that takes too long: that counts from its request's turn.
#[tokio::test(start_paused = true)]
async fn a_slow_answer_holds_back_those_behind_it_for_a_moment() {
    let answers = [(5, 0), (1, 300), (3, 2_500), (2, 0), (4, 250), (6, 0)];
    for per_second in [5_000, 8] {
        let mut world = World::new().await;
        world.clock = Clock::played(at("2021-08-24T16:30:00-04:00"), 1.0);
        finely();
        for (number, (second, millis)) in answers.into_iter().enumerate() {
            let accession: &'static str = Box::leak(format!("0000000007-21-{number:06}").into_boxed_str());
            let accepted = Box::leak(format!("2021-08-24T16:00:0{second}-04:00").into_boxed_str());
            world.edgar.publish(&small_sale(accession, 70, accepted));
            world.edgar.slow_down(&format!("{accession}.txt"), Duration::from_millis(millis));
        }
        let rate = |count: u32| format!("requests_per_second = {count}\n");
        let settings = world.settings().replace(&rate(5_000), &rate(per_second));
        let app = Arc::new(world.app_with(&settings, ANY_SALE, Some("2021-08-24T00:00:00-04:00")));
        // Each is queued by itself, in the order in which it is settled.
        runtime::run(app, None, sleep(Duration::from_secs(10))).await.unwrap();
        let output = world.take_output();
        let alerts = output.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let seconds = alerts.map(|alert| at(alert["accepted_at"].as_str().unwrap()).second());
        assert_eq!(seconds.collect::<Vec<_>>(), [1, 2, 4, 5, 6, 3], "{per_second} a second");
        world.edgar.take_fetched();
        world.finish().await;
    }
}
