//! The loops that follow EDGAR: one reads the feed, one fetches the filings it shows, one keeps the list of
//! tickers fresh. None waits for another.

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

/// The shortest and longest time between polls while the schedule has slots. In between, it is a share of the
/// time since the last new filing, so the feed is read often while filings come densely and seldom when
/// nothing comes.
const INTERVAL: (TimeDelta, TimeDelta) = (TimeDelta::seconds(1), TimeDelta::seconds(5));
const INTERVAL_SHARE: i32 = 20;
/// How long after its slot a poll may begin. If it begins later, the slot counts as the next poll's.
const SLACK: TimeDelta = TimeDelta::milliseconds(500);
/// The longest wait before a failed poll is repeated.
const LONGEST_RETRY: TimeDelta = TimeDelta::minutes(1);
/// The shortest time until a filing that stays due is looked at again.
const LOOK: TimeDelta = TimeDelta::milliseconds(100);
/// The longest wait, for when nothing is pending.
const IDLE: TimeDelta = TimeDelta::minutes(5);
/// The shortest and longest time between checks whether the list of tickers must be fetched.
const LOOK_FOR_TICKERS: (TimeDelta, TimeDelta) = (TimeDelta::seconds(1), TimeDelta::minutes(5));
/// How often to check whether the tickers have been requested.
const LOOK_AT_TICKERS: Duration = Duration::from_secs(1);

/// The time from a poll to the next one, given how long ago the last new filing came.
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
                // A failed probe says no more about the feed than about everything else.
                failures = if app.client.outage().is_some() { failures.max(1) } else { failures + 1 };
            }
            None if report.pages > 0 => {
                if failures > 0 {
                    tracing::info!("EDGAR's feed is read again");
                    // Work that waits for the next probe no longer has to.
                    app.wakes.pending.notify_one();
                }
                failures = 0;
            }
            // EDGAR was left alone, so nothing was learnt.
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

/// The first slot that is an interval after a poll begun at `begun`; one that passed while the feed was read
/// is not skipped.
fn slot(
    polls: &Schedule,
    begun: DateTime<Utc>,
    now: DateTime<Utc>,
    interval: TimeDelta,
) -> Option<DateTime<Utc>> {
    // If the clock was set back meanwhile, its earlier reading means nothing.
    let due = begun.min(now) + interval - SLACK;
    polls.next_time(now.max(due))
}

/// Fetches and settles pending filings as they become due.
pub(super) async fn fetch_loop(app: Arc<App>, mut stopped: watch::Receiver<bool>) -> Ended {
    // Without the tickers, a filing would be matched by what its filer typed.
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
            tracing::info!(settled = report.settled, alerted = report.alerted, "filings read");
            report = PollReport::default();
        }
        // Waits at least a moment, so that a filing that stays due does not cause a busy loop.
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

/// Runs at the stop: accepts the answers under way, and begins nothing new.
async fn last_answers(app: &App, fetches: &mut Fetches<'_>, report: &mut PollReport) -> Ended {
    fetches.hold();
    while let Some(came) = fetches.next().await {
        app.intake.settler.came(came, fetches, app.clock().now(), report).await?;
    }
    Ok(())
}

/// Keeps the list of tickers fresh. It is separate from the feed, so that a request that hangs holds up
/// nothing else.
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
