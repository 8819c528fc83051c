//! Filings that repeatedly could not be fetched or read. They are kept with their bytes and the reason, and
//! tried again once a day.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::engine::{Range, Transaction};
use super::error::StoreError;
use super::handle::{Ended, Store};
use super::pending::{self, Found, Pending};
use super::placing;
use super::table::{Base64, Table};
use crate::delivery::Delivery;
use crate::edgar::FilingRef;
use crate::filing::Accession;

/// Accession → why a filing is in quarantine, and since when.
pub(super) const QUARANTINE: Table<Quarantined> = Table::new("quarantine");
/// Accession → the bytes of an unreadable filing.
pub(super) const UNREADABLE: Table<Base64> = Table::new("unreadable");

/// A filing in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// The filing, and where to fetch it.
    pub filing: FilingRef,
    /// When it was first seen.
    pub seen_at: DateTime<Utc>,
    /// Why it is in quarantine.
    pub reason: String,
    /// When it was put in quarantine.
    pub since: DateTime<Utc>,
    /// When it was last tried.
    pub tried_at: DateTime<Utc>,
    /// How often it was put back in quarantine.
    pub tries: u32,
    /// True if operators were notified. In records of older versions, they were.
    #[serde(default = "reported", alias = "told")]
    pub reported: bool,
}

fn reported() -> bool {
    true
}

/// Puts a filing into quarantine, or back into it, or releases it if it can be read.
pub(super) async fn confine_or_release(
    transaction: &Transaction,
    key: &str,
    confined: Option<&(Quarantined, Vec<u8>)>,
) -> Result<(), Ended> {
    let Some((record, bytes)) = confined else {
        if QUARANTINE.has(transaction, key).await? {
            QUARANTINE.delete(transaction, key);
            UNREADABLE.delete(transaction, key);
        }
        return Ok(());
    };
    QUARANTINE.put(transaction, key, record)?;
    // Earlier bytes are more useful than none.
    if !bytes.is_empty() {
        UNREADABLE.put(transaction, key, &Base64::of(bytes))?;
    }
    Ok(())
}

impl Store {
    /// Up to `most` filings in quarantine.
    pub async fn quarantined(&self, most: usize) -> Result<Vec<Quarantined>, StoreError> {
        self.records(&QUARANTINE, &Range::first(most)).await
    }

    /// How many filings are in quarantine.
    pub async fn quarantine_len(&self) -> Result<usize, StoreError> {
        self.count(&QUARANTINE, &Range::first(usize::MAX)).await
    }

    /// One filing in quarantine.
    pub async fn quarantine_of(&self, accession: Accession) -> Result<Option<Quarantined>, StoreError> {
        self.get(&QUARANTINE, &accession.to_string()).await
    }

    /// The bytes of a filing in quarantine; `None` if nothing was received.
    pub async fn quarantined_bytes(&self, accession: Accession) -> Result<Option<Vec<u8>>, StoreError> {
        let body = self.get(&UNREADABLE, &accession.to_string()).await?;
        Ok(body.and_then(|body| body.bytes()))
    }

    /// Makes filings in quarantine pending again. They stay in quarantine until they are read.
    pub async fn try_again(&self, quarantined: &[Quarantined], now: DateTime<Utc>) -> Result<(), StoreError> {
        self.transaction(|transaction| async move {
            for one in quarantined {
                if !QUARANTINE.has(&transaction, &one.filing.accession.to_string()).await? {
                    continue;
                }
                let again = Pending::new(one.filing.clone(), Found::Index, one.seen_at, now);
                pending::put(&transaction, &again).await?;
                let tried = Quarantined { tried_at: now, ..one.clone() };
                QUARANTINE.put(&transaction, &one.filing.accession.to_string(), &tried)?;
            }
            Ok(())
        })
        .await
    }

    /// Queues notices about these filings and marks the filings as reported, in one transaction.
    pub async fn tell_of(
        &self,
        quarantined: &[Quarantined],
        deliveries: &[Delivery],
    ) -> Result<(), StoreError> {
        self.transaction(|transaction| async move {
            for one in quarantined {
                let key = one.filing.accession.to_string();
                // It may have been read meanwhile.
                if let Some(known) = QUARANTINE.get(&transaction, &key).await? {
                    QUARANTINE.put(&transaction, &key, &Quarantined { reported: true, ..known })?;
                }
            }
            placing::enqueue_all(&transaction, deliveries).await
        })
        .await
    }
}
