//! Dead deliveries: kept with their bodies, counted for the operators, and queued again on request.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::engine::{Range, Transaction};
use super::error::StoreError;
use super::handle::Store;
use super::placing::Stood;
use super::table::Table;
use super::{counts, placing};
use crate::alert::Key;
use crate::delivery::{Body, Delivery, InFlight, Outcome};
use crate::destination::Destination;

/// Delivery key → a dead delivery with its body.
pub(super) const DEAD: Table<DeadRecord> = Table::new("dead");
/// Destination → how many of its dead deliveries have not been reported.
pub(super) const GIVEN_UP: Table<GivenUp> = Table::new("given_up");

/// What is known about the attempts to send a dead delivery.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tries {
    /// Nothing, because an older version gave it up.
    #[default]
    Unknown,
    /// Every attempt was answered, so it certainly did not arrive.
    Answered,
    /// Some attempts got no answer, so it may have arrived.
    Open(InFlight),
}

/// A dead delivery as stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct DeadRecord {
    #[serde(flatten)]
    pub(super) delivery: Delivery,
    #[serde(default)]
    pub(super) tries: Tries,
}

/// The dead deliveries of a destination that have not been reported yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenUp {
    /// The destination.
    pub destination: Destination,
    /// How many deliveries.
    pub count: usize,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Why the last of them was given up.
    pub reason: String,
    /// When operators were last notified about earlier ones.
    pub reported_at: Option<DateTime<Utc>>,
}

/// A dead delivery and its state.
pub struct Dead {
    /// The delivery as it was.
    pub delivery: Delivery,
    /// When it was given up; `None` if it was sent or queued since.
    pub at: Option<DateTime<Utc>>,
    /// Its attempts.
    pub tries: Tries,
}

/// Stores a dead delivery, with the state it had while it waited.
pub(super) fn keep(
    transaction: &Transaction,
    delivery: &Delivery,
    waited: Option<&Delivery>,
) -> Result<(), StoreError> {
    let sends = waited.and_then(|waited| waited.in_flight.clone());
    let record = DeadRecord {
        delivery: Delivery {
            in_flight: None,
            joined: waited.map_or(delivery.joined, |waited| waited.joined),
            ..delivery.clone()
        },
        tries: sends.map_or(Tries::Answered, Tries::Open),
    };
    DEAD.put(transaction, delivery.key.as_str(), &record)
}

impl GivenUp {
    /// Adds one to the known count.
    fn more(known: Option<Self>, destination: &Destination, (at, reason): (DateTime<Utc>, &str)) -> Self {
        let (count, reported_at) = known.as_ref().map_or((0, None), |known| (known.count, known.reported_at));
        let since = known.filter(|known| known.count > 0).map_or(at, |known| known.since);
        Self {
            destination: destination.clone(),
            count: count + 1,
            since,
            reason: reason.to_owned(),
            reported_at,
        }
    }
}

impl Store {
    /// Removes a delivery from the queue for good, keeps it with its body, and optionally counts it for the
    /// operators. Returns `false` and changes nothing if it no longer waits.
    ///
    /// # Errors
    /// Failures of the store; the delivery then stays queued.
    pub async fn give_up(
        &self,
        delivery: &Delivery,
        (at, reason): (DateTime<Utc>, &str),
        counts: bool,
    ) -> Result<bool, StoreError> {
        let destination = &delivery.destination.to_string();
        self.transaction(|transaction| async move {
            if placing::waiting(&transaction, delivery).await?.is_none() {
                return Ok(false);
            }
            let outcome = Outcome::Dead { at, reason: reason.to_owned() };
            let waited = placing::take(&transaction, delivery, &Stood::Left(outcome)).await?;
            keep(&transaction, delivery, waited.as_ref())?;
            let count = waited.map_or(0, |waited| waited.count());
            counts::change(&transaction, destination, |counts| {
                counts.queued = counts.queued.saturating_sub(count);
                counts.dead += count;
            })
            .await?;
            if counts {
                let known = GIVEN_UP.get(&transaction, destination).await?;
                let counted = GivenUp::more(known, &delivery.destination, (at, reason));
                GIVEN_UP.put(&transaction, destination, &counted)?;
            }
            Ok(true)
        })
        .await
    }

    /// The counts of dead deliveries by destination. Destinations with everything reported stay listed for a
    /// while.
    pub async fn given_up(&self) -> Result<Vec<GivenUp>, StoreError> {
        self.records(&GIVEN_UP, &Range::first(usize::MAX)).await
    }

