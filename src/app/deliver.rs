//! One round of deliveries to one destination.

use chrono::{DateTime, TimeDelta, Utc};

use super::App;
use crate::delivery::{Delivery, Outcome};
use crate::destination::Destination;
use crate::notify::{Retry, SendError};
use crate::retry;
use crate::store::StoreError;

/// How many deliveries of a destination are looked at in one round.
const BATCH: usize = 100;
/// How many sends one round makes: between rounds a lane can stop.
const ROUND: usize = 5;
/// A destination that fails is tried at least this often, unless it asks for more: it may be back.
const LONGEST_PAUSE: TimeDelta = TimeDelta::seconds(60);
/// No pause that a destination asks for is longer; one that seems so comes from a clock that was wrong.
const LONGEST_ASKED: TimeDelta = TimeDelta::hours(2);
/// A delivery that failed for so long is given up.
const GIVEN_UP_AFTER: TimeDelta = TimeDelta::days(8);

/// A destination's state between rounds.
#[derive(Debug, Default)]
pub struct Lane {
    /// Failures in a row.
    failures: u32,
    /// Not to be tried before.
    paused_until: Option<DateTime<Utc>>,
    /// Whether what was put off is tried all the same.
    impatient: bool,
}

impl Lane {
    /// A lane that tries also what was put off: for one run that must tell all it can.
    pub fn impatient() -> Self {
        Self { impatient: true, ..Self::default() }
    }
}

/// What a round did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeliverReport {
    /// Taken by the destination.
    pub delivered: usize,
    /// Given up.
    pub dead: usize,
    /// Failed, to be tried again.
    pub failed: usize,
    /// When there is something to do again; `None` where the queue is empty.
    pub next: Option<DateTime<Utc>>,
}

impl App {
    /// Sends what is queued for a destination and due, the least tried first, then the oldest, up to the first failure.
    /// Nothing is sent that is not on the disk.
    ///
    /// # Errors
    /// Failures of the store; then nothing more is sent.
    pub async fn deliver_once(
        &self,
        destination: &Destination,
        lane: &mut Lane,
        now: DateTime<Utc>,
    ) -> Result<DeliverReport, StoreError> {
        let ahead = |moment: DateTime<Utc>| now < moment && moment - now <= LONGEST_ASKED;
        let mut report = DeliverReport::default();
        if let Some(until) = lane.paused_until.filter(|until| ahead(*until)) {
            report.next = Some(until);
            return Ok(report);
        }
        let mut queued = self.store.queued(destination, BATCH)?;
        self.store.flush().await?;
        queued.sort_by_key(|delivery| delivery.attempts);
        for delivery in queued {
            if ahead(delivery.not_before) && !lane.impatient {
                report.next =
                    Some(report.next.map_or(delivery.not_before, |next| next.min(delivery.not_before)));
                continue;
            }
            if report.delivered + report.dead == ROUND {
                report.next = Some(now);
                break;
            }
            match self.notifier.send(&delivery).await {
                Ok(sent) => {
                    self.store.leave_queue(
                        &delivery,
                        &Outcome::Delivered { at: now, message_id: sent.message_id },
                    )?;
                    report.delivered += 1;
                    lane.failures = 0;
                }
                Err(error) if error.retry == Retry::Never || now - delivery.queued_at > GIVEN_UP_AFTER => {
                    tracing::error!(%destination, key = %delivery.key, %error, "a delivery is given up");
                    self.store.leave_queue(&delivery, &Outcome::Dead { at: now, reason: error.message })?;
                    report.dead += 1;
                }
                Err(error) => {
                    report.failed += 1;
                    self.put_off(delivery, &error, lane, now)?;
                    report.next = lane.paused_until;
                    break;
                }
            }
        }
        self.store.flush().await?;
        if report.next.is_none() && !self.store.queued(destination, 1)?.is_empty() {
            report.next = Some(now);
        }
        Ok(report)
    }

    /// A failure is nearly always the destination's, so the whole lane pauses, and no delivery longer than it.
    fn put_off(
        &self,
        mut delivery: Delivery,
        error: &SendError,
        lane: &mut Lane,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        delivery.attempts += 1;
        lane.failures += 1;
        let pause = match error.retry {
            Retry::After(wait) => TimeDelta::from_std(wait).unwrap_or(LONGEST_PAUSE).min(LONGEST_ASKED),
            Retry::Later | Retry::Never => {
                TimeDelta::from_std(retry::delay(lane.failures, delivery.key.seed()))
                    .map_or(LONGEST_PAUSE, |wait| wait.min(LONGEST_PAUSE))
            }
        };
        lane.paused_until = Some(now + pause);
        delivery.not_before = now + pause;
        let Delivery { destination, key, .. } = &delivery;
        if lane.failures == 1 {
            tracing::warn!(%destination, %key, %error, "not delivered, tried again later");
        } else {
            tracing::debug!(%destination, %key, %error, failures = lane.failures, "still not delivered");
        }
        self.store.requeue(&delivery)
    }
}
