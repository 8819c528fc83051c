//! Alerts waiting for a digest, and the transaction that turns them into a time slot's digest.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::engine::{Range, Transaction};
use super::error::StoreError;
use super::handle::{Ended, Store};
use super::placing;
use super::table::Table;
use crate::alert::{Alert, Key};
use crate::delivery::Delivery;

/// Recipient, alert key → an alert waiting for a digest.
pub(super) const GATHERED: Table<Alert> = Table::new("gathered");
/// Recipient, alert key → when the alert was included in a digest.
pub(super) const DIGESTED: Table<DateTime<Utc>> = Table::new("digested");
/// Recipient → the time up to which its digests have been made.
pub(super) const DIGESTS: Table<DigestMark> = Table::new("digests");

/// An alert waiting for a recipient's digest.
#[derive(Debug, Clone, PartialEq)]
pub struct Gathered {
    /// Name of the recipient.
    pub recipient: String,
    /// The alert.
    pub alert: Alert,
}

/// The time up to which a recipient's digests have been made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestMark {
    /// Digests are made up to this time.
    pub until: DateTime<Utc>,
    /// The name of the last slot: its local time in the schedule's zone, and the zone; `None` before the
    /// first.
    pub slot: Option<String>,
}

/// Queues alerts for digests, except those that were already in a digest of the same recipient.
pub(super) async fn gather(transaction: &Transaction, gathered: &[Gathered]) -> Result<(), Ended> {
    for Gathered { recipient, alert } in gathered {
        let place = place(recipient, alert.key.as_str());
        if DIGESTED.has(transaction, &place).await? {
            continue;
        }
        // Another filing may report the same trade.
        let waiting = GATHERED.get(transaction, &place).await?;
        let joined = waiting.map(|mut waiting| {
            waiting.join(alert);
            waiting
        });
        GATHERED.put(transaction, &place, joined.as_ref().unwrap_or(alert))?;
    }
    Ok(())
}

/// The state of an alert in a recipient's digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigestStanding {
    /// It waits for the next digest.
    Waits,
    /// It was in a digest.
    Told,
}

impl Store {
    /// The time up to which the recipient's digests have been made; `None` before the first check.
    pub async fn digest_mark(&self, recipient: &str) -> Result<Option<DigestMark>, StoreError> {
        self.get(&DIGESTS, recipient).await
    }

    /// The alerts waiting for the recipient's next digest.
    pub async fn gathered(&self, recipient: &str) -> Result<Vec<Alert>, StoreError> {
        self.records(&GATHERED, &Range::prefix(&place(recipient, ""), usize::MAX)).await
    }

    /// The names of all recipients with waiting alerts.
    pub async fn gathering(&self) -> Result<BTreeSet<String>, StoreError> {
        let (mut names, mut next) = (BTreeSet::new(), Range::first(1));
        // One lookup per recipient.
        while let Some((place, _)) = self.stored(GATHERED.space, &next).await?.pop() {
            let name = place.split('/').next().unwrap_or_default();
            next = Range::behind_prefix(&format!("{name}/"), 1);
            names.insert(name.to_owned());
        }
        Ok(names)
    }

    /// The state of an alert in a recipient's digests.
    pub async fn digest_standing(
        &self,
        recipient: &str,
        key: &Key,
    ) -> Result<Option<DigestStanding>, StoreError> {
        let place = place(recipient, key.as_str());
        // In this order, because it may move from waiting to sent between the two reads.
        let waits = self.has(&GATHERED, &place).await?;
        Ok(match (waits, self.has(&DIGESTED, &place).await?) {
            (_, true) => Some(DigestStanding::Told),
            (true, false) => Some(DigestStanding::Waits),
            (false, false) => None,
        })
    }

    /// Closes a slot in one transaction: its alerts stop waiting, their digest is queued, and the mark
    /// advances. Returns `false` and writes nothing if any alert changed since it was read.
    pub async fn close_slot(
        &self,
        recipient: &str,
        slot: Option<&str>,
        until: DateTime<Utc>,
        alerts: &[Alert],
        digest: Option<&Delivery>,
    ) -> Result<bool, StoreError> {
        self.transaction(|transaction| async move {
            for alert in alerts {
                let place = place(recipient, alert.key.as_str());
                if GATHERED.get(&transaction, &place).await?.as_ref() != Some(alert) {
                    return Ok(false);
                }
                GATHERED.delete(&transaction, &place);
                DIGESTED.put(&transaction, &place, &until)?;
            }
            if let Some(digest) = digest {
                placing::enqueue(&transaction, digest).await?;
            }
            let mark = DigestMark { until, slot: slot.map(str::to_owned) };
            DIGESTS.put(&transaction, recipient, &mark)?;
            Ok(true)
        })
        .await
    }
}

/// Names contain no slash, so no recipient's prefix matches another's.
fn place(recipient: &str, alert_key: &str) -> String {
    format!("{recipient}/{alert_key}")
}
