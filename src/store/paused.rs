//! Destinations that accept nothing until somebody fixes them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::engine::Range;
use super::error::StoreError;
use super::handle::Store;
use super::placing;
use super::table::Table;
use crate::delivery::Delivery;
use crate::destination::Destination;

/// Destination → its pause and the reason.
pub(super) const PAUSED: Table<Paused> = Table::new("paused");

/// A paused destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// The destination.
    pub destination: Destination,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Its last answer.
    pub reason: String,
    /// When it gave that answer.
    pub tried_at: DateTime<Utc>,
    /// How often it was tried since.
    pub tries: u32,
    /// True if operators were notified.
    #[serde(default = "known")]
    pub reported: bool,
}

/// Older versions reported every pause.
fn known() -> bool {
    true
}

impl Store {
    /// The pause of a destination, if it is paused.
    pub async fn paused(&self, destination: &Destination) -> Result<Option<Paused>, StoreError> {
        self.get(&PAUSED, &destination.to_string()).await
    }

    /// All paused destinations.
    pub async fn all_paused(&self) -> Result<Vec<Paused>, StoreError> {
        self.records(&PAUSED, &Range::first(usize::MAX)).await
    }

    /// Pauses a destination, or records another try, and queues notices about it, in one transaction.
    pub async fn pause(&self, paused: &Paused, notices: &[Delivery]) -> Result<(), StoreError> {
        self.set_paused(&paused.destination, Some(paused), notices).await
    }

    /// Ends a pause and queues notices about it, in one transaction.
    pub async fn resume(&self, destination: &Destination, notices: &[Delivery]) -> Result<(), StoreError> {
        self.set_paused(destination, None, notices).await
    }

    async fn set_paused(
        &self,
        destination: &Destination,
        paused: Option<&Paused>,
        notices: &[Delivery],
    ) -> Result<(), StoreError> {
        let key = &destination.to_string();
        self.transaction(|transaction| async move {
            match paused {
                Some(paused) => PAUSED.put(&transaction, key, paused)?,
                None => PAUSED.delete(&transaction, key),
            }
            placing::enqueue_all(&transaction, notices).await
        })
        .await
    }
}
