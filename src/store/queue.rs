//! The queue of deliveries: nothing leaves it but as delivered or dead.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sled::transaction::{ConflictableTransactionError, TransactionalTree};

use super::latency::Latency;
use super::record::{decode, encode};
use super::{Store, StoreError, abort, dead};
use crate::alert::{Alert, Key};
use crate::delivery::{Body, Delivery, InFlight, Outcome};
use crate::destination::Destination;
use crate::summary::Why;

/// Where a delivery stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStanding {
    /// It waits.
    Queued,
    /// It waits, and may have reached its destination all the same.
    InFlight(InFlight),
    /// It stands in another one, of which this is the key: a channel or recipient is told of several together.
    Joined(Key),
    /// It is muted, and not sent.
    Muted,
    /// It was muted, and its destination takes no word of that.
    Untold {
        /// When the mute ended.
        at: DateTime<Utc>,
    },
    /// It was taken, or given up.
    Left(Outcome),
}

/// Queues a delivery within a transaction, unless one of its key was queued or sent before.
pub(super) fn enqueue(
    queue: &TransactionalTree,
    deliveries: &TransactionalTree,
    delivery: &Delivery,
) -> Result<(), ConflictableTransactionError<StoreError>> {
    enqueue_as(queue, deliveries, delivery, &DeliveryStanding::Queued)
}

/// The same, where it may have reached its destination before.
pub(super) fn enqueue_as(
    queue: &TransactionalTree,
    deliveries: &TransactionalTree,
    delivery: &Delivery,
    standing: &DeliveryStanding,
) -> Result<(), ConflictableTransactionError<StoreError>> {
    let key = delivery.key.as_str();
    // What was muted by another filing's owner is not told yet.
    let muted = |known: &[u8]| matches!(decode(key, known), Ok(DeliveryStanding::Muted));
    if deliveries.get(key)?.is_some_and(|known| !muted(&known)) {
        return Ok(());
    }
    deliveries.insert(key, encode(key, standing).map_err(abort)?)?;
    queue.insert(place(delivery), encode(key, delivery).map_err(abort)?)?;
    Ok(())
}

/// Whether a delivery waits, within a transaction: since it was read, it may have joined another one, or left. One of which the record is
/// lost waits too.
pub(super) fn waits(
    deliveries: &TransactionalTree,
    key: &Key,
) -> Result<bool, ConflictableTransactionError<StoreError>> {
    let Some(bytes) = deliveries.get(key.as_str())? else { return Ok(true) };
    let standing = decode(key.as_str(), &bytes).map_err(abort)?;
    Ok(matches!(standing, DeliveryStanding::Queued | DeliveryStanding::InFlight(_)))
}

/// Where a delivery waits that an alert joins, and the alert.
pub(super) type Joined = (Vec<u8>, Alert);

/// Adds an alert of the same trade to one that still waits, within a transaction.
pub(super) fn join(
    queue: &TransactionalTree,
    place: &[u8],
    alert: &Alert,
) -> Result<(), ConflictableTransactionError<StoreError>> {
    let Some(bytes) = queue.get(place)? else { return Ok(()) };
    let mut delivery: Delivery = decode("queue", &bytes).map_err(abort)?;
    if let Body::Alert(waiting) = &mut delivery.body {
        waiting.join(alert);
        queue.insert(place, encode(delivery.key.as_str(), &delivery).map_err(abort)?)?;
    }
    Ok(())
}

