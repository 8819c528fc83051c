//! Troubles that last and were reported to the operators, so that each is reported once.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::engine::Range;
use super::error::StoreError;
use super::handle::Store;
use super::placing;
use super::table::{META, Table};
use crate::delivery::Delivery;
use crate::destination::Destination;

/// The troubles among the single values.
const TROUBLES: Table<Trouble> = Table::new(META.0);
/// Before the name of a trouble.
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
    pub async fn trouble(&self, name: &str) -> Result<Option<Trouble>, StoreError> {
        self.get(&TROUBLES, &format!("{PREFIX}{name}")).await
    }

    /// All that the operators know of.
    pub async fn troubles(&self) -> Result<Vec<Trouble>, StoreError> {
        self.records(&TROUBLES, &Range::prefix(PREFIX, MOST)).await
    }

    /// Notes a trouble or its end, and queues what reports it, at once, where it is still as it was read; `false` where it is otherwise, which
    /// has to be read.
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
