//! Mutes, and the alerts that they hold back.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::engine::{Range, Transaction};
use super::error::StoreError;
use super::handle::{Ended, Store};
use super::overflow_lines;
use super::placing::{self, DELIVERIES, Stood};
use super::table::{Table, part};
use crate::alert::{Alert, Key};
use crate::delivery::Delivery;
use crate::destination::Destination;
use crate::mute::{Mute, Muting};
use crate::summary::Line;

/// Target → its mute: until when, by whom and why.
pub(super) const MUTES: Table<Mute> = Table::new("mutes");
/// Target, destination, acceptance time, delivery key → a muted alert.
pub(super) const MUTED: Table<Muted> = Table::new("muted");

/// A muted alert for one destination.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Muted {
    /// The target whose mute holds it back.
    pub what: Muting,
    /// The destination.
    pub destination: Destination,
    /// The alert.
    pub line: Line,
}

impl Muted {
    /// An alert held back by a mute; `key` is the key that its delivery would have.
    pub fn new(mute: &Mute, destination: &Destination, key: &Key, alert: &Alert) -> Self {
        let (what, destination) = (mute.what.clone(), destination.clone());
        Self { what, destination, line: Line::new(key, alert) }
    }

    pub(super) fn place(&self) -> String {
        let time = self.line.accepted_at.unwrap_or(self.line.seen_at).timestamp().max(0);
        let destination = part(&self.destination.to_string());
        format!("{}{destination}\t{time:012}/{}", prefix(&self.what), self.line.key)
    }
}

/// Holds alerts back, except those that were queued, sent or muted before.
pub(super) async fn keep(transaction: &Transaction, muted: &[Muted]) -> Result<(), Ended> {
    for one in muted {
        let key = one.line.key.as_str();
        if !DELIVERIES.has(transaction, key).await? {
            DELIVERIES.put(transaction, key, &Stood::Muted)?;
            MUTED.put(transaction, &one.place(), one)?;
        }
    }
    Ok(())
}

impl Store {
    /// All mutes, including expired ones that have not been ended yet.
    pub async fn mutes(&self) -> Result<Vec<Mute>, StoreError> {
        self.records(&MUTES, &Range::first(usize::MAX)).await
    }

    /// The mute of a target.
    pub async fn mute_of(&self, what: &Muting) -> Result<Option<Mute>, StoreError> {
        self.get(&MUTES, &what.to_string()).await
    }

    /// Mutes a target, or changes its mute.
    pub async fn set_mute(&self, mute: &Mute) -> Result<(), StoreError> {
        let key = &mute.what.to_string();
        self.transaction(|transaction| async move {
            let known = MUTES.get(&transaction, key).await?;
            let since = known.map_or(mute.since, |known| known.since.min(mute.since));
            Ok(MUTES.put(&transaction, key, &Mute { since, ..mute.clone() })?)
        })
        .await
    }

    /// Removes a mute with nothing left to send, unless it changed since it was read.
    pub async fn forget_mute(&self, read: &Mute) -> Result<(), StoreError> {
        self.delete_read(&MUTES, &read.what.to_string(), read).await
    }

    /// Up to `most` alerts held back by a mute, by destination, oldest first.
    pub async fn muted(&self, what: &Muting, most: usize) -> Result<Vec<Muted>, StoreError> {
        self.records(&MUTED, &Range::prefix(&prefix(what), most)).await
    }

    /// How many alerts a mute holds back.
    pub async fn muted_len(&self, what: &Muting) -> Result<usize, StoreError> {
        self.count(&MUTED, &Range::prefix(&prefix(what), usize::MAX)).await
    }

    /// How many alerts a mute holds back from a destination, counted up to `most`.
    pub async fn muted_for(
        &self,
        what: &Muting,
        destination: &Destination,
        most: usize,
    ) -> Result<usize, StoreError> {
        let prefix = format!("{}{}\t", prefix(what), part(&destination.to_string()));
        self.count(&MUTED, &Range::prefix(&prefix, most)).await
    }

    /// Targets with held-back alerts that are no longer muted.
    pub async fn muted_without_mute(&self) -> Result<Vec<Muting>, StoreError> {
        let (mut found, mut next) = (Vec::new(), Range::first(1));
        // One lookup per mute.
        while let Some((place, Muted { what, .. })) = self.range(&MUTED, &next).await?.pop() {
            let of = place.split_inclusive('\t').next().unwrap_or_default();
            next = Range::behind_prefix(of, 1);
            if !self.has(&MUTES, &what.to_string()).await? {
                found.push(what);
            }
        }
        Ok(found)
    }

    /// Removes muted alerts that were sent in another way.
    pub async fn forget_muted(&self, muted: &[&Muted]) -> Result<(), StoreError> {
        self.transaction(|transaction| async move {
            muted.iter().for_each(|one| MUTED.delete(&transaction, &one.place()));
            Ok(())
        })
        .await
    }

    /// Moves muted alerts to another mute.
    pub async fn hand_over(&self, muted: &[Muted], to: &Muting) -> Result<(), StoreError> {
        self.transaction(|transaction| async move {
            for one in muted {
                if MUTED.has(&transaction, &one.place()).await? {
                    MUTED.delete(&transaction, &one.place());
                    let moved = Muted { what: to.clone(), ..one.clone() };
                    MUTED.put(&transaction, &moved.place(), &moved)?;
                }
            }
            Ok(())
        })
        .await
    }

    /// Queues the message about muted alerts, if there is one, and removes them from the muted alerts, in one
    /// transaction. Returns `false` and writes nothing if any of them is no longer muted.
    pub async fn release(
        &self,
        muted: &[Muted],
        delivery: Option<&Delivery>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let stands = &match delivery {
            Some(delivery) => Stood::In { message: delivery.key.clone(), since: now },
            None => Stood::Unreported { at: now },
        };
        self.transaction(|transaction| async move {
            for one in muted {
                if !MUTED.has(&transaction, &one.place()).await? {
                    return Ok(false);
                }
            }
            for one in muted {
                MUTED.delete(&transaction, &one.place());
                DELIVERIES.put(&transaction, one.line.key.as_str(), stands)?;
            }
            if let Some(delivery) = delivery {
                overflow_lines::add(&transaction, delivery, muted.iter().map(|one| &one.line))?;
                let delivery = Delivery { joined: muted.len(), ..delivery.clone() };
                placing::enqueue(&transaction, &delivery).await?;
            }
            Ok(true)
        })
        .await
    }
}

/// The key prefix of a mute's alerts.
fn prefix(what: &Muting) -> String {
    format!("{}\t", part(&what.to_string()))
}
