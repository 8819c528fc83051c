//! Backfills in progress: the issuer, the start date and the filings left to fetch.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::coverage::{COVERAGE, Filled};
use super::engine::Range;
use super::error::StoreError;
use super::filings::{Settled, settle};
use super::handle::Store;
use super::known::Known;
use super::pending;
use super::table::Table;
use crate::edgar::FilingRef;
use crate::filing::Cik;

/// Issuer → a backfill in progress.
pub(super) const BACKFILL: Table<Backfill> = Table::new("backfill");
/// Issuer, acceptance time, accession → a filing left to fetch.
pub(super) const BACKFILL_QUEUE: Table<FilingRef> = Table::new("backfill_queue");

/// A backfill in progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backfill {
    /// The issuer whose past filings are fetched.
    pub issuer: Cik,
    /// The issuer's name, for display.
    pub name: String,
    /// Fetches filings of this day and later.
    pub since: NaiveDate,
    /// When the backfill was requested; later filings are discovered as usual.
    pub asked_at: DateTime<Utc>,
    /// Index files still to be read; once read, their filings are in the queue.
    pub files: Vec<String>,
    /// How many filings were queued.
    pub queued: usize,
    /// The day of the newest filing that was left out because it could not be read.
    #[serde(default)]
    pub left_out: Option<NaiveDate>,
    /// Do not continue before this time.
    pub not_before: DateTime<Utc>,
    /// Consecutive failures.
    pub failures: u32,
    /// How many of those failures were caused by the next filing itself.
    #[serde(default)]
    pub damaged: u32,
}

/// What remains of a backfill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackfillStep {
    /// The next filing, oldest first.
    pub next: Option<FilingRef>,
    /// How many are left.
    pub left: usize,
}

impl Store {
    /// All backfills in progress.
    pub async fn backfills(&self) -> Result<Vec<Backfill>, StoreError> {
        self.records(&BACKFILL, &Range::first(usize::MAX)).await
    }

    /// Saves the progress of a backfill and queues newly found filings, in one transaction.
    pub async fn set_backfill(&self, backfill: &Backfill, found: &[FilingRef]) -> Result<(), StoreError> {
        self.transaction(|transaction| async move {
            for filing in found {
                BACKFILL_QUEUE.put(&transaction, &place(backfill.issuer, filing), filing)?;
            }
            Ok(BACKFILL.put(&transaction, &key(backfill.issuer), backfill)?)
        })
        .await
    }

    /// The next filing to fetch in an issuer's backfill, and how many are left.
    pub async fn backfill_left(&self, issuer: Cik) -> Result<BackfillStep, StoreError> {
        let prefix = format!("{}/", key(issuer));
        let next = self.records(&BACKFILL_QUEUE, &Range::prefix(&prefix, 1)).await?.pop();
        let left = self.count(&BACKFILL_QUEUE, &Range::prefix(&prefix, usize::MAX)).await?;
        Ok(BackfillStep { next, left })
    }

    /// Removes one filing from the queue and, if `settled` is given, writes its results.
    pub async fn backfilled(
        &self,
        issuer: Cik,
        filing: &FilingRef,
        settled: Option<&Settled>,
    ) -> Result<(), StoreError> {
        let place = &place(issuer, filing);
        self.transaction(|transaction| async move {
            // If the filing became pending meanwhile, the normal intake settles it.
            let is_pending =
                matches!(pending::known(&transaction, filing.accession).await?, Some(Known::Pending { .. }));
            if let (Some(settled), false) = (settled, is_pending) {
                settle(&transaction, settled).await?;
            }
            BACKFILL_QUEUE.delete(&transaction, place);
            Ok(())
        })
        .await
    }

    /// Drops a backfill that found no filings.
    pub async fn give_up_backfill(&self, issuer: Cik) -> Result<(), StoreError> {
        self.delete(&BACKFILL, &key(issuer)).await
    }

    /// Completes a backfill: from its start on, history is complete.
    pub async fn end_backfill(&self, backfill: &Backfill, filled: Filled) -> Result<(), StoreError> {
        self.transaction(|transaction| async move {
            let mut coverage = COVERAGE.get(&transaction).await?.unwrap_or_default();
            let known = coverage.filled.get(&backfill.issuer).copied();
            // Keep an earlier start if the known stretch joins this one.
            let longer = known.filter(|known| known.since <= filled.since && known.until >= filled.since);
            let joined = longer.map_or(filled, |known| Filled { since: known.since, until: filled.until });
            coverage.filled.insert(backfill.issuer, joined);
            COVERAGE.put(&transaction, &coverage)?;
            BACKFILL.delete(&transaction, &key(backfill.issuer));
            Ok(())
        })
        .await
    }
}

fn key(issuer: Cik) -> String {
    format!("{:010}", issuer.number())
}

/// Issuer, acceptance time, accession, so that a backfill runs oldest first.
fn place(issuer: Cik, filing: &FilingRef) -> String {
    format!("{}/{:012}/{}", key(issuer), filing.accepted_at.timestamp().max(0), filing.accession)
}
