//! How long alerts took, kept for a day.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::engine::Range;
use super::error::StoreError;
use super::handle::Store;
use super::table::Table;

/// Time of sending, delivery key → how long an alert took.
pub(super) const LATENCY: Table<Latency> = Table::new("latency");

/// How long latencies are kept.
const KEPT: TimeDelta = TimeDelta::days(1);
/// The newest so many are looked at; and so many are forgotten at once.
const MOST: usize = 10_000;

/// The way of an alert that was delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// When EDGAR accepted the filing.
    pub accepted_at: DateTime<Utc>,
    /// When the feed or an index first showed it to us.
    pub seen_at: DateTime<Utc>,
    /// When the destination took the alert.
    pub sent_at: DateTime<Utc>,
}

impl Latency {
    /// Its place: by the time of sending.
    pub(super) fn place(sent_at: DateTime<Utc>, key: &str) -> String {
        format!("{:016}/{key}", sent_at.timestamp_micros().max(0))
    }
}

impl Store {
    /// The alerts that were delivered in the day before `now`, oldest first; of many the newest 10,000.
    pub async fn latencies(&self, now: DateTime<Utc>) -> Result<Vec<Latency>, StoreError> {
        let from = Latency::place(now - KEPT, "");
        let mut newest = self.records(&LATENCY, &Range::between(&from, "~", MOST).backwards()).await?;
        newest.reverse();
        Ok(newest)
    }

    /// Forgets those that are older.
    pub async fn prune_latencies(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.forget(LATENCY.space, &Range::between("", &Latency::place(now - KEPT, ""), MOST)).await
    }
}
