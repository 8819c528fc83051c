//! Alerts that wait for a digest, and the one transaction that makes a slot's digest of them.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sled::transaction::{ConflictableTransactionError, TransactionalTree};

use super::error::{StoreError, abort};
use super::handle::Store;
use super::placing;
use super::record::{decode, encode};
use crate::alert::{Alert, Key};
use crate::delivery::Delivery;

/// An alert that waits for a recipient's digest.
#[derive(Debug, Clone, PartialEq)]
pub struct Gathered {
    /// Name of the recipient.
    pub recipient: String,
    /// The alert.
    pub alert: Alert,
}

/// Up to when a recipient's digests were made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestMark {
    /// Up to here.
    pub until: DateTime<Utc>,
    /// The last slot's name: its time on the schedule's own clock, and the zone; `None` before the first.
    pub slot: Option<String>,
}

/// Lets an alert wait for a digest within a transaction, unless one of its key was in a digest of that recipient before.
pub(super) fn gather(
    tree: &TransactionalTree,
    digested: &TransactionalTree,
    gathered: &Gathered,
) -> Result<(), ConflictableTransactionError<StoreError>> {
    let place = place(&gathered.recipient, gathered.alert.key.as_str());
    if digested.get(place.as_str())?.is_some() {
        return Ok(());
    }
    let alert = match tree.get(place.as_str())? {
        // Another filing told the same trade.
        Some(bytes) => {
            let mut waiting: Alert = decode(&place, &bytes).map_err(abort)?;
            waiting.join(&gathered.alert);
            waiting
        }
        None => gathered.alert.clone(),
    };
    tree.insert(place.as_str(), encode(&place, &alert).map_err(abort)?)?;
    Ok(())
}

/// An alert and a recipient's digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigestStanding {
    /// It waits for the next.
    Waits,
    /// It was in one.
    Told,
}

impl Store {
    /// Up to when the recipient's digests were made; `None` before it was first looked at.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn digest_mark(&self, recipient: &str) -> Result<Option<DigestMark>, StoreError> {
        self.single(&self.inner.digests, recipient)
    }

    /// The alerts that wait for the recipient's next digest.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn gathered(&self, recipient: &str) -> Result<Vec<Alert>, StoreError> {
        self.scan(&self.inner.gathered, place(recipient, "").as_bytes(), usize::MAX)
    }

    /// The names of all recipients for whom alerts wait.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn gathering(&self) -> Result<BTreeSet<String>, StoreError> {
        let mut names = BTreeSet::new();
        for key in self.inner.gathered.iter().keys() {
            let key = key.map_err(|error| self.failed(error))?;
            let name = key.split(|&byte| byte == b'/').next().unwrap_or_default();
            names.insert(String::from_utf8_lossy(name).into_owned());
        }
        Ok(names)
    }

    /// Whether an alert waits for a recipient's digest, or was in one.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn digest_standing(
        &self,
        recipient: &str,
        key: &Key,
    ) -> Result<Option<DigestStanding>, StoreError> {
        let place = format!("{recipient}/{key}");
        let has = |tree: &sled::Tree| tree.contains_key(&place).map_err(|error| self.failed(error));
        Ok(match (has(&self.inner.gathered)?, has(&self.inner.digested)?) {
            (true, _) => Some(DigestStanding::Waits),
            (false, true) => Some(DigestStanding::Told),
            (false, false) => None,
        })
    }

    /// Closes a slot in one transaction: the alerts leave the waiting room, their digest is queued, the mark moves.
    ///
    /// # Errors
    /// Failures of the store; then nothing of it is written.
    pub async fn close_slot(
        &self,
        recipient: &str,
        slot: Option<&str>,
        until: DateTime<Utc>,
        alerts: &[Alert],
        digest: Option<&Delivery>,
    ) -> Result<(), StoreError> {
        let mark = encode(recipient, &DigestMark { until, slot: slot.map(str::to_owned) })?;
        let inner = &self.inner;
        let closed = encode(recipient, &until)?;
        let trees = (&inner.gathered, &inner.digested, &inner.digests, &inner.queue, &inner.deliveries);
        self.transact(&trees, |(gathered, digested, digests, queue, deliveries)| {
            for alert in alerts {
                let place = place(recipient, alert.key.as_str());
                gathered.remove(place.as_str())?;
                digested.insert(place.as_str(), closed.as_slice())?;
            }
            if let Some(digest) = digest {
                placing::enqueue(queue, deliveries, digest)?;
            }
            digests.insert(recipient, mark.as_slice())?;
            Ok(())
        })
    }
}

/// Names have no slash, so one recipient's prefix is never another's.
fn place(recipient: &str, alert_key: &str) -> String {
    format!("{recipient}/{alert_key}")
}
