//! Which Discord channels subscribe to which rules.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use chrono::{DateTime, Utc};

use super::engine::{Range, Transaction, Value};
use super::error::StoreError;
use super::handle::{Ended, Store};
use super::record::decode;
use super::subscription::{OwnSubscription, Seat, Subscribed, Subscriber, Subscribing, Subscription};
use super::table::{Table, part};
use crate::config::SubscriptionLimits;

/// Channel, rule → since when the channel is subscribed, and who subscribed it.
pub(super) const SUBSCRIPTIONS: Table<Subscribed> = Table::new("subscriptions");
/// Rule, channel → the channel's server, if known, and whom to mention.
pub(super) const SUBSCRIBERS: Table<Seat> = Table::new("subscribers");
/// Server, or all → how many subscriptions there are.
pub(super) const SUBSCRIPTION_COUNTS: Table<usize> = Table::new("subscription_counts");

const ALL: &str = "all";

impl Store {
    /// Subscribes a channel to a rule; `false` if it already was subscribed or has reached its limit.
    pub async fn subscribe(
        &self,
        channel: u64,
        rule: &str,
        by: u64,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let most = usize::MAX;
        let limits =
            SubscriptionLimits { per_channel: most, per_person: most, per_server: most, in_all: most };
        let asked = Subscription::new(None, channel, rule, by);
        Ok(self.subscribe_within(asked, &[], limits, at).await? == Subscribing::New)
    }

