//! The queue of deliveries. A delivery leaves it only as delivered or dead.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::engine::{Range, Transaction};
use super::error::StoreError;
use super::handle::{Ended, Store};
use super::latency::{LATENCY, Latency};
use super::placing::{QUEUE, Stood, destination_of, place, prefix, take, waiting};
use super::table::PAGE;
use super::{counts, dead, placing};
use crate::alert::Key;
use crate::delivery::{Body, Delivery, InFlight, Outcome};
use crate::destination::Destination;
use crate::summary::Why;

impl Store {
    /// Queues a delivery, unless one with its key was queued or sent before.
    pub async fn enqueue(&self, delivery: &Delivery) -> Result<(), StoreError> {
        self.transaction(|transaction| async move { placing::enqueue(&transaction, delivery).await }).await
    }

    /// Records which sends of queued deliveries may have reached their destination: before the next send
    /// begins, or after one that certainly did not arrive. Returns `false` and writes nothing if any of them
    /// no longer waits; nothing may then be sent.
    ///
    /// # Errors
    /// Failures of the store; nothing may then be sent.
    pub async fn set_in_flight(
        &self,
        deliveries: &[Delivery],
        in_flight: Option<&InFlight>,
    ) -> Result<bool, StoreError> {
        self.transaction(|transaction| async move {
            let mut known = Vec::new();
            for delivery in deliveries {
                let Some(waits) = waiting(&transaction, delivery).await? else { return Ok(false) };
                known.push(waits);
            }
            for waits in known {
                QUEUE.put(
                    &transaction,
                    &place(&waits),
                    &Delivery { in_flight: in_flight.cloned(), ..waits },
                )?;
            }
            Ok(true)
        })
        .await
    }

    /// The destinations with queued deliveries.
    pub async fn waiting_destinations(&self) -> Result<BTreeSet<Destination>, StoreError> {
        let mut destinations = BTreeSet::new();
        let mut next = Range::first(1);
        // One lookup per destination, which does not decode what may be a long digest.
        while let Some((place, _)) = self.stored(QUEUE.space, &next).await?.pop() {
            let of = place.split_inclusive('\t').next().unwrap_or_default();
            next = Range::behind_prefix(of, 1);
            match destination_of(of) {
                Some(destination) => drop(destinations.insert(destination)),
                None => {
                    let first = self.range(&QUEUE, &Range::prefix(of, 1)).await?;
                    destinations.extend(first.into_iter().map(|(_, delivery)| delivery.destination));
                }
            }
        }
        Ok(destinations)
    }

    /// Up to `most` queued deliveries of a destination, oldest first.
    pub async fn queued(&self, destination: &Destination, most: usize) -> Result<Vec<Delivery>, StoreError> {
        self.records(&QUEUE, &Range::prefix(&prefix(destination), most)).await
    }

    /// Removes deliveries from the queue with their outcome, in one transaction. Dead ones are kept with
    /// their bodies.
    ///
    /// # Errors
    /// Failures of the store; the deliveries then stay queued.
    pub async fn leave_queue(&self, deliveries: &[Delivery], outcome: &Outcome) -> Result<(), StoreError> {
        self.leave_queue_for(deliveries, outcome, None).await
    }

    /// The same, and queues the delivery that follows from the outcome, in the same transaction.
    pub async fn leave_queue_for(
        &self,
        deliveries: &[Delivery],
        outcome: &Outcome,
        next: Option<&Delivery>,
    ) -> Result<(), StoreError> {
        self.transaction(|transaction| async move {
            for delivery in deliveries {
                leave(&transaction, delivery, outcome).await?;
            }
            match next {
                Some(next) => placing::enqueue(&transaction, next).await,
                None => Ok(()),
            }
        })
        .await
    }

