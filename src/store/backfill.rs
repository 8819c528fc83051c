//! The past of issuers that is being fetched: which, since when, and what is left of it.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::error::{StoreError, abort};
use super::handle::Store;
use super::record::encode;
use super::{Filled, Settled};
use crate::edgar::FilingRef;
use crate::filing::Cik;

/// A past that is being fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backfill {
    /// Whose.
    pub issuer: Cik,
    /// What people call it.
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

/// What is left of a past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackfillStep {
    /// The next filing, oldest first.
    pub next: Option<FilingRef>,
    /// How many are left.
    pub left: usize,
}

impl Store {
    /// The pasts that are being fetched.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn backfills(&self) -> Result<Vec<Backfill>, StoreError> {
        self.scan(&self.inner.backfill, &[], usize::MAX)
    }

    /// Writes how far a past is, with filings of it that were found, at once.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn set_backfill(&self, backfill: &Backfill, found: &[FilingRef]) -> Result<(), StoreError> {
        let key = key(backfill.issuer);
        let record = encode(&key, backfill)?;
        self.transact(&(&self.inner.backfill, &self.inner.backfill_queue), |(backfills, queue)| {
            for filing in found {
                let place = place(backfill.issuer, filing);
                queue.insert(place.as_str(), encode(&place, filing).map_err(abort)?)?;
            }
            backfills.insert(key.as_str(), record.as_slice())?;
            Ok(())
        })
    }

    /// What is left to be fetched of an issuer's past.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn backfill_left(&self, issuer: Cik) -> Result<BackfillStep, StoreError> {
        let prefix = format!("{}/", key(issuer));
        let next = self.scan(&self.inner.backfill_queue, prefix.as_bytes(), 1)?.pop();
        Ok(BackfillStep { next, left: self.inner.backfill_queue.scan_prefix(prefix.as_bytes()).count() })
    }

    /// Ends one filing of a past: what history keeps of it is written where `settled` says so.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn backfilled(
        &self,
        issuer: Cik,
        filing: &FilingRef,
        settled: Option<&Settled>,
    ) -> Result<(), StoreError> {
        if let Some(settled) = settled {
            self.commit(settled).await?;
        }
        let place = place(issuer, filing);
        self.write(|| self.inner.backfill_queue.remove(place)).map(drop)
    }

    /// Forgets a past of which nothing was found.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn give_up_backfill(&self, issuer: Cik) -> Result<(), StoreError> {
        self.write(|| self.inner.backfill.remove(key(issuer))).map(drop)
    }

    /// Ends a past that is fetched as a whole: history is whole from its beginning on.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn end_backfill(&self, backfill: &Backfill, filled: Filled) -> Result<(), StoreError> {
        let mut coverage = self.coverage().await?.unwrap_or_default();
        let known = coverage.filled.get(&backfill.issuer).copied();
        // A longer one that reaches as far stays.
        let longer = known.filter(|known| known.since <= filled.since && known.until >= filled.since);
        let joined = longer.map_or(filled, |known| Filled { since: known.since, until: filled.until });
        coverage.filled.insert(backfill.issuer, joined);
        self.set_coverage(&coverage).await?;
        let key = key(backfill.issuer);
        self.write(|| self.inner.backfill.remove(key)).map(drop)
    }
}

fn key(issuer: Cik) -> String {
    format!("{:010}", issuer.number())
}

/// Issuer, day, accession: a past is fetched oldest first.
fn place(issuer: Cik, filing: &FilingRef) -> String {
    format!("{}/{:012}/{}", key(issuer), filing.accepted_at.timestamp().max(0), filing.accession)
}
