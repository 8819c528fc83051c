//! The lists of messages about many alerts.

use std::collections::BTreeSet;

use super::record::encode;
use super::{DeliveryStanding, Store, StoreError, abort, queue};
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
    /// those that it has.
    ///
    /// # Errors
    /// Failures of the store; then nothing of it is written.
    pub fn join_into(
        &self,
        delivery: &Delivery,
        joined: &[Delivery],
        lines: &[Line],
    ) -> Result<(), StoreError> {
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
                queue.remove(queue::place(one))?;
                deliveries.insert(one.key.as_str(), standing.as_slice())?;
            }
            for (place, line) in &listed {
                lists.insert(place.as_str(), line.as_slice())?;
            }
            // It takes the place of what waited, so that it is sent even where one of its key was before.
            let key = delivery.key.as_str();
            deliveries.insert(key, encode(key, &DeliveryStanding::Queued).map_err(abort)?)?;
            queue.insert(queue::place(delivery), encode(key, delivery).map_err(abort)?)?;
            Ok(())
        })
    }

    /// The lines of a list, at most the first `most`.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn lines(&self, list: &Key, most: usize) -> Result<Vec<Line>, StoreError> {
        self.scan(&self.inner.lists, format!("{list}/").as_bytes(), most)
    }

    /// Whether there are any.
    pub fn has_lists(&self) -> bool {
        !self.inner.lists.is_empty()
    }

    /// Forgets all lists but these and those of what was given up.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn forget_lists(&self, keep: &BTreeSet<Key>) -> Result<(), StoreError> {
        let dead: Vec<Delivery> = self.scan(&self.inner.dead, &[], usize::MAX)?;
        let kept = |list: &str| {
            let of_dead =
                |dead: &Delivery| matches!(&dead.body, Body::Summary(own) if own.list.as_str() == list);
            keep.iter().any(|key| key.as_str() == list) || dead.iter().any(of_dead)
        };
        let mut from: Vec<u8> = Vec::new();
        loop {
            let next = self.inner.lists.range(from.as_slice()..).keys().next();
            let Some(key) = next.transpose().map_err(|error| self.failed(error))? else { return Ok(()) };
            let text = String::from_utf8_lossy(&key).into_owned();
            let list = text.split('/').next().unwrap_or_default();
            if !kept(list) {
                let prefix = format!("{list}/");
                let keys = self.inner.lists.scan_prefix(&prefix).keys().take(AT_ONCE);
                for key in keys {
                    let key = key.map_err(|error| self.failed(error))?;
                    self.write(|| self.inner.lists.remove(key))?;
                }
            } else {
                // Behind all of its lines.
                from = format!("{list}0").into_bytes();
            }
        }
    }
}