    /// Updates deliveries after a failed attempt, except those that no longer wait.
    pub async fn requeue(&self, deliveries: &[Delivery]) -> Result<(), StoreError> {
        self.write_back(deliveries, |tried, known| {
            let Delivery { attempts, not_before, failing_since, .. } = *tried;
            // Keep the stored body: it may have grown if another filing reported the same trade.
            Delivery { attempts, not_before, failing_since, ..known }
        })
        .await
    }

    /// Replaces a queued delivery, unless it no longer waits.
    pub async fn rewrite(&self, delivery: &Delivery) -> Result<(), StoreError> {
        self.write_back(std::slice::from_ref(delivery), |anew, known| Delivery {
            in_flight: known.in_flight,
            joined: known.joined,
            ..anew.clone()
        })
        .await
    }

    async fn write_back(
        &self,
        deliveries: &[Delivery],
        change: impl Fn(&Delivery, Delivery) -> Delivery,
    ) -> Result<(), StoreError> {
        let change = &change;
        self.transaction(|transaction| async move {
            for delivery in deliveries {
                if let Some(known) = waiting(&transaction, delivery).await? {
                    QUEUE.put(&transaction, &place(delivery), &change(delivery, known))?;
                }
            }
            Ok(())
        })
        .await
    }

    /// Makes all waiting deliveries of a destination due now. Returns how many there are.
    pub async fn hasten(&self, destination: &Destination, now: DateTime<Utc>) -> Result<usize, StoreError> {
        let (mut count, mut deferred) = (0, Vec::new());
        self.each(&QUEUE, Range::prefix(&prefix(destination), usize::MAX), |_, delivery| {
            count += 1;
            if delivery.not_before > now {
                deferred.push(delivery);
            }
            true
        })
        .await?;
        // Some of them may have been sent meanwhile.
        for some in deferred.chunks(PAGE) {
            self.write_back(some, |_, known| Delivery { not_before: now, ..known }).await?;
        }
        Ok(count)
    }
}

/// Removes a delivery from the queue with its outcome, and counts it.
pub(super) async fn leave(
    transaction: &Transaction,
    delivery: &Delivery,
    outcome: &Outcome,
) -> Result<(), Ended> {
    let waited = take(transaction, delivery, &Stood::Left(outcome.clone())).await?;
    if let Outcome::Dead { .. } = outcome {
        dead::keep(transaction, delivery, waited.as_ref())?;
    }
    for (key, latency) in latencies(delivery, outcome) {
        LATENCY.put(transaction, &Latency::place(latency.sent_at, key.as_str()), &latency)?;
    }
    let Some(waited) = waited else { return Ok(()) };
    counts::change(transaction, &delivery.destination.to_string(), |counts| {
        counts.queued = counts.queued.saturating_sub(waited.count());
        match outcome {
            Outcome::Delivered { .. } => counts.delivered += waited.count(),
            Outcome::Dead { .. } => counts.dead += waited.count(),
        }
    })
    .await
}

/// The latencies of delivered alerts.
fn latencies(delivery: &Delivery, outcome: &Outcome) -> Vec<(Key, Latency)> {
    let Outcome::Delivered { at: sent_at, .. } = *outcome else { return Vec::new() };
    let latency = |accepted_at: Option<DateTime<Utc>>, seen_at| {
        accepted_at.map(|accepted_at| Latency { accepted_at, seen_at, sent_at })
    };
    match &delivery.body {
        Body::Alert(alert) => latency(alert.accepted_at, alert.seen_at)
            .map(|latency| (delivery.key.clone(), latency))
            .into_iter()
            .collect(),
        // The time they were muted says nothing about the bot's speed.
        Body::Summary(summary) if matches!(summary.why, Why::Muted { .. }) => Vec::new(),
        Body::Summary(summary) => {
            let old = summary.lines.len().saturating_sub(summary.added);
            let new = summary.lines.iter().skip(old);
            new.filter_map(|line| Some((line.key.clone(), latency(line.accepted_at, line.seen_at)?)))
                .collect()
        }
        Body::Digest(_) | Body::Notice(_) | Body::Addition(_) | Body::Correction(_) => Vec::new(),
    }
}
