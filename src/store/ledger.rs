//! The days that are compared with EDGAR's daily index, and the receipt of each.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::error::{StoreError, abort};
use super::filings::{Done, Ending};
use super::handle::Store;
use super::pending::{Found, Pending};
use super::record::encode;
use crate::edgar::FilingRef;
use crate::filing::Accession;
use crate::receipt::Receipt;

const LEDGER: &str = "ledger";
/// So many filings of a day are looked at; EDGAR's fullest day had 1,602.
const MOST_OF_A_DAY: usize = 100_000;

/// Which days are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// The first day that has no final receipt.
    pub next: NaiveDate,
}

impl Store {
    /// Which days are compared; `None` before the first poll.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn ledger(&self) -> Result<Option<Ledger>, StoreError> {
        self.single(&self.inner.meta, LEDGER)
    }

    /// Compares from this day on.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn set_ledger(&self, ledger: Ledger) -> Result<(), StoreError> {
        if self.ledger().await? == Some(ledger) {
            return Ok(());
        }
        let bytes = encode(LEDGER, &ledger)?;
        self.write(|| self.inner.meta.insert(LEDGER, bytes)).map(drop)
    }

    /// Compares from this day on, also days that have a receipt.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn reopen(&self, next: NaiveDate) -> Result<(), StoreError> {
        self.set_ledger(Ledger { next }).await?;
        for receipt in self.receipts(next, usize::MAX).await? {
            self.write(|| self.inner.receipts.remove(receipt.day.to_string()))?;
        }
        Ok(())
    }

    /// The receipts of the days from `from` on, in their order; of many the newest `most`.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn receipts(&self, from: NaiveDate, most: usize) -> Result<Vec<Receipt>, StoreError> {
        self.newest(&self.inner.receipts, from.to_string().as_bytes()..&b"~"[..], most)
    }

    /// The receipt of a day.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn receipt(&self, day: NaiveDate) -> Result<Option<Receipt>, StoreError> {
        self.single(&self.inner.receipts, &day.to_string())
    }

    /// Forgets the receipts of days before `before`.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn prune_receipts(&self, before: NaiveDate) -> Result<(), StoreError> {
        let old: Vec<_> = self.inner.receipts.range(..before.to_string().as_bytes()).keys().collect();
        for key in old {
            let key = key.map_err(|error| self.failed(error))?;
            self.write(|| self.inner.receipts.remove(key))?;
        }
        Ok(())
    }

    /// The filings that were seen and were accepted on a day, as long as that day has no final receipt.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn seen_on(&self, day: NaiveDate) -> Result<Vec<Accession>, StoreError> {
        let prefix = format!("{day}/");
        let mut seen = Vec::new();
        for key in self.inner.days.scan_prefix(prefix.as_bytes()).keys().take(MOST_OF_A_DAY) {
            let key = key.map_err(|error| self.failed(error))?;
            let text = String::from_utf8_lossy(&key);
            seen.extend(text.strip_prefix(&prefix).and_then(|accession| accession.parse::<Accession>().ok()));
        }
        Ok(seen)
    }

    /// Whether filings were seen that were accepted on a day, as long as that day has no final receipt.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn was_seen_on(&self, day: NaiveDate) -> Result<bool, StoreError> {
        let first = self.inner.days.scan_prefix(format!("{day}/").as_bytes()).keys().next();
        Ok(first.transpose().map_err(|error| self.failed(error))?.is_some())
    }

    /// Writes a receipt, what the comparison missed as pending, what is tried again as pending, and what is passed over, all
    /// at once. A final one ends the day.
    ///
    /// # Errors
    /// Failures of the store; then nothing of it is written.
    pub async fn compared(
        &self,
        receipt: &Receipt,
        missed: &[FilingRef],
        passed_over: &[FilingRef],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let inner = &self.inner;
        let day = receipt.day.to_string();
        let record = encode(&day, receipt)?;
        let trees = (&inner.receipts, &inner.pending, &inner.filings);
        self.transact(&trees, |(receipts, pending, filings)| {
            for filing in missed {
                let key = filing.accession.to_string();
                let found = Found::Index;
                let one =
                    Pending { filing: filing.clone(), seen_at: now, attempts: 0, not_before: now, found };
                filings.remove(key.as_str())?;
                pending.insert(key.as_str(), encode(&key, &one).map_err(abort)?)?;
            }
            for filing in passed_over {
                let key = filing.accession.to_string();
                let done = Done { ending: Ending::NotFetched, at: now };
                filings.insert(key.as_str(), encode(&key, &done).map_err(abort)?)?;
            }
            receipts.insert(day.as_str(), record.as_slice())?;
            Ok(())
        })?;
        if receipt.is_final() {
            for accession in self.seen_on(receipt.day).await? {
                self.write(|| inner.days.remove(format!("{day}/{accession}")))?;
            }
        }
        Ok(())
    }
}
