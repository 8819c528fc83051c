//! Forgets what nobody needs any more, a bounded part of the store at a time.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::dead::DEAD;
use super::digests::DIGESTED;
use super::engine::{Range, Transaction};
use super::error::StoreError;
use super::handle::{Ended, Store};
use super::placing::{self, DELIVERIES, Stood};
use super::record::decode;
use super::table::Single;
use crate::delivery::Outcome;

/// What was sent so long ago is forgotten: only an amendment of so old a trade could ask whether it was sent.
pub const KEPT: TimeDelta = TimeDelta::days(730);
/// So many records are looked at in one go.
const AT_ONCE: usize = 1_000;

const PRUNED: Single<Pruned> = Single::new("pruned");

/// How far the store was looked through; then it begins anew.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Pruned {
    /// Behind this delivery.
    deliveries: String,
    /// Behind this place of an alert in a digest.
    digested: String,
}

impl Store {
    /// Forgets deliveries that were sent, and alerts that were in a digest, more than [`KEPT`] ago: of the next 1,000 of each. Returns how
    /// many it forgot.
    ///
    /// # Errors
    /// Failures of the store; then nothing is forgotten.
    pub async fn prune(&self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        // No clock that is ahead has it forget too early.
        let seen_until = self.frontier().await?.map_or(now, |frontier| frontier.seen_until);
        let before = now.min(seen_until + TimeDelta::days(1)) - KEPT;
        self.transaction(|transaction| async move {
            let mut pruned = PRUNED.get(&transaction).await?.unwrap_or_default();
            let (reached, mut count) = (pruned.clone(), 0);
            let next = Range::first(AT_ONCE).after(&reached.deliveries);
            let page = transaction.range(DELIVERIES.space, &next).await?;
            pruned.deliveries = end_of(&page);
            for (key, value) in page {
                // One that cannot be read may have been sent.
                let Ok(stood) = decode(&key, &value) else { continue };
                if is_over(&transaction, &key, &stood, before).await? {
                    DELIVERIES.delete(&transaction, &key);
                    count += 1;
                }
            }
            let page = DIGESTED.range(&transaction, &Range::first(AT_ONCE).after(&reached.digested)).await?;
            pruned.digested = end_of(&page);
            for (place, _) in page.iter().filter(|(_, at)| *at < before) {
                DIGESTED.delete(&transaction, place);
                count += 1;
            }
            if pruned != reached {
                PRUNED.put(&transaction, &pruned)?;
            }
            Ok(count)
        })
        .await
    }
}

/// Where the next page begins; the first one again behind the last.
fn end_of<T>(page: &[(String, T)]) -> String {
    page.last().filter(|_| page.len() == AT_ONCE).map(|(key, _)| key.clone()).unwrap_or_default()
}

/// True for a delivery that left so long ago, or whose message did, and that nobody can ask for.
async fn is_over(
    transaction: &Transaction,
    key: &str,
    stood: &Stood,
    before: DateTime<Utc>,
) -> Result<bool, Ended> {
    Ok(match stood {
        Stood::Left(Outcome::Delivered { at, .. }) | Stood::Untold { at } => *at < before,
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
