//! The one loop: it alone reads the clock, sleeps and stops.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Notify, watch};
use tokio::task::{self, JoinSet};
use tokio::time::{sleep, timeout};

use super::{App, DeliverReport, Lane, PollReport};
use crate::destination::Destination;
use crate::store::StoreError;

/// How long sends under way may go on after the stop signal.
const GRACE: Duration = Duration::from_secs(10);
/// The longest sleep: a clock that was set is noticed after it.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// After a failure of the store nothing is done for this long.
const STORE_PAUSE: Duration = Duration::from_secs(5);

/// What one poll and its deliveries came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OnceReport {
    /// The poll.
    pub poll: PollReport,
    /// Deliveries taken.
    pub delivered: usize,
    /// Deliveries given up.
    pub dead: usize,
    /// Deliveries that failed and stay queued.
    pub failed: usize,
}

#[expect(clippy::disallowed_methods, reason = "the loop's own clock")]
fn clock() -> DateTime<Utc> {
    Utc::now()
}

/// Polls, makes digests and delivers on schedule until `stop` is ready; then ends what is under way and writes all down.
///
/// # Errors
/// The store cannot be flushed at the end.
pub async fn run(app: Arc<App>, stop: impl Future<Output = ()>) -> Result<(), StoreError> {
    let (stopping, stopped) = watch::channel(false);
    let wake = Arc::new(Notify::new());
    let poller = tokio::spawn(poll_loop(Arc::clone(&app), Arc::clone(&wake), stopped.clone()));
    let digester = tokio::spawn(digest_loop(Arc::clone(&app), Arc::clone(&wake), stopped.clone()));
    let deliverer = tokio::spawn(deliver_loop(Arc::clone(&app), wake, stopped));
    stop.await;
    tracing::info!("stopping");
    // The receivers are alive as long as the tasks; if all have ended there is nothing to stop.
    let _ = stopping.send(true);
    for task in [poller, digester, deliverer] {
        let handle = task.abort_handle();
        if timeout(GRACE, task).await.is_err() {
            handle.abort();
        }
    }
    app.store.flush().await
}

/// Polls once, whatever the schedule, makes the digests that are due and delivers until nothing more can be.
///
/// # Errors
/// Failures of the store.
pub async fn run_once(app: &Arc<App>) -> Result<OnceReport, StoreError> {
    let poll = app.poll_once(clock()).await?;
    app.digest_once(clock())?;
    let mut report = OnceReport { poll, ..OnceReport::default() };
    let mut lanes = Vec::new();
    for destination in app.store.waiting_destinations()? {
        let app = Arc::clone(app);
        lanes.push(tokio::spawn(async move { drain(&app, &destination).await }));
    }
    for lane in lanes {
        if let Ok(round) = lane.await {
            let round = round?;
            report.delivered += round.delivered;
            report.dead += round.dead;
            report.failed += round.failed;
        }
    }
    app.store.flush().await?;
    Ok(report)
}

/// Delivers to a destination until its queue is empty or it fails.
async fn drain(app: &App, destination: &Destination) -> Result<DeliverReport, StoreError> {
    let mut lane = Lane::default();
    let mut total = DeliverReport::default();
    loop {
        let now = clock();
        let round = app.deliver_once(destination, &mut lane, now).await?;
        total.delivered += round.delivered;
        total.dead += round.dead;
        total.failed += round.failed;
        let progress = round.delivered + round.dead > 0;
        if round.failed > 0 || !progress || round.next.is_none() {
            return Ok(total);
        }
    }
}

