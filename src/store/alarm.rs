//! The notice that tells operators the feed shows nothing new.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::handle::Store;
use super::table::Single;

const ALARM: Single<Alarm> = Single::new("alarm");

/// Operators have been notified that the feed shows nothing new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Since when.
    pub since: DateTime<Utc>,
    /// When the newest filing known at that time was accepted.
    pub newest: DateTime<Utc>,
}

impl Store {
    /// The last notice to operators.
    pub async fn alarm(&self) -> Result<Option<Alarm>, StoreError> {
        self.single(&ALARM).await
    }

    /// Records the last notice; `None` clears it.
    pub async fn set_alarm(&self, alarm: Option<&Alarm>) -> Result<(), StoreError> {
        self.set_single(&ALARM, alarm).await
    }
}
