//! One poll and everything that follows from it, for a run that then ends.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::App;
use super::housekeeping::{housekeeping_once, on_start};
use super::wait::RunError;
use crate::destination::Destination;
use crate::intake::PollReport;
use crate::outbox::{DeliverReport, Lane};
use crate::source::{FetchError, Trouble};
use crate::store::StoreError;

/// How long to wait, in total, for a destination that asks to wait.
const LONGEST_WAIT: TimeDelta = TimeDelta::seconds(60);
/// How many messages may be refused before this run leaves a destination alone.
const MOST_REFUSALS: u32 = 3;
/// Waits up to this long come with each full bucket of Discord's, and do not count.
const SHORT: TimeDelta = TimeDelta::seconds(10);

/// The result of one poll and its deliveries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OnceReport {
    /// The poll.
    pub poll: PollReport,
    /// Deliveries accepted.
    pub delivered: usize,
    /// Deliveries given up.
    pub dead: usize,
    /// Deliveries that are still queued.
    pub queued: usize,
    /// Filings that are still to be fetched.
    pub pending: usize,
}

/// How long to wait, in total, for passing failures of EDGAR to end.
const PATIENCE: TimeDelta = TimeDelta::seconds(20);
/// The shortest of these waits.
const SHORTEST_WAIT: TimeDelta = TimeDelta::milliseconds(250);

/// Polls once regardless of the schedule, compares finished days with their indexes if `reconcile` is set,
/// creates the digests that are due, and delivers until nothing more can be delivered, including what was
/// deferred.
///
/// # Errors
/// A failed store, or a delivery task that failed.
pub async fn run_once(app: &Arc<App>, reconcile: bool) -> Result<OnceReport, RunError> {
    on_start(app, app.clock().now()).await?;
    let deadline = app.clock().now() + PATIENCE;
    let mut poll = app.intake.poll_once(app.clock().now()).await?;
    while poll.trouble.as_ref().is_some_and(may_pass) && rest(app, None, deadline).await {
        let again = app.intake.poll_once(app.clock().now()).await?;
        poll = poll.then(again);
    }
    housekeeping_once(app, app.clock().now()).await?;
    if reconcile {
        app.intake.reconciler.reconcile_once(app.clock().now()).await?;
    }
    loop {
        let more = app.intake.settler.settle_once(app.clock().now()).await?;
        let settled = more.settled;
        poll.add(&more);
        let left = app.store.pending_len().await? > 0;
        let outage = app.client.outage().filter(|_| left).map(|outage| outage.next_probe);
        let put_off = app.intake.settler.fetcher.deferred_until().await?.or(outage);
        if settled == 0 && !(put_off.is_some() && rest(app, put_off, deadline).await) {
            break;
        }
    }
    if reconcile {
        // Missed filings are settled by now, so that receipts can become final.
        app.intake.reconciler.reconcile_once(app.clock().now()).await?;
    }
    app.outbox.digests.digest_once(app.clock().now()).await?;
    // Some mutes may have ended since the poll.
    app.outbox.mutes.end_due(app.clock().now()).await?;
    let mut report = OnceReport { poll, ..OnceReport::default() };
    let mut lanes = JoinSet::new();
    for destination in app.store.waiting_destinations().await? {
        let app = Arc::clone(app);
        lanes.spawn(async move { drain(&app, &destination).await });
    }
    while let Some(lane) = lanes.join_next().await {
        let (delivered, dead) = lane??;
        report.delivered += delivered;
        report.dead += dead;
    }
    app.notifier.hang_up().await;
    app.store.flush().await?;
    report.queued = app.store.counts().await?.queued;
    report.pending = app.store.pending_len().await?;
    Ok(report)
}

/// True if EDGAR may soon answer better.
fn may_pass(error: &FetchError) -> bool {
    !error.is_grave()
        && matches!(
            error.trouble,
            Trouble::Passing | Trouble::Unavailable | Trouble::FileUnavailable | Trouble::Outage
        )
}

/// Waits until a moment, or until EDGAR may be asked again; `false` if that is after the deadline.
async fn rest(app: &App, until: Option<DateTime<Utc>>, deadline: DateTime<Utc>) -> bool {
    let now = app.clock().now();
    let probe = app.client.outage().map(|outage| outage.next_probe);
    let until = until.max(probe).map_or(now + SHORTEST_WAIT, |until| until.max(now + SHORTEST_WAIT));
    if until > deadline {
        return false;
    }
    sleep(app.clock().real(until - now)).await;
    true
}

/// Delivers to a destination until its queue is empty, it fails, or it asks to wait too long. Returns how
/// many deliveries were delivered and given up.
async fn drain(app: &App, destination: &Destination) -> Result<(usize, usize), StoreError> {
    let mut lane = Lane::impatient();
    let (mut delivered, mut dead) = (0, 0);
    let (mut patience, mut refusals) = (LONGEST_WAIT, MOST_REFUSALS);
    loop {
        let round = app.outbox.deliver_once(destination, &mut lane, app.clock().now()).await?;
        delivered += round.delivered;
        dead += round.dead;
        let now = app.clock().now();
        match round {
            DeliverReport { crowded: true, .. } => app.outbox.wait_for_place(destination, &mut lane).await,
            DeliverReport { paced, asked, next: Some(next), .. } if paced || asked => {
                let wait = (next - now).max(TimeDelta::zero());
                if wait > patience {
                    let seconds = wait.as_seconds_f64().round();
                    tracing::warn!(%destination, "it asks to wait {seconds} s, which is too long");
                    return Ok((delivered, dead));
                }
                if asked || wait > SHORT {
                    patience -= wait;
                }
                sleep(app.clock().real(wait)).await;
            }
            DeliverReport { failed, paused: false, next: Some(next), .. }
                if next <= now && (failed == 0 || refusals > 0) =>
            {
                refusals -= u32::from(failed > 0);
            }
            _ => return Ok((delivered, dead)),
        }
    }
}
