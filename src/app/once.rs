//! One poll and all that it causes, for a run that then ends.

use std::sync::Arc;

use tokio::task::JoinSet;
use tokio::time::sleep;

use super::lane::{DeliverReport, Lane};
use super::run::{LONGEST_SLEEP, RunError};
use super::{App, PollReport};
use crate::destination::Destination;
use crate::store::StoreError;

/// What one poll and its deliveries came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OnceReport {
    /// The poll.
    pub poll: PollReport,
    /// Deliveries taken.
    pub delivered: usize,
    /// Deliveries given up.
    pub dead: usize,
    /// Deliveries that are still queued.
    pub queued: usize,
    /// Filings that are still to be fetched.
    pub pending: usize,
}

/// Polls once, whatever the schedule, compares the days that are over with their indexes where `reconcile` says so, makes
/// the digests that are due and delivers until nothing more can be, also what was put off.
///
/// # Errors
/// A failed store, or a delivery's task that broke down.
pub async fn run_once(app: &Arc<App>, reconcile: bool) -> Result<OnceReport, RunError> {
    app.take_up()?;
    let mut poll = app.poll_once(app.clock().now()).await?;
    if reconcile {
        app.reconcile_once(app.clock().now()).await?;
    }
    loop {
        let more = app.settle_once(app.clock().now()).await?;
        if more.settled == 0 {
            break;
        }
        poll.settled += more.settled;
        poll.rang += more.rang;
        poll.past += more.past;
        poll.unreadable += more.unreadable;
    }
    if reconcile {
        // What was missed is settled now, so that receipts become final.
        app.reconcile_once(app.clock().now()).await?;
    }
    app.digest_once(app.clock().now())?;
    app.end_mutes(app.clock().now())?;
    let mut report = OnceReport { poll, ..OnceReport::default() };
    let mut lanes = JoinSet::new();
    for destination in app.store.waiting_destinations()? {
        let app = Arc::clone(app);
        lanes.spawn(async move { drain(&app, &destination).await });
    }
    while let Some(lane) = lanes.join_next().await {
        let (delivered, dead) = lane??;
        report.delivered += delivered;
        report.dead += dead;
    }
    app.store.flush().await?;
    report.queued = app.store.counts()?.queued;
    report.pending = app.store.pending()?.len();
    Ok(report)
}

/// Delivers to a destination until its queue is empty or it fails; how many were delivered and given up.
async fn drain(app: &App, destination: &Destination) -> Result<(usize, usize), StoreError> {
    let mut lane = Lane::impatient();
    let (mut delivered, mut dead) = (0, 0);
    loop {
        let round = app.deliver_once(destination, &mut lane, app.clock().now()).await?;
        delivered += round.delivered;
        dead += round.dead;
        match round {
            DeliverReport { paced: true, next: Some(next), .. } => {
                sleep(app.clock().real(next - app.clock().now()).min(LONGEST_SLEEP)).await;
            }
            DeliverReport { failed: 0, paused: false, next: Some(next), .. } if next <= app.clock().now() => {
            }
            _ => return Ok((delivered, dead)),
        }
    }
}
