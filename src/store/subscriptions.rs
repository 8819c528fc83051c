//! Which Discord channels subscribe to which rules.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::engine::{Range, Transaction, Value};
use super::error::StoreError;
use super::handle::{Ended, Store};
use super::record::decode;
use super::table::{Table, part};
use crate::config::SubscriptionLimits;

/// Channel, rule → since when the channel is subscribed, and who subscribed it.
pub(super) const SUBSCRIPTIONS: Table<Subscribed> = Table::new("subscriptions");
/// Rule, channel → the channel's server, if known.
pub(super) const SUBSCRIBERS: Table<Option<u64>> = Table::new("subscribers");
/// Server, or all → how many subscriptions there are.
pub(super) const SUBSCRIPTION_COUNTS: Table<usize> = Table::new("subscription_counts");

const ALL: &str = "all";
/// A channel cannot subscribe to more rules than this.
const MOST_PER_CHANNEL: usize = 200;

/// A subscription as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Subscribed {
    at: DateTime<Utc>,
    by: u64,
    /// The channel's server. Older records lack it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) server: Option<u64>,
}

/// The rule to subscribe to, and who subscribes.
#[derive(Debug, Clone, Copy)]
pub struct Subscription<'a> {
    /// The channel's server, if known.
    pub server: Option<u64>,
    /// The channel.
    pub channel: u64,
    /// The rule's name.
    pub rule: &'a str,
    /// The user who subscribes the channel.
    pub by: u64,
}

/// The result of subscribing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subscribing {
    /// The channel is now subscribed.
    New,
    /// It already was.
    Known,
    /// The channel has reached its limit, which is this many.
    ChannelFull(usize),
    /// Its server has reached its limit.
    ServerFull,
    /// All servers together have reached their limit.
    Full,
}

/// A subscribed channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subscriber {
    /// Its id.
    pub channel: u64,
    /// Its server, if known.
    pub server: Option<u64>,
}

impl Store {
    /// Subscribes a channel to a rule; `false` if it already was subscribed or has reached its limit.
    pub async fn subscribe(
        &self,
        channel: u64,
        rule: &str,
        by: u64,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let limits = SubscriptionLimits { per_server: usize::MAX, in_all: usize::MAX };
        let asked = Subscription { server: None, channel, rule, by };
        Ok(self.subscribe_within(asked, limits, at).await? == Subscribing::New)
    }

    /// The same within limits.
    pub async fn subscribe_within(
        &self,
        asked: Subscription<'_>,
        limits: SubscriptionLimits,
        at: DateTime<Utc>,
    ) -> Result<Subscribing, StoreError> {
        let place = &place(asked.channel, asked.rule);
        // Counts do not change between this read and the write.
        self.transaction(move |transaction| async move {
            if SUBSCRIPTIONS.has(&transaction, place).await? {
                return Ok(Subscribing::Known);
            }
            if let Some(full) = full(&transaction, asked, limits).await? {
                return Ok(full);
            }
            let subscribed = Subscribed { at, by: asked.by, server: asked.server };
            SUBSCRIPTIONS.put(&transaction, place, &subscribed)?;
            SUBSCRIBERS.put(&transaction, &by_rule(asked.rule, asked.channel), &asked.server)?;
            count(&transaction, ALL, |all| all + 1).await?;
            if let Some(server) = asked.server {
                count(&transaction, &of_server(server), |own| own + 1).await?;
            }
            Ok(Subscribing::New)
        })
        .await
    }

    /// Adds the server to those of a channel's subscriptions that lack it; true if there were any.
    pub async fn note_server(&self, channel: u64, server: u64) -> Result<bool, StoreError> {
        self.transaction(move |transaction| async move {
            let mut noted = 0;
            for (place, value) in transaction.range(SUBSCRIPTIONS.space, &of(channel, usize::MAX)).await? {
                let Some((_, rule)) = place.split_once('/') else { continue };
                let index = by_rule(rule, channel);
                if let Some(Some(_)) = SUBSCRIBERS.get(&transaction, &index).await? {
                    continue;
                }
                SUBSCRIBERS.put(&transaction, &index, &Some(server))?;
                if let Ok(known) = decode::<Subscribed>(&place, &value) {
                    SUBSCRIPTIONS.put(&transaction, &place, &Subscribed { server: Some(server), ..known })?;
                }
                noted += 1;
            }
            if noted > 0 {
                count(&transaction, &of_server(server), |own| own + noted).await?;
            }
            Ok(noted > 0)
        })
        .await
    }

    /// Ends a subscription; `false` if there was none.
    pub async fn unsubscribe(&self, channel: u64, rule: &str) -> Result<bool, StoreError> {
        let place = &place(channel, rule);
        self.transaction(move |transaction| async move {
            let known = SUBSCRIPTIONS.get(&transaction, place).await?;
            let index = by_rule(rule, channel);
            // A subscription with an unreadable record still counts.
            let Some(server) =
                SUBSCRIBERS.get(&transaction, &index).await?.or(known.map(|known| known.server))
            else {
                return Ok(false);
            };
            SUBSCRIPTIONS.delete(&transaction, place);
            SUBSCRIBERS.delete(&transaction, &index);
            count(&transaction, ALL, |all| all.saturating_sub(1)).await?;
            if let Some(server) = server {
                count(&transaction, &of_server(server), |own| own.saturating_sub(1)).await?;
            }
            Ok(true)
        })
        .await
    }

