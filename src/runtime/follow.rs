//! The loops that follow EDGAR: one reads the feed, one fetches what it showed, one keeps the list of tickers. None waits for another.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::App;
use super::wait::{Ended, LAST_ANSWERS, or_stopped, sleep_until};
use crate::intake::{Fetches, PollReport};
use crate::retry;
use crate::schedule::Schedule;

/// The feed is read so often at most, and at least while the schedule has slots: in between it is a share of the time that passed
/// since the last new filing, so that it is read often while filings come densely, and seldom when nothing comes.
const INTERVAL: (TimeDelta, TimeDelta) = (TimeDelta::seconds(1), TimeDelta::seconds(5));
const INTERVAL_SHARE: i32 = 20;
/// A poll begins so much after its slot at most, or the slot counts as the next one's.
const SLACK: TimeDelta = TimeDelta::milliseconds(500);
/// A poll that failed is made again after so long at the latest.
const LONGEST_RETRY: TimeDelta = TimeDelta::minutes(1);
/// A filing that stays due is looked at so often at most.
const LOOK: TimeDelta = TimeDelta::milliseconds(100);
/// Where nothing is pending.
const IDLE: TimeDelta = TimeDelta::minutes(5);
/// It is looked so often at most, and at least, whether the list of tickers is to be fetched.
const LOOK_FOR_TICKERS: (TimeDelta, TimeDelta) = (TimeDelta::seconds(1), TimeDelta::minutes(5));
/// How often it is looked whether the tickers were asked for at last.
const LOOK_AT_TICKERS: Duration = Duration::from_secs(1);

/// How long after a poll the next one comes, where the last new filing came so long ago.
fn interval(quiet: TimeDelta) -> TimeDelta {
    (quiet / INTERVAL_SHARE).clamp(INTERVAL.0, INTERVAL.1)
}

/// Reads the feed at the start, then on schedule.
pub(super) async fn feed_loop(app: Arc<App>, mut stopped: watch::Receiver<bool>) -> Ended {
    let mut last_new = app.clock().now();
    let mut failures = 0;
    loop {
        let begun = app.clock().now();
        let Some(report) = or_stopped(&mut stopped, app.intake.discovery.discover_once(begun)).await else {
            return Ok(());
        };
        let report = report?;
        let now = app.clock().now();
        app.intake.feed_alarm.watch(now).await?;
        let new = report.new + report.not_fetched + report.baseline;
        if new > 0 {
            last_new = now;
            tracing::info!(new = report.new, not_fetched = report.not_fetched, "polled");
        }
        match &report.trouble {
            Some(trouble) => {
                if failures == 0 {
                    tracing::warn!("EDGAR: {trouble}");
                }
                // A probe that fails says no more of the feed than of the rest.
                failures = if app.client.outage().is_some() { failures.max(1) } else { failures + 1 };
            }
            None if report.pages > 0 => {
                if failures > 0 {
                    tracing::info!("EDGAR's feed is read again");
                    // What waits for the next probe need not.
                    app.wakes.pending.notify_one();
                }
                failures = 0;
            }
            // It was left alone, so nothing was learnt.
            None => {}
        }
        let Some(slot) = slot(&app.settings.schedule.poll, begun, now, interval(begun - last_new)) else {
            tracing::warn!("the poll schedule has no further slot");
            return Ok(());
        };
        let next = match (app.intake.backoff.left_alone_until(now).await?, failures) {
            (Some(until), 0) => slot.max(until),
            // The slot whose poll failed is still due.
            (Some(until), _) => until,
            (None, 0) => slot,
            (None, failures) => {
                let wait = TimeDelta::from_std(retry::soon(failures, 0)).unwrap_or(LONGEST_RETRY);
                now + wait.min(LONGEST_RETRY)
            }
        };
        if !sleep_until(app.clock(), next, &mut stopped).await {
            return Ok(());
        }
    }
}

/// The first slot that is an interval after a poll that began then; one that passed while the feed was read is not skipped.
fn slot(
    polls: &Schedule,
    begun: DateTime<Utc>,
    now: DateTime<Utc>,
    interval: TimeDelta,
) -> Option<DateTime<Utc>> {
    // Where the clock was set back meanwhile, what it showed before says nothing.
    let due = begun.min(now) + interval - SLACK;
    polls.next_time(now.max(due))
}

