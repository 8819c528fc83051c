//! The loops: with [`super::follow`] they alone read the clock, sleep and stop.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use thiserror::Error;
use tokio::sync::{Notify, watch};
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::{Instant, sleep, timeout};

use super::follow::{feed_loop, fetch_loop};
use super::tickers::tickers_loop;
use super::{App, DeliverReport, Lane, Reload, Watch};
use crate::clock::Clock;
use crate::destination::Destination;
use crate::store::StoreError;

/// How long sends under way may go on after the stop signal.
const GRACE: Duration = Duration::from_secs(8);
/// Answers of EDGAR that are under way at the stop are waited for so long: a block must not be forgotten.
pub(super) const LAST_ANSWERS: Duration = Duration::from_secs(1);
/// The longest sleep: a clock that was set forward is noticed after it.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// How often it is looked whether a day is to be compared, or a past fetched.
const LOOK_AT_DAYS: TimeDelta = TimeDelta::minutes(5);
/// How often rule files are looked at, in seconds of the clock: where polls are, too, so that it wakes once for both.
const LOOK_S: i64 = 2;
/// Where the system reports edits, since it does not report all.
const LOOK_AT_REPORTED_S: i64 = 10;
/// While somebody writes them.
const LOOK_AGAIN: TimeDelta = TimeDelta::milliseconds(700);
/// How long a destination whose task broke down is left alone.
const BROKEN_PAUSE: Duration = Duration::from_secs(30);

