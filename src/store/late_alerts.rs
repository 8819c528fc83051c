//! Late alerts, kept until each destination is sent its message about them.

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

/// Destination, acceptance time, accession, rule → a line about a late alert.
pub(super) const LATE: Table<Summed> = Table::new("summary");

/// A line about a late alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summed {
    /// The destination.
    pub destination: Destination,
    /// The filing's accession number.
    pub accession: Accession,
    /// The rule's name.
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

/// Saves lines until they are sent.
pub(super) fn keep(transaction: &Transaction, lines: &[Summed]) -> Result<(), StoreError> {
    lines.iter().try_for_each(|line| LATE.put(transaction, &line.place(), line))
}

impl Store {
    /// Up to `most` waiting late alerts, by destination, oldest first.
    pub async fn summed(&self, most: usize) -> Result<Vec<Summed>, StoreError> {
        self.records(&LATE, &Range::first(most)).await
    }

    /// Queues the message about late alerts and removes the lines in it, in one transaction.
    pub async fn summarise(&self, lines: &[Summed], delivery: &Delivery) -> Result<(), StoreError> {
        self.transaction(|transaction| async move {
            lines.iter().for_each(|line| LATE.delete(&transaction, &line.place()));
            placing::enqueue(&transaction, delivery).await
        })
        .await
    }
}
