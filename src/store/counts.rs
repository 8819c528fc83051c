//! How many deliveries wait, were delivered, or were given up.

use serde::{Deserialize, Serialize};

use super::engine::{Range, Transaction};
use super::error::StoreError;
use super::handle::{Ended, Store};
use super::table::Table;

/// Destination → how many deliveries wait, were delivered, were given up. Those of versions that did not count by destination have
/// an empty key.
pub(super) const COUNTERS: Table<Counts> = Table::new("counters");

/// How many deliveries there are and were. One that joined others counts as the message does that has them all; that message itself
/// does not count. What is or was muted does not either.
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
    /// How many deliveries stand where, of all destinations.
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
