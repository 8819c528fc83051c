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
/// A destination that fails is tried at least this often: it may be back, and alerts are worth little when old.
const LONGEST_PAUSE: TimeDelta = TimeDelta::seconds(60);

/// A destination's state between rounds.
#[derive(Debug, Default)]
pub struct Lane {
    /// Failures in a row.
    failures: u32,
    /// Not to be tried before.
    paused_until: Option<DateTime<Utc>>,
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
        let mut report = DeliverReport::default();
        if let Some(until) = lane.paused_until.filter(|until| now < *until) {
            report.next = Some(until);
            return Ok(report);
        }
        let mut queued = self.store.queued(destination, BATCH)?;
        self.store.flush().await?;
        queued.sort_by_key(|delivery| delivery.attempts);
        for delivery in queued {
            if delivery.not_before > now {
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
                Err(error) if error.retry == Retry::Never || delivery.attempts + 1 >= retry::MAX_ATTEMPTS => {
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

    fn put_off(
        &self,
        mut delivery: Delivery,
        error: &SendError,
        lane: &mut Lane,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        delivery.attempts += 1;
        lane.failures += 1;
        let span = |attempt| {
            TimeDelta::from_std(retry::delay(attempt, delivery.key.seed())).unwrap_or(LONGEST_PAUSE)
        };
        let pause = match error.retry {
            Retry::After(wait) => TimeDelta::from_std(wait).unwrap_or(LONGEST_PAUSE),
            Retry::Later | Retry::Never => span(lane.failures).min(LONGEST_PAUSE),
        };
        lane.paused_until = Some(now + pause);
        delivery.not_before = now + span(delivery.attempts).max(pause);
        if lane.failures == 1 {
            tracing::warn!(destination = %delivery.destination, key = %delivery.key, %error, "not delivered, tried again later");
        } else {
            tracing::debug!(destination = %delivery.destination, key = %delivery.key, %error, failures = lane.failures, "still not delivered");
        }
        self.store.requeue(&delivery)
    }
}
