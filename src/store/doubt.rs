//! Until when alerts may have been sent without a record in the store.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::handle::Store;
use super::table::Single;
use crate::delivery::InFlight;

pub(super) const DOUBT: Single<Doubt> = Single::new("doubt");

/// Alerts may have been sent without a record in the store: the disk lost what was written then, or another store was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// Up to when.
    pub until: DateTime<Utc>,
    /// True if what it has queued may have been sent, too, and is not marked so yet.
    pub queue: bool,
    /// True if the operators were notified, or need not be.
    pub told: bool,
}

impl Doubt {
    /// The sends that there may have been of something that was there from a moment on.
    pub fn sends_since(self, from: DateTime<Utc>) -> InFlight {
        InFlight { first: from, last: self.until.max(from), batch: None, guess: true }
    }
}

impl Store {
    /// Until when alerts may have been sent without a record. They are looked for where that can be done.
    pub async fn doubt(&self) -> Result<Option<Doubt>, StoreError> {
        self.single(&DOUBT).await
    }

    /// Notes a doubt.
    pub async fn set_doubt(&self, doubt: Doubt) -> Result<(), StoreError> {
        self.set_single(&DOUBT, Some(&doubt)).await
    }
}
