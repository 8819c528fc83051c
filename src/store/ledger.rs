//! The days to compare with EDGAR's daily index, and their receipts.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::engine::Range;
use super::error::StoreError;
use super::handle::Store;
use super::known::{Ending, Known};
use super::pending::{self, Found, Pending};
use super::table::{Single, Table};
use crate::edgar::FilingRef;
use crate::filing::Accession;
use crate::receipt::Receipt;

/// EDGAR's day, accession → marks a filing as seen, until that day is compared with its index.
pub(super) const DAYS: Table<()> = Table::new("days");
/// EDGAR's day → the result of its comparison.
pub(super) const RECEIPTS: Table<Receipt> = Table::new("receipts");
const LEDGER: Single<Ledger> = Single::new("ledger");
/// Sorts after all days.
const LAST: &str = "~";
/// The most filings of a day to read; EDGAR's busiest day had 1,602.
const MOST_OF_A_DAY: usize = 100_000;

/// Which days are still to be compared with their index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// The first day that has no final receipt.
    pub next: NaiveDate,
}

impl Store {
    /// The ledger; `None` before the first poll.
    pub async fn ledger(&self) -> Result<Option<Ledger>, StoreError> {
        self.single(&LEDGER).await
    }

    /// Replaces the ledger unless it changed since it was read; `false` if it did.
    pub async fn replace_ledger(&self, read: Ledger, ledger: Ledger) -> Result<bool, StoreError> {
        self.replace_single(&LEDGER, Some(&read), Some(&ledger)).await
    }

    /// Marks receipts as reported, except those that changed since they were read.
    pub async fn receipts_reported(&self, receipts: &[Receipt]) -> Result<(), StoreError> {
        self.transaction(|transaction| async move {
            for read in receipts {
                let day = read.day.to_string();
                if RECEIPTS.get(&transaction, &day).await?.as_ref() == Some(read) {
                    RECEIPTS.put(&transaction, &day, &Receipt { reported: true, ..read.clone() })?;
                }
            }
            Ok(())
        })
        .await
    }

    /// Sets the ledger.
    pub async fn set_ledger(&self, ledger: Ledger) -> Result<(), StoreError> {
        self.set_single(&LEDGER, Some(&ledger)).await
    }

    /// Compares again from `next` on, including days with a receipt.
    pub async fn reopen(&self, next: NaiveDate) -> Result<(), StoreError> {
        self.transaction(|transaction| async move {
            LEDGER.put(&transaction, &Ledger { next })?;
            let range = Range::between(&next.to_string(), LAST, usize::MAX);
            for (day, _) in transaction.range(RECEIPTS.space, &range).await? {
                RECEIPTS.delete(&transaction, &day);
            }
            Ok(())
        })
        .await
    }

    /// The newest `most` receipts of the days since `from`, oldest first.
    pub async fn receipts(&self, from: NaiveDate, most: usize) -> Result<Vec<Receipt>, StoreError> {
        let range = Range::between(&from.to_string(), LAST, most).backwards();
        let mut newest = self.records(&RECEIPTS, &range).await?;
        newest.reverse();
        Ok(newest)
    }

    /// The receipt of a day.
    pub async fn receipt(&self, day: NaiveDate) -> Result<Option<Receipt>, StoreError> {
        self.get(&RECEIPTS, &day.to_string()).await
    }

    /// Removes the receipts of days before `before`.
    pub async fn prune_receipts(&self, before: NaiveDate) -> Result<(), StoreError> {
        self.forget(RECEIPTS.space, &Range::between("", &before.to_string(), usize::MAX)).await
    }

    /// The seen filings that were accepted on a day, as long as the day has no final receipt.
    pub async fn seen_on(&self, day: NaiveDate) -> Result<Vec<Accession>, StoreError> {
        let prefix = format!("{day}/");
        let seen = self.stored(DAYS.space, &Range::prefix(&prefix, MOST_OF_A_DAY)).await?;
        Ok(seen.iter().filter_map(|(place, _)| place.strip_prefix(&prefix)?.parse().ok()).collect())
    }

    /// True if we saw filings accepted on a day, as long as the day has no final receipt.
    pub async fn was_seen_on(&self, day: NaiveDate) -> Result<bool, StoreError> {
        Ok(self.count(&DAYS, &Range::prefix(&format!("{day}/"), 1)).await? > 0)
    }

    /// Saves a receipt, makes missed and retried filings pending, and records those that are not fetched, in
    /// one transaction. A final receipt closes the day.
    pub async fn compared(
        &self,
        receipt: &Receipt,
        missed: &[FilingRef],
        passed_over: &[FilingRef],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let day = &receipt.day.to_string();
        self.transaction(|transaction| async move {
            for filing in missed {
                // It may have been discovered and read meanwhile.
                if let Some(Known::Done { ending: Ending::Alerted | Ending::Quiet | Ending::Past, .. }) =
                    pending::known(&transaction, filing.accession).await?
                {
                    continue;
                }
                let found = Pending::new(filing.clone(), Found::Index, now, now);
                pending::put(&transaction, &found).await?;
            }
            for filing in passed_over {
                pending::pass_over(&transaction, filing, now).await?;
            }
            RECEIPTS.put(&transaction, day, receipt)?;
            if receipt.is_final() {
                let seen = Range::prefix(&format!("{day}/"), MOST_OF_A_DAY);
                for (place, _) in transaction.range(DAYS.space, &seen).await? {
                    DAYS.delete(&transaction, &place);
                }
            }
            Ok(())
        })
        .await
    }
}
