//! How many deliveries are queued, delivered and dead.

use serde::{Deserialize, Serialize};

use super::engine::{Range, Transaction};
use super::error::StoreError;
use super::handle::{Ended, Store};
use super::table::Table;

/// Destination → how many of its deliveries are queued, delivered and dead. Versions that did not count by
/// destination used an empty key.
pub(super) const COUNTERS: Table<Counts> = Table::new("counters");

/// Counts of deliveries by state. A delivery that joined a combined message counts in that message's state;
/// the combined message itself is not counted, and neither are muted alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Waiting.
    pub queued: usize,
    /// Accepted by their destinations.
    pub delivered: usize,
    /// Given up.
    pub dead: usize,
}

/// Changes the counts of a destination.
pub(super) async fn change(
    transaction: &Transaction,
    destination: &str,
    change: impl FnOnce(&mut Counts),
) -> Result<(), Ended> {
    let mut counts = COUNTERS.get(transaction, destination).await?.unwrap_or_default();
    change(&mut counts);
    Ok(COUNTERS.put(transaction, destination, &counts)?)
}

impl Store {
    /// The counts over all destinations.
    pub async fn counts(&self) -> Result<Counts, StoreError> {
        let mut all = Counts::default();
        self.each(&COUNTERS, Range::first(usize::MAX), |_, counts| {
            all.queued += counts.queued;
            all.delivered += counts.delivered;
            all.dead += counts.dead;
            true
        })
        .await?;
        Ok(all)
    }
}
