//! The addresses that recipients have had.

use std::collections::BTreeMap;

use super::engine::Range;
use super::error::StoreError;
use super::handle::Store;
use super::table::Table;
use crate::destination::KnownAddresses;

/// Recipient → the addresses that it has had.
pub(super) const KNOWN_ADDRESSES: Table<KnownAddresses> = Table::new("known_addresses");

impl Store {
    /// The addresses that each recipient has had at earlier starts, by its name.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn known_addresses(&self) -> Result<BTreeMap<String, KnownAddresses>, StoreError> {
        let mut known = BTreeMap::new();
        self.each(&KNOWN_ADDRESSES, Range::first(usize::MAX), |recipient, addresses| {
            known.insert(recipient.to_owned(), addresses);
            true
        })
        .await?;
        Ok(known)
    }

    /// Records the addresses of recipients.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn know_addresses(&self, known: &BTreeMap<String, KnownAddresses>) -> Result<(), StoreError> {
        if known.is_empty() {
            return Ok(());
        }
        self.transaction(|transaction| async move {
            for (recipient, addresses) in known {
                KNOWN_ADDRESSES.put(&transaction, recipient, addresses)?;
            }
            Ok(())
        })
        .await
    }
}
