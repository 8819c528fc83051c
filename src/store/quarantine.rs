//! Filings that could not be read or fetched again and again: kept with their bytes and the reason, and tried once a day.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::error::{StoreError, abort};
use super::handle::Store;
use super::pending::{Found, Pending};
use super::placing;
use super::record::encode;
use crate::delivery::Delivery;
use crate::edgar::FilingRef;
use crate::filing::Accession;

/// A filing in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// Which filing, and where it is fetched.
    pub filing: FilingRef,
    /// When it was first seen.
    pub seen_at: DateTime<Utc>,
    /// Why it is here.
    pub reason: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// When it was last tried.
    pub tried_at: DateTime<Utc>,
    /// How often it came back here.
    pub tries: u32,
    /// Whether the operators were told. Records of older versions were.
    #[serde(default = "told")]
    pub told: bool,
}

fn told() -> bool {
    true
}

impl Store {
    /// What is in quarantine, at most `most`.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn quarantined(&self, most: usize) -> Result<Vec<Quarantined>, StoreError> {
        self.scan(&self.inner.quarantine, &[], most)
    }

    /// How many filings are in quarantine.
    pub async fn quarantine_len(&self) -> usize {
        self.inner.quarantine.len()
    }

    /// One filing in quarantine.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn quarantine_of(&self, accession: Accession) -> Result<Option<Quarantined>, StoreError> {
        self.single(&self.inner.quarantine, &accession.to_string())
    }

    /// What came as a filing in quarantine: its bytes, none where nothing came.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn quarantined_bytes(&self, accession: Accession) -> Result<Option<Vec<u8>>, StoreError> {
        let bytes = self.inner.unreadable.get(accession.to_string()).map_err(|error| self.failed(error))?;
        Ok(bytes.map(|bytes| bytes.to_vec()))
    }

    /// Makes filings in quarantine pending once more. They keep their place there until they are read.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn try_again(&self, quarantined: &[Quarantined], now: DateTime<Utc>) -> Result<(), StoreError> {
        let trees = (&self.inner.pending, &self.inner.filings, &self.inner.quarantine);
        for one in quarantined {
            let key = one.filing.accession.to_string();
            let pending = Pending {
                filing: one.filing.clone(),
                seen_at: one.seen_at,
                attempts: 0,
                not_before: now,
                found: Found::Index,
            };
            let pending = encode(&key, &pending)?;
            let tried = encode(&key, &Quarantined { tried_at: now, ..one.clone() })?;
            self.transact(&trees, |(waiting, filings, quarantine)| {
                filings.remove(key.as_str())?;
                waiting.insert(key.as_str(), pending.as_slice())?;
                quarantine.insert(key.as_str(), tried.as_slice()).map(drop)?;
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Queues what tells of these filings, and notes that they were told of, at once.
    ///
    /// # Errors
    /// Failures of the store; then nothing of it is written.
    pub async fn tell_of(
        &self,
        quarantined: &[Quarantined],
        deliveries: &[Delivery],
    ) -> Result<(), StoreError> {
        let trees = (&self.inner.quarantine, &self.inner.queue, &self.inner.deliveries);
        self.transact(&trees, |(quarantine, queue, known)| {
            for one in quarantined {
                let key = one.filing.accession.to_string();
                let told = encode(&key, &Quarantined { told: true, ..one.clone() }).map_err(abort)?;
                quarantine.insert(key.as_str(), told)?;
            }
            deliveries.iter().try_for_each(|delivery| placing::enqueue(queue, known, delivery))
        })
    }

    /// Puts a filing into quarantine, or back into it, or where it can be read out of it, within a transaction of [`Store::commit`].
    pub(super) fn confine_or_release(
        key: &str,
        quarantine: &sled::transaction::TransactionalTree,
        unreadable: &sled::transaction::TransactionalTree,
        confined: Option<&(Quarantined, Vec<u8>)>,
    ) -> Result<(), sled::transaction::ConflictableTransactionError<StoreError>> {
        let Some((record, bytes)) = confined else {
            if quarantine.remove(key)?.is_some() {
                unreadable.remove(key)?;
            }
            return Ok(());
        };
        quarantine.insert(key, encode(key, record).map_err(abort)?)?;
        // What came before says more than nothing.
        if !bytes.is_empty() {
            unreadable.insert(key, bytes.as_slice())?;
        }
        Ok(())
    }
}
