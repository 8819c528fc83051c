//! The lines of overflow messages and of others about many alerts.

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
/// List → the delivery that has it.
pub(super) const LIST_HOLDERS: Table<Key> = Table::new("list_holders");

/// Most lines that are deleted at once.
const AT_ONCE: usize = 1_000;

/// Adds lines to the list of a delivery, where it has one: behind those that it has.
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
    /// Puts queued deliveries into one that is queued in their place, at once. The lines of a summary go to its list, behind
    /// those that it has. `false`, and nothing is written, where one of them is no longer queued as it was read, or may have reached its
    /// destination.
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
            // It takes the place of what waited, so that it is sent even where one of its key was before.
            let count = joined.iter().map(Delivery::count).sum();
            placing::put(&transaction, &Delivery { joined: count, ..delivery.clone() })?;
            Ok(true)
        })
        .await
    }

    /// The lines of a list, at most the first `most`.
    pub async fn lines(&self, list: &Key, most: usize) -> Result<Vec<Line>, StoreError> {
        self.records(&LISTS, &of(list.as_str(), most)).await
    }

    /// Forgets the lists of messages that neither wait nor were given up, but for those that still grow, which are asked for once it is
    /// known what waits.
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

/// True where the delivery that has a list waits, or was given up and may wait again.
async fn is_held(transaction: &Transaction, list: &str) -> Result<bool, Ended> {
    let Some(value) = transaction.get(LIST_HOLDERS.space, list).await? else { return Ok(false) };
    // Where nobody knows which has it, or where that stands, its lines are kept.
    let Ok(holder) = decode::<Key>(list, &value) else { return Ok(true) };
    let stood = placing::stood(transaction, &holder).await?;
    let waits = stood.is_some_and(|stood| stood.waits() || stood == Stood::Unknown);
    Ok(waits || DEAD.has(transaction, holder.as_str()).await?)
}

/// The lines of a list.
pub(super) fn of(list: &str, most: usize) -> Range {
    Range::prefix(&format!("{list}/"), most)
}
