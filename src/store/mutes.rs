//! What is muted, and the alerts that were not told for that.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sled::transaction::{ConflictableTransactionError, TransactionalTree};

use super::error::{StoreError, abort};
use super::handle::Store;
use super::record::encode;
use super::{DeliveryStanding, lists, placing};
use crate::alert::{Alert, Key};
use crate::delivery::{Body, Delivery};
use crate::destination::Destination;
use crate::mute::{Mute, Muting};
use crate::summary::Line;

/// An alert to a destination that was not told.
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

    fn place(&self) -> String {
        let time = self.line.accepted_at.unwrap_or(self.line.seen_at).timestamp().max(0);
        format!("{}\0{}\0{time:012}/{}", self.what, self.destination, self.line.key)
    }

    /// Keeps it within a transaction, unless its alert was told there or muted before.
    pub(super) fn keep(
        &self,
        muted: &TransactionalTree,
        deliveries: &TransactionalTree,
    ) -> Result<(), ConflictableTransactionError<StoreError>> {
        let key = self.line.key.as_str();
        if deliveries.get(key)?.is_some() {
            return Ok(());
        }
        deliveries.insert(key, encode(key, &DeliveryStanding::Muted).map_err(abort)?)?;
        let place = self.place();
        muted.insert(place.as_str(), encode(&place, self).map_err(abort)?)?;
        Ok(())
    }
}

impl Store {
    /// All mutes, also those that are over and not ended yet.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn mutes(&self) -> Result<Vec<Mute>, StoreError> {
        self.scan(&self.inner.mutes, &[], usize::MAX)
    }

    /// The mute of something.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn mute_of(&self, what: &Muting) -> Result<Option<Mute>, StoreError> {
        self.single(&self.inner.mutes, &what.to_string())
    }

    /// Mutes, or changes until when, by whom and why something is muted.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn set_mute(&self, mute: &Mute) -> Result<(), StoreError> {
        let key = mute.what.to_string();
        let known: Option<Mute> = self.single(&self.inner.mutes, &key)?;
        let since = known.map_or(mute.since, |known| known.since.min(mute.since));
        let record = encode(&key, &Mute { since, ..mute.clone() })?;
        self.write(|| self.inner.mutes.insert(key, record)).map(drop)
    }

    /// Forgets a mute of which nothing is left to tell.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn forget_mute(&self, what: &Muting) -> Result<(), StoreError> {
        self.write(|| self.inner.mutes.remove(what.to_string())).map(drop)
    }

    /// What was muted by a mute, by destination and oldest first, at most `most`.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn muted(&self, what: &Muting, most: usize) -> Result<Vec<Muted>, StoreError> {
        self.scan(&self.inner.muted, format!("{what}\0").as_bytes(), most)
    }

    /// How many alerts a mute kept back.
    pub async fn muted_len(&self, what: &Muting) -> usize {
        self.inner.muted.scan_prefix(format!("{what}\0")).keys().count()
    }

    /// What has muted alerts and is not muted any more.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn muted_without_mute(&self) -> Result<Vec<Muting>, StoreError> {
        let mut found = Vec::new();
        let mut from: Vec<u8> = Vec::new();
        // One look a mute: the next key that is not of the last one.
        loop {
            let next = self.inner.muted.range(from.as_slice()..).next();
            let Some((key, _)) = next.transpose().map_err(|error| self.failed(error))? else {
                return Ok(found);
            };
            let name = key.split(|&byte| byte == 0).next().unwrap_or_default().to_vec();
            let known = self.inner.mutes.contains_key(&name).map_err(|error| self.failed(error))?;
            if let (false, Ok(what)) = (known, String::from_utf8_lossy(&name).parse()) {
                found.push(what);
            }
            from = name;
            from.push(1);
        }
    }

    /// Forgets that alerts were muted which were told otherwise.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn forget_muted<'a>(&self, muted: impl Iterator<Item = &'a Muted>) -> Result<(), StoreError> {
        for one in muted {
            self.write(|| self.inner.muted.remove(one.place()))?;
        }
        Ok(())
    }

    /// Has another mute keep alerts back.
    ///
    /// # Errors
    /// Failures of the store; then nothing of it is written.
    pub async fn hand_over(&self, muted: &[Muted], to: &Muting) -> Result<(), StoreError> {
        self.transact(&self.inner.muted, |kept| {
            for one in muted {
                if kept.remove(one.place().as_str())?.is_none() {
                    continue;
                }
                let moved = Muted { what: to.clone(), ..one.clone() };
                let place = moved.place();
                kept.insert(place.as_str(), encode(&place, &moved).map_err(abort)?)?;
            }
            Ok(())
        })
    }

    /// Queues what tells of alerts that were muted and forgets them as such, at once; without it they are told nowhere. `false`, and nothing
    /// is written, where one of them is no longer muted.
    ///
    /// # Errors
    /// Failures of the store; then nothing of it is written.
    pub async fn release(
        &self,
        muted: &[Muted],
        delivery: Option<&Delivery>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let _lists = self.hold_lists();
        let standing = match delivery {
            Some(delivery) => DeliveryStanding::Joined(delivery.key.clone()),
            None => DeliveryStanding::Untold { at: now },
        };
        let standing = encode("deliveries", &standing)?;
        let mut listed = Vec::new();
        if let Some(Delivery { body: Body::Summary(summary), .. }) = delivery {
            for (number, muted) in muted.iter().enumerate() {
                let place = lists::place(&summary.list, number);
                listed.push((encode(&place, &muted.line)?, place));
            }
        }
        let trees = (&self.inner.muted, &self.inner.queue, &self.inner.deliveries, &self.inner.lists);
        self.transact(&trees, |(kept, queue, deliveries, lists)| {
            for one in muted {
                if kept.get(one.place().as_str())?.is_none() {
                    return Ok(false);
                }
            }
            for one in muted {
                kept.remove(one.place().as_str())?;
                deliveries.insert(one.line.key.as_str(), standing.as_slice())?;
            }
            for (line, place) in &listed {
                lists.insert(place.as_str(), line.as_slice())?;
            }
            delivery.map_or(Ok(()), |delivery| placing::enqueue(queue, deliveries, delivery))?;
            Ok(true)
        })
    }
}
