//! Picks the deliveries from a destination's queue that go out next in one message.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::lane::{Lane, ahead};
use super::overflow::Overflow;
use crate::alert::Key;
use crate::delivery::{Batch, Body, Delivery, InFlight, Outcome};
use crate::destination::Destination;
use crate::notify::Notifier;
use crate::parts::Parts;
use crate::render::discord::Message;
use crate::store::{DeliveryStanding, Store, StoreError};

/// The most alerts in one message.
const TOGETHER: usize = 5;
/// How long an edit waits for its message to be sent; then it is sent on its own.
const LONGEST_WAIT: TimeDelta = TimeDelta::days(1);
/// When to check again for a delivery that waits for another.
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(1);
/// Alerts that failed this often are sent one by one, because the destination may be unable to accept one of
/// them.
const SINGLY_AFTER: u32 = 2;

/// The result of picking.
pub(super) enum Picked {
    /// Nothing, and when to check again.
    Nothing(Option<DateTime<Utc>>),
    /// Nothing, because the destination gets no more for a while.
    Later(DateTime<Utc>),
    /// Deliveries that were never sent, and their message if it combines several.
    New(Batch, Option<Message>),
    /// Deliveries with an earlier try that may have arrived.
    Again(Batch, InFlight),
    /// Deliveries to look for, each of which may have arrived on its own. If that is impossible now, the
    /// first is sent again.
    Look(Batch, InFlight),
}

/// Picks the next deliveries to send.
pub(super) struct Picker {
    store: Store,
    notifier: Arc<Notifier>,
    overflow: Arc<Overflow>,
}

impl Picker {
    pub(super) fn new(parts: &Parts, overflow: Arc<Overflow>) -> Self {
        Self { store: parts.store.clone(), notifier: Arc::clone(&parts.notifier), overflow }
    }

    /// The next deliveries of a queue: the least tried of those that are due, then the oldest, with those
    /// that go with it.
    pub(super) async fn pick(
        &self,
        destination: &Destination,
        queued: Vec<Delivery>,
        lane: &Lane,
        now: DateTime<Utc>,
    ) -> Result<Picked, StoreError> {
        let is_due = |delivery: &Delivery| lane.impatient || !ahead(delivery.not_before, now);
        let mut due: Vec<usize> = (0..queued.len()).filter(|at| is_due(&queued[*at])).collect();
        due.sort_by_key(|at| queued[*at].attempts);
        let room = self.overflow.room(destination, now);
        let mut held_back = false;
        for &at in &due {
            let delivery = &queued[at];
            if self.waits_for_its_message(delivery, now).await? {
                continue;
            }
            // Deliveries that may have arrived are looked for, however many alerts the channel got.
            if room > 0 || delivery.in_flight.is_some() || !is_alert(delivery) {
                return self.with_others(destination, at, queued, (&due, room), lane, now).await;
            }
            held_back = true;
        }
        if held_back {
            // The alert is above the channel's budget. Only one overflow message is in progress at a time.
            let overflow = queued.iter().find(|delivery| matches!(delivery.body, Body::Summary(_)));
            let later = match overflow {
                Some(overflow) => Some(overflow.not_before),
                None => self.overflow.join_over_budget(destination, lane.impatient, now).await?,
            };
            return Ok(later.map_or(Picked::Nothing(Some(now)), Picked::Later));
        }
        let later = queued.iter().map(|delivery| delivery.not_before).filter(|next| *next > now).min();
        Ok(Picked::Nothing(later.or((!queued.is_empty()).then(|| now + LOOK_AGAIN))))
    }

    /// The delivery that goes out first, with those that go out with it.
    async fn with_others(
        &self,
        destination: &Destination,
        at: usize,
        queued: Vec<Delivery>,
        (due, room): (&[usize], usize),
        lane: &Lane,
        now: DateTime<Utc>,
    ) -> Result<Picked, StoreError> {
        let first = &queued[at];
        let Some(sends) = first.in_flight.clone() else {
            let mut together = vec![at];
            if is_alert(first) && lane.singly == 0 && first.attempts < SINGLY_AFTER {
                add_alike(&mut together, &queued, due, room.min(TOGETHER));
            }
            let mut batch = Batch::of(destination.clone(), taken(queued, &together));
            // Each card states how long it took.
            batch.set_sent_at(Some(now));
            let (count, message) = self.notifier.fitting(batch.deliveries());
            return Ok(Picked::New(self.complete(batch.first(count)).await?, message));
        };
        if let Some(key) = sends.batch.clone() {
            // Discord identifies the earlier message by this delivery's key, so the rest of that message
            // stays together.
            let is_in = |other: &Delivery| {
                other.in_flight.as_ref().is_some_and(|sends| sends.batch.as_ref() == Some(&key))
            };
            let together = queued.into_iter().filter(is_in).collect();
            return Ok(Picked::Again(Batch::of(destination.clone(), together).again(key), sends));
        }
        if !is_alert(first) || !self.notifier.reads_back(destination) {
            let batch = Batch::of(destination.clone(), taken(queued, &[at]));
            return Ok(Picked::Again(self.complete(batch).await?, sends));
        }
        let (mut together, mut span) = (vec![at], sends.clone());
        for (other, delivery) in queued.iter().enumerate() {
            let own = delivery.in_flight.as_ref().filter(|sends| sends.batch.is_none());
            let is_there = own.is_some_and(|own| own.thread == sends.thread);
            if let (Some(own), true) = (own, is_there && other != at && is_alert(delivery)) {
                span = span.and(own);
                together.push(other);
            }
        }
        let batch = Batch::of(destination.clone(), taken(queued, &together));
        Ok(match together.len() {
            1 => Picked::Again(batch, sends),
            _ => Picked::Look(batch, span),
        })
    }

    /// Adds the lines of an overflow message to a batch, and the message that it edits or replies to.
    async fn complete(&self, mut batch: Batch) -> Result<Batch, StoreError> {
        self.overflow.fill_lines(&mut batch).await?;
        let concerned = match batch.deliveries().first() {
            Some(first) => self.concerned(first).await?,
            None => None,
        };
        Ok(match concerned {
            Some((message_id, key)) => batch.concerning(message_id, key),
            None => batch,
        })
    }

    /// True if the message that a delivery edits has not been sent yet.
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

    /// The message that a delivery edits or replies to, and the delivery in it that is concerned.
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

/// True if it is an alert that is sent as a message or part of one.
fn is_alert(delivery: &Delivery) -> bool {
    matches!(delivery.body, Body::Alert(_)) && delivery.concerns.is_none() && delivery.answers.is_none()
}

/// Adds alerts for the same thread with the same number of attempts, in order, up to `most`.
fn add_alike(together: &mut Vec<usize>, queued: &[Delivery], due: &[usize], most: usize) {
    for &other in due {
        let alike = together.iter().all(|at| queued[*at].attempts == queued[other].attempts);
        let alike = alike && together.iter().all(|at| queued[*at].thread == queued[other].thread);
        let joins = alike && !together.contains(&other) && is_alert(&queued[other]);
        if together.len() < most && joins && queued[other].in_flight.is_none() {
            together.push(other);
        }
    }
}

/// The chosen deliveries of a queue, in this order.
fn taken(queued: Vec<Delivery>, together: &[usize]) -> Vec<Delivery> {
    let mut queued: Vec<Option<Delivery>> = queued.into_iter().map(Some).collect();
    together.iter().filter_map(|at| queued.get_mut(*at)?.take()).collect()
}
