//! Readers who stopped their e-mails.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::engine::Range;
use super::error::StoreError;
use super::handle::Store;
use super::table::Table;
use crate::destination::{AddressId, Inbox};

/// Recipient and id of the address → since when its reader wants no e-mails. The order of a recipient's addresses
/// does not matter. Older versions had the first address by the recipient's name alone.
pub(super) const UNSUBSCRIBED: Table<Unsubscribed> = Table::new("unsubscribed");

/// A reader who stopped their e-mails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsubscribed {
    /// Since when.
    pub at: DateTime<Utc>,
    /// The id of the address: another one in its place gets e-mails.
    pub address: String,
}

impl Store {
    /// Stops e-mails of an inbox's recipient to an address. Returns false if they were stopped already.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn stop_emails(
        &self,
        inbox: &Inbox,
        address: &AddressId,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let (key, id) = (&key(inbox, address), &address.to_string());
        self.transaction(|transaction| async move {
            let older = UNSUBSCRIBED.get(&transaction, inbox.recipient()).await?;
            if UNSUBSCRIBED.has(&transaction, key).await? || older.is_some_and(|older| older.address == *id) {
                return Ok(false);
            }
            UNSUBSCRIBED.put(&transaction, key, &Unsubscribed { at, address: id.clone() })?;
            Ok(true)
        })
        .await
    }

    /// Sends e-mails of an inbox's recipient to an address again. Returns false if they were not stopped.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn resume_emails(&self, inbox: &Inbox, address: &AddressId) -> Result<bool, StoreError> {
        let (key, id) = (&key(inbox, address), &address.to_string());
        self.transaction(|transaction| async move {
            let older = UNSUBSCRIBED.get(&transaction, inbox.recipient()).await?;
            let is_older = older.is_some_and(|older| older.address == *id);
            let was = is_older || UNSUBSCRIBED.has(&transaction, key).await?;
            UNSUBSCRIBED.delete(&transaction, key);
            if is_older {
                UNSUBSCRIBED.delete(&transaction, inbox.recipient());
            }
            Ok(was)
        })
        .await
    }

    /// Up to `most` readers who stopped their e-mails, each with the name of the recipient.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn unsubscribed(&self, most: usize) -> Result<Vec<(String, Unsubscribed)>, StoreError> {
        let records = self.range(&UNSUBSCRIBED, &Range::first(most)).await?;
        let named = records.into_iter().map(|(key, record)| {
            let recipient = key.split(BEHIND).next().unwrap_or_default().to_owned();
            (recipient, record)
        });
        Ok(named.collect())
    }

    /// True if the reader at this address stopped the e-mails of an inbox's recipient.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn has_unsubscribed(&self, inbox: &Inbox, address: &AddressId) -> Result<bool, StoreError> {
        if self.has(&UNSUBSCRIBED, &key(inbox, address)).await? {
            return Ok(true);
        }
        let older = self.get(&UNSUBSCRIBED, inbox.recipient()).await?;
        Ok(older.is_some_and(|older| older.address == address.to_string()))
    }
}

/// Separates a recipient from an address in keys: no name contains it.
const BEHIND: char = '#';

fn key(inbox: &Inbox, address: &AddressId) -> String {
    format!("{}{BEHIND}{address}", inbox.recipient())
}