impl Store {
    /// Queues a delivery, unless one of its key was queued or sent before.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn enqueue(&self, delivery: &Delivery) -> Result<(), StoreError> {
        let trees = (&self.inner.queue, &self.inner.deliveries);
        self.transact(&trees, |(queue, deliveries)| enqueue(queue, deliveries, delivery))
    }

    /// Where the delivery of a key stands; `None` where there was none.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn delivery_standing(&self, key: &Key) -> Result<Option<DeliveryStanding>, StoreError> {
        self.single(&self.inner.deliveries, key.as_str())
    }

    /// The sends of a waiting delivery that may have reached its destination.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn in_flight(&self, key: &Key) -> Result<Option<InFlight>, StoreError> {
        Ok(match self.delivery_standing(key)? {
            Some(DeliveryStanding::InFlight(sends)) => Some(sends),
            _ => None,
        })
    }

    /// Where the delivery stands whose message tells this one: itself, or the one that it joined.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn message_standing(&self, key: &Key) -> Result<Option<DeliveryStanding>, StoreError> {
        match self.delivery_standing(key)? {
            Some(DeliveryStanding::Joined(into)) => self.delivery_standing(&into),
            own => Ok(own),
        }
    }

    /// Notes which sends of queued deliveries may have reached their destination, before the next one begins or after one that certainly
    /// did not. `false`, and nothing is written, where one of them no longer waits: then nothing may be sent.
    ///
    /// # Errors
    /// Failures of the store; then nothing may be sent.
    pub fn set_in_flight<'a>(
        &self,
        keys: impl IntoIterator<Item = &'a Key>,
        in_flight: Option<&InFlight>,
    ) -> Result<bool, StoreError> {
        let standing =
            in_flight.map_or(DeliveryStanding::Queued, |sends| DeliveryStanding::InFlight(sends.clone()));
        let keys: Vec<&Key> = keys.into_iter().collect();
        let standing = encode("deliveries", &standing)?;
        self.transact(&self.inner.deliveries, |deliveries| {
            for key in &keys {
                if !waits(deliveries, key)? {
                    return Ok(false);
                }
            }
            for key in &keys {
                deliveries.insert(key.as_str(), standing.as_slice())?;
            }
            Ok(true)
        })
    }

    /// Of deliveries to be queued, those whose trade another filing told before and that still wait.
    pub(super) fn joined(&self, deliveries: &[Delivery]) -> Result<Vec<Joined>, StoreError> {
        let mut joined = Vec::new();
        for delivery in deliveries {
            let key = delivery.key.as_str();
            let Body::Alert(alert) = &delivery.body else { continue };
            let known = self.inner.deliveries.contains_key(key).map_err(|error| self.failed(error))?;
            if !known {
                continue;
            }
            let waiting = self.queued(&delivery.destination, usize::MAX)?;
            joined.extend(
                waiting
                    .iter()
                    .filter(|waiting| waiting.key == delivery.key)
                    .map(|waiting| (place(waiting), (**alert).clone())),
            );
        }
        Ok(joined)
    }

    /// Of additions to messages those whose message stands: what waits takes them in by itself.
    pub(super) fn due_additions<'a>(
        &self,
        additions: &'a [Delivery],
    ) -> Result<Vec<&'a Delivery>, StoreError> {
        let mut due = Vec::new();
        for addition in additions {
            let Some(key) = &addition.concerns else { continue };
            let standing = self.delivery_standing(key)?;
            if matches!(
                standing,
                Some(
                    DeliveryStanding::Left(Outcome::Delivered { .. })
                        | DeliveryStanding::Joined(_)
                        | DeliveryStanding::InFlight(_)
                )
            ) {
                due.push(addition);
            }
        }
        Ok(due)
    }

    /// The destinations that have something queued.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn waiting_destinations(&self) -> Result<BTreeSet<Destination>, StoreError> {
        let mut destinations = BTreeSet::new();
        let mut from: Vec<u8> = Vec::new();
        // One look a destination: the next key that is not of the last one.
        while let Some((key, bytes)) = self
            .inner
            .queue
            .range(from.as_slice()..)
            .next()
            .transpose()
            .map_err(|error| self.failed(error))?
        {
            let name = key.split(|&byte| byte == 0).next().unwrap_or_default();
            let text = String::from_utf8_lossy(name).into_owned();
            from = name.to_vec();
            from.push(1);
            match text.parse::<Destination>() {
                Ok(destination) => drop(destinations.insert(destination)),
                Err(error) => {
                    let error = StoreError::Unreadable { key: text, reason: error.to_string() };
                    self.set_record_aside(&self.inner.queue, &key, &bytes, &error)?;
                }
            }
        }
        Ok(destinations)
    }

    /// The deliveries of a destination, oldest first, at most `most`.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn queued(&self, destination: &Destination, most: usize) -> Result<Vec<Delivery>, StoreError> {
        self.scan(&self.inner.queue, &prefix(destination), most)
    }

    /// Takes a delivery out of the queue with what became of it, in one transaction. A dead one is kept, with its body.
    ///
    /// # Errors
    /// Failures of the store; then it stays queued.
    pub fn leave_queue(&self, delivery: &Delivery, outcome: &Outcome) -> Result<(), StoreError> {
        let key = delivery.key.as_str();
        let standing = encode(key, &DeliveryStanding::Left(outcome.clone()))?;
        let latencies = latencies(delivery, outcome).into_iter();
        let latencies: Vec<_> = latencies
            .map(|(key, way)| Ok((Latency::place(way.sent_at, key.as_str()), encode(key.as_str(), &way)?)))
            .collect::<Result<_, StoreError>>()?;
        let trees = (&self.inner.queue, &self.inner.deliveries, &self.inner.dead, &self.inner.latency);
        self.transact(&trees, |(queue, deliveries, given_up, latency)| {
            queue.remove(place(delivery))?;
            let stood = deliveries.insert(key, standing.as_slice())?;
            if matches!(outcome, Outcome::Dead { .. }) {
                given_up.insert(key, dead::record(delivery, stood.as_deref()).map_err(abort)?)?;
            }
            for (place, way) in &latencies {
                latency.insert(place.as_str(), way.as_slice())?;
            }
            Ok(())
        })
    }

    /// Writes a delivery back after a failed attempt; one that no longer waits is left as it is.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn requeue(&self, delivery: &Delivery) -> Result<(), StoreError> {
        self.write_back(delivery, |known| {
            let Delivery { attempts, not_before, failing_since, .. } = *delivery;
            // Its body may have grown meanwhile: another filing has the same trade.
            Delivery { attempts, not_before, failing_since, ..known }
        })
    }

    /// Writes a queued delivery anew; one that no longer waits is left as it is.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn rewrite(&self, delivery: &Delivery) -> Result<(), StoreError> {
        self.write_back(delivery, |_| delivery.clone())
    }

    fn write_back(
        &self,
        delivery: &Delivery,
        change: impl Fn(Delivery) -> Delivery,
    ) -> Result<(), StoreError> {
        let (key, place) = (delivery.key.as_str(), place(delivery));
        self.transact(&(&self.inner.queue, &self.inner.deliveries), |(queue, deliveries)| {
            if !waits(deliveries, &delivery.key)? {
                return Ok(());
            }
            let known = match queue.get(&place)? {
                Some(bytes) => decode::<Delivery>("queue", &bytes).map_err(abort)?,
                None => delivery.clone(),
            };
            queue.insert(place.as_slice(), encode(key, &change(known)).map_err(abort)?)?;
            Ok(())
        })
    }
}

