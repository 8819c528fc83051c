//! Which address of each recipient has the recipient's name.

use super::counts;
use super::error::StoreError;
use super::handle::Store;
use super::placing::{self, Stood};
use super::table::Table;
use crate::delivery::Delivery;
use crate::destination::AddressId;

/// Recipient → the id of its first address when the bot last started.
pub(super) const FIRST_ADDRESSES: Table<String> = Table::new("first_addresses");

impl Store {
    /// The id of a recipient's first address when the bot last started, as text.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn first_address(&self, recipient: &str) -> Result<Option<String>, StoreError> {
        self.get(&FIRST_ADDRESSES, recipient).await
    }

    /// Records the first address of a recipient.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn set_first_address(&self, recipient: &str, address: &AddressId) -> Result<(), StoreError> {
        let address = &address.to_string();
        self.transaction(
            |transaction| async move { Ok(FIRST_ADDRESSES.put(&transaction, recipient, address)?) },
        )
        .await
    }

    /// Queues a delivery in the place of one that waits for another destination, in one transaction. Returns `false`
    /// and writes nothing if that no longer waits or may have arrived.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn readdress(&self, from: &Delivery, to: &Delivery) -> Result<bool, StoreError> {
        self.transaction(|transaction| async move {
            let waiting = placing::waiting(&transaction, from).await?;
            if waiting.is_none_or(|waits| waits.in_flight.is_some()) {
                return Ok(false);
            }
            let stands = Stood::In { message: to.key.clone(), since: to.not_before };
            placing::take(&transaction, from, &stands).await?;
            let count = from.count();
            counts::change(&transaction, &from.destination.to_string(), |counts| {
                counts.queued = counts.queued.saturating_sub(count);
            })
            .await?;
            placing::enqueue(&transaction, to).await?;
            Ok(true)
        })
        .await
    }
}
