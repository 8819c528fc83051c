//! The queue of deliveries: nothing leaves it but as delivered or dead.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sled::Transactional;
use sled::transaction::{ConflictableTransactionError, TransactionalTree};

use super::record::{decode, encode};
use super::{Store, StoreError, abort};
use crate::delivery::{Body, Delivery, Outcome};
use crate::destination::Destination;

/// Where a delivery stands.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Standing {
    Queued,
    Left(Outcome),
}

/// How many deliveries there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Waiting.
    pub queued: usize,
    /// Taken by their destinations.
    pub delivered: usize,
    /// Given up.
    pub dead: usize,
}

/// Queues a delivery within a transaction, unless one of its key was queued or sent before.
pub(super) fn enqueue(
    queue: &TransactionalTree,
    deliveries: &TransactionalTree,
    delivery: &Delivery,
) -> Result<(), ConflictableTransactionError<StoreError>> {
    let key = delivery.key.as_str();
    if deliveries.get(key)?.is_some() {
        return Ok(());
    }
    deliveries.insert(key, encode(key, &Standing::Queued).map_err(abort)?)?;
    queue.insert(place(delivery), encode(key, delivery).map_err(abort)?)?;
    Ok(())
}

impl Store {
    /// The destinations that have something queued.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn waiting_destinations(&self) -> Result<BTreeSet<Destination>, StoreError> {
        let mut destinations = BTreeSet::new();
        let mut from: Vec<u8> = Vec::new();
        // One look a destination: the next key that is not of the last one.
        while let Some((key, _)) = self
            .inner
            .queue
            .range(from.as_slice()..)
            .next()
            .transpose()
            .map_err(|error| self.failed(error))?
        {
            let name = key.split(|&byte| byte == 0).next().unwrap_or_default();
            let text = String::from_utf8_lossy(name).into_owned();
            let destination = text.parse::<Destination>();
            destinations.insert(
                destination
                    .map_err(|error| StoreError::Unreadable { key: text, reason: error.to_string() })?,
            );
            from = name.to_vec();
            from.push(1);
        }
        Ok(destinations)
    }

    /// The deliveries of a destination, oldest first, at most `most`.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn queued(&self, destination: &Destination, most: usize) -> Result<Vec<Delivery>, StoreError> {
        let mut prefix = destination.to_string().into_bytes();
        prefix.push(0);
        let mut deliveries = Vec::new();
        for item in self.inner.queue.scan_prefix(prefix).take(most) {
            let (key, bytes) = item.map_err(|error| self.failed(error))?;
            deliveries.push(decode(&String::from_utf8_lossy(&key), &bytes)?);
        }
        Ok(deliveries)
    }

    /// Takes a delivery out of the queue with what became of it, in one transaction. A dead one is kept, with its body.
    ///
    /// # Errors
    /// Failures of the store; then it stays queued.
    pub fn leave_queue(&self, delivery: &Delivery, outcome: &Outcome) -> Result<(), StoreError> {
        let key = delivery.key.as_str();
        let standing = encode(key, &Standing::Left(outcome.clone()))?;
        let body = encode(key, delivery)?;
        let trees = (&self.inner.queue, &self.inner.deliveries, &self.inner.dead);
        let result = trees.transaction(|(queue, deliveries, dead)| {
            queue.remove(place(delivery))?;
            deliveries.insert(key, standing.as_slice())?;
            if matches!(outcome, Outcome::Dead { .. }) {
                dead.insert(key, body.as_slice())?;
            }
            Ok(())
        });
        self.transacted(result)
    }

    /// Writes a delivery back after a failed attempt.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn requeue(&self, delivery: &Delivery) -> Result<(), StoreError> {
        let bytes = encode(delivery.key.as_str(), delivery)?;
        self.inner.queue.insert(place(delivery), bytes).map_err(|error| self.failed(error))?;
        self.wrote();
        Ok(())
    }

    /// The earliest moment at which a queued delivery is due.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn next_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let mut due: Option<DateTime<Utc>> = None;
        for destination in self.waiting_destinations()? {
            // A destination is worked off in order, so its first delivery decides.
            for delivery in self.queued(&destination, 1)? {
                due = Some(due.map_or(delivery.not_before, |other| other.min(delivery.not_before)));
            }
        }
        Ok(due)
    }

    /// How many deliveries stand where.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn counts(&self) -> Result<Counts, StoreError> {
        let queued = self.inner.queue.len();
        let dead = self.inner.dead.len();
        Ok(Counts { queued, dead, delivered: self.inner.deliveries.len().saturating_sub(queued + dead) })
    }
}

/// Destination, then when it was queued, then when its filing was accepted: a scan by destination comes oldest first.
fn place(delivery: &Delivery) -> Vec<u8> {
    let accepted_at = match &delivery.body {
        Body::Alert(alert) => alert.accepted_at.unwrap_or(alert.seen_at),
        Body::Digest(digest) => digest.until,
    };
    let mut place = delivery.destination.to_string().into_bytes();
    place.push(0);
    place.extend_from_slice(&delivery.queued_at.timestamp_micros().to_be_bytes());
    place.extend_from_slice(&accepted_at.timestamp().to_be_bytes());
    place.extend_from_slice(delivery.key.as_str().as_bytes());
    place
}