/// Fetches and settles what is pending, as it becomes due.
pub(super) async fn fetch_loop(app: Arc<App>, mut stopped: watch::Receiver<bool>) -> Ended {
    // A filing that is settled without them would be matched by what its filer typed.
    while !app.intake.tickers.was_asked_for().await? {
        tokio::select! {
            () = app.wakes.pending.notified() => {}
            () = sleep(LOOK_AT_TICKERS) => {}
            _ = stopped.changed() => return Ok(()),
        }
    }
    let mut fetches = Fetches::new(&app.intake.settler.fetcher);
    let mut report = PollReport::default();
    let mut anew = true;
    loop {
        let now = app.clock().now();
        let left_alone = app.intake.backoff.left_alone_until(now).await?;
        if left_alone.is_none() {
            fetches.take_due(anew, now).await?;
            fetches.begin();
            anew = false;
        }
        if fetches.is_idle() && report.settled > 0 {
            tracing::info!(settled = report.settled, rang = report.rang, "filings read");
            report = PollReport::default();
        }
        // At least a moment, so that a filing that stays due does not spin.
        let next = left_alone.or(fetches.more_at()).map_or(now + IDLE, |at| at.clamp(now + LOOK, now + IDLE));
        let unsent = fetches.unsent_for();
        tokio::select! {
            Some(came) = fetches.next() => {
                let (postponed, unreadable) = (report.postponed, report.unreadable);
                app.intake.settler.came(came, &mut fetches, app.clock().now(), &mut report).await?;
                anew |= report.postponed > postponed;
                if report.unreadable > unreadable {
                    app.intake.quarantine.report_new(now).await?;
                }
            }
            () = app.wakes.pending.notified() => anew = true,
            () = sleep(unsent.unwrap_or_default()), if unsent.is_some() => fetches.wake(),
            awake = sleep_until(app.clock(), next, &mut stopped) => {
                if !awake {
                    let rest = last_answers(&app, &mut fetches, &mut report);
                    return timeout(LAST_ANSWERS, rest).await.unwrap_or(Ok(()));
                }
                anew = true;
            }
        }
    }
}

/// At the stop: takes what is under way, and begins nothing.
async fn last_answers(app: &App, fetches: &mut Fetches<'_>, report: &mut PollReport) -> Ended {
    fetches.hold();
    while let Some(came) = fetches.next().await {
        app.intake.settler.came(came, fetches, app.clock().now(), report).await?;
    }
    Ok(())
}

/// Keeps the list fresh, apart from the feed: one that hangs holds up nothing else.
pub(super) async fn tickers_loop(app: Arc<App>, mut stopped: watch::Receiver<bool>) -> Ended {
    loop {
        let (now, mut report) = (app.clock().now(), PollReport::default());
        let Some(refreshed) = or_stopped(&mut stopped, app.intake.tickers.refresh(now, &mut report)).await
        else {
            return Ok(());
        };
        refreshed?;
        let now = app.clock().now();
        let due = app.intake.tickers.due(now).await?.or(app.intake.backoff.left_alone_until(now).await?);
        let next = due.map_or(now + LOOK_FOR_TICKERS.0, |due| {
            due.clamp(now + LOOK_FOR_TICKERS.0, now + LOOK_FOR_TICKERS.1)
        });
        if !sleep_until(app.clock(), next, &mut stopped).await {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_feed_is_read_each_second_in_a_dense_hour_and_seldom_when_nothing_comes() {
        for (quiet_s, expected_ms) in
            [(0, 1_000), (2, 1_000), (20, 1_000), (40, 2_000), (100, 5_000), (9_999, 5_000)]
        {
            assert_eq!(
                interval(TimeDelta::seconds(quiet_s)),
                TimeDelta::milliseconds(expected_ms),
                "{quiet_s}"
            );
        }
    }

    #[test]
    fn a_clock_that_is_set_back_during_a_poll_does_not_put_off_the_next() {
        let polls = Schedule::parse("* * * * * *", "UTC").unwrap();
        let at = |seconds| DateTime::UNIX_EPOCH + TimeDelta::days(9_000) + TimeDelta::seconds(seconds);
        let second = TimeDelta::seconds(1);
        for (begun, now, next) in [(100, 100, 101), (100, 103, 104), (4_000, 400, 401)] {
            assert_eq!(slot(&polls, at(begun), at(now), second), Some(at(next)), "{begun} {now}");
        }
    }
}
