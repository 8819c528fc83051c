//! Retries destinations on request: ends pauses and queues dead deliveries again.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Outbox;
use super::overflow::join_waiting;
use crate::config::Settings;
use crate::delivery::InFlight;
use crate::destination::Destination;
use crate::store::{Store, StoreError, Tries};

/// The outcome of a retry for one destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retried {
    /// The destination.
    pub destination: String,
    /// True if it was paused.
    pub was_paused: bool,
    /// How many deliveries waited for it.
    pub waiting: usize,
    /// How many dead deliveries were queued again.
    pub revived: usize,
}

/// The destinations that a retry is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retry {
    /// One destination; a recipient stands for all of its addresses.
    One(Destination),
    /// Every destination that is paused, or has waiting or dead deliveries.
    All,
}

impl Outbox {
    /// Tries destinations again now, with their dead deliveries.
    ///
    /// # Errors
    /// Same as [`retry`].
    pub async fn retry(
        &self,
        what: &Retry,
        now: DateTime<Utc>,
    ) -> Result<Result<Vec<Retried>, String>, StoreError> {
        let retried = retry(&self.store, &self.settings, what, now).await?;
        self.retried.send_modify(|times| {
            for retried in retried.iter().flatten() {
                *times.entry(retried.destination.clone()).or_default() += 1;
            }
        });
        self.wakes.queued.notify_one();
        Ok(retried)
    }
}

/// Tries destinations again: ends their pauses, makes waiting deliveries due, and queues dead deliveries
/// again under their own keys. Deliveries that may have arrived count as in flight, so they are looked for
/// first if possible.
///
/// # Errors
/// Failures of the store. The inner error means that the destination is unknown; nothing then changes, and
/// its text explains why.
pub async fn retry(
    store: &Store,
    settings: &Settings,
    what: &Retry,
    now: DateTime<Utc>,
) -> Result<Result<Vec<Retried>, String>, StoreError> {
    let is_known = |destination: &Destination| match destination {
        Destination::Channel(_) => true,
        other => settings.knows(other),
    };
    let destinations: BTreeSet<Destination> = match what {
        // Leave out destinations that the settings no longer define, until they define them again.
        Retry::All => with_something(store).await?.into_iter().filter(is_known).collect(),
        Retry::One(destination) => {
            let known = match destination {
                Destination::Channel(id) => {
                    !store.subscriptions(*id).await?.is_empty()
                        || with_something(store).await?.contains(destination)
                }
                other => is_known(other),
            };
            if !known {
                return Ok(Err(match destination {
                    Destination::Channel(id) => {
                        format!("channel {id} has no subscription, and nothing is waiting or given up for it")
                    }
                    other => {
                        let defined = settings.destinations().join(", ");
                        format!("the settings define no destination `{other}`; they define {defined}")
                    }
                }));
            }
            settings.each_of(destination).into_iter().collect()
        }
    };
    let mut retried = Vec::new();
    for destination in &destinations {
        retried.push(one(store, settings, destination, now).await?);
    }
    Ok(Ok(retried))
}

/// The destinations that are paused, or have waiting or dead deliveries.
async fn with_something(store: &Store) -> Result<BTreeSet<Destination>, StoreError> {
    let mut all = store.waiting_destinations().await?;
    all.extend(store.dead_destinations().await?);
    all.extend(store.all_paused().await?.into_iter().map(|paused| paused.destination));
    Ok(all)
}

async fn one(
    store: &Store,
    settings: &Settings,
    destination: &Destination,
    now: DateTime<Utc>,
) -> Result<Retried, StoreError> {
    let waiting = store.hasten(destination, now).await?;
    let paused = store.paused(destination).await?;
    let was_paused = paused.is_some();
    if let Some(paused) = paused {
        // There may be many, and a mailbox may limit mails per hour.
        join_waiting(store, settings, destination, paused.since, now).await?;
        store.resume(destination, &[]).await?;
    }
    let reads_back = settings.reads_back(destination);
    let mut revived = 0;
    for key in store.dead_of(destination).await? {
        let Some(dead) = store.dead(&key).await? else { continue };
        let in_flight = match dead.tries {
            Tries::Answered => None,
            // A combined message has a different nonce than the delivery on its own.
            Tries::Open(sends) if sends.batch.is_some() => Some(sends.in_doubt()),
            Tries::Open(sends) => Some(sends),
            Tries::Unknown if reads_back => {
                let first = dead.delivery.queued_at;
                Some(InFlight {
                    first,
                    last: dead.at.unwrap_or(first).max(first),
                    batch: None,
                    thread: None,
                    guess: true,
                })
            }
            Tries::Unknown => None,
        };
        revived += usize::from(store.revive(&dead.delivery, in_flight.as_ref(), now).await?);
    }
    tracing::info!(%destination, was_paused, waiting, revived, "it is tried again now");
    Ok(Retried { destination: destination.to_string(), was_paused, waiting, revived })
}
