//! Alerts that wait for a digest, and the one transaction that makes a slot's digest of them.

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

/// Recipient, alert key → an alert that waits for a digest.
pub(super) const GATHERED: Table<Alert> = Table::new("gathered");
/// Recipient, alert key → when the alert was in a digest.
pub(super) const DIGESTED: Table<DateTime<Utc>> = Table::new("digested");
/// Recipient → up to when its digests were made.
pub(super) const DIGESTS: Table<DigestMark> = Table::new("digests");

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

/// Has alerts wait for digests, but for those that were in a digest of that recipient before.
pub(super) async fn gather(transaction: &Transaction, gathered: &[Gathered]) -> Result<(), Ended> {
    for Gathered { recipient, alert } in gathered {
        let place = place(recipient, alert.key.as_str());
        if DIGESTED.has(transaction, &place).await? {
            continue;
        }
        // Another filing may have reported the same trade.
        let waiting = GATHERED.get(transaction, &place).await?;
        let joined = waiting.map(|mut waiting| {
            waiting.join(alert);
            waiting
        });
        GATHERED.put(transaction, &place, joined.as_ref().unwrap_or(alert))?;
    }
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
    pub async fn digest_mark(&self, recipient: &str) -> Result<Option<DigestMark>, StoreError> {
        self.get(&DIGESTS, recipient).await
    }

    /// The alerts that wait for the recipient's next digest.
    pub async fn gathered(&self, recipient: &str) -> Result<Vec<Alert>, StoreError> {
        self.records(&GATHERED, &Range::prefix(&place(recipient, ""), usize::MAX)).await
    }

    /// The names of all recipients for whom alerts wait.
    pub async fn gathering(&self) -> Result<BTreeSet<String>, StoreError> {
        let (mut names, mut next) = (BTreeSet::new(), Range::first(1));
        // One look a recipient.
        while let Some((place, _)) = self.stored(GATHERED.space, &next).await?.pop() {
            let name = place.split('/').next().unwrap_or_default();
            next = Range::behind_prefix(&format!("{name}/"), 1);
            names.insert(name.to_owned());
        }
        Ok(names)
    }

    /// Whether an alert waits for a recipient's digest, or was in one.
    pub async fn digest_standing(
        &self,
        recipient: &str,
        key: &Key,
    ) -> Result<Option<DigestStanding>, StoreError> {
        let place = place(recipient, key.as_str());
        // In this order: in between it may move from the one to the other.
        let waits = self.has(&GATHERED, &place).await?;
        Ok(match (waits, self.has(&DIGESTED, &place).await?) {
            (_, true) => Some(DigestStanding::Told),
            (true, false) => Some(DigestStanding::Waits),
            (false, false) => None,
        })
    }

    /// Closes a slot in one transaction: the alerts leave the waiting room, their digest is queued, the mark moves. `false`, and nothing is
    /// written, where one of them no longer waits as it was read.
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

/// Names have no slash, so one recipient's prefix is never another's.
fn place(recipient: &str, alert_key: &str) -> String {
    format!("{recipient}/{alert_key}")
}
