//! Inboxes whose readers stopped their e-mails.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::digests;
use super::error::StoreError;
use super::handle::Store;
use super::table::Table;
use crate::destination::{AddressId, Inbox};

/// Inbox → since when its reader wants no e-mails.
pub(super) const UNSUBSCRIBED: Table<Unsubscribed> = Table::new("unsubscribed");

/// A reader who stopped their e-mails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Unsubscribed {
    /// Since when.
    pub(super) at: DateTime<Utc>,
    /// The id of the address: another one in its place gets e-mails.
    pub(super) address: String,
}

impl Store {
    /// Stops e-mails to an inbox at an address. Returns false if they were stopped already.
    pub async fn stop_emails(
        &self,
        inbox: &Inbox,
        address: &AddressId,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let (key, address) = (&digests::key(inbox), &address.to_string());
        self.transaction(|transaction| async move {
            let before = UNSUBSCRIBED.get(&transaction, key).await?;
            if before.is_some_and(|before| before.address == *address) {
                return Ok(false);
            }
            UNSUBSCRIBED.put(&transaction, key, &Unsubscribed { at, address: address.clone() })?;
            Ok(true)
        })
        .await
    }

    /// Sends e-mails to an inbox again. Returns false if they were not stopped.
    pub async fn resume_emails(&self, inbox: &Inbox) -> Result<bool, StoreError> {
        let key = &digests::key(inbox);
        self.transaction(|transaction| async move {
            let was = UNSUBSCRIBED.has(&transaction, key).await?;
            UNSUBSCRIBED.delete(&transaction, key);
            Ok(was)
        })
        .await
    }

    /// True if the reader of an inbox at this address stopped its e-mails.
    pub async fn has_unsubscribed(&self, inbox: &Inbox, address: &AddressId) -> Result<bool, StoreError> {
        let record = self.get(&UNSUBSCRIBED, &digests::key(inbox)).await?;
        Ok(record.is_some_and(|record| record.address == address.to_string()))
    }
}
