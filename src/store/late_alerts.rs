//! Late alerts: kept until each destination gets its message about them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::engine::{Range, Transaction};
use super::error::StoreError;
use super::handle::Store;
use super::placing;
use super::table::{Table, part};
use crate::delivery::Delivery;
use crate::destination::Destination;
use crate::filing::Accession;

/// Destination, acceptance time, accession, rule → a line about an alert that was found late.
pub(super) const LATE: Table<Summed> = Table::new("summary");

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
    pub(super) fn place(&self) -> String {
        let Self { destination, accession, rule, accepted_at, .. } = self;
        let destination = part(&destination.to_string());
        format!("{destination}\t{:012}/{accession}/{rule}", accepted_at.timestamp().max(0))
    }
}

/// Keeps lines until they are sent.
pub(super) fn keep(transaction: &Transaction, lines: &[Summed]) -> Result<(), StoreError> {
    lines.iter().try_for_each(|line| LATE.put(transaction, &line.place(), line))
}

impl Store {
    /// Late alerts that wait, by destination and oldest first, at most `most`.
    pub async fn summed(&self, most: usize) -> Result<Vec<Summed>, StoreError> {
        self.records(&LATE, &Range::first(most)).await
    }

    /// Queues a summary and forgets the lines that are in it, at once.
    pub async fn summarise(&self, lines: &[Summed], delivery: &Delivery) -> Result<(), StoreError> {
        self.transaction(|transaction| async move {
            lines.iter().for_each(|line| LATE.delete(&transaction, &line.place()));
            placing::enqueue(&transaction, delivery).await
        })
        .await
    }
}
