//! The lines of overflow messages and other messages about many alerts.

use super::dead::DEAD;
use super::engine::{Range, Transaction};
use super::error::StoreError;
use super::handle::{Ended, Store};
use super::placing::{self, Stood};
use super::record::decode;
use super::table::Table;
use crate::alert::Key;
use crate::delivery::{Body, Delivery};
use crate::summary::Line;

/// List, number → a line of a message about many alerts.
pub(super) const LISTS: Table<Line> = Table::new("lists");
/// List → the delivery that it belongs to.
pub(super) const LIST_HOLDERS: Table<Key> = Table::new("list_holders");

/// The most lines to delete at once.
const AT_ONCE: usize = 1_000;

/// Appends lines to the list of a delivery, if it has one.
pub(super) fn add<'a>(
    transaction: &Transaction,
    delivery: &Delivery,
    lines: impl ExactSizeIterator<Item = &'a Line>,
) -> Result<(), StoreError> {
    let Body::Summary(summary) = &delivery.body else { return Ok(()) };
    let first = summary.count.saturating_sub(lines.len());
    for (number, line) in (first..).zip(lines) {
        LISTS.put(transaction, &format!("{}/{number:08}", summary.list), line)?;
    }
    LIST_HOLDERS.put(transaction, summary.list.as_str(), &delivery.key)
}

impl Store {
    /// Replaces queued deliveries with one that is queued in their place, in one transaction. The lines are
    /// appended to its list. Returns `false` and writes nothing if any of them changed since it was read or
    /// may have reached its destination.
    pub async fn join_into(
        &self,
        delivery: &Delivery,
        joined: &[Delivery],
        lines: &[Line],
    ) -> Result<bool, StoreError> {
        self.transaction(|transaction| async move {
            for one in joined {
                let waiting = placing::waiting(&transaction, one).await?;
                if waiting.is_none_or(|waits| waits.in_flight.is_some() || waits.body != one.body) {
                    return Ok(false);
                }
            }
            for one in joined {
                let stands = Stood::In { message: delivery.key.clone(), since: delivery.not_before };
                placing::take(&transaction, one, &stands).await?;
            }
            add(&transaction, delivery, lines.iter())?;
            // It replaces waiting deliveries, so it must be sent even if one with its key was sent before.
            let count = joined.iter().map(Delivery::count).sum();
            placing::put(&transaction, &Delivery { joined: count, ..delivery.clone() })?;
            Ok(true)
        })
        .await
    }

    /// Up to `most` lines of a list, from its start.
    pub async fn lines(&self, list: &Key, most: usize) -> Result<Vec<Line>, StoreError> {
        self.records(&LISTS, &of(list.as_str(), most)).await
    }

    /// Removes the lists of messages that neither wait nor are dead, unless they still grow. `grows` is
    /// called after checking that the message does not wait.
    pub async fn forget_lists(&self, grows: impl Fn(&str) -> bool) -> Result<(), StoreError> {
        let (grows, mut next) = (&grows, Range::first(1));
        while let Some((place, _)) = self.stored(LISTS.space, &next).await?.pop() {
            let list = place.split('/').next().unwrap_or_default();
            let is_left = self.transaction(|transaction| async move {
                if is_held(&transaction, list).await? || grows(list) {
                    return Ok(false);
                }
                let lines = transaction.range(LISTS.space, &of(list, AT_ONCE)).await?;
                lines.iter().for_each(|(place, _)| LISTS.delete(&transaction, place));
                LIST_HOLDERS.delete(&transaction, list);
                Ok(lines.len() == AT_ONCE)
            });
            if !is_left.await? {
                next = Range::behind_prefix(&format!("{list}/"), 1);
            }
        }
        Ok(())
    }
}

/// True if the delivery that a list belongs to waits, or is dead and may be queued again.
async fn is_held(transaction: &Transaction, list: &str) -> Result<bool, Ended> {
    let Some(value) = transaction.get(LIST_HOLDERS.space, list).await? else { return Ok(false) };
    // Keep the lines if the delivery or its state is unknown.
    let Ok(holder) = decode::<Key>(list, &value) else { return Ok(true) };
    let stood = placing::stood(transaction, &holder).await?;
    let waits = stood.is_some_and(|stood| stood.waits() || stood == Stood::Unknown);
    Ok(waits || DEAD.has(transaction, holder.as_str()).await?)
}

/// The lines of a list.
pub(super) fn of(list: &str, most: usize) -> Range {
    Range::prefix(&format!("{list}/"), most)
}
