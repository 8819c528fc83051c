//! Subscriptions that are set aside: of channels that are gone, kept for a while in case they come back.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::dead::GIVEN_UP;
use super::engine::{Range, Transaction};
use super::error::StoreError;
use super::handle::{Ended, Store};
use super::paused::PAUSED;
use super::place_names;
use super::placing::{QUEUE, prefix};
use super::queue::leave;
use super::subscription::Subscribed;
use super::subscriptions;
use super::table::Table;
use crate::delivery::Outcome;
use crate::destination::Destination;

/// Channel → its subscriptions that are set aside, since when, why.
pub(super) const SET_ASIDE: Table<SetAsideRecord> = Table::new("set_aside");
/// How long subscriptions stay set aside until they are forgotten.
pub const SET_ASIDE_FOR: TimeDelta = TimeDelta::days(30);
/// The most deliveries to give up in one transaction, and the most records to prune in one.
const AT_ONCE: usize = 1_000;

/// Why subscriptions are set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gone {
    /// The bot is no longer on the server.
    LeftServer,
    /// The channel or thread was deleted.
    Deleted,
}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LeftServer => "the bot is no longer on the server",
            Self::Deleted => "the channel was deleted",
        })
    }
}

/// A channel's subscriptions as they are set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SetAsideRecord {
    pub(super) server: u64,
    pub(super) since: DateTime<Utc>,
    pub(super) why: Gone,
    /// By rule.
    pub(super) rules: BTreeMap<String, Subscribed>,
}

/// A channel whose subscriptions are set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetAside {
    /// Its id.
    pub channel: u64,
    /// Its server.
    pub server: u64,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Why.
    pub why: Gone,
}

/// What changed when channels were set aside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SetAsideNow {
    /// How many subscriptions were set aside.
    pub subscriptions: usize,
    /// How many waiting deliveries were given up.
    pub deliveries: usize,
}

impl SetAside {
    fn of(channel: &str, record: &SetAsideRecord) -> Option<Self> {
        let SetAsideRecord { server, since, why, .. } = *record;
        Some(Self { channel: channel.parse().ok()?, server, since, why })
    }
}

impl Store {
    /// Sets the subscriptions of channels of a server aside, ends their pauses, and gives their waiting
    /// deliveries up without counting them for the operators. Channels without subscriptions are left as they
    /// are. All is written in one transaction; only deliveries beyond the first 1,000 follow in further ones.
    ///
    /// # Errors
    /// Failures of the store. Repeating the call completes what is missing.
    pub async fn set_aside(
        &self,
        server: u64,
        channels: &BTreeSet<u64>,
        why: Gone,
        now: DateTime<Utc>,
    ) -> Result<SetAsideNow, StoreError> {
        let (mut done, gone) = self
            .transaction(|transaction| async move {
                let (mut done, mut gone) = (SetAsideNow::default(), Vec::new());
                for channel in channels {
                    let count = put_aside(&transaction, (server, *channel), why, now).await?;
                    if count > 0 {
                        done.subscriptions += count;
                        gone.push(*channel);
                        let left = AT_ONCE - done.deliveries;
                        done.deliveries += give_up(&transaction, *channel, (now, why), left).await?;
                    }
                }
                Ok((done, gone))
            })
            .await?;
        if done.deliveries == AT_ONCE {
            for channel in gone {
                done.deliveries += self.give_up_waiting(channel, why, now).await?;
            }
        }
        Ok(done)
    }

    /// Gives up whatever waits for a channel, without counting it for the operators.
    async fn give_up_waiting(
        &self,
        channel: u64,
        why: Gone,
        now: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        let mut count = 0;
        loop {
            let more = self.transaction(|transaction| async move {
                give_up(&transaction, channel, (now, why), AT_ONCE).await
            });
            match more.await? {
                0 => return Ok(count),
                more => count += more,
            }
        }
    }

    /// Puts the subscriptions of these channels back in force. Returns how many there are.
    pub async fn take_back(&self, channels: &BTreeSet<u64>) -> Result<usize, StoreError> {
        self.transaction(|transaction| async move {
            let mut count = 0;
            for channel in channels {
                let key = channel.to_string();
                let Some(record) = SET_ASIDE.get(&transaction, &key).await? else { continue };
                SET_ASIDE.delete(&transaction, &key);
                for (rule, subscribed) in &record.rules {
                    if !subscriptions::has(&transaction, *channel, rule).await? {
                        subscriptions::add(&transaction, *channel, rule, subscribed).await?;
                        count += 1;
                    }
                }
            }
            Ok(count)
        })
        .await
    }

