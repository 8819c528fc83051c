//! Mutes, and the alerts that they held back.

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

/// Target → until when, by whom and why it is muted.
pub(super) const MUTES: Table<Mute> = Table::new("mutes");
/// Target, destination, acceptance time, delivery key → an alert that was held back.
pub(super) const MUTED: Table<Muted> = Table::new("muted");

/// An alert that was held back from a destination.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Muted {
    /// By which mute.
    pub what: Muting,
    /// Whom it was for.
    pub destination: Destination,
    /// The alert.
    pub line: Line,
}

impl Muted {
    /// An alert that a mute keeps back; `key` is of the delivery that it would be.
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

/// Keeps alerts back, but for those that were sent or muted before.
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
    /// All mutes, also those that are over and not ended yet.
    pub async fn mutes(&self) -> Result<Vec<Mute>, StoreError> {
        self.records(&MUTES, &Range::first(usize::MAX)).await
    }

    /// The mute of something.
    pub async fn mute_of(&self, what: &Muting) -> Result<Option<Mute>, StoreError> {
        self.get(&MUTES, &what.to_string()).await
    }

    /// Mutes, or changes until when, by whom and why something is muted.
    pub async fn set_mute(&self, mute: &Mute) -> Result<(), StoreError> {
        let key = &mute.what.to_string();
        self.transaction(|transaction| async move {
            let known = MUTES.get(&transaction, key).await?;
            let since = known.map_or(mute.since, |known| known.since.min(mute.since));
            Ok(MUTES.put(&transaction, key, &Mute { since, ..mute.clone() })?)
        })
        .await
    }

    /// Forgets a mute with nothing left to send, unless it was changed since it was read.
    pub async fn forget_mute(&self, read: &Mute) -> Result<(), StoreError> {
        self.delete_read(&MUTES, &read.what.to_string(), read).await
    }

    /// The alerts that a mute held back, by destination and oldest first, at most `most`.
    pub async fn muted(&self, what: &Muting, most: usize) -> Result<Vec<Muted>, StoreError> {
        self.records(&MUTED, &Range::prefix(&prefix(what), most)).await
    }

    /// How many alerts a mute kept back.
    pub async fn muted_len(&self, what: &Muting) -> Result<usize, StoreError> {
        self.count(&MUTED, &Range::prefix(&prefix(what), usize::MAX)).await
    }

    /// Targets with held-back alerts that are no longer muted.
    pub async fn muted_without_mute(&self) -> Result<Vec<Muting>, StoreError> {
        let (mut found, mut next) = (Vec::new(), Range::first(1));
        // One look a mute.
        while let Some((place, Muted { what, .. })) = self.range(&MUTED, &next).await?.pop() {
            let of = place.split_inclusive('\t').next().unwrap_or_default();
            next = Range::behind_prefix(of, 1);
            if !self.has(&MUTES, &what.to_string()).await? {
                found.push(what);
            }
        }
        Ok(found)
    }

    /// Forgets muted alerts that were sent in another way.
    pub async fn forget_muted(&self, muted: &[&Muted]) -> Result<(), StoreError> {
        self.transaction(|transaction| async move {
            muted.iter().for_each(|one| MUTED.delete(&transaction, &one.place()));
            Ok(())
        })
        .await
    }

    /// Has another mute keep alerts back.
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

    /// Queues the message about muted alerts and forgets them as such, at once; without a message they are just forgotten. `false`, and nothing
    /// is written, where one of them is no longer muted.
    pub async fn release(
        &self,
        muted: &[Muted],
        delivery: Option<&Delivery>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let stands = &match delivery {
            Some(delivery) => Stood::In { message: delivery.key.clone(), since: now },
            None => Stood::Untold { at: now },
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

/// The prefix of the places of a mute's alerts.
fn prefix(what: &Muting) -> String {
    format!("{}\t", part(&what.to_string()))
}