/// Why the loop ended before it was told to.
#[derive(Debug, Error)]
pub enum RunError {
    /// The store failed: what is not written down must not be sent, and sled does not recover by itself.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A part of it broke down.
    #[error("a task broke down: {0}")]
    Task(#[from] JoinError),
}

pub(super) type Ended = Result<(), RunError>;

/// Polls, makes digests, delivers on schedule and minds edits of the rules that are watched, until `stop` is ready; then ends what is under way and writes all down.
///
/// # Errors
/// A failed store, or a part that broke down: then a restart is due.
pub async fn run(
    app: Arc<App>,
    watch: Option<Watch>,
    stop: impl Future<Output = ()>,
) -> Result<(), RunError> {
    app.take_up()?;
    let (stopping, stopped) = watch::channel(false);
    let mut parts: JoinSet<Ended> = JoinSet::new();
    parts.spawn(feed_loop(Arc::clone(&app), stopped.clone()));
    parts.spawn(tickers_loop(Arc::clone(&app), stopped.clone()));
    parts.spawn(fetch_loop(Arc::clone(&app), stopped.clone()));
    parts.spawn(reconcile_loop(Arc::clone(&app), stopped.clone()));
    parts.spawn(backfill_loop(Arc::clone(&app), stopped.clone()));
    parts.spawn(digest_loop(Arc::clone(&app), stopped.clone()));
    parts.spawn(mute_loop(Arc::clone(&app), stopped.clone()));
    parts.spawn(deliver_loop(Arc::clone(&app), stopped.clone()));
    if let Some(watch) = watch {
        parts.spawn(reload_loop(Arc::clone(&app), watch, stopped));
    }
    tokio::pin!(stop);
    let ended = loop {
        tokio::select! {
            () = &mut stop => break Ok(()),
            Some(part) = parts.join_next() => match part {
                Ok(Ok(())) => {}
                Ok(Err(error)) => break Err(error),
                Err(error) => break Err(RunError::Task(error)),
            },
        }
    };
    tracing::info!("stopping");
    app.client.end();
    // The receivers live as long as the parts; where all have ended there is nothing to stop.
    let _ = stopping.send(true);
    let rest = async { while parts.join_next().await.is_some() {} };
    if timeout(GRACE, rest).await.is_err() {
        tracing::warn!("a send under way was broken off; it is tried again after the next start");
    }
    app.note_graves(app.clock().now())?;
    app.store.flush().await?;
    ended
}

/// Takes a step that asks EDGAR. At the stop no further request begins, and what is under way has a moment to end; `None` where it
/// does not: what it has written is whole, and what it has not is found again.
pub(super) async fn or_stopped<T>(
    stopped: &mut watch::Receiver<bool>,
    step: impl Future<Output = T>,
) -> Option<T> {
    tokio::pin!(step);
    tokio::select! {
        done = &mut step => return Some(done),
        _ = stopped.changed() => {}
    }
    timeout(LAST_ANSWERS, step).await.ok()
}

/// Compares days with their indexes when these are due.
async fn reconcile_loop(app: Arc<App>, mut stopped: watch::Receiver<bool>) -> Ended {
    loop {
        let step = app.reconcile_once(app.clock().now());
        let Some(report) = or_stopped(&mut stopped, step).await else { return Ok(()) };
        let report = report?;
        let now = app.clock().now();
        app.tell_of_aside(now)?;
        let latest = now + LOOK_AT_DAYS;
        let next = report.next.map_or(latest, |next| next.clamp(now + TimeDelta::seconds(1), latest));
        if !sleep_until(app.clock(), next, &mut stopped).await {
            return Ok(());
        }
    }
}

/// Goes on with pasts that are being fetched.
async fn backfill_loop(app: Arc<App>, mut stopped: watch::Receiver<bool>) -> Ended {
    loop {
        let step = app.backfill_once(app.clock().now());
        let Some(report) = or_stopped(&mut stopped, step).await else { return Ok(()) };
        let report = report?;
        let next = report.next.unwrap_or(app.clock().now() + LOOK_AT_DAYS);
        if !sleep_until(app.clock(), next, &mut stopped).await {
            return Ok(());
        }
    }
}

async fn digest_loop(app: Arc<App>, mut stopped: watch::Receiver<bool>) -> Ended {
    app.warn_of_orphans()?;
    app.tell_of_loss(app.clock().now())?;
    app.tell_of_short_history(app.clock().now())?;
    loop {
        let now = app.clock().now();
        if app.digest_once(now)? > 0 {
            app.wake.notify_one();
        }
        let Some(next) = app.next_digest(now)? else { return Ok(()) };
        // A mark that a wrong clock left ahead is noticed by looking again.
        if !sleep_until(app.clock(), next.min(now + TimeDelta::minutes(1)), &mut stopped).await {
            return Ok(());
        }
    }
}

/// Ends mutes when they are over, and reports what was held back or given up.
async fn mute_loop(app: Arc<App>, mut stopped: watch::Receiver<bool>) -> Ended {
    loop {
        let now = app.clock().now();
        let next = [app.end_mutes(now)?, app.report_lasting_troubles(now)?].into_iter().flatten().min();
        app.report_given_up(now)?;
        app.forget_told_lists()?;
        let latest = now + LOOK_AT_DAYS;
        tokio::select! {
            awake = sleep_until(app.clock(), next.map_or(latest, |next| next.min(latest)), &mut stopped) => {
                if !awake {
                    return Ok(());
                }
            }
            () = app.muted.notified() => {}
        }
    }
}

/// Looks whether rules were edited: soon after the system reports an edit, and now and then.
async fn reload_loop(app: Arc<App>, mut watch: Watch, mut stopped: watch::Receiver<bool>) -> Ended {
    let edited = Arc::new(Notify::new());
    loop {
        let (looking, report) = (Arc::clone(&app), Arc::clone(&edited));
        // Disks can be slow.
        let looked = task::spawn_blocking(move || {
            let each = if watch.listen(move || report.notify_one()) { LOOK_AT_REPORTED_S } else { LOOK_S };
            let looked = looking.reload_once(&mut watch, looking.clock().now());
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

/// Keeps one task for each destination that has something queued, so that none holds up another.
async fn deliver_loop(app: Arc<App>, mut stopped: watch::Receiver<bool>) -> Ended {
    let mut lanes =
        Lanes { app: &app, stopped: stopped.clone(), tasks: JoinSet::new(), running: HashMap::new() };
    let mut look = true;
    loop {
        if std::mem::replace(&mut look, true) {
            lanes.open(app.store.waiting_destinations()?);
        }
        tokio::select! {
            () = app.wake.notified() => {}
            Some(ended) = lanes.tasks.join_next_with_id() => {
                // With many destinations, to look at all of them for each that ends would be all that is done.
                look = false;
                if let Some(destination) = lanes.ended(ended)? && !app.store.queued(&destination, 1)?.is_empty() {
                    lanes.open([destination]);
                }
            }
            () = sleep(LONGEST_SLEEP) => {}
            _ = stopped.changed() => break,
        }
    }
    // Each lane ends by itself at the stop signal, after the send under way.
    while let Some(ended) = lanes.tasks.join_next().await {
        if let Ok(Err(error)) = ended {
            return Err(error.into());
        }
    }
    Ok(())
}

/// The tasks of destinations.
struct Lanes<'a> {
    app: &'a Arc<App>,
    stopped: watch::Receiver<bool>,
    tasks: JoinSet<Result<(), StoreError>>,
    running: HashMap<task::Id, Destination>,
}

impl Lanes<'_> {
    /// Begins a task for each of these that has none: first for those that the settings name.
    fn open(&mut self, destinations: impl IntoIterator<Item = Destination>) {
        let running: HashSet<&Destination> = self.running.values().collect();
        let new = destinations.into_iter().filter(|destination| !running.contains(destination));
        let mut new: Vec<Destination> = new.collect();
        new.sort_by_key(|destination| matches!(destination, Destination::Channel(_)));
        for destination in new {
            let lane = lane_loop(Arc::clone(self.app), destination.clone(), self.stopped.clone());
            self.running.insert(self.tasks.spawn(lane).id(), destination);
        }
    }

    /// Takes note of a task that ended, and gives its destination.
    fn ended(
        &mut self,
        ended: Result<(task::Id, Result<(), StoreError>), JoinError>,
    ) -> Result<Option<Destination>, StoreError> {
        let error = match ended {
            Ok((id, ended)) => return ended.map(|()| self.running.remove(&id)),
            Err(error) => error,
        };
        tracing::error!("a destination's task broke down: {error}");
        let destination = self.running.remove(&error.id());
        // It keeps its place, and nothing is sent there, for a while.
        let mut stopped = self.stopped.clone();
        let pause = async move {
            tokio::select! {
                () = sleep(BROKEN_PAUSE) => {}
                _ = stopped.changed() => {}
            }
            Ok(())
        };
        self.running.extend(destination.map(|destination| (self.tasks.spawn(pause).id(), destination)));
        Ok(None)
    }
}

async fn lane_loop(
    app: Arc<App>,
    destination: Destination,
    mut stopped: watch::Receiver<bool>,
) -> Result<(), StoreError> {
    let mut lane = Lane::default();
    let mut retried = app.retried.subscribe();
    let name = destination.to_string();
    let mut times = retried.borrow_and_update().get(&name).copied();
    while !*stopped.borrow() {
        let round = app.deliver_once(&destination, &mut lane, app.clock().now()).await?;
        let DeliverReport { next: Some(next), paused, .. } = round else { break };
        // New deliveries of this destination are met at the latest after this sleep.
        let latest = if paused { next } else { app.clock().now() + TimeDelta::seconds(1) };
        tokio::select! {
            awake = sleep_until(app.clock(), next.min(latest), &mut stopped) => {
                if !awake {
                    break;
                }
            }
            // Its sender lives as long as the app.
            Ok(()) = retried.changed() => {
                let asked = retried.borrow_and_update().get(&name).copied();
                if asked != times {
                    (times, lane) = (asked, Lane::default());
                }
            }
        }
    }
    Ok(())
}

/// Sleeps until a moment of the clock; `false` where it is time to stop.
///
/// A clock that is set back does not prolong the sleep, and one that is set forward ends it soon.
pub(super) async fn sleep_until(
    clock: Clock,
    moment: DateTime<Utc>,
    stopped: &mut watch::Receiver<bool>,
) -> bool {
    let deadline = Instant::now() + clock.real(moment - clock.now());
    loop {
        if *stopped.borrow() {
            return false;
        }
        let rest = deadline.saturating_duration_since(Instant::now());
        if rest.is_zero() || clock.now() >= moment {
            return true;
        }
        tokio::select! {
            () = sleep(rest.min(LONGEST_SLEEP)) => {}
            _ = stopped.changed() => return false,
        }
    }
}
