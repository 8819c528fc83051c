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
use crate::destination::Inbox;
use crate::filing::Cik;
use crate::schedule::Schedule;

/// Inbox, alert key → an alert waiting for a digest.
pub(super) const GATHERED: Table<Alert> = Table::new("gathered");
/// Inbox, alert key → when the alert was included in a digest.
pub(super) const DIGESTED: Table<DateTime<Utc>> = Table::new("digested");
/// Inbox → the time up to which its digests have been made, and what the next one must know of the last.
pub(super) const DIGESTS: Table<DigestMark> = Table::new("digests");

/// An alert waiting for an inbox's digest.
#[derive(Debug, Clone, PartialEq)]
pub struct Gathered {
    /// The inbox.
    pub inbox: Inbox,
    /// The alert.
    pub alert: Alert,
}

/// The time up to which an inbox's digests have been made, and what the next one must know of the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestMark {
    /// Digests are made up to this time.
    pub until: DateTime<Utc>,
    /// The name of the last slot: its local time in the schedule's zone, and the zone; `None` before the
    /// first.
    pub slot: Option<String>,
    /// The schedule at that time, as text; `None` in records of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// The issuers in the last digest that had any; `None` if it is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuers: Option<BTreeSet<Cik>>,
}

impl DigestMark {
    /// A mark before the first slot.
    pub fn new(until: DateTime<Utc>) -> Self {
        Self { until, slot: None, schedule: None, issuers: None }
    }

    /// True if this schedule was in force when it was set, as far as it says.
    pub fn is_of(&self, schedule: &Schedule) -> bool {
        self.schedule.as_ref().is_none_or(|known| *known == schedule.to_string())
    }
}

/// The end of an inbox's slot.
#[derive(Debug, Clone, Copy)]
pub struct SlotEnd<'a> {
    /// The inbox.
    pub inbox: &'a Inbox,
    /// Its mark before.
    pub read: Option<&'a DigestMark>,
    /// Its mark from now on.
    pub mark: &'a DigestMark,
    /// The alerts that stop waiting.
    pub alerts: &'a [Alert],
    /// Their digest, if there is one.
    pub digest: Option<&'a Delivery>,
}

/// Queues alerts for digests, except those that were already in a digest of the same inbox.
pub(super) async fn gather(transaction: &Transaction, gathered: &[Gathered]) -> Result<(), Ended> {
    for Gathered { inbox, alert } in gathered {
        let place = place(inbox, alert.key.as_str());
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

/// The state of an alert in an inbox's digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigestStanding {
    /// It waits for the next digest.
    Waits,
    /// It was in a digest.
    Told,
}

impl Store {
    /// The time up to which the inbox's digests have been made; `None` before the first check.
    pub async fn digest_mark(&self, inbox: &Inbox) -> Result<Option<DigestMark>, StoreError> {
        self.get(&DIGESTS, &key(inbox)).await
    }

    /// Up to `most` alerts waiting for the inbox's next digest.
    pub async fn gathered(&self, inbox: &Inbox, most: usize) -> Result<Vec<Alert>, StoreError> {
        self.records(&GATHERED, &Range::prefix(&place(inbox, ""), most)).await
    }

    /// All inboxes with waiting alerts.
    pub async fn gathering(&self) -> Result<BTreeSet<Inbox>, StoreError> {
        let (mut inboxes, mut next) = (BTreeSet::new(), Range::first(1));
        // One lookup per inbox.
        while let Some((place, _)) = self.stored(GATHERED.space, &next).await?.pop() {
            let key = place.split('/').next().unwrap_or_default();
            next = Range::behind_prefix(&format!("{key}/"), 1);
            inboxes.extend(key.replacen(FURTHER, "/", 1).parse::<Inbox>().ok());
        }
        Ok(inboxes)
    }

    /// The state of an alert in an inbox's digests.
    pub async fn digest_standing(
        &self,
        inbox: &Inbox,
        alert: &Key,
    ) -> Result<Option<DigestStanding>, StoreError> {
        let place = place(inbox, alert.as_str());
        // In this order, because it may move from waiting to sent between the two reads.
        let waits = self.has(&GATHERED, &place).await?;
        Ok(match (waits, self.has(&DIGESTED, &place).await?) {
            (_, true) => Some(DigestStanding::Told),
            (true, false) => Some(DigestStanding::Waits),
            (false, false) => None,
        })
    }

    /// Ends a slot in one transaction: its alerts stop waiting, their digest is queued, and the mark advances.
    /// Returns `false` and writes nothing if the mark or any alert changed since it was read, so that each slot
    /// ends once.
    pub async fn end_slot(&self, end: SlotEnd<'_>) -> Result<bool, StoreError> {
        let SlotEnd { inbox, read, mark, alerts, digest } = end;
        let key = &key(inbox);
        self.transaction(|transaction| async move {
            if DIGESTS.get(&transaction, key).await?.as_ref() != read {
                return Ok(false);
            }
            for alert in alerts {
                let place = place(inbox, alert.key.as_str());
                if GATHERED.get(&transaction, &place).await?.as_ref() != Some(alert) {
                    return Ok(false);
                }
                GATHERED.delete(&transaction, &place);
                DIGESTED.put(&transaction, &place, &mark.until)?;
            }
            if let Some(digest) = digest {
                placing::enqueue(&transaction, digest).await?;
            }
            DIGESTS.put(&transaction, key, mark)?;
            Ok(true)
        })
        .await
    }
}

/// Separates a recipient from a further address in keys: no name contains it, and a slash ends an inbox's key.
const FURTHER: &str = "#";

/// The key of an inbox.
pub(super) fn key(inbox: &Inbox) -> String {
    inbox.to_string().replacen('/', FURTHER, 1)
}

/// Keys of inboxes contain no slash, so no inbox's prefix matches another's.
fn place(inbox: &Inbox, alert_key: &str) -> String {
    format!("{}/{alert_key}", key(inbox))
}
