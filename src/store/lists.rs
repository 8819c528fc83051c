//! The lists of messages about many alerts.

use std::collections::BTreeSet;
use std::sync::{MutexGuard, PoisonError};

use sled::transaction::{ConflictableTransactionError, TransactionalTree};

use super::error::{StoreError, abort};
use super::handle::Store;
use super::record::{decode, encode};
use super::{DeliveryStanding, placing};
use crate::alert::Key;
use crate::delivery::{Body, Delivery};
use crate::summary::Line;

/// So many lines are forgotten at once.
const AT_ONCE: usize = 1_000;

pub(super) fn place(list: &Key, number: usize) -> String {
    format!("{list}/{number:08}")
}

impl Store {
    /// Puts queued deliveries into one that is queued in their place, at once. The lines of a summary go to its list, behind
    /// those that it has. `false`, and nothing is written, where one of them is no longer queued as it was read, or may have reached its
    /// destination.
    ///
    /// # Errors
    /// Failures of the store; then nothing of it is written.
    pub async fn join_into(
        &self,
        delivery: &Delivery,
        joined: &[Delivery],
        lines: &[Line],
    ) -> Result<bool, StoreError> {
        let _lists = self.hold_lists();
        let standing = encode(delivery.key.as_str(), &DeliveryStanding::Joined(delivery.key.clone()))?;
        let mut listed = Vec::new();
        if let Body::Summary(summary) = &delivery.body {
            let first = summary.count.saturating_sub(lines.len());
            for (number, line) in (first..).zip(lines) {
                let place = place(&summary.list, number);
                let record = encode(&place, line)?;
                listed.push((place, record));
            }
        }
        let trees = (&self.inner.queue, &self.inner.deliveries, &self.inner.lists);
        self.transact(&trees, |(queue, deliveries, lists)| {
            for one in joined {
                if !is_queued(queue, deliveries, one)? {
                    return Ok(false);
                }
            }
            for one in joined {
                queue.remove(placing::place(one))?;
                deliveries.insert(one.key.as_str(), standing.as_slice())?;
            }
            for (place, line) in &listed {
                lists.insert(place.as_str(), line.as_slice())?;
            }
            // It takes the place of what waited, so that it is sent even where one of its key was before.
            let key = delivery.key.as_str();
            deliveries.insert(key, encode(key, &DeliveryStanding::Queued).map_err(abort)?)?;
            queue.insert(placing::place(delivery), encode(key, delivery).map_err(abort)?)?;
            Ok(true)
        })
    }

    /// The lines of a list, at most the first `most`.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn lines(&self, list: &Key, most: usize) -> Result<Vec<Line>, StoreError> {
        self.scan(&self.inner.lists, format!("{list}/").as_bytes(), most)
    }

    /// Forgets the lists of messages that neither wait nor were given up, but for those that still grow, which are asked for once it is
    /// known what waits.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn forget_lists(&self, growing: impl FnOnce() -> BTreeSet<Key>) -> Result<(), StoreError> {
        if self.inner.lists.is_empty() {
            return Ok(());
        }
        let _lists = self.hold_lists();
        let mut kept = BTreeSet::new();
        for tree in [&self.inner.queue, &self.inner.dead] {
            self.each(tree, &[], |delivery: Delivery| {
                if let Body::Summary(summary) = delivery.body {
                    kept.insert(summary.list);
                }
                true
            })?;
        }
        kept.extend(growing());
        let kept: BTreeSet<&str> = kept.iter().map(Key::as_str).collect();
        let mut from: Vec<u8> = Vec::new();
        loop {
            let next = self.inner.lists.range(from.as_slice()..).keys().next();
            let Some(key) = next.transpose().map_err(|error| self.failed(error))? else { return Ok(()) };
            let text = String::from_utf8_lossy(&key).into_owned();
            let list = text.split('/').next().unwrap_or_default();
            if kept.contains(list) {
                // Behind all of its lines.
                from = format!("{list}0").into_bytes();
                continue;
            }
            let prefix = format!("{list}/");
            for key in self.inner.lists.scan_prefix(&prefix).keys().take(AT_ONCE) {
                let key = key.map_err(|error| self.failed(error))?;
                self.write(|| self.inner.lists.remove(key))?;
            }
        }
    }

    /// Has no list be forgotten while the delivery that has it moves.
    pub(super) fn hold_lists(&self) -> MutexGuard<'_, ()> {
        self.inner.lists_held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a delivery is queued with the body that was read, and certainly did not reach its destination.
fn is_queued(
    queue: &TransactionalTree,
    deliveries: &TransactionalTree,
    read: &Delivery,
) -> Result<bool, ConflictableTransactionError<StoreError>> {
    let key = read.key.as_str();
    let Some(bytes) = deliveries.get(key)? else { return Ok(false) };
    if decode::<DeliveryStanding>(key, &bytes).map_err(abort)? != DeliveryStanding::Queued {
        return Ok(false);
    }
    let Some(bytes) = queue.get(placing::place(read))? else { return Ok(false) };
    Ok(decode::<Delivery>(key, &bytes).map_err(abort)?.body == read.body)
}
