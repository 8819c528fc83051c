//! Unreadable records.

use super::engine::Range;
use super::error::StoreError;
use super::handle::Store;
use super::table::{CORRUPT, Single};

/// The number of unreadable records that have been reported.
const REPORTED: Single<usize> = Single::new("aside_told");

impl Store {
    /// How many unreadable records have been moved to the corrupt records.
    pub async fn corrupt_len(&self) -> Result<usize, StoreError> {
        self.count(&CORRUPT, &Range::first(usize::MAX)).await
    }

    /// How many of them have been reported.
    pub async fn corrupt_reported(&self) -> Result<usize, StoreError> {
        Ok(self.single(&REPORTED).await?.unwrap_or(0))
    }

    /// Records how many have been reported.
    pub async fn set_corrupt_reported(&self, count: usize) -> Result<(), StoreError> {
        self.set_single(&REPORTED, Some(&count)).await
    }
}
