//! Picks the deliveries of a destination's queue that go out next, in one message.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::lane::{Lane, ahead};
use super::overflow::Overflow;
use crate::alert::Key;
use crate::delivery::{Batch, Body, Delivery, InFlight, Outcome};
use crate::destination::Destination;
use crate::notify::Notifier;
use crate::parts::Parts;
use crate::store::{DeliveryStanding, Store, StoreError};

/// No message has more alerts.
const TOGETHER: usize = 10;
/// So long a change waits for its message to be sent; then it is told by itself.
const LONGEST_WAIT: TimeDelta = TimeDelta::days(1);
/// Where something waits for another delivery.
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(1);
/// Alerts that failed so often are sent singly: one of them may be what the destination cannot take.
const SINGLY_AFTER: u32 = 2;

/// The pick of one round.
pub(super) enum Picked {
    /// Nothing, and when to look again.
    Nothing(Option<DateTime<Utc>>),
    /// Nothing, since the destination gets no more for a while.
    Later(DateTime<Utc>),
    /// These, of which an earlier try may have arrived.
    Batch(Batch, Option<InFlight>),
    /// These are looked for, each of which may have arrived by itself; where that cannot be done now, the first is sent again.
    Look(Batch, InFlight),
}

/// Picks what goes out next.
pub(super) struct Picker {
    store: Store,
    notifier: Arc<Notifier>,
    overflow: Arc<Overflow>,
}

impl Picker {
    pub(super) fn new(parts: &Parts, overflow: Arc<Overflow>) -> Self {
        Self { store: parts.store.clone(), notifier: Arc::clone(&parts.notifier), overflow }
    }

    /// What of a queue goes out next: of those that are due the least tried, then the oldest, with those that go with it.
    pub(super) async fn pick(
        &self,
        destination: &Destination,
        queued: &[Delivery],
        lane: &Lane,
        now: DateTime<Utc>,
    ) -> Result<Picked, StoreError> {
        let is_due = |delivery: &&Delivery| lane.impatient || !ahead(delivery.not_before, now);
        let mut due: Vec<&Delivery> = queued.iter().filter(is_due).collect();
        due.sort_by_key(|delivery| delivery.attempts);
        let room = self.overflow.room(destination, now);
        let (mut chosen, mut held_back) = (None, false);
        for delivery in &due {
            if self.waits_for_its_message(delivery, now).await? {
                continue;
            }
            let sends = self.store.in_flight(&delivery.key).await?;
            // What may have arrived is looked for, however much the channel got.
            if room > 0 || sends.is_some() || !is_alert(delivery) {
                chosen = Some((*delivery, sends));
                break;
            }
            held_back = true;
        }
        match chosen {
            Some((first, sends)) => {
                self.with_others(destination, (first, sends), queued, (&due, room), lane).await
            }
            None if held_back => {
                // What is more than the channel is to get; only one overflow message of it is under way at a time.
                let overflow = queued.iter().find(|delivery| matches!(delivery.body, Body::Summary(_)));
                let later = match overflow {
                    Some(overflow) => Some(overflow.not_before),
                    None => self.overflow.join_over_budget(destination, lane.impatient, now).await?,
                };
                Ok(later.map_or(Picked::Nothing(Some(now)), Picked::Later))
            }
            None => {
                let later =
                    queued.iter().map(|delivery| delivery.not_before).filter(|next| *next > now).min();
                Ok(Picked::Nothing(later.or((!queued.is_empty()).then(|| now + LOOK_AGAIN))))
            }
        }
    }

    /// The first delivery that goes out, with those that go out with it.
    async fn with_others(
        &self,
        destination: &Destination,
        (first, sends): (&Delivery, Option<InFlight>),
        queued: &[Delivery],
        (due, room): (&[&Delivery], usize),
        lane: &Lane,
    ) -> Result<Picked, StoreError> {
        let batch = match sends.as_ref().and_then(|sends| sends.batch.as_ref()) {
            // Discord knows the message that it was in by that one's key, so what is left of it stays together.
            Some(key) => {
                let mut together = Vec::new();
                for other in queued {
                    let sends = self.store.in_flight(&other.key).await?;
                    if sends.is_some_and(|sends| sends.batch.as_ref() == Some(key)) {
                        together.push(other.clone());
                    }
                }
                Batch::of(destination.clone(), together).again(key.clone())
            }
            None if sends.is_some() && is_alert(first) && self.notifier.reads_back(destination) => {
                let mut together = vec![first.clone()];
                let mut span = sends.clone();
                for other in queued.iter().filter(|other| is_alert(other) && other.key != first.key) {
                    let sends = self.store.in_flight(&other.key).await?;
                    if let Some(sends) = sends.filter(|sends| sends.batch.is_none()) {
                        span = span.map(|span| span.and(&sends));
                        together.push(other.clone());
                    }
                }
                if let (Some(span), true) = (span, together.len() > 1) {
                    return Ok(Picked::Look(Batch::of(destination.clone(), together), span));
                }
                Batch::of(destination.clone(), self.overflow.with_lines(vec![first.clone()]).await?)
            }
            None => {
                let mut together = vec![first.clone()];
                if is_alert(first) && sends.is_none() && lane.singly == 0 && first.attempts < SINGLY_AFTER {
                    self.add_alike(&mut together, due, room.min(TOGETHER)).await?;
                }
                together.truncate(self.notifier.fitting(&together));
                let batch = Batch::of(destination.clone(), self.overflow.with_lines(together).await?);
                match self.concerned(first).await? {
                    Some((message_id, key)) => batch.concerning(message_id, key),
                    None => batch,
                }
            }
        };
        Ok(Picked::Batch(batch, sends))
    }

    /// Adds the alerts that failed as often, in their order, until there are so many.
    async fn add_alike(
        &self,
        together: &mut Vec<Delivery>,
        due: &[&Delivery],
        most: usize,
    ) -> Result<(), StoreError> {
        for other in due {
            let known = |one: &Delivery| one.key == other.key || one.attempts != other.attempts;
            if together.len() < most
                && is_alert(other)
                && !together.iter().any(known)
                && self.store.in_flight(&other.key).await?.is_none()
            {
                together.push((*other).clone());
            }
        }
        Ok(())
    }

    /// Whether the message that a delivery changes is still to be sent.
    async fn waits_for_its_message(
        &self,
        delivery: &Delivery,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let Some(key) = delivery.concerns.as_ref().filter(|_| now - delivery.queued_at < LONGEST_WAIT) else {
            return Ok(false);
        };
        let standing = self.store.message_standing(key).await?;
        Ok(matches!(standing, Some(DeliveryStanding::Queued | DeliveryStanding::InFlight(_))))
    }

    /// The message that a delivery changes or answers, and the delivery that it concerns there.
    async fn concerned(&self, delivery: &Delivery) -> Result<Option<(String, Key)>, StoreError> {
        let Some(key) = &delivery.concerns else { return Ok(None) };
        Ok(match self.store.message_standing(key).await? {
            Some(DeliveryStanding::Left(Outcome::Delivered { message_id: Some(id), .. })) => {
                Some((id, key.clone()))
            }
            _ => None,
        })
    }
}

/// Whether it is an alert that makes a message, or a part of one.
fn is_alert(delivery: &Delivery) -> bool {
    matches!(delivery.body, Body::Alert(_)) && delivery.concerns.is_none() && delivery.answers.is_none()
}
