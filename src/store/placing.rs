//! Where deliveries stand and wait, and what a transaction does with them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sled::transaction::{ConflictableTransactionError, TransactionalTree};

use super::error::{StoreError, abort};
use super::record::{decode, encode};
use crate::alert::{Alert, Key};
use crate::delivery::{Body, Delivery, InFlight, Outcome};
use crate::destination::Destination;

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
