//! Deliveries that were given up: kept with their bodies, counted for the operators, and queued again when somebody asks for it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::error::{StoreError, abort};
use super::handle::Store;
use super::record::{decode, encode};
use super::{DeliveryStanding, placing};
use crate::alert::Key;
use crate::delivery::{Body, Delivery, InFlight, Outcome};
use crate::destination::Destination;

/// What is known of the tries of a delivery that was given up.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tries {
    /// Nothing: it was given up by an older version.
    #[default]
    Unknown,
    /// Each was answered, so that it certainly did not arrive.
    Answered,
    /// Of some no answer came, so that it may have arrived.
    Open(InFlight),
}

/// A delivery that was given up. Its record is the delivery's with one field more.
#[derive(Serialize)]
struct Record<'a> {
    #[serde(flatten)]
    delivery: &'a Delivery,
    tries: &'a Tries,
}

/// That field.
#[derive(Deserialize)]
struct Tried {
    #[serde(default)]
    tries: Tries,
}

/// What was given up for a destination and is not reported yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenUp {
    /// Which.
    pub destination: Destination,
    /// How many deliveries.
    pub count: usize,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Why the last of them was.
    pub reason: String,
    /// When the operators were sent a notice of others before.
    pub reported_at: Option<DateTime<Utc>>,
}

/// A delivery that was given up, and where it stands.
pub struct Dead {
    /// It, as it was.
    pub delivery: Delivery,
    /// When it was given up; `None` if it was sent or queued since.
    pub at: Option<DateTime<Utc>>,
    /// What is known of its tries.
    pub tries: Tries,
}

/// The record of a dead delivery, from where it stood until then.
pub(super) fn record(delivery: &Delivery, stood: Option<&[u8]>) -> Result<Vec<u8>, StoreError> {
    let key = delivery.key.as_str();
    let tries = match stood.map(|stood| decode::<DeliveryStanding>(key, stood)).transpose()? {
        Some(DeliveryStanding::InFlight(sends)) => Tries::Open(sends),
        _ => Tries::Answered,
    };
    encode(key, &Record { delivery, tries: &tries })
}

impl Store {
    /// Takes a delivery out of the queue for good, keeps it with its body, and counts it for the operators if that is wanted; `false` if it
    /// no longer waits, which leaves it as it is.
    ///
    /// # Errors
    /// Failures of the store; then it stays queued.
    pub async fn give_up(
        &self,
        delivery: &Delivery,
        (at, reason): (DateTime<Utc>, &str),
        counts: bool,
    ) -> Result<bool, StoreError> {
        let _lists = self.hold_lists();
        let destination = delivery.destination.to_string();
        let key = delivery.key.as_str();
        let outcome = Outcome::Dead { at, reason: reason.to_owned() };
        let standing = encode(key, &DeliveryStanding::Left(outcome))?;
        let place = placing::place(delivery);
        let inner = &self.inner;
        let trees = (&inner.queue, &inner.deliveries, &inner.dead, &inner.given_up);
        self.transact(&trees, |(queue, deliveries, dead, given_up)| {
            if !placing::waits(deliveries, &delivery.key)? {
                return Ok(false);
            }
            queue.remove(place.as_slice())?;
            let stood = deliveries.insert(key, standing.as_slice())?;
            dead.insert(key, record(delivery, stood.as_deref()).map_err(abort)?)?;
            if counts {
                let known = given_up.get(destination.as_str())?;
                // One that cannot be read counts anew.
                let known = known.and_then(|known| decode::<GivenUp>(&destination, &known).ok());
                let (count, reported_at) =
                    known.as_ref().map_or((0, None), |known| (known.count, known.reported_at));
                let since = known.filter(|known| known.count > 0).map_or(at, |known| known.since);
                let counted = GivenUp {
                    destination: delivery.destination.clone(),
                    count: count + 1,
                    since,
                    reason: reason.to_owned(),
                    reported_at,
                };
                given_up.insert(destination.as_str(), encode(&destination, &counted).map_err(abort)?)?;
            }
            Ok(true)
        })
    }

