//! Deliveries that may have been sent without our knowledge: each is looked for before it is sent again.

use std::slice;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::delivery::{Batch, Delivery, InFlight, Outcome};
use crate::notify::{Notifier, ReadBack, SendError, Sent};
use crate::parts::Parts;
use crate::store::{Doubt, Store, StoreError};

/// The result of looking for an earlier try.
pub(super) enum Looked {
    /// Send it again.
    Again,
    /// These deliveries had arrived; the next message must be picked again.
    Arrived(Vec<(Delivery, Outcome)>),
    /// The destination could not be checked now.
    Failed(SendError),
}

/// Looks for deliveries that may have been sent.
pub(crate) struct Recovery {
    store: Store,
    notifier: Arc<Notifier>,
}

impl Recovery {
    pub(super) fn new(parts: &Parts) -> Self {
        Self { store: parts.store.clone(), notifier: Arc::clone(&parts.notifier) }
    }

    /// Runs once at start-up, before anything is sent: marks queued deliveries that may have been sent, if
    /// the disk lost the record of that.
    pub(crate) async fn mark_uncertain(&self) -> Result<(), StoreError> {
        let Some(doubt) = self.store.doubt().await?.filter(|doubt| doubt.queue) else { return Ok(()) };
        for destination in self.store.waiting_destinations().await? {
            if !self.notifier.reads_back(&destination) {
                continue;
            }
            for delivery in self.store.queued(&destination, usize::MAX).await? {
                if delivery.in_flight.is_none() {
                    let sends = doubt.sends_since(delivery.queued_at);
                    self.store.set_in_flight(slice::from_ref(&delivery), Some(&sends)).await?;
                }
            }
        }
        self.store.set_doubt(Doubt { queue: false, ..doubt }).await
    }

    /// Checks whether an earlier try without an answer arrived.
    pub(super) async fn look(
        &self,
        batch: &Batch,
        sends: &InFlight,
        now: DateTime<Utc>,
    ) -> Result<Looked, StoreError> {
        let mut batch = batch.clone();
        batch.set_thread(sends.thread);
        let (destination, key) = (batch.destination(), batch.key());
        match self.notifier.find(&batch, sends, now).await {
            Ok(ReadBack::Arrived(mut arrived)) => {
                let mut found = Vec::new();
                for delivery in batch.deliveries() {
                    match arrived.remove(&delivery.key) {
                        Some((Sent { message_id }, at)) => {
                            found.push((delivery.clone(), Outcome::Delivered { at, message_id }));
                        }
                        None => drop(self.store.set_in_flight(slice::from_ref(delivery), None).await?),
                    }
                }
                if !found.is_empty() {
                    tracing::info!(%destination, %key, "an earlier attempt had arrived, so it is not sent again");
                }
                Ok(Looked::Arrived(found))
            }
            Ok(ReadBack::Guarded) => Ok(Looked::Again),
            // If it existed, we would see it, unless we lack a permission that every channel needs; so hold
            // nothing back.
            Ok(ReadBack::Unknown(_)) if sends.guess => {
                self.store.set_in_flight(batch.deliveries(), None).await?;
                Ok(Looked::Arrived(Vec::new()))
            }
            // Warn only once, because an outage may last.
            Ok(ReadBack::Unknown(reason)) if sends.first == sends.last => {
                tracing::warn!(
                    %destination, %key,
                    "sent again, perhaps twice: the last attempt got no answer, and {reason}"
                );
                Ok(Looked::Again)
            }
            // The destination may be unable to accept one of them.
            Ok(ReadBack::Unknown(_)) if sends.batch.is_some() => {
                self.store.set_in_flight(batch.deliveries(), Some(&sends.alone())).await?;
                Ok(Looked::Arrived(Vec::new()))
            }
            Ok(ReadBack::Unknown(_)) => Ok(Looked::Again),
            Err(error) => Ok(Looked::Failed(error)),
        }
    }
}
