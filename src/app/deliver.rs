//! One delivery to one destination.

use chrono::{DateTime, TimeDelta, Utc};

use super::App;
use super::paused::left_alone;
use crate::delivery::{Body, Delivery, InFlight, Outcome};
use crate::destination::Destination;
use crate::notify::{Found, Retry, SendError, Sent};
use crate::retry;
use crate::store::{DeliveryStanding, StoreError};

/// How many deliveries of a destination are looked at in one round.
const BATCH: usize = 100;
/// A destination that fails is tried at least this often, unless it asks for more: it may be back.
const LONGEST_PAUSE: TimeDelta = TimeDelta::seconds(60);
/// No pause that a destination asks for is longer; one that seems so comes from a clock that was wrong.
const LONGEST_ASKED: TimeDelta = TimeDelta::hours(2);
/// A delivery that fails for so long and failed so often is given up.
const GIVEN_UP_AFTER: TimeDelta = TimeDelta::days(8);
const GIVEN_UP_ATTEMPTS: u32 = 50;

/// A destination's state between rounds.
#[derive(Debug, Default)]
pub struct Lane {
    /// Failures in a row.
    failures: u32,
    /// Not to be tried before.
    paused_until: Option<DateTime<Utc>>,
    /// Whether what was put off is tried all the same.
    impatient: bool,
    /// Whether a pause of the destination was found to last.
    is_paused: bool,
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
    /// Whether the destination is paused, so that nothing that is new changes that.
    pub paused: bool,
}

impl App {
    /// Sends one delivery of a destination's queue: of those that are due the least tried, then the oldest. Nothing is
    /// sent that is not on the disk, and what became of it is on the disk before the next.
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
        let paused = self.store.paused(destination)?;
        if let Some(paused) = &paused {
            // Somebody may have mended it before a start.
            let alone = left_alone(paused, now).filter(|_| lane.is_paused && !lane.impatient);
            if alone.is_some() {
                return Ok(DeliverReport { next: alone, paused: true, ..report });
            }
        }
        let queued = self.store.queued(destination, BATCH)?;
        if queued.is_empty() && paused.is_some() {
            self.store.resume(destination, &[])?;
        }
        let due = queued.iter().filter(|delivery| lane.impatient || !ahead(delivery.not_before));
        let Some(delivery) = due.min_by_key(|delivery| delivery.attempts) else {
            report.next = queued.iter().map(|delivery| delivery.not_before).min();
            return Ok(report);
        };
        let failing = delivery.failing_since.is_some_and(|since| now - since > GIVEN_UP_AFTER);
        let old = failing && delivery.attempts >= GIVEN_UP_ATTEMPTS;
        report.next = (queued.len() > 1).then_some(now);
        match self.send(delivery, now).await? {
            Ok((at, sent)) => {
                self.store.leave_queue(delivery, &Outcome::Delivered { at, message_id: sent.message_id })?;
                report.delivered = 1;
                (lane.failures, lane.is_paused) = (0, false);
                if let Some(paused) = &paused {
                    self.resume(paused, now)?;
                }
            }
            Err(error) if error.retry == Retry::Closed => {
                (report.failed, report.paused, lane.is_paused) = (1, true, true);
                let paused = self.pause(destination, &error, now)?;
                self.give_up_kept(&paused, now)?;
                report.next = left_alone(&paused, now);
            }
            Err(error) if error.retry == Retry::Never || old => {
                tracing::error!(%destination, key = %delivery.key, %error, "a delivery is given up");
                self.store.leave_queue(delivery, &Outcome::Dead { at: now, reason: error.message })?;
                report.dead = 1;
            }
            Err(error) => {
                self.put_off(delivery.clone(), &error, lane, now)?;
                report.failed = 1;
                report.next = lane.paused_until;
            }
        }
        self.store.flush().await?;
        Ok(report)
    }

    /// Sends a delivery, unless an earlier try arrived of which no answer came: what took it, and when.
    async fn send(
        &self,
        delivery: &Delivery,
        now: DateTime<Utc>,
    ) -> Result<Result<(DateTime<Utc>, Sent), SendError>, StoreError> {
        let Delivery { key, destination, .. } = delivery;
        let mut before = match self.store.delivery_standing(key)? {
            Some(DeliveryStanding::InFlight(sends)) => Some(sends),
            _ => None,
        };
        if let Some(sends) = before {
            match self.notifier.find(delivery, sends, now).await {
                Ok(Found::Here { sent, at }) => {
                    tracing::info!(%destination, %key, "an earlier try had arrived, and is not sent again");
                    return Ok(Ok((at, sent)));
                }
                Ok(Found::NotHere) => before = None,
                Ok(Found::Guarded) => {}
                // Once is enough: an outage may last.
                Ok(Found::Unknown(reason)) if sends.first == sends.last => tracing::warn!(
                    %destination, %key,
                    "sent again, and perhaps told twice: nobody knows what became of the last try, and {reason}"
                ),
                Ok(Found::Unknown(_)) => {}
                Err(error) => return Ok(Err(error)),
            }
        }
        self.store.set_in_flight(key, Some(InFlight::another(before, now)))?;
        self.store.flush().await?;
        let sent = self.notifier.send(&sent_now(delivery, now), now).await;
        if sent.as_ref().is_err_and(|error| !error.may_have_arrived) {
            self.store.set_in_flight(key, before)?;
        }
        Ok(sent.map(|sent| (now, sent)))
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
        let own = TimeDelta::from_std(retry::delay(lane.failures, delivery.key.seed()));
        let own = own.map_or(LONGEST_PAUSE, |wait| wait.min(LONGEST_PAUSE));
        let pause = match error.retry {
            Retry::After(wait) => {
                TimeDelta::from_std(wait).unwrap_or(LONGEST_PAUSE).clamp(own, LONGEST_ASKED)
            }
            Retry::Later | Retry::Never | Retry::Closed => own,
        };
        // The answer may have come some time after this round began.
        let until = self.by_now(now) + pause;
        lane.paused_until = Some(until);
        delivery.not_before = until;
        delivery.failing_since = delivery.failing_since.or(Some(now));
        let Delivery { destination, key, .. } = &delivery;
        if lane.failures == 1 {
            tracing::warn!(%destination, %key, %error, "not delivered, tried again later");
        } else {
            tracing::debug!(%destination, %key, %error, failures = lane.failures, "still not delivered");
        }
        self.store.requeue(&delivery)
    }
}

/// The delivery as it goes out: an alert says when.
fn sent_now(delivery: &Delivery, now: DateTime<Utc>) -> Delivery {
    let mut delivery = delivery.clone();
    if let Body::Alert(alert) = &mut delivery.body {
        alert.sent_at = Some(now);
    }
    delivery
}
