//! The queue of deliveries: nothing leaves it but as delivered or dead.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::dead;
use super::error::{StoreError, abort};
use super::handle::Store;
use super::latency::Latency;
use super::placing::{DeliveryStanding, Joined, enqueue, place, prefix, waits};
use super::record::{decode, encode};
use crate::alert::Key;
use crate::delivery::{Body, Delivery, InFlight, Outcome};
use crate::destination::Destination;
use crate::summary::Why;

impl Store {
    /// Queues a delivery, unless one of its key was queued or sent before.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn enqueue(&self, delivery: &Delivery) -> Result<(), StoreError> {
        let trees = (&self.inner.queue, &self.inner.deliveries);
        self.transact(&trees, |(queue, deliveries)| enqueue(queue, deliveries, delivery))
    }

    /// Notes which sends of queued deliveries may have reached their destination, before the next one begins or after one that certainly
    /// did not. `false`, and nothing is written, where one of them no longer waits: then nothing may be sent.
    ///
    /// # Errors
    /// Failures of the store; then nothing may be sent.
    pub async fn set_in_flight<'a>(
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
    pub(super) async fn joined(&self, deliveries: &[Delivery]) -> Result<Vec<Joined>, StoreError> {
        let mut joined = Vec::new();
        for delivery in deliveries {
            let key = delivery.key.as_str();
            let Body::Alert(alert) = &delivery.body else { continue };
            let known = self.inner.deliveries.contains_key(key).map_err(|error| self.failed(error))?;
            if !known {
                continue;
            }
            let waiting = self.queued(&delivery.destination, usize::MAX).await?;
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
    pub(super) async fn due_additions<'a>(
        &self,
        additions: &'a [Delivery],
    ) -> Result<Vec<&'a Delivery>, StoreError> {
        let mut due = Vec::new();
        for addition in additions {
            let Some(key) = &addition.concerns else { continue };
            let standing = self.delivery_standing(key).await?;
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
    pub async fn waiting_destinations(&self) -> Result<BTreeSet<Destination>, StoreError> {
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
    pub async fn queued(&self, destination: &Destination, most: usize) -> Result<Vec<Delivery>, StoreError> {
        self.scan(&self.inner.queue, &prefix(destination), most)
    }

    /// Takes a delivery out of the queue with what became of it, in one transaction. A dead one is kept, with its body.
    ///
    /// # Errors
    /// Failures of the store; then it stays queued.
    pub async fn leave_queue(&self, delivery: &Delivery, outcome: &Outcome) -> Result<(), StoreError> {
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
    pub async fn requeue(&self, delivery: &Delivery) -> Result<(), StoreError> {
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
    pub async fn rewrite(&self, delivery: &Delivery) -> Result<(), StoreError> {
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