/// How long alerts took that were delivered.
fn latencies(delivery: &Delivery, outcome: &Outcome) -> Vec<(Key, Latency)> {
    let Outcome::Delivered { at: sent_at, .. } = *outcome else { return Vec::new() };
    let way = |accepted_at: Option<DateTime<Utc>>, seen_at| {
        accepted_at.map(|accepted_at| Latency { accepted_at, seen_at, sent_at })
    };
    match &delivery.body {
        Body::Alert(alert) => {
            way(alert.accepted_at, alert.seen_at).map(|way| (delivery.key.clone(), way)).into_iter().collect()
        }
        // How long they were muted tells nothing of the bot.
        Body::Summary(summary) if matches!(summary.why, Why::Muted { .. }) => Vec::new(),
        Body::Summary(summary) => {
            let old = summary.lines.len().saturating_sub(summary.added);
            let new = summary.lines.iter().skip(old);
            new.filter_map(|line| Some((line.key.clone(), way(line.accepted_at, line.seen_at)?))).collect()
        }
        Body::Digest(_) | Body::Notice(_) | Body::Addition(_) => Vec::new(),
    }
}

/// What the places of a destination begin with.
pub(super) fn prefix(destination: &Destination) -> Vec<u8> {
    let mut prefix = destination.to_string().into_bytes();
    prefix.push(0);
    prefix
}

/// Destination, then when it was queued, then when its filing was accepted: a scan by destination comes oldest first.
pub(super) fn place(delivery: &Delivery) -> Vec<u8> {
    let accepted_at = match &delivery.body {
        Body::Alert(alert) | Body::Addition(alert) => alert.accepted_at.unwrap_or(alert.seen_at),
        Body::Digest(digest) => digest.until,
        Body::Notice(notice) => notice.at,
        // Before those that were queued with its alerts.
        Body::Summary(_) => DateTime::UNIX_EPOCH,
    };
    let mut place = prefix(&delivery.destination);
    place.extend_from_slice(&delivery.queued_at.timestamp_micros().to_be_bytes());
    place.extend_from_slice(&accepted_at.timestamp().to_be_bytes());
    place.extend_from_slice(delivery.key.as_str().as_bytes());
    place
}
