//! Records that could not be read.

use super::engine::Range;
use super::error::StoreError;
use super::handle::Store;
use super::table::{CORRUPT, Single};

/// How many records that could not be read were reported.
const REPORTED: Single<usize> = Single::new("aside_told");

impl Store {
    /// How many records could not be read, and are kept by themselves.
    pub async fn corrupt_len(&self) -> Result<usize, StoreError> {
        self.count(&CORRUPT, &Range::first(usize::MAX)).await
    }

    /// How many of them were reported.
    pub async fn corrupt_reported(&self) -> Result<usize, StoreError> {
        Ok(self.single(&REPORTED).await?.unwrap_or(0))
    }

    /// Notes that so many were reported.
    pub async fn set_corrupt_reported(&self, count: usize) -> Result<(), StoreError> {
        self.set_single(&REPORTED, Some(&count)).await
    }
}
