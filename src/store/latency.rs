//! Latencies of alerts, kept for a day.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::engine::Range;
use super::error::StoreError;
use super::handle::Store;
use super::table::Table;

/// Time of sending, delivery key → the latency of an alert.
pub(super) const LATENCY: Table<Latency> = Table::new("latency");

/// How long latencies are kept.
const KEPT: TimeDelta = TimeDelta::days(1);
/// The most latencies to read (the newest), and to prune at once.
const MOST: usize = 10_000;

/// The timestamps of a delivered alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// When EDGAR accepted the filing.
    pub accepted_at: DateTime<Utc>,
    /// When we discovered the filing in the feed or an index.
    pub seen_at: DateTime<Utc>,
    /// When the destination accepted the alert.
    pub sent_at: DateTime<Utc>,
}

impl Latency {
    /// Its key, ordered by the time of sending.
    pub(super) fn place(sent_at: DateTime<Utc>, key: &str) -> String {
        format!("{:016}/{key}", sent_at.timestamp_micros().max(0))
    }
}

impl Store {
    /// The latencies of alerts delivered in the day before `now`, oldest first, limited to the newest 10,000.
    pub async fn latencies(&self, now: DateTime<Utc>) -> Result<Vec<Latency>, StoreError> {
        let from = Latency::place(now - KEPT, "");
        let mut newest = self.records(&LATENCY, &Range::between(&from, "~", MOST).backwards()).await?;
        newest.reverse();
        Ok(newest)
    }

    /// Removes older latencies.
    pub async fn prune_latencies(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.forget(LATENCY.space, &Range::between("", &Latency::place(now - KEPT, ""), MOST)).await
    }
}