    /// What was given up, by destination: also destinations of which all is reported, for a while.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn given_up(&self) -> Result<Vec<GivenUp>, StoreError> {
        self.scan(&self.inner.given_up, &[], usize::MAX)
    }

    /// Queues the notices of what was given up for a destination, and counts anew, at once.
    ///
    /// # Errors
    /// Failures of the store; then nothing of it is written.
    pub async fn report_given_up(
        &self,
        given_up: &GivenUp,
        notices: &[Delivery],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let key = given_up.destination.to_string();
        let counted = GivenUp { count: 0, since: now, reported_at: Some(now), ..given_up.clone() };
        let counted = encode(&key, &counted)?;
        let trees = (&self.inner.given_up, &self.inner.queue, &self.inner.deliveries);
        self.transact(&trees, |(given_up, queue, known)| {
            given_up.insert(key.as_str(), counted.as_slice())?;
            notices.iter().try_for_each(|notice| placing::enqueue(queue, known, notice))
        })
    }

    /// Forgets that something was given up for a destination and reported.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn forget_given_up(&self, destination: &Destination) -> Result<(), StoreError> {
        self.write(|| self.inner.given_up.remove(destination.to_string())).map(drop)
    }

    /// The destinations for which something was given up.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn dead_destinations(&self) -> Result<BTreeSet<Destination>, StoreError> {
        let mut destinations = BTreeSet::new();
        self.each(&self.inner.dead, &[], |delivery: Delivery| {
            destinations.insert(delivery.destination);
            true
        })?;
        Ok(destinations)
    }

    /// The keys of what was given up for a destination, oldest first.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn dead_of(&self, destination: &Destination) -> Result<Vec<Key>, StoreError> {
        let mut dead = Vec::new();
        self.each(&self.inner.dead, &[], |delivery: Delivery| {
            if delivery.destination == *destination {
                dead.push((placing::place(&delivery), delivery.key));
            }
            true
        })?;
        dead.sort();
        Ok(dead.into_iter().map(|(_, key)| key).collect())
    }

    /// A delivery that was given up.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn dead(&self, key: &Key) -> Result<Option<Dead>, StoreError> {
        let Some(delivery) = self.single::<Delivery>(&self.inner.dead, key.as_str())? else {
            return Ok(None);
        };
        let tries =
            self.single::<Tried>(&self.inner.dead, key.as_str())?.map_or(Tries::Unknown, |own| own.tries);
        let at = match self.delivery_standing(key).await? {
            Some(DeliveryStanding::Left(Outcome::Dead { at, .. })) => Some(at),
            _ => None,
        };
        Ok(Some(Dead { delivery, at, tries }))
    }

    /// Queues a delivery that was given up under its own key, as if it had not failed; `false` if it was sent or queued since. What is not
    /// reported yet as given up is not reported any more.
    ///
    /// # Errors
    /// Failures of the store; then it stays as it was.
    pub async fn revive(
        &self,
        delivery: &Delivery,
        in_flight: Option<&InFlight>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let _lists = self.hold_lists();
        let key = delivery.key.as_str();
        let destination = delivery.destination.to_string();
        let standing =
            in_flight.map_or(DeliveryStanding::Queued, |sends| DeliveryStanding::InFlight(sends.clone()));
        let standing = encode(key, &standing)?;
        let waiting = Delivery { attempts: 0, not_before: now, failing_since: None, ..delivery.clone() };
        let (place, waiting) = (placing::place(&waiting), encode(key, &waiting)?);
        let inner = &self.inner;
        let trees = (&inner.dead, &inner.queue, &inner.deliveries, &inner.given_up);
        self.transact(&trees, |(dead, queue, deliveries, given_up)| {
            let stood = deliveries.get(key)?;
            let stood =
                stood.map(|stood| decode::<DeliveryStanding>(key, &stood)).transpose().map_err(abort)?;
            dead.remove(key)?;
            // Where the record of that was lost, only this one tells of it.
            if !matches!(stood, None | Some(DeliveryStanding::Left(Outcome::Dead { .. }))) {
                return Ok(false);
            }
            queue.insert(place.as_slice(), waiting.as_slice())?;
            deliveries.insert(key, standing.as_slice())?;
            let known = given_up.get(destination.as_str())?;
            let known = known.and_then(|known| decode::<GivenUp>(&destination, &known).ok());
            if let (Some(known), Some(DeliveryStanding::Left(Outcome::Dead { at, .. }))) = (known, stood)
                && (known.since..).contains(&at)
                && !matches!(delivery.body, Body::Notice(_))
            {
                let counted = GivenUp { count: known.count.saturating_sub(1), ..known };
                given_up.insert(destination.as_str(), encode(&destination, &counted).map_err(abort)?)?;
            }
            Ok(true)
        })
    }

    /// Has all that waits for a destination be due now; how many deliveries that are.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn hasten(&self, destination: &Destination, now: DateTime<Utc>) -> Result<usize, StoreError> {
        let (mut count, mut put_off) = (0, Vec::new());
        self.each(&self.inner.queue, &placing::prefix(destination), |delivery: Delivery| {
            count += 1;
            if delivery.not_before > now {
                put_off.push(placing::place(&delivery));
            }
            true
        })?;
        for place in put_off {
            self.transact(&self.inner.queue, |queue| {
                // It may have been sent meanwhile.
                let Some(bytes) = queue.get(place.as_slice())? else { return Ok(()) };
                let mut delivery: Delivery = decode("queue", &bytes).map_err(abort)?;
                delivery.not_before = now;
                queue.insert(place.as_slice(), encode(delivery.key.as_str(), &delivery).map_err(abort)?)?;
                Ok(())
            })?;
        }
        Ok(count)
    }
}
