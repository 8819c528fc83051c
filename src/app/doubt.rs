//! What may have been told though the store does not know: it is looked for before it is sent.

use chrono::{DateTime, Utc};

use super::App;
use crate::delivery::InFlight;
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
        let Some(doubt) = self.store.doubt()?.filter(|doubt| doubt.queue) else { return Ok(()) };
        for destination in self.store.waiting_destinations()? {
            if !self.notifier.reads_back(&destination) {
                continue;
            }
            for delivery in self.store.queued(&destination, usize::MAX)? {
                if self.store.delivery_standing(&delivery.key)? == Some(DeliveryStanding::Queued) {
                    let sends = sent_in_doubt(delivery.queued_at, doubt);
                    self.store.set_in_flight(&delivery.key, Some(&sends))?;
                }
            }
        }
        self.store.set_doubt(Doubt { queue: false, ..doubt })
    }
}

/// When something may have been sent that was there from a moment on.
pub(super) fn sent_in_doubt(from: DateTime<Utc>, doubt: Doubt) -> InFlight {
    InFlight { first: from, last: doubt.until.max(from), batch: None, guess: true }
}
