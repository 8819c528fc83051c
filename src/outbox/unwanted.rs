//! E-mails that were queued for a reader who unsubscribed since.

use chrono::{DateTime, Utc};

use super::Outbox;
use crate::delivery::Delivery;
use crate::destination::Destination;
use crate::store::StoreError;

/// How many deliveries to look at in one round.
const LOOKED_AT: usize = 20;

impl Outbox {
    /// Gives up what waits for a reader who unsubscribed, but for notices to operators. Returns false if
    /// there was nothing of that.
    pub(super) async fn give_up_unwanted(
        &self,
        destination: &Destination,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let Destination::Email(inbox) = destination else { return Ok(false) };
        let Some(address) = self.settings.address(inbox) else { return Ok(false) };
        if !self.store.has_unsubscribed(inbox, &address.id()).await? {
            return Ok(false);
        }
        let mut waiting = self.store.queued(destination, LOOKED_AT).await?;
        waiting.retain(Delivery::is_for_readers);
        self.given_up.give_up_quietly(&waiting, "its reader unsubscribed", now).await?;
        Ok(!waiting.is_empty())
    }
}
