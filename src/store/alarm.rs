//! The notice to the operators that the feed shows nothing new.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::handle::Store;
use super::table::Single;

const ALARM: Single<Alarm> = Single::new("alarm");

/// The operators know that nothing new comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Since when.
    pub since: DateTime<Utc>,
    /// When the newest filing of then was accepted.
    pub newest: DateTime<Utc>,
}

impl Store {
    /// The last notice to the operators.
    pub async fn alarm(&self) -> Result<Option<Alarm>, StoreError> {
        self.single(&ALARM).await
    }

    /// Notes what the operators know.
    pub async fn set_alarm(&self, alarm: Option<&Alarm>) -> Result<(), StoreError> {
        self.set_single(&ALARM, alarm).await
    }
}
