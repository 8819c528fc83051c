//! What may have been told though the store does not know: it is looked for before it is sent.

use chrono::{DateTime, Utc};

use super::App;
use super::deliver::Sending;
use crate::delivery::{Batch, InFlight, Outcome};
use crate::notify::{ReadBack, Sent};
use crate::store::{DeliveryStanding, Doubt, StoreError};

impl App {
    /// What a start does before anything is sent: forgets what nothing refers to, and marks what the disk may have lost the
    /// sending of.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn take_up(&self) -> Result<(), StoreError> {
        self.report_given_up(self.clock().now())?;
        self.end_idle_pauses()?;
        self.forget_told_lists()?;
        self.forget_idle_troubles()?;
        let Some(doubt) = self.store.doubt()?.filter(|doubt| doubt.queue) else { return Ok(()) };
        for destination in self.store.waiting_destinations()? {
            if !self.notifier.reads_back(&destination) {
                continue;
            }
            for delivery in self.store.queued(&destination, usize::MAX)? {
                if self.store.delivery_standing(&delivery.key)? == Some(DeliveryStanding::Queued) {
                    let sends = sent_in_doubt(delivery.queued_at, doubt);
                    self.store.set_in_flight([&delivery.key], Some(&sends))?;
                }
            }
        }
        self.store.set_doubt(Doubt { queue: false, ..doubt })
    }

    /// Looks whether an earlier try arrived of which no answer came; `None` where it is to be made again.
    pub(super) async fn look(
        &self,
        batch: &Batch,
        sends: &InFlight,
        now: DateTime<Utc>,
    ) -> Result<Option<Sending>, StoreError> {
        let (destination, key) = (batch.destination(), batch.key());
        match self.notifier.find(batch, sends, now).await {
            Ok(ReadBack::Arrived(mut told)) => {
                let mut found = Vec::new();
                for delivery in batch.deliveries() {
                    match told.remove(&delivery.key) {
                        Some((Sent { message_id }, at)) => {
                            found.push((delivery.clone(), Outcome::Delivered { at, message_id }));
                        }
                        None => drop(self.store.set_in_flight([&delivery.key], None)?),
                    }
                }
                if !found.is_empty() {
                    tracing::info!(%destination, %key, "an earlier try had arrived, and is not sent again");
                }
                Ok(Some(Sending::Found(found)))
            }
            Ok(ReadBack::Guarded) => Ok(None),
            // It would be seen if it were there, but for a permission that every channel needs; so nothing is held back.
            Ok(ReadBack::Unknown(_)) if sends.guess => {
                self.store.set_in_flight(batch.keys(), None)?;
                Ok(Some(Sending::Found(Vec::new())))
            }
            // Once is enough: an outage may last.
            Ok(ReadBack::Unknown(reason)) if sends.first == sends.last => {
                tracing::warn!(
                    %destination, %key,
                    "sent again, and perhaps told twice: nobody knows what became of the last try, and {reason}"
                );
                Ok(None)
            }
            // One of them may be what it cannot take.
            Ok(ReadBack::Unknown(_)) if sends.batch.is_some() => {
                self.store.set_in_flight(batch.keys(), Some(&sends.alone()))?;
                Ok(Some(Sending::Found(Vec::new())))
            }
            Ok(ReadBack::Unknown(_)) => Ok(None),
            Err(error) => Ok(Some(Sending::Failed(error))),
        }
    }
}

/// When something may have been sent that was there from a moment on.
pub(super) fn sent_in_doubt(from: DateTime<Utc>, doubt: Doubt) -> InFlight {
    InFlight { first: from, last: doubt.until.max(from), batch: None, guess: true }
}
