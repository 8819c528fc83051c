//! How far EDGAR has been read, and the back-off.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::engine::Transaction;
use super::error::StoreError;
use super::handle::Ended;
use super::record::{decode, encode};
use super::table::META;
use crate::alert::Key;

pub(super) const FRONTIER: &str = "frontier";

/// How far the feed has been read without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frontier {
    /// Filings accepted before this are not new: the time of the first run, or `--since`.
    pub floor: DateTime<Utc>,
    /// The newest acceptance time at the last poll that read the feed back to known filings.
    pub seen_until: DateTime<Utc>,
    /// True while `--since` looks back: filings that the first run recorded as known then cause alerts after
    /// all.
    #[serde(default, alias = "baseline_rings")]
    pub baseline_alerts: bool,
    /// Every filing since then is in history; `None` in records of older versions, which use the floor.
    #[serde(default)]
    pub history_since: Option<DateTime<Utc>>,
    /// A gap that the feed no longer shows and that the daily indexes fill.
    #[serde(default)]
    pub hole: Option<Hole>,
    /// The start of `--since` or `look_back`, until all of it is read: filings accepted since then cause
    /// alerts, however old they are.
    #[serde(default)]
    pub asked_since: Option<DateTime<Utc>>,
}

/// A gap that the feed no longer shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hole {
    /// Since when history was complete before the gap.
    pub whole_since: DateTime<Utc>,
    /// The last day to compare with its index before history is complete again.
    pub until: NaiveDate,
}

impl Frontier {
    /// A frontier that starts at `moment`: filings accepted earlier are not new.
    pub fn at(moment: DateTime<Utc>) -> Self {
        Self {
            floor: moment,
            seen_until: moment,
            baseline_alerts: false,
            history_since: Some(moment),
            hole: None,
            asked_since: None,
        }
    }

    /// This frontier, which was derived from `read`, merged with later changes to the stored one.
    pub(super) fn merged(self, read: Self, stored: Self) -> Self {
        fn newer<T: PartialEq>(own: T, read: T, stored: T) -> T {
            if own == read { stored } else { own }
        }
        Self {
            floor: newer(self.floor, read.floor, stored.floor),
            seen_until: newer(self.seen_until, read.seen_until, stored.seen_until),
            baseline_alerts: newer(self.baseline_alerts, read.baseline_alerts, stored.baseline_alerts),
            history_since: newer(self.history_since, read.history_since, stored.history_since),
            hole: newer(self.hole, read.hole, stored.hole),
            asked_since: newer(self.asked_since, read.asked_since, stored.asked_since),
        }
    }

    /// The time since which every filing is in history.
    pub fn whole_since(&self) -> DateTime<Utc> {
        self.history_since.unwrap_or(self.floor)
    }
}

/// Decodes a stored frontier. An unreadable one is an error: without it, every filing listed now would count
/// as known.
pub(super) fn read(stored: Option<Vec<u8>>) -> Result<Option<Frontier>, StoreError> {
    stored.map(|stored| decode(FRONTIER, &stored)).transpose()
}

/// The frontier.
pub(super) async fn get(transaction: &Transaction) -> Result<Option<Frontier>, Ended> {
    Ok(read(transaction.get(META, FRONTIER).await?)?)
}

/// Sets the frontier if it differs.
pub(super) async fn set(transaction: &Transaction, frontier: Frontier) -> Result<(), Ended> {
    if get(transaction).await? != Some(frontier) {
        transaction.put(META, FRONTIER, encode(FRONTIER, &frontier)?);
    }
    Ok(())
}

/// A back-off: a period in which EDGAR is not asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// End of the back-off.
    pub until: DateTime<Utc>,
    /// The number of consecutive failures that led to it.
    pub in_a_row: u32,
    /// How many of them were blocks.
    #[serde(default)]
    pub blocks: u32,
    /// A hash of the contact that EDGAR refused; a different contact may ask at once.
    #[serde(default)]
    pub refused: Option<Key>,
    /// The last failure, for display.
    #[serde(default)]
    pub reason: String,
}