    /// The channels whose subscriptions are set aside.
    pub async fn channels_set_aside(&self) -> Result<Vec<SetAside>, StoreError> {
        let mut all = Vec::new();
        self.each(&SET_ASIDE, Range::first(usize::MAX), |channel, record| {
            all.extend(SetAside::of(channel, &record));
            true
        })
        .await?;
        Ok(all)
    }

    /// Why the subscriptions of a channel are set aside; `None` if they are not.
    pub async fn gone(&self, channel: u64) -> Result<Option<Gone>, StoreError> {
        Ok(self.get(&SET_ASIDE, &channel.to_string()).await?.map(|record| record.why))
    }

    /// Forgets subscriptions that were set aside more than [`SET_ASIDE_FOR`] ago, up to 1,000 channels.
    pub async fn prune_set_aside(&self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        // A clock that is ahead must not remove records too early.
        let seen_until = self.frontier().await?.map_or(now, |frontier| frontier.seen_until);
        let before = now.min(seen_until + TimeDelta::days(1)) - SET_ASIDE_FOR;
        let mut old: Vec<SetAside> = self.channels_set_aside().await?;
        old.retain(|one| one.since < before);
        old.truncate(AT_ONCE);
        if old.is_empty() {
            return Ok(0);
        }
        let old = &old;
        self.transaction(|transaction| async move {
            for SetAside { channel, server, .. } in old {
                let key = channel.to_string();
                let still = SET_ASIDE.get(&transaction, &key).await?;
                if still.is_none_or(|record| record.since >= before) {
                    continue;
                }
                SET_ASIDE.delete(&transaction, &key);
                if !subscriptions::has_any(&transaction, *channel).await? {
                    place_names::forget(&transaction, *channel, Some(*server)).await?;
                }
            }
            Ok(old.len())
        })
        .await
    }
}

/// True if a channel has subscriptions, in force or set aside.
pub(super) async fn has_any(transaction: &Transaction, channel: u64) -> Result<bool, Ended> {
    Ok(subscriptions::has_any(transaction, channel).await?
        || SET_ASIDE.has(transaction, &channel.to_string()).await?)
}

/// Forgets one subscription that is set aside; false if there was none.
pub(super) async fn forget(transaction: &Transaction, channel: u64, rule: &str) -> Result<bool, Ended> {
    let key = channel.to_string();
    let Some(mut record) = SET_ASIDE.get(transaction, &key).await? else { return Ok(false) };
    if record.rules.remove(rule).is_none() {
        return Ok(false);
    }
    match record.rules.is_empty() {
        true => SET_ASIDE.delete(transaction, &key),
        false => SET_ASIDE.put(transaction, &key, &record)?,
    }
    Ok(true)
}

/// Sets a channel's subscriptions aside. Returns how many there were.
async fn put_aside(
    transaction: &Transaction,
    (server, channel): (u64, u64),
    why: Gone,
    since: DateTime<Utc>,
) -> Result<usize, Ended> {
    let names = subscriptions::rules_of(transaction, channel).await?;
    if names.is_empty() {
        return Ok(0);
    }
    let key = channel.to_string();
    let known = SET_ASIDE.get(transaction, &key).await?;
    let mut rules = known.map(|known| known.rules).unwrap_or_default();
    for rule in &names {
        if let Some(subscribed) = subscriptions::remove(transaction, channel, rule).await? {
            rules.insert(rule.clone(), Subscribed { server: Some(server), ..subscribed });
        }
    }
    SET_ASIDE.put(transaction, &key, &SetAsideRecord { server, since, why, rules })?;
    Ok(names.len())
}

/// Gives up to `most` waiting deliveries of a channel up, and forgets that it was paused and what is not yet
/// reported about it. Returns how many were given up.
async fn give_up(
    transaction: &Transaction,
    channel: u64,
    (at, why): (DateTime<Utc>, Gone),
    most: usize,
) -> Result<usize, Ended> {
    let destination = Destination::Channel(channel);
    PAUSED.delete(transaction, &destination.to_string());
    GIVEN_UP.delete(transaction, &destination.to_string());
    let waiting = QUEUE.range(transaction, &Range::prefix(&prefix(&destination), most)).await?;
    let outcome = Outcome::Dead { at, reason: why.to_string() };
    for (_, delivery) in &waiting {
        leave(transaction, delivery, &outcome).await?;
    }
    Ok(waiting.len())
}