    /// Queues notices about a destination's dead deliveries and subtracts them from the count, in one
    /// transaction.
    pub async fn report_given_up(
        &self,
        given_up: &GivenUp,
        notices: &[Delivery],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let key = &given_up.destination.to_string();
        self.transaction(|transaction| async move {
            // More may have been given up since it was read.
            let known = GIVEN_UP.get(&transaction, key).await?.unwrap_or_else(|| given_up.clone());
            let count = known.count.saturating_sub(given_up.count);
            let counted = GivenUp { count, since: now, reported_at: Some(now), ..known };
            GIVEN_UP.put(&transaction, key, &counted)?;
            placing::enqueue_all(&transaction, notices).await
        })
        .await
    }

    /// Forgets a destination's reported dead deliveries, unless more were added since it was read.
    pub async fn forget_given_up(&self, read: &GivenUp) -> Result<(), StoreError> {
        self.delete_read(&GIVEN_UP, &read.destination.to_string(), read).await
    }

    /// The destinations with dead deliveries.
    pub async fn dead_destinations(&self) -> Result<BTreeSet<Destination>, StoreError> {
        let mut destinations = BTreeSet::new();
        self.each(&DEAD, Range::first(usize::MAX), |_, dead| {
            destinations.insert(dead.delivery.destination);
            true
        })
        .await?;
        Ok(destinations)
    }

    /// The keys of a destination's dead deliveries, oldest first.
    pub async fn dead_of(&self, destination: &Destination) -> Result<Vec<Key>, StoreError> {
        let mut keys = Vec::new();
        self.each(&DEAD, Range::first(usize::MAX), |_, DeadRecord { delivery, .. }| {
            if delivery.destination == *destination {
                keys.push((placing::place(&delivery), delivery.key));
            }
            true
        })
        .await?;
        keys.sort();
        Ok(keys.into_iter().map(|(_, key)| key).collect())
    }

    /// A dead delivery.
    pub async fn dead(&self, key: &Key) -> Result<Option<Dead>, StoreError> {
        self.transaction(|transaction| async move {
            let Some(DeadRecord { delivery, tries }) = DEAD.get(&transaction, key.as_str()).await? else {
                return Ok(None);
            };
            let at = match placing::stood(&transaction, key).await? {
                Some(Stood::Left(Outcome::Dead { at, .. })) => Some(at),
                _ => None,
            };
            Ok(Some(Dead { delivery, at, tries }))
        })
        .await
    }

    /// Queues a dead delivery again under its own key, as if it had not failed. Returns `false` if it was
    /// sent or queued since. If it has not been reported as dead yet, it no longer will be.
    ///
    /// # Errors
    /// Failures of the store; the delivery then stays dead.
    pub async fn revive(
        &self,
        delivery: &Delivery,
        in_flight: Option<&InFlight>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let key = delivery.key.as_str();
        let destination = &delivery.destination.to_string();
        self.transaction(|transaction| async move {
            let stood = placing::stood(&transaction, &delivery.key).await?;
            let dead = DEAD.get(&transaction, key).await?;
            DEAD.delete(&transaction, key);
            // If the delivery's own record was lost, this is the only trace of it.
            if !matches!(stood, None | Some(Stood::Unknown | Stood::Left(Outcome::Dead { .. }))) {
                return Ok(false);
            }
            let waits = Delivery {
                attempts: 0,
                not_before: now,
                failing_since: None,
                in_flight: in_flight.cloned(),
                joined: dead.map_or(delivery.joined, |dead| dead.delivery.joined),
                ..delivery.clone()
            };
            placing::put(&transaction, &waits)?;
            counts::change(&transaction, destination, |counts| {
                counts.dead = counts.dead.saturating_sub(waits.count());
                counts.queued += waits.count();
            })
            .await?;
            let known = GIVEN_UP.get(&transaction, destination).await?;
            if let (Some(known), Some(Stood::Left(Outcome::Dead { at, .. }))) = (known, stood)
                && (known.since..).contains(&at)
                && !matches!(delivery.body, Body::Notice(_))
            {
                let counted = GivenUp { count: known.count.saturating_sub(1), ..known };
                GIVEN_UP.put(&transaction, destination, &counted)?;
            }
            Ok(true)
        })
        .await
    }
}