    /// The names of the rules that a channel subscribes to.
    pub async fn subscriptions(&self, channel: u64) -> Result<Vec<String>, StoreError> {
        let prefix = place(channel, "");
        let found = self.stored(SUBSCRIPTIONS.space, &of(channel, usize::MAX)).await?;
        Ok(found.iter().filter_map(|(place, _)| Some(place.strip_prefix(&prefix)?.to_owned())).collect())
    }

    /// The channels that subscribe to a rule.
    pub async fn subscribers(&self, rule: &str) -> Result<Vec<u64>, StoreError> {
        Ok(self.subscribed(rule).await?.into_iter().map(|subscriber| subscriber.channel).collect())
    }

    /// The same with their servers.
    pub async fn subscribed(&self, rule: &str) -> Result<Vec<Subscriber>, StoreError> {
        let prefix = by_rule_prefix(rule);
        let found = self.stored(SUBSCRIBERS.space, &Range::prefix(&prefix, usize::MAX)).await?;
        let subscriber = |(place, value): &(String, Value)| {
            // A channel with an unreadable record is still subscribed.
            let server = decode(place, value).ok().flatten();
            Some(Subscriber { channel: place.strip_prefix(&prefix)?.parse().ok()?, server })
        };
        Ok(found.iter().filter_map(subscriber).collect())
    }

    /// The subscribed channels whose server is unknown.
    pub async fn channels_without_server(&self) -> Result<BTreeSet<u64>, StoreError> {
        let mut channels = BTreeSet::new();
        self.each(&SUBSCRIBERS, Range::first(usize::MAX), |place, server| {
            if let (None, Some((_, channel))) = (server, place.split_once('\t')) {
                channels.extend(channel.parse::<u64>());
            }
            true
        })
        .await?;
        Ok(channels)
    }
}

/// The limit that keeps a channel from subscribing to more, if any.
async fn full(
    transaction: &Transaction,
    asked: Subscription<'_>,
    limits: SubscriptionLimits,
) -> Result<Option<Subscribing>, Ended> {
    let own = transaction.range(SUBSCRIPTIONS.space, &of(asked.channel, MOST_PER_CHANNEL)).await?;
    if own.len() == MOST_PER_CHANNEL {
        return Ok(Some(Subscribing::ChannelFull(MOST_PER_CHANNEL)));
    }
    if let Some(server) = asked.server
        && counted(transaction, &of_server(server)).await? >= limits.per_server
    {
        return Ok(Some(Subscribing::ServerFull));
    }
    Ok((counted(transaction, ALL).await? >= limits.in_all).then_some(Subscribing::Full))
}

async fn counted(transaction: &Transaction, of: &str) -> Result<usize, Ended> {
    Ok(SUBSCRIPTION_COUNTS.get(transaction, of).await?.unwrap_or(0))
}

async fn count(
    transaction: &Transaction,
    of: &str,
    change: impl FnOnce(usize) -> usize,
) -> Result<(), Ended> {
    let count = change(counted(transaction, of).await?);
    match count {
        0 => SUBSCRIPTION_COUNTS.delete(transaction, of),
        _ => SUBSCRIPTION_COUNTS.put(transaction, of, &count)?,
    }
    Ok(())
}

/// Up to `most` subscriptions of a channel.
fn of(channel: u64, most: usize) -> Range {
    Range::prefix(&place(channel, ""), most)
}

fn place(channel: u64, rule: &str) -> String {
    format!("{channel}/{rule}")
}

fn of_server(server: u64) -> String {
    format!("server/{server}")
}

fn by_rule_prefix(rule: &str) -> String {
    format!("{}\t", part(rule))
}

fn by_rule(rule: &str, channel: u64) -> String {
    format!("{}{channel}", by_rule_prefix(rule))
}

/// The index of subscriptions by rule, with servers, and their counts.
pub(super) struct Index {
    pub(super) subscribers: Vec<(String, Option<u64>)>,
    pub(super) counts: BTreeMap<String, usize>,
}

impl Index {
    /// Builds the index from keys and the servers named in their records.
    pub(super) fn of<'a>(subscriptions: impl Iterator<Item = (&'a str, Option<u64>)>) -> Self {
        let mut index = Self { subscribers: Vec::new(), counts: BTreeMap::new() };
        for (place, server) in subscriptions {
            let Some((channel, rule)) = place.split_once('/') else { continue };
            let Ok(channel) = channel.parse() else { continue };
            index.subscribers.push((by_rule(rule, channel), server));
            *index.counts.entry(ALL.to_owned()).or_default() += 1;
            if let Some(server) = server {
                *index.counts.entry(of_server(server)).or_default() += 1;
            }
        }
        index
    }
}