async fn poll_loop(app: Arc<App>, wake: Arc<Notify>, mut stopped: watch::Receiver<bool>) {
    let mut healthy = true;
    loop {
        let Some(next) = app.settings.schedule.poll.next_after(clock()) else {
            tracing::warn!("the poll schedule has no further slot");
            return;
        };
        if !sleep_until(next, &mut stopped).await {
            return;
        }
        let polled = tokio::select! {
            polled = app.poll_once(clock()) => polled,
            // What a poll has written is whole; what it has not is found again.
            _ = stopped.changed() => return,
        };
        match polled {
            Ok(report) => {
                if report.settled + report.new + report.baseline > 0 {
                    tracing::info!(new = report.new, settled = report.settled, rang = report.rang, "polled");
                    wake.notify_one();
                }
                match &report.trouble {
                    Some(trouble) if healthy => tracing::warn!("EDGAR: {trouble}"),
                    None if !healthy => tracing::info!("EDGAR answers again"),
                    _ => {}
                }
                healthy = report.trouble.is_none();
            }
            Err(error) => {
                tracing::error!("{error}");
                sleep(STORE_PAUSE).await;
            }
        }
    }
}

async fn digest_loop(app: Arc<App>, wake: Arc<Notify>, mut stopped: watch::Receiver<bool>) {
    loop {
        let now = clock();
        let made = app.digest_once(now);
        let next = made.and_then(|made| {
            if made > 0 {
                wake.notify_one();
            }
            app.next_digest(now)
        });
        let next = next.unwrap_or_else(|error| {
            tracing::error!("{error}");
            TimeDelta::from_std(STORE_PAUSE).ok().map(|pause| now + pause)
        });
        let Some(next) = next else { return };
        if !sleep_until(next, &mut stopped).await {
            return;
        }
    }
}

/// Keeps one task for each destination that has something queued, so that none holds up another.
async fn deliver_loop(app: Arc<App>, wake: Arc<Notify>, mut stopped: watch::Receiver<bool>) {
    let mut lanes: JoinSet<()> = JoinSet::new();
    let mut running: HashMap<task::Id, Destination> = HashMap::new();
    loop {
        match app.store.waiting_destinations() {
            Ok(destinations) => {
                for destination in destinations {
                    if !running.values().any(|other| *other == destination) {
                        let lane = lane_loop(Arc::clone(&app), destination.clone(), stopped.clone());
                        running.insert(lanes.spawn(lane).id(), destination);
                    }
                }
            }
            Err(error) => tracing::error!("{error}"),
        }
        tokio::select! {
            () = wake.notified() => {}
            // What was queued while a lane ended is met by the look that follows.
            Some(ended) = lanes.join_next_with_id() => {
                let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
                running.remove(&id);
            }
            () = sleep(LONGEST_SLEEP) => {}
            _ = stopped.changed() => break,
        }
    }
    // Each lane ends by itself at the stop signal, after the send under way.
    while lanes.join_next().await.is_some() {}
}

async fn lane_loop(app: Arc<App>, destination: Destination, mut stopped: watch::Receiver<bool>) {
    let mut lane = Lane::default();
    while !*stopped.borrow() {
        let next = match app.deliver_once(&destination, &mut lane, clock()).await {
            Ok(DeliverReport { next: Some(next), .. }) => next,
            Ok(DeliverReport { next: None, .. }) => break,
            Err(error) => {
                tracing::error!("{error}");
                clock() + TimeDelta::from_std(STORE_PAUSE).unwrap_or_default()
            }
        };
        // New deliveries of this destination are met at the latest after this sleep.
        let next = next.min(clock() + TimeDelta::seconds(1));
        if !sleep_until(next, &mut stopped).await {
            break;
        }
    }
}

/// Sleeps until a moment of the wall clock, in parts; `false` where it is time to stop.
async fn sleep_until(moment: DateTime<Utc>, stopped: &mut watch::Receiver<bool>) -> bool {
    loop {
        if *stopped.borrow() {
            return false;
        }
        let Ok(left) = (moment - clock()).to_std() else { return true };
        if left.is_zero() {
            return true;
        }
        tokio::select! {
            () = sleep(left.min(LONGEST_SLEEP)) => {}
            _ = stopped.changed() => return false,
        }
    }
}
