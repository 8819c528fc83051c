//! Removes records that are no longer needed, a bounded part of the store at a time.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::alerts;
use super::dead::DEAD;
use super::digests::DIGESTED;
use super::engine::{Range, Transaction};
use super::error::StoreError;
use super::handle::{Ended, Store};
use super::placing::{self, DELIVERIES, Stood};
use super::record::decode;
use super::table::Single;
use crate::delivery::Outcome;

/// How long records of sent deliveries are kept: only an amendment of a trade that old could need an older
/// one.
pub const KEPT: TimeDelta = TimeDelta::days(730);
/// The most records to check in one round.
const AT_ONCE: usize = 1_000;
/// How long to rest between the last record and the first.
pub(super) const REST: TimeDelta = TimeDelta::days(1);

const PRUNED: Single<Pruned> = Single::new("pruned");

/// How far pruning has progressed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Pruned {
    /// The last checked delivery.
    deliveries: String,
    /// The last checked alert in a digest.
    digested: String,
    /// When to start again with the first delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deliveries_from: Option<DateTime<Utc>>,
    /// When to start again with the first alert in a digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digested_from: Option<DateTime<Utc>>,
}

impl Store {
    /// Removes records of deliveries sent, and of alerts in digests, more than [`KEPT`] ago, and alerts older than
    /// [`ALERTS_KEPT`]. Checks the next 1,000 of each; for the first two, it rests for a day after the last. Returns
    /// how many were removed.
    ///
    /// [`ALERTS_KEPT`]: super::ALERTS_KEPT
    ///
    /// # Errors
    /// Failures of the store; nothing is then removed.
    pub async fn prune(&self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        // A clock that is ahead must not remove records too early.
        let seen_until = self.frontier().await?.map_or(now, |frontier| frontier.seen_until);
        let latest = now.min(seen_until + TimeDelta::days(1));
        let before = latest - KEPT;
        self.transaction(|transaction| async move {
            let mut pruned = PRUNED.get(&transaction).await?.unwrap_or_default();
            let reached = pruned.clone();
            let mut count = alerts::prune(&transaction, latest, AT_ONCE).await?;
            if !rests(reached.deliveries_from, now) {
                let next = Range::first(AT_ONCE).after(&reached.deliveries);
                let page = transaction.range(DELIVERIES.space, &next).await?;
                (pruned.deliveries, pruned.deliveries_from) = end_of(&page, now);
                for (key, value) in page {
                    // A delivery with an unreadable record may have been sent.
                    let Ok(stood) = decode(&key, &value) else { continue };
                    if is_over(&transaction, &key, &stood, before).await? {
                        DELIVERIES.delete(&transaction, &key);
                        count += 1;
                    }
                }
            }
            if !rests(reached.digested_from, now) {
                let next = Range::first(AT_ONCE).after(&reached.digested);
                let page = DIGESTED.range(&transaction, &next).await?;
                (pruned.digested, pruned.digested_from) = end_of(&page, now);
                for (place, _) in page.iter().filter(|(_, at)| *at < before) {
                    DIGESTED.delete(&transaction, place);
                    count += 1;
                }
            }
            if pruned != reached {
                PRUNED.put(&transaction, &pruned)?;
            }
            Ok(count)
        })
        .await
    }
}

/// True during the rest after the last record.
fn rests(until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    // A longer rest comes from a wrong clock.
    until.is_some_and(|until| now < until && until - now <= REST)
}

/// Where the next page starts. After the last record, it starts from the first again after a rest.
fn end_of<T>(page: &[(String, T)], now: DateTime<Utc>) -> (String, Option<DateTime<Utc>>) {
    match page.last() {
        Some((key, _)) if page.len() == AT_ONCE => (key.clone(), None),
        _ => (String::new(), Some(now + REST)),
    }
}

/// True for a delivery that left the queue, itself or in another message, before `before` and is no longer
/// needed.
async fn is_over(
    transaction: &Transaction,
    key: &str,
    stood: &Stood,
    before: DateTime<Utc>,
) -> Result<bool, Ended> {
    Ok(match stood {
        Stood::Left(Outcome::Delivered { at, .. }) | Stood::Unreported { at } => *at < before,
        // It can be sent again as long as its body is kept.
        Stood::Left(Outcome::Dead { at, .. }) => *at < before && !DEAD.has(transaction, key).await?,
        Stood::In { message, since } => {
            let of_message = placing::stood(transaction, message).await?;
            *since < before && !of_message.is_some_and(|stood| stood.waits() || stood == Stood::Unknown)
        }
        Stood::Joined(_)
        | Stood::Unknown
        | Stood::Waits(_)
        | Stood::Queued
        | Stood::InFlight(_)
        | Stood::Muted => false,
    })
}
