//! Which Discord channels subscribe to which rules.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::engine::{Range, Space, Transaction, Value};
use super::error::StoreError;
use super::handle::{Ended, Store};
use super::record::{decode, encode};
use crate::config::SubscriptionLimits;

/// Channel, rule → since when, by whom.
pub(super) const SPACE: Space = Space("subscriptions");
/// So many are read at once.
const PAGE: usize = 1_000;
/// A channel cannot subscribe to more rules than this.
const MOST_PER_CHANNEL: usize = 200;

#[derive(Serialize, Deserialize)]
struct Subscribed {
    at: DateTime<Utc>,
    by: u64,
    /// The channel's server. Older records do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    server: Option<u64>,
}

/// What is to be subscribed to, and by whom.
#[derive(Debug, Clone, Copy)]
pub struct Subscription<'a> {
    /// The channel's server, where that is known.
    pub server: Option<u64>,
    /// The channel.
    pub channel: u64,
    /// The rule's name.
    pub rule: &'a str,
    /// The user who asks.
    pub by: u64,
}

/// The result of subscribing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subscribing {
    /// The channel subscribes now.
    New,
    /// It did before.
    Known,
    /// The channel has as many as it can, which is this many.
    ChannelFull(usize),
    /// Its server has as many as it may.
    ServerFull,
    /// All servers together have as many as they may.
    Full,
}

/// A channel that subscribes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subscriber {
    /// Its id.
    pub channel: u64,
    /// Its server, where that is known.
    pub server: Option<u64>,
}

impl Store {
    /// Subscribes a channel to a rule; `false` where it was before, or has as many as it can.
    ///
    /// # Errors
    /// Failures of the store.
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
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn subscribe_within(
        &self,
        asked: Subscription<'_>,
        limits: SubscriptionLimits,
        at: DateTime<Utc>,
    ) -> Result<Subscribing, StoreError> {
        let place = place(asked.channel, asked.rule);
        let record = encode(&place, &Subscribed { at, by: asked.by, server: asked.server })?;
        let (place, record) = (&place, &record);
        // What is counted stays so until it is written.
        self.transaction(move |transaction| async move {
            if transaction.get(SPACE, place).await?.is_some() {
                return Ok(Subscribing::Known);
            }
            if let Some(full) = full(&transaction, asked, limits).await? {
                return Ok(full);
            }
            transaction.put(SPACE, place, record.clone());
            Ok(Subscribing::New)
        })
        .await
    }

    /// Notes the server of a channel for those of its subscriptions that do not say it; whether there were any.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn note_server(&self, channel: u64, server: u64) -> Result<bool, StoreError> {
        self.transaction(move |transaction| async move {
            let mut noted = false;
            for (place, value) in transaction.range(SPACE, &of(channel, usize::MAX)).await? {
                let Ok(known @ Subscribed { server: None, .. }) = decode::<Subscribed>(&place, &value) else {
                    continue;
                };
                let record = encode(&place, &Subscribed { server: Some(server), ..known })?;
                transaction.put(SPACE, place, record);
                noted = true;
            }
            Ok(noted)
        })
        .await
    }

    /// Ends a subscription; `false` where there was none.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn unsubscribe(&self, channel: u64, rule: &str) -> Result<bool, StoreError> {
        let place = &place(channel, rule);
        self.transaction(move |transaction| async move {
            let was_there = transaction.get(SPACE, place).await?.is_some();
            if was_there {
                transaction.delete(SPACE, place);
            }
            Ok(was_there)
        })
        .await
    }

    /// The rules that a channel subscribes to, by name.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn subscriptions(&self, channel: u64) -> Result<Vec<String>, StoreError> {
        let prefix = place(channel, "");
        let found = self.inner.engine.range(SPACE, &of(channel, usize::MAX)).await;
        let found = found.map_err(|error| self.failed(error))?.into_iter();
        Ok(found.map(|(place, _)| place[prefix.len()..].to_owned()).collect())
    }

    /// The channels that subscribe to a rule.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn subscribers(&self, rule: &str) -> Result<Vec<u64>, StoreError> {
        Ok(self.subscribed(rule).await?.into_iter().map(|subscriber| subscriber.channel).collect())
    }

    /// The same with their servers.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn subscribed(&self, rule: &str) -> Result<Vec<Subscriber>, StoreError> {
        self.all_subscribed(|name| name == rule).await
    }

    /// The channels with subscriptions of which the server is not known.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn channels_without_server(&self) -> Result<BTreeSet<u64>, StoreError> {
        let all = self.all_subscribed(|_| true).await?.into_iter();
        Ok(all
            .filter(|subscriber| subscriber.server.is_none())
            .map(|subscriber| subscriber.channel)
            .collect())
    }

    /// A subscriber for each subscription to some rules.
    async fn all_subscribed(&self, is_asked: impl Fn(&str) -> bool) -> Result<Vec<Subscriber>, StoreError> {
        let (mut found, mut range) = (Vec::new(), Range::first(PAGE));
        loop {
            let page = self.inner.engine.range(SPACE, &range).await.map_err(|error| self.failed(error))?;
            let subscribers = page.iter().filter_map(|(place, value)| subscriber(place, value));
            found.extend(subscribers.filter(|(_, rule)| is_asked(rule)).map(|(subscriber, _)| subscriber));
            match page.last() {
                Some((place, _)) if page.len() == PAGE => range = range.after(place),
                _ => return Ok(found),
            }
        }
    }
}

/// Why a channel cannot subscribe to more.
async fn full(
    transaction: &Transaction,
    asked: Subscription<'_>,
    limits: SubscriptionLimits,
) -> Result<Option<Subscribing>, Ended> {
    if transaction.range(SPACE, &of(asked.channel, MOST_PER_CHANNEL)).await?.len() == MOST_PER_CHANNEL {
        return Ok(Some(Subscribing::ChannelFull(MOST_PER_CHANNEL)));
    }
    if limits.per_server == usize::MAX && limits.in_all == usize::MAX {
        return Ok(None);
    }
    let all = transaction.range(SPACE, &Range::first(usize::MAX)).await?;
    let of_server = |place: &str, value: &Value| {
        subscriber(place, value).is_some_and(|(known, _)| known.server == asked.server)
    };
    let in_server = match asked.server {
        Some(_) => all.iter().filter(|(place, value)| of_server(place, value)).count(),
        None => 0,
    };
    Ok(match () {
        () if in_server >= limits.per_server => Some(Subscribing::ServerFull),
        () if all.len() >= limits.in_all => Some(Subscribing::Full),
        () => None,
    })
}

/// A subscriber and the rule's name, of a record.
fn subscriber<'a>(key: &'a str, value: &Value) -> Option<(Subscriber, &'a str)> {
    let (channel, rule) = key.split_once('/')?;
    // A channel whose record cannot be read subscribes all the same.
    let server = decode::<Subscribed>(key, value).ok().and_then(|known| known.server);
    Some((Subscriber { channel: channel.parse().ok()?, server }, rule))
}

/// The subscriptions of a channel, so many at most.
fn of(channel: u64, most: usize) -> Range {
    Range::prefix(&place(channel, ""), most)
}

fn place(channel: u64, rule: &str) -> String {
    format!("{channel}/{rule}")
}
