//! Destinations that take nothing until somebody mends them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::handle::Store;
use super::placing;
use super::record::encode;
use crate::delivery::Delivery;
use crate::destination::Destination;

/// A destination that is paused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// Which.
    pub destination: Destination,
    /// Since when.
    pub since: DateTime<Utc>,
    /// What it answered last.
    pub reason: String,
    /// When that was.
    pub tried_at: DateTime<Utc>,
    /// How often it was tried meanwhile.
    pub tries: u32,
    /// Whether the operators know.
    #[serde(default = "known")]
    pub reported: bool,
}

/// Older versions reported each pause.
fn known() -> bool {
    true
}

impl Store {
    /// Whether and why a destination is paused.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn paused(&self, destination: &Destination) -> Result<Option<Paused>, StoreError> {
        self.single(&self.inner.paused, &destination.to_string())
    }

    /// All that are paused.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn all_paused(&self) -> Result<Vec<Paused>, StoreError> {
        self.scan(&self.inner.paused, &[], usize::MAX)
    }

    /// Pauses a destination, or notes that it was tried again, and queues what tells of it, at once.
    ///
    /// # Errors
    /// Failures of the store; then nothing of it is written.
    pub async fn pause(&self, paused: &Paused, notices: &[Delivery]) -> Result<(), StoreError> {
        let key = paused.destination.to_string();
        let record = encode(&key, paused)?;
        self.set_paused(&key, Some(record), notices)
    }

    /// Ends a pause, and queues what tells of that, at once.
    ///
    /// # Errors
    /// Failures of the store; then nothing of it is written.
    pub async fn resume(&self, destination: &Destination, notices: &[Delivery]) -> Result<(), StoreError> {
        self.set_paused(&destination.to_string(), None, notices)
    }

    fn set_paused(&self, key: &str, record: Option<Vec<u8>>, notices: &[Delivery]) -> Result<(), StoreError> {
        let trees = (&self.inner.paused, &self.inner.queue, &self.inner.deliveries);
        self.transact(&trees, |(paused, queue, known)| {
            match &record {
                Some(record) => paused.insert(key, record.as_slice())?,
                None => paused.remove(key)?,
            };
            notices.iter().try_for_each(|delivery| placing::enqueue(queue, known, delivery))
        })
    }
}
