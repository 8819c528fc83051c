//! The states of deliveries and their places in the queue, and how transactions change them.

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

/// Destination, time, delivery key → a waiting delivery with its state.
pub(super) const QUEUE: Table<Delivery> = Table::new("queue");
/// Delivery key → its place in the queue, or its outcome.
pub(super) const DELIVERIES: Table<Stood> = Table::new("deliveries");

/// The state of a delivery.
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
    /// It was muted, and its destination is sent no message about muted alerts.
    Unreported {
        /// When the mute ended.
        at: DateTime<Utc>,
    },
    /// It was delivered or given up.
    Left(Outcome),
}

/// The stored state of a delivery. For a waiting one, its record in the queue has the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stood {
    /// It waits at this place in the queue.
    Waits(String),
    /// It waits, as written by versions with two records per delivery.
    Queued,
    /// The same, but it may have been sent.
    InFlight(InFlight),
    /// It is part of another one, as written by versions that did not record since when.
    Joined(Key),
    /// It is part of another one.
    In {
        message: Key,
        since: DateTime<Utc>,
    },
    Muted,
    #[serde(alias = "untold")]
    Unreported {
        at: DateTime<Utc>,
    },
    Left(Outcome),
    /// Its record was damaged, so it may have been sent.
    Unknown,
}

impl Stood {
    /// True if it waits, or its record says so.
    pub(super) fn waits(&self) -> bool {
        matches!(self, Self::Waits(_) | Self::Queued | Self::InFlight(_))
    }
}

/// The stored state of a delivery. An unreadable record is moved to the corrupt records and replaced with
/// [`Stood::Unknown`].
pub(super) async fn stood(transaction: &Transaction, key: &Key) -> Result<Option<Stood>, Ended> {
    let Some(value) = transaction.get(DELIVERIES.space, key.as_str()).await? else { return Ok(None) };
    if let Ok(stood) = decode(key.as_str(), &value) {
        return Ok(Some(stood));
    }
    DELIVERIES.get(transaction, key.as_str()).await?;
    DELIVERIES.put(transaction, key.as_str(), &Stood::Unknown)?;
    Ok(Some(Stood::Unknown))
}

/// Queues a delivery, unless one with its key was queued or sent before.
pub(super) async fn enqueue(transaction: &Transaction, delivery: &Delivery) -> Result<(), Ended> {
    // An alert that another filing's owner had muted has not been sent yet.
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

/// Queues a delivery. If an alert about the same trade from another filing still waits, the two are joined.
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

/// Adds a delivery to the queue, or updates it there.
pub(super) fn put(transaction: &Transaction, delivery: &Delivery) -> Result<(), StoreError> {
    let place = place(delivery);
    QUEUE.put(transaction, &place, delivery)?;
    DELIVERIES.put(transaction, delivery.key.as_str(), &Stood::Waits(place))
}

/// Removes a delivery from the queue and sets its new state. Returns it as it waited, or `None` if it did not
/// wait. The caller updates the counts.
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
    // If the record is now unreadable, use the delivery as it was read before.
    Ok(waited.or_else(|| was_there.then(|| delivery.clone())))
}

/// The waiting delivery as stored; `None` if it no longer waits, because it has since joined another one or
/// left the queue.
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

/// The key prefix of a destination's deliveries.
pub(super) fn prefix(destination: &Destination) -> String {
    format!("{}\t", part(&destination.to_string()))
}

/// The destination of a key prefix, if that shows it.
pub(super) fn destination_of(prefix: &str) -> Option<Destination> {
    let destination = prefix.strip_suffix('\t')?.parse().ok()?;
    Some(destination).filter(|destination| self::prefix(destination) == prefix)
}

/// Destination, queue time, acceptance time of the filing, so that a scan by destination is oldest first.
pub(super) fn place(delivery: &Delivery) -> String {
    let accepted_at = match &delivery.body {
        Body::Alert(alert) | Body::Addition(alert) | Body::Correction(alert) => {
            alert.accepted_at.unwrap_or(alert.seen_at)
        }
        Body::Digest(digest) => digest.until,
        Body::Notice(notice) => notice.at,
        // Sort before deliveries that were queued with its alerts.
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
