//! Troubles that last and were reported to the operators, so that each is reported once.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::handle::Store;
use super::placing;
use super::record::encode;
use crate::delivery::Delivery;
use crate::destination::Destination;

/// Before the name of a trouble, among the single values.
const PREFIX: &str = "trouble/";
/// More are not shown.
const MOST: usize = 100;

/// A trouble that lasts and that the operators know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Since when they know.
    pub since: DateTime<Utc>,
    /// When a sign of it was seen last.
    pub seen_at: DateTime<Utc>,
    /// In a few words.
    pub text: String,
    /// The destination that has it; `None` where it is of the bot as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<Destination>,
}

impl Store {
    /// The trouble of a name, where the operators know of one.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn trouble(&self, name: &str) -> Result<Option<Trouble>, StoreError> {
        self.single(&self.inner.meta, &format!("{PREFIX}{name}"))
    }

    /// All that the operators know of.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn troubles(&self) -> Result<Vec<Trouble>, StoreError> {
        self.scan(&self.inner.meta, PREFIX.as_bytes(), MOST)
    }

    /// Notes a trouble or its end, and queues what reports it, at once.
    ///
    /// # Errors
    /// Failures of the store; then nothing of it is written.
    pub async fn set_trouble(
        &self,
        name: &str,
        trouble: Option<&Trouble>,
        notices: &[Delivery],
    ) -> Result<(), StoreError> {
        let key = format!("{PREFIX}{name}");
        let record = trouble.map(|trouble| encode(&key, trouble)).transpose()?;
        let trees = (&self.inner.meta, &self.inner.queue, &self.inner.deliveries);
        self.transact(&trees, |(meta, queue, known)| {
            match &record {
                Some(record) => meta.insert(key.as_str(), record.as_slice())?,
                None => meta.remove(key.as_str())?,
            };
            notices.iter().try_for_each(|delivery| placing::enqueue(queue, known, delivery))
        })
    }
}
