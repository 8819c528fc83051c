//! Lasting troubles that were reported to operators, so that each is reported only once.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::engine::Range;
use super::error::StoreError;
use super::handle::Store;
use super::placing;
use super::table::{META, Table};
use crate::delivery::Delivery;
use crate::destination::Destination;

/// Troubles are stored among the single values.
const TROUBLES: Table<Trouble> = Table::new(META.0);
/// The key prefix before a trouble's name.
const PREFIX: &str = "trouble/";
/// The most troubles to show.
const MOST: usize = 100;

/// A lasting trouble that operators know about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// When they were notified.
    pub since: DateTime<Utc>,
    /// When a sign of it was last seen.
    pub seen_at: DateTime<Utc>,
    /// A short description.
    pub text: String,
    /// The affected destination; `None` if the whole bot is affected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<Destination>,
}

impl Store {
    /// The trouble with this name, if operators know about it.
    pub async fn trouble(&self, name: &str) -> Result<Option<Trouble>, StoreError> {
        self.get(&TROUBLES, &format!("{PREFIX}{name}")).await
    }

    /// All troubles that operators know about.
    pub async fn troubles(&self) -> Result<Vec<Trouble>, StoreError> {
        self.records(&TROUBLES, &Range::prefix(PREFIX, MOST)).await
    }

    /// Records a trouble or its end and queues notices about it, in one transaction, unless the record
    /// changed since it was read. Returns `false` if it did; the caller must then read it again.
    pub async fn replace_trouble(
        &self,
        name: &str,
        read: Option<&Trouble>,
        trouble: Option<&Trouble>,
        notices: &[Delivery],
    ) -> Result<bool, StoreError> {
        let key = &format!("{PREFIX}{name}");
        self.transaction(|transaction| async move {
            if TROUBLES.get(&transaction, key).await?.as_ref() != read {
                return Ok(false);
            }
            match trouble {
                Some(trouble) => TROUBLES.put(&transaction, key, trouble)?,
                None => TROUBLES.delete(&transaction, key),
            }
            placing::enqueue_all(&transaction, notices).await?;
            Ok(true)
        })
        .await
    }
}
