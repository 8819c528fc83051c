//! The period in which alerts may have been sent without a record in the store.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::handle::Store;
use super::table::Single;
use crate::delivery::InFlight;

pub(super) const DOUBT: Single<Doubt> = Single::new("doubt");

/// A period in which alerts may have been sent without a record in the store, because the disk lost writes or
/// another store was in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// End of the period.
    pub until: DateTime<Utc>,
    /// True if queued deliveries may have been sent, too, and are not marked so yet.
    pub queue: bool,
    /// True if operators were notified, or need not be.
    #[serde(alias = "told")]
    pub reported: bool,
}

impl Doubt {
    /// The possible sends of something that existed since `from`.
    pub fn sends_since(self, from: DateTime<Utc>) -> InFlight {
        InFlight { first: from, last: self.until.max(from), batch: None, thread: None, guess: true }
    }
}

impl Store {
    /// The period in which alerts may have been sent without a record. Destinations that can be read back are
    /// searched for them.
    pub async fn doubt(&self) -> Result<Option<Doubt>, StoreError> {
        self.single(&DOUBT).await
    }

    /// Records such a period.
    pub async fn set_doubt(&self, doubt: Doubt) -> Result<(), StoreError> {
        self.set_single(&DOUBT, Some(&doubt)).await
    }
}
