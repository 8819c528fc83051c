//! What rules would have rung for, had it been found in time: kept until it is told in one summary.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sled::transaction::{ConflictableTransactionError, TransactionalTree};

use super::error::{StoreError, abort};
use super::handle::Store;
use super::placing;
use super::record::encode;
use crate::delivery::Delivery;
use crate::destination::Destination;
use crate::filing::Accession;

/// A line of a summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summed {
    /// Whom it concerns.
    pub destination: Destination,
    /// Which filing.
    pub accession: Accession,
    /// Which rule.
    pub rule: String,
    /// When EDGAR accepted the filing.
    pub accepted_at: DateTime<Utc>,
    /// The alert in one line.
    pub text: String,
}

impl Summed {
    fn place(&self) -> String {
        let Self { destination, accession, rule, accepted_at, .. } = self;
        format!("{destination}\0{:012}/{accession}/{rule}", accepted_at.timestamp().max(0))
    }

    /// Keeps it, within a transaction.
    pub(super) fn keep(
        &self,
        summary: &TransactionalTree,
    ) -> Result<(), ConflictableTransactionError<StoreError>> {
        let place = self.place();
        summary.insert(place.as_str(), encode(&place, self).map_err(abort)?)?;
        Ok(())
    }
}

impl Store {
    /// What waits for a summary, by destination and oldest first, at most `most`.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn summed(&self, most: usize) -> Result<Vec<Summed>, StoreError> {
        self.scan(&self.inner.summary, &[], most)
    }

    /// Queues a summary and forgets the lines that are in it, at once.
    ///
    /// # Errors
    /// Failures of the store; then nothing of it is written.
    pub async fn summarise(&self, lines: &[Summed], delivery: &Delivery) -> Result<(), StoreError> {
        let trees = (&self.inner.summary, &self.inner.queue, &self.inner.deliveries);
        self.transact(&trees, |(summary, queue, deliveries)| {
            for line in lines {
                summary.remove(line.place().as_str())?;
            }
            placing::enqueue(queue, deliveries, delivery)
        })
    }
}
