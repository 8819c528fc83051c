//! A fault storm over a day: whatever EDGAR answers, and wherever the bot is broken off, in the end each filing is told once.
#![allow(clippy::print_stdout)]

use chrono::TimeDelta;
use sellbell::replay::Faults;

use super::{ANY_SALE, Dice, Play, assert_all_done, scattered};
use crate::world::at;

/// One day: filings from 15 to 18 o'clock, faults until 18:30, some six starts of the bot; then quiet, and the night's comparison.
async fn storm(seed: u64, poll: &'static str) -> u64 {
    let mut dice = Dice::new(seed);
    let start = at("2023-03-08T15:00:00-05:00");
    let calm = at("2023-03-08T18:30:00-05:00");
    let archive = scattered(seed, 150, "2023-03-08T15:00:30-05:00", "2023-03-08T18:00:00-05:00");
    let rate = [0.05, 0.15, 0.3, 0.5][usize::try_from(seed % 4).unwrap()];
    let faults = Faults::storm(seed, start, calm, rate);
    let mut play = Play::new(archive, start, faults, ANY_SALE).await.polling(poll);
    play.start(Some(start));
    loop {
        let up = TimeDelta::seconds(60 + i64::try_from(dice.below(3_600)).unwrap());
        let down = TimeDelta::seconds(1 + i64::try_from(dice.below(1_800)).unwrap());
        if play.clock.now() + up + down >= calm {
            break;
        }
        play.until(
            play.clock.now() + up + TimeDelta::milliseconds(i64::try_from(dice.below(1_000)).unwrap()),
        )
        .await;
        if dice.below(2) == 0 {
            play.kill().await
        } else {
            play.stop().await
        }
        play.until(play.clock.now() + down).await;
        play.start(None);
    }
    // An index may be late by twelve hours, and what is in quarantine is tried with it.
    let bot = play.start_or_running();
    let mut end = at("2023-03-09T00:00:00-05:00");
    while bot.store.ledger().await.unwrap().unwrap().next < "2023-03-09".parse().unwrap() {
        assert!(
            end < at("2023-03-10T00:00:00-05:00"),
            "seed {seed}: {:?}",
            bot.store.receipts(Default::default(), 9).await
        );
        play.until(end).await;
        end += TimeDelta::hours(1);
    }
    play.until(play.clock.now() + TimeDelta::minutes(1)).await;
    drop(bot);
    play.stop().await;
    let store = play.store();
    assert_all_done(&store, &play, start, seed).await;
    let receipt = store.receipt("2023-03-08".parse().unwrap()).await.unwrap().unwrap();
    let seen = receipt.seen + receipt.recovered;
    assert_eq!((receipt.listed, seen, receipt.unreadable, receipt.unlisted), (150, 150, 0, 0), "seed {seed}");
    play.assert_each_told_once(start, seed);
    play.assert_polite(seed);
    play.edgar.log().faults_met()
}

async fn storms(seeds: std::ops::Range<u64>, poll: &'static str) {
    let mut faults = 0;
    for seed in seeds.clone() {
        faults += storm(seed, poll).await;
    }
    println!("seeds {seeds:?}: {faults} faults");
    assert!(faults > 0);
}

const SELDOM: &str = "*/30 * 6-21 * * Mon-Fri";

macro_rules! storms {
    ($($(#[$mark:meta])? $name:ident: $seeds:expr, $poll:expr;)*) => {
        $(
            #[tokio::test(start_paused = true)]
            $(#[$mark])?
            async fn $name() {
                storms($seeds, $poll).await;
            }
        )*
    };
}

// In parts, so that they run beside each other. A seed also decides how often something goes wrong.
storms! {
    a_storm_loses_and_repeats_nothing_1: 0..2, SELDOM;
    a_storm_loses_and_repeats_nothing_2: 2..4, SELDOM;
    #[ignore = "fifty seeds"] storms_at_length_1: 0..50, SELDOM;
    #[ignore = "fifty seeds"] storms_at_length_2: 50..100, SELDOM;
    #[ignore = "fifty seeds"] storms_at_length_3: 100..150, SELDOM;
    #[ignore = "fifty seeds"] storms_at_length_4: 150..200, SELDOM;
    #[ignore = "a request a second"] a_storm_at_the_usual_schedule_at_length: 200..201, "* * 6-21 * * Mon-Fri";
}
