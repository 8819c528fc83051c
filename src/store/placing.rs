//! Where deliveries stand and wait, and what a transaction does with them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::counts;
use super::engine::Transaction;
use super::error::StoreError;
use super::handle::Ended;
use super::record::decode;
use super::table::{Table, part};
use crate::alert::Key;
use crate::delivery::{Body, Delivery, InFlight, Outcome};
use crate::destination::Destination;

/// Destination, time, delivery key → a delivery that waits, with its state.
pub(super) const QUEUE: Table<Delivery> = Table::new("queue");
/// Delivery key → where it waits, or what became of it.
pub(super) const DELIVERIES: Table<Stood> = Table::new("deliveries");

/// Where a delivery stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStanding {
    /// It waits.
    Queued,
    /// It waits, and may have reached its destination all the same.
    InFlight(InFlight),
    /// It is part of another message, which has this key.
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

/// The stored state of a delivery: of one that waits, its record in the queue has the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stood {
    /// It waits at this place of the queue.
    Waits(String),
    /// It waits, as versions with two records wrote it.
    Queued,
    /// The same, of one that may have been sent.
    InFlight(InFlight),
    /// It stands in another one, as versions wrote it that did not say since when.
    Joined(Key),
    /// It stands in another one.
    In {
        message: Key,
        since: DateTime<Utc>,
    },
    Muted,
    Untold {
        at: DateTime<Utc>,
    },
    Left(Outcome),
    /// The record of that was damaged: it may have been sent.
    Unknown,
}

impl Stood {
    /// True where it waits, or is said to.
    pub(super) fn waits(&self) -> bool {
        matches!(self, Self::Waits(_) | Self::Queued | Self::InFlight(_))
    }
}

/// Where a delivery stands. A record that cannot be read is kept as a corrupt one, and in its place stands that nobody knows.
pub(super) async fn stood(transaction: &Transaction, key: &Key) -> Result<Option<Stood>, Ended> {
    let Some(value) = transaction.get(DELIVERIES.space, key.as_str()).await? else { return Ok(None) };
    if let Ok(stood) = decode(key.as_str(), &value) {
        return Ok(Some(stood));
    }
    DELIVERIES.get(transaction, key.as_str()).await?;
    DELIVERIES.put(transaction, key.as_str(), &Stood::Unknown)?;
    Ok(Some(Stood::Unknown))
}

/// Queues a delivery, unless one of its key was queued or sent before.
pub(super) async fn enqueue(transaction: &Transaction, delivery: &Delivery) -> Result<(), Ended> {
    // What was muted by another filing's owner is not sent yet.
    if !matches!(stood(transaction, &delivery.key).await?, None | Some(Stood::Muted)) {
        return Ok(());
    }
    put(transaction, delivery)?;
    counts::change(transaction, &delivery.destination.to_string(), |counts| counts.queued += delivery.count())
        .await
}

/// Queues several.
pub(super) async fn enqueue_all(transaction: &Transaction, deliveries: &[Delivery]) -> Result<(), Ended> {
    for delivery in deliveries {
        enqueue(transaction, delivery).await?;
    }
    Ok(())
}

/// Queues one; an alert whose trade another filing reported, and that still waits, is joined with that one.
pub(super) async fn enqueue_or_join(transaction: &Transaction, delivery: &Delivery) -> Result<(), Ended> {
    let Body::Alert(alert) = &delivery.body else { return enqueue(transaction, delivery).await };
    match stood(transaction, &delivery.key).await? {
        Some(Stood::Waits(place)) => {
            let Some(mut known) = QUEUE.get(transaction, &place).await? else { return Ok(()) };
            if let Body::Alert(waiting) = &mut known.body {
                waiting.join(alert);
                QUEUE.put(transaction, &place, &known)?;
            }
            Ok(())
        }
        _ => enqueue(transaction, delivery).await,
    }
}

/// Puts a delivery into the queue, or changes it there.
pub(super) fn put(transaction: &Transaction, delivery: &Delivery) -> Result<(), StoreError> {
    let place = place(delivery);
    QUEUE.put(transaction, &place, delivery)?;
    DELIVERIES.put(transaction, delivery.key.as_str(), &Stood::Waits(place))
}

/// Takes a delivery out of the queue, for it to stand otherwise: as it waited, or `None` where it did not. The caller counts it.
pub(super) async fn take(
    transaction: &Transaction,
    delivery: &Delivery,
    stands: &Stood,
) -> Result<Option<Delivery>, Ended> {
    let place = place(delivery);
    let was_there = QUEUE.has(transaction, &place).await?;
    let waited = QUEUE.get(transaction, &place).await?;
    QUEUE.delete(transaction, &place);
    DELIVERIES.put(transaction, delivery.key.as_str(), stands)?;
    // One that cannot be read any more waited as it was read before.
    Ok(waited.or_else(|| was_there.then(|| delivery.clone())))
}

/// A delivery as it waits; `None` where it no longer does: since it was read, it may have joined another one, or left.
pub(super) async fn waiting(
    transaction: &Transaction,
    delivery: &Delivery,
) -> Result<Option<Delivery>, Ended> {
    let place = place(delivery);
    Ok(match stood(transaction, &delivery.key).await? {
        Some(Stood::Waits(known)) if known != place => None,
        Some(Stood::Waits(_) | Stood::Unknown) | None => QUEUE.get(transaction, &place).await?,
        Some(_) => None,
    })
}

/// The prefix of the places of a destination.
pub(super) fn prefix(destination: &Destination) -> String {
    format!("{}\t", part(&destination.to_string()))
}

/// Destination, then when it was queued, then when its filing was accepted: a scan by destination comes oldest first.
pub(super) fn place(delivery: &Delivery) -> String {
    let accepted_at = match &delivery.body {
        Body::Alert(alert) | Body::Addition(alert) => alert.accepted_at.unwrap_or(alert.seen_at),
        Body::Digest(digest) => digest.until,
        Body::Notice(notice) => notice.at,
        // Before those that were queued with its alerts.
        Body::Summary(_) => DateTime::UNIX_EPOCH,
    };
    format!(
        "{}{:016}/{:012}/{}",
        prefix(&delivery.destination),
        delivery.queued_at.timestamp_micros().max(0),
        accepted_at.timestamp().max(0),
        delivery.key
    )
}
