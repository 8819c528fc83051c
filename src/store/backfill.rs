//! The past of issuers that is being fetched: which, since when, and what is left of it.

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

/// Issuer → a past that is being fetched.
pub(super) const BACKFILL: Table<Backfill> = Table::new("backfill");
/// Issuer, day, accession → a filing of such a past.
pub(super) const BACKFILL_QUEUE: Table<FilingRef> = Table::new("backfill_queue");

/// A past that is being fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backfill {
    /// Whose.
    pub issuer: Cik,
    /// Its name for people.
    pub name: String,
    /// Filings of this day and later.
    pub since: NaiveDate,
    /// When it was asked for: what comes later is found as ever.
    pub asked_at: DateTime<Utc>,
    /// Files of the list that are still to be read; their filings are then in the queue.
    pub files: Vec<String>,
    /// Filings that were queued.
    pub queued: usize,
    /// The day of the newest filing that could not be read and was left out.
    #[serde(default)]
    pub left_out: Option<NaiveDate>,
    /// Not to go on before.
    pub not_before: DateTime<Utc>,
    /// Failures in a row.
    pub failures: u32,
    /// Of these, those for which the next filing itself is to blame.
    #[serde(default)]
    pub damaged: u32,
}

/// The rest of a backfill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackfillStep {
    /// The next filing, oldest first.
    pub next: Option<FilingRef>,
    /// How many are left.
    pub left: usize,
}

impl Store {
    /// The pasts that are being fetched.
    pub async fn backfills(&self) -> Result<Vec<Backfill>, StoreError> {
        self.records(&BACKFILL, &Range::first(usize::MAX)).await
    }

    /// Writes how far a past is, with filings of it that were found, at once.
    pub async fn set_backfill(&self, backfill: &Backfill, found: &[FilingRef]) -> Result<(), StoreError> {
        self.transaction(|transaction| async move {
            for filing in found {
                BACKFILL_QUEUE.put(&transaction, &place(backfill.issuer, filing), filing)?;
            }
            Ok(BACKFILL.put(&transaction, &key(backfill.issuer), backfill)?)
        })
        .await
    }

    /// The filings of an issuer's past that are still to be fetched.
    pub async fn backfill_left(&self, issuer: Cik) -> Result<BackfillStep, StoreError> {
        let prefix = format!("{}/", key(issuer));
        let next = self.records(&BACKFILL_QUEUE, &Range::prefix(&prefix, 1)).await?.pop();
        let left = self.count(&BACKFILL_QUEUE, &Range::prefix(&prefix, usize::MAX)).await?;
        Ok(BackfillStep { next, left })
    }

    /// Ends one filing of a past: what history keeps of it is written where `settled` says so.
    pub async fn backfilled(
        &self,
        issuer: Cik,
        filing: &FilingRef,
        settled: Option<&Settled>,
    ) -> Result<(), StoreError> {
        let place = &place(issuer, filing);
        self.transaction(|transaction| async move {
            // One that became pending meanwhile is settled as such.
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

    /// Forgets a past of which nothing was found.
    pub async fn give_up_backfill(&self, issuer: Cik) -> Result<(), StoreError> {
        self.delete(&BACKFILL, &key(issuer)).await
    }

    /// Ends a past that is fetched as a whole: history is whole from its beginning on.
    pub async fn end_backfill(&self, backfill: &Backfill, filled: Filled) -> Result<(), StoreError> {
        self.transaction(|transaction| async move {
            let mut coverage = COVERAGE.get(&transaction).await?.unwrap_or_default();
            let known = coverage.filled.get(&backfill.issuer).copied();
            // A longer one that reaches as far stays.
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

/// Issuer, day, accession: a past is fetched oldest first.
fn place(issuer: Cik, filing: &FilingRef) -> String {
    format!("{}/{:012}/{}", key(issuer), filing.accepted_at.timestamp().max(0), filing.accession)
}
