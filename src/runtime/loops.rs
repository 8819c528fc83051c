//! The other loops: comparing days, backfilling, digests, idle connections, housekeeping, and edits of the
//! rules.

use std::sync::Arc;
use std::time::Duration;

use chrono::{SubsecRound, TimeDelta};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task;
use tokio::time::sleep;

use super::App;
use super::housekeeping::housekeeping_once;
use super::reload::{Reload, Watch, reload_once};
use super::reload_templates::reload_templates_once;
use super::wait::{Ended, or_stopped, sleep_until};

/// How often to check whether a day must be compared, a past fetched, or something tidied up.
const LOOK: TimeDelta = TimeDelta::minutes(5);
/// How often rule files are checked, in seconds of the clock: at the same times as polls, so that it wakes
/// only once for both.
const LOOK_S: i64 = 2;
/// The same while the system reports edits, because it does not report all of them.
const LOOK_AT_REPORTED_S: i64 = 10;
/// The same while somebody is editing them.
const LOOK_AGAIN: TimeDelta = TimeDelta::milliseconds(700);

/// How often connections are closed that nothing used in between, so that none stays idle for more than twice
/// as long.
const IDLE: Duration = Duration::from_secs(15);

/// Compares days with their indexes when they are due.
pub(super) async fn reconcile_loop(app: Arc<App>, mut stopped: watch::Receiver<bool>) -> Ended {
    loop {
        let step = app.intake.reconciler.reconcile_once(app.clock().now());
        let Some(report) = or_stopped(&mut stopped, step).await else { return Ok(()) };
        let report = report?;
        let now = app.clock().now();
        let latest = now + LOOK;
        let next = report.next.map_or(latest, |next| next.clamp(now + TimeDelta::seconds(1), latest));
        if !sleep_until(app.clock(), next, &mut stopped).await {
            return Ok(());
        }
    }
}

/// Continues the backfills under way.
pub(super) async fn backfill_loop(app: Arc<App>, mut stopped: watch::Receiver<bool>) -> Ended {
    loop {
        let step = app.intake.backfiller.backfill_once(app.clock().now());
        let Some(report) = or_stopped(&mut stopped, step).await else { return Ok(()) };
        let report = report?;
        let next = report.next.unwrap_or(app.clock().now() + LOOK);
        if !sleep_until(app.clock(), next, &mut stopped).await {
            return Ok(());
        }
    }
}

/// Creates digests when their slots are over.
pub(super) async fn digest_loop(app: Arc<App>, mut stopped: watch::Receiver<bool>) -> Ended {
    loop {
        let now = app.clock().now();
        if app.outbox.digests.digest_once(now).await? > 0 {
            app.wakes.queued.notify_one();
        }
        let Some(next) = app.outbox.digests.next_digest(now).await? else { return Ok(()) };
        // A mark that a wrong clock left in the future is noticed by looking again.
        if !sleep_until(app.clock(), next.min(now + TimeDelta::minutes(1)), &mut stopped).await {
            return Ok(());
        }
    }
}

/// Closes connections that have been idle for a while.
pub(super) async fn idle_loop(app: Arc<App>, mut stopped: watch::Receiver<bool>) -> Ended {
    loop {
        tokio::select! {
            () = sleep(IDLE) => app.notifier.close_idle().await,
            _ = stopped.changed() => return Ok(()),
        }
    }
}

/// Does periodic work, and also runs when something is muted or held back.
pub(super) async fn housekeeping_loop(app: Arc<App>, mut stopped: watch::Receiver<bool>) -> Ended {
    loop {
        let now = app.clock().now();
        let next = housekeeping_once(&app, now).await?;
        let latest = now + LOOK;
        tokio::select! {
            awake = sleep_until(app.clock(), next.map_or(latest, |next| next.min(latest)), &mut stopped) => {
                if !awake {
                    return Ok(());
                }
            }
            () = app.wakes.housekeeping.notified() => {}
        }
    }
}

/// Checks whether rules or templates were edited: soon after the system reports an edit, and from time to time.
pub(super) async fn reload_loop(
    app: Arc<App>,
    mut watch: Watch,
    mut stopped: watch::Receiver<bool>,
) -> Ended {
    let edited = Arc::new(Notify::new());
    loop {
        let (looking, report, runtime) = (Arc::clone(&app), Arc::clone(&edited), Handle::current());
        // Disks can be slow.
        let looked = task::spawn_blocking(move || {
            let each = if watch.listen(move || report.notify_one()) { LOOK_AT_REPORTED_S } else { LOOK_S };
            let looked = runtime.block_on(async {
                let now = looking.clock().now();
                reload_templates_once(&looking, now).await?;
                reload_once(&looking, &mut watch, now).await
            });
            (watch, each, looked)
        });
        let (back, each, looked) = looked.await?;
        watch = back;
        let now = app.clock().now();
        let next = match looked? {
            Reload::Unsettled => now + LOOK_AGAIN,
            _ => now.trunc_subsecs(0) + TimeDelta::seconds(each - now.timestamp() % each),
        };
        let mut stopping = stopped.clone();
        let awake = tokio::select! {
            awake = sleep_until(app.clock(), next, &mut stopped) => awake,
            () = edited.notified() => sleep_until(app.clock(), next.min(now + LOOK_AGAIN), &mut stopping).await,
        };
        if !awake {
            return Ok(());
        }
    }
}
