//! Destinations that take nothing until somebody mends them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::engine::Range;
use super::error::StoreError;
use super::handle::Store;
use super::placing;
use super::table::Table;
use crate::delivery::Delivery;
use crate::destination::Destination;

/// Destination → why it is paused.
pub(super) const PAUSED: Table<Paused> = Table::new("paused");

/// A destination that is paused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// Which.
    pub destination: Destination,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Its last answer.
    pub reason: String,
    /// When that was.
    pub tried_at: DateTime<Utc>,
    /// How often it was tried meanwhile.
    pub tries: u32,
    /// True if the operators know.
    #[serde(default = "known")]
    pub reported: bool,
}

/// Older versions reported each pause.
fn known() -> bool {
    true
}

impl Store {
    /// Whether and why a destination is paused.
    pub async fn paused(&self, destination: &Destination) -> Result<Option<Paused>, StoreError> {
        self.get(&PAUSED, &destination.to_string()).await
    }

    /// All that are paused.
    pub async fn all_paused(&self) -> Result<Vec<Paused>, StoreError> {
        self.records(&PAUSED, &Range::first(usize::MAX)).await
    }

    /// Pauses a destination, or notes that it was tried again, and queues the notice about it, at once.
    pub async fn pause(&self, paused: &Paused, notices: &[Delivery]) -> Result<(), StoreError> {
        self.set_paused(&paused.destination, Some(paused), notices).await
    }

    /// Ends a pause, and queues the notice about that, at once.
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
