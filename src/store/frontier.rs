//! Up to where EDGAR was read, and until when it is asked nothing.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::engine::Transaction;
use super::error::StoreError;
use super::handle::Ended;
use super::record::{decode, encode};
use super::table::META;
use crate::alert::Key;

pub(super) const FRONTIER: &str = "frontier";

/// Up to where the feed was seen without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frontier {
    /// Filings accepted before this are not new: the first run's moment, or `--since`.
    pub floor: DateTime<Utc>,
    /// The newest acceptance time when the feed was last read down to what was known.
    pub seen_until: DateTime<Utc>,
    /// True if filings that a first run took as known ring after all: while `--since` looks back.
    #[serde(default)]
    pub baseline_rings: bool,
    /// From here on every filing is in history; `None` in records of older versions, where it is the floor.
    #[serde(default)]
    pub history_since: Option<DateTime<Utc>>,
    /// A stretch that the feed no longer showed and that the daily indexes close.
    #[serde(default)]
    pub hole: Option<Hole>,
    /// `--since` or `look_back`, until all of it is read: what was accepted from then on rings, however old it is.
    #[serde(default)]
    pub asked_since: Option<DateTime<Utc>>,
}

/// A stretch that the feed no longer showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hole {
    /// From when on history was whole before.
    pub whole_since: DateTime<Utc>,
    /// The last day that is compared with its index before it is whole again.
    pub until: NaiveDate,
}

impl Frontier {
    /// From a moment on: what was accepted earlier is not new.
    pub fn at(moment: DateTime<Utc>) -> Self {
        Self {
            floor: moment,
            seen_until: moment,
            baseline_rings: false,
            history_since: Some(moment),
            hole: None,
            asked_since: None,
        }
    }

    /// This one, which was made of `read`, with what changed in the stored one since.
    pub(super) fn merged(self, read: Self, stored: Self) -> Self {
        fn newer<T: PartialEq>(own: T, read: T, stored: T) -> T {
            if own == read { stored } else { own }
        }
        Self {
            floor: newer(self.floor, read.floor, stored.floor),
            seen_until: newer(self.seen_until, read.seen_until, stored.seen_until),
            baseline_rings: newer(self.baseline_rings, read.baseline_rings, stored.baseline_rings),
            history_since: newer(self.history_since, read.history_since, stored.history_since),
            hole: newer(self.hole, read.hole, stored.hole),
            asked_since: newer(self.asked_since, read.asked_since, stored.asked_since),
        }
    }

    /// From here on every filing is in history.
    pub fn whole_since(&self) -> DateTime<Utc> {
        self.history_since.unwrap_or(self.floor)
    }
}

/// A stored frontier. One that cannot be read is an error: without it all that is there now would count as known.
pub(super) fn read(stored: Option<Vec<u8>>) -> Result<Option<Frontier>, StoreError> {
    stored.map(|stored| decode(FRONTIER, &stored)).transpose()
}

/// The frontier.
pub(super) async fn get(transaction: &Transaction) -> Result<Option<Frontier>, Ended> {
    Ok(read(transaction.get(META, FRONTIER).await?)?)
}

/// Sets the frontier, where it is another one.
pub(super) async fn set(transaction: &Transaction, frontier: Frontier) -> Result<(), Ended> {
    if get(transaction).await? != Some(frontier) {
        transaction.put(META, FRONTIER, encode(FRONTIER, &frontier)?);
    }
    Ok(())
}

/// While EDGAR is asked nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Until when.
    pub until: DateTime<Utc>,
    /// How many troubles in a row led to it.
    pub in_a_row: u32,
    /// How many of them were blocks.
    #[serde(default)]
    pub blocks: u32,
    /// Whose contact was refused, as a hash of it: another one may ask at once.
    #[serde(default)]
    pub refused: Option<Key>,
    /// The last of them, for people.
    #[serde(default)]
    pub reason: String,
}