    /// The same within limits. The subscriptions of the channel to the `replaced` rules end, unless a limit is
    /// reached.
    pub async fn subscribe_within(
        &self,
        asked: Subscription<'_>,
        replaced: &[String],
        limits: SubscriptionLimits,
        at: DateTime<Utc>,
    ) -> Result<Subscribing, StoreError> {
        let place = &place(asked.channel, asked.rule);
        // Counts do not change between this read and the write.
        self.transaction(move |transaction| async move {
            let seat = Seat { server: asked.server, mention: asked.mention, threads: asked.threads };
            let index = by_rule(asked.rule, asked.channel);
            if SUBSCRIPTIONS.has(&transaction, place).await? {
                let known = SUBSCRIPTIONS.get(&transaction, place).await?;
                let is_other =
                    |known: &Subscribed| (known.mention, known.threads) != (asked.mention, asked.threads);
                let Some(known) = known.filter(is_other) else { return Ok(Subscribing::Known) };
                let changed = Subscribed { mention: asked.mention, threads: asked.threads, ..known.clone() };
                SUBSCRIPTIONS.put(&transaction, place, &changed)?;
                let seat = Seat { server: known.server, ..seat };
                SUBSCRIBERS.put(&transaction, &index, &seat)?;
                return Ok(Subscribing::Changed);
            }
            let mut ended = 0;
            for rule in replaced {
                ended += usize::from(remove(&transaction, asked.channel, rule).await?.is_some());
            }
            // What is replaced makes room.
            if ended == 0
                && let Some(full) = full(&transaction, asked, limits).await?
            {
                return Ok(full);
            }
            let Subscription { by, server, mention, is_direct, threads, .. } = asked;
            let subscribed = Subscribed { at, by, server, mention, is_direct, threads };
            add(&transaction, asked.channel, asked.rule, &subscribed).await?;
            Ok(if ended > 0 { Subscribing::Changed } else { Subscribing::New })
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
                let seat = SUBSCRIBERS.get(&transaction, &index).await?.unwrap_or_default();
                if seat.server.is_some() {
                    continue;
                }
                SUBSCRIBERS.put(&transaction, &index, &Seat { server: Some(server), ..seat })?;
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

    /// The names of the rules that a channel subscribes to.
    pub async fn subscriptions(&self, channel: u64) -> Result<Vec<String>, StoreError> {
        let prefix = place(channel, "");
        let found = self.stored(SUBSCRIPTIONS.space, &of(channel, usize::MAX)).await?;
        Ok(found.iter().filter_map(|(place, _)| Some(place.strip_prefix(&prefix)?.to_owned())).collect())
    }

    /// A channel's subscriptions by rule. Those with an unreadable record have neither mention nor threads.
    pub async fn subscriptions_of(&self, channel: u64) -> Result<Vec<OwnSubscription>, StoreError> {
        let prefix = place(channel, "");
        let found = self.stored(SUBSCRIPTIONS.space, &of(channel, usize::MAX)).await?;
        let own = |(place, value): &(String, Value)| {
            let rule = place.strip_prefix(&prefix)?.to_owned();
            let known = decode::<Subscribed>(place, value).ok();
            let (mention, threads) = known.map_or((None, None), |known| (known.mention, known.threads));
            Some(OwnSubscription { rule, mention, threads })
        };
        Ok(found.iter().filter_map(own).collect())
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
            let Seat { server, mention, threads } = decode(place, value).unwrap_or_default();
            let channel = place.strip_prefix(&prefix)?.parse().ok()?;
            Some(Subscriber { channel, server, mention, threads })
        };
        Ok(found.iter().filter_map(subscriber).collect())
    }

    /// The names of all rules with subscribers that begin with `prefix`, both without control characters.
    pub async fn subscribed_rules(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let (mut rules, mut next) = (Vec::new(), Range::prefix(prefix, 1));
        // One lookup per rule.
        while let Some((place, _)) = self.stored(SUBSCRIBERS.space, &next).await?.pop() {
            let Some((rule, _)) = place.split_once('\t').filter(|(rule, _)| rule.starts_with(prefix)) else {
                break;
            };
            rules.push(rule.to_owned());
            next = Range::behind_prefix(&format!("{rule}\t"), 1);
        }
        Ok(rules)
    }

    /// The subscribed channels whose server is unknown.
    pub async fn channels_without_server(&self) -> Result<BTreeSet<u64>, StoreError> {
        self.channels_in(None).await
    }

    /// The subscribed channels of a server. Reads all subscriptions.
    pub async fn channels_of(&self, server: u64) -> Result<BTreeSet<u64>, StoreError> {
        self.channels_in(Some(server)).await
    }

    async fn channels_in(&self, wanted: Option<u64>) -> Result<BTreeSet<u64>, StoreError> {
        let mut channels = BTreeSet::new();
        self.each(&SUBSCRIBERS, Range::first(usize::MAX), |place, seat: Seat| {
            if let (true, Some((_, channel))) = (seat.server == wanted, place.split_once('\t')) {
                channels.extend(channel.parse::<u64>());
            }
            true
        })
        .await?;
        Ok(channels)
    }

    /// The server of a subscribed channel, if known.
    pub async fn server_of(&self, channel: u64) -> Result<Option<u64>, StoreError> {
        let own = self.records(&SUBSCRIPTIONS, &of(channel, usize::MAX)).await?;
        Ok(own.iter().find_map(|subscribed| subscribed.server))
    }

    /// True if a channel is a person's direct messages with watches.
    pub async fn is_direct(&self, channel: u64) -> Result<bool, StoreError> {
        let own = self.records(&SUBSCRIPTIONS, &of(channel, 1)).await?;
        Ok(own.iter().any(|subscribed| subscribed.is_direct))
    }

    /// The servers whose channels have subscriptions.
    pub async fn subscribed_servers(&self) -> Result<BTreeSet<u64>, StoreError> {
        let mut servers = BTreeSet::new();
        self.each(&SUBSCRIPTION_COUNTS, Range::prefix(&of_server(""), usize::MAX), |of, _| {
            servers.extend(of.strip_prefix(&of_server("")).and_then(|server| server.parse::<u64>().ok()));
            true
        })
        .await?;
        Ok(servers)
    }

    /// True if a channel of this server has subscriptions.
    pub async fn has_subscriptions(&self, server: u64) -> Result<bool, StoreError> {
        Ok(self.get(&SUBSCRIPTION_COUNTS, &of_server(server)).await?.is_some())
    }
}

/// Adds a subscription to its tables and counts.
pub(super) async fn add(
    transaction: &Transaction,
    channel: u64,
    rule: &str,
    subscribed: &Subscribed,
) -> Result<(), Ended> {
    SUBSCRIPTIONS.put(transaction, &place(channel, rule), subscribed)?;
    let Subscribed { server, mention, threads, .. } = *subscribed;
    let seat = Seat { server, mention, threads };
    SUBSCRIBERS.put(transaction, &by_rule(rule, channel), &seat)?;
    count(transaction, ALL, |all| all + 1).await?;
    match subscribed.server {
        Some(server) => count(transaction, &of_server(server), |own| own + 1).await,
        None => Ok(()),
    }
}

/// Removes a subscription from its tables and counts. Returns it, with its server as the index has it; `None`
/// if there was none.
pub(super) async fn remove(
    transaction: &Transaction,
    channel: u64,
    rule: &str,
) -> Result<Option<Subscribed>, Ended> {
    let (place, index) = (place(channel, rule), by_rule(rule, channel));
    let known = SUBSCRIPTIONS.get(transaction, &place).await?;
    // A subscription with an unreadable record still counts.
    let seat = SUBSCRIBERS.get(transaction, &index).await?.map(|seat| seat.server);
    let Some(server) = seat.or(known.as_ref().map(|known| known.server)) else { return Ok(None) };
    SUBSCRIPTIONS.delete(transaction, &place);
    SUBSCRIBERS.delete(transaction, &index);
    count(transaction, ALL, |all| all.saturating_sub(1)).await?;
    if let Some(server) = server {
        count(transaction, &of_server(server), |own| own.saturating_sub(1)).await?;
    }
    let unknown = Subscribed {
        at: DateTime::UNIX_EPOCH,
        by: 0,
        server,
        mention: None,
        is_direct: false,
        threads: None,
    };
    Ok(Some(Subscribed { server, ..known.unwrap_or(unknown) }))
}

/// The rules that a channel subscribes to, also with unreadable records.
pub(super) async fn rules_of(transaction: &Transaction, channel: u64) -> Result<Vec<String>, Ended> {
    let found = transaction.range(SUBSCRIPTIONS.space, &of(channel, usize::MAX)).await?;
    Ok(found.into_iter().filter_map(|(place, _)| Some(place.split_once('/')?.1.to_owned())).collect())
}

/// True if a channel subscribes to a rule.
pub(super) async fn has(transaction: &Transaction, channel: u64, rule: &str) -> Result<bool, Ended> {
    SUBSCRIPTIONS.has(transaction, &place(channel, rule)).await
}

/// True if a channel has subscriptions.
pub(super) async fn has_any(transaction: &Transaction, channel: u64) -> Result<bool, Ended> {
    Ok(!transaction.range(SUBSCRIPTIONS.space, &of(channel, 1)).await?.is_empty())
}

/// How many subscriptions the channels of a server have.
pub(super) async fn counted_of(transaction: &Transaction, server: u64) -> Result<usize, Ended> {
    counted(transaction, &of_server(server)).await
}

/// The limit that keeps a channel from subscribing to more, if any.
async fn full(
    transaction: &Transaction,
    asked: Subscription<'_>,
    limits: SubscriptionLimits,
) -> Result<Option<Subscribing>, Ended> {
    let most = if asked.is_direct { limits.per_person } else { limits.per_channel };
    let own = transaction.range(SUBSCRIPTIONS.space, &of(asked.channel, most)).await?;
    if own.len() >= most {
        let full = if asked.is_direct { Subscribing::PersonFull } else { Subscribing::ChannelFull };
        return Ok(Some(full(most)));
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

fn of_server(server: impl Display) -> String {
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
    pub(super) subscribers: Vec<(String, Seat)>,
    pub(super) counts: BTreeMap<String, usize>,
}

impl Index {
    /// Builds the index from keys and the servers named in their records.
    pub(super) fn of<'a>(subscriptions: impl Iterator<Item = (&'a str, Option<u64>)>) -> Self {
        let mut index = Self { subscribers: Vec::new(), counts: BTreeMap::new() };
        for (place, server) in subscriptions {
            let Some((channel, rule)) = place.split_once('/') else { continue };
            let Ok(channel) = channel.parse() else { continue };
            index.subscribers.push((by_rule(rule, channel), Seat { server, ..Seat::default() }));
            *index.counts.entry(ALL.to_owned()).or_default() += 1;
            if let Some(server) = server {
                *index.counts.entry(of_server(server)).or_default() += 1;
            }
        }
        index
    }
}
