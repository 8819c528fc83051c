//! Which Discord channels subscribe to which rules.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::handle::Store;
use super::record::{decode, encode};
use crate::config::SubscriptionLimits;

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
        let Subscription { server, channel, rule, by } = asked;
        let place = place(channel, rule);
        let tree = &self.inner.subscriptions;
        // What is counted stays so until it is written.
        let _subscribing = self.inner.subscribing.lock().await;
        if tree.contains_key(&place).map_err(|error| self.failed(error))? {
            return Ok(Subscribing::Known);
        }
        if self.subscriptions(channel).await?.len() >= MOST_PER_CHANNEL {
            return Ok(Subscribing::ChannelFull(MOST_PER_CHANNEL));
        }
        let in_server = match server {
            Some(_) if limits.per_server < usize::MAX => {
                self.all_subscribed(|_| true)?.iter().filter(|other| other.server == server).count()
            }
            _ => 0,
        };
        if in_server >= limits.per_server {
            return Ok(Subscribing::ServerFull);
        }
        if tree.len() >= limits.in_all {
            return Ok(Subscribing::Full);
        }
        let record = encode(&place, &Subscribed { at, by, server })?;
        self.write(|| tree.insert(place.as_str(), record))?;
        Ok(Subscribing::New)
    }

    /// Notes the server of a channel for those of its subscriptions that do not say it; whether there were any.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn note_server(&self, channel: u64, server: u64) -> Result<bool, StoreError> {
        let tree = &self.inner.subscriptions;
        let _subscribing = self.inner.subscribing.lock().await;
        let mut noted = false;
        for rule in self.subscriptions(channel).await? {
            let place = place(channel, &rule);
            let Some(bytes) = tree.get(&place).map_err(|error| self.failed(error))? else { continue };
            let Ok(known @ Subscribed { server: None, .. }) = decode::<Subscribed>(&place, &bytes) else {
                continue;
            };
            let record = encode(&place, &Subscribed { server: Some(server), ..known })?;
            self.write(|| tree.compare_and_swap(place.as_str(), Some(&bytes), Some(record)))?.ok();
            noted = true;
        }
        Ok(noted)
    }

    /// Ends a subscription; `false` where there was none.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn unsubscribe(&self, channel: u64, rule: &str) -> Result<bool, StoreError> {
        let _subscribing = self.inner.subscribing.lock().await;
        Ok(self.write(|| self.inner.subscriptions.remove(place(channel, rule)))?.is_some())
    }

    /// The rules that a channel subscribes to, by name.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn subscriptions(&self, channel: u64) -> Result<Vec<String>, StoreError> {
        let prefix = place(channel, "");
        let mut rules = Vec::new();
        for item in self.inner.subscriptions.scan_prefix(&prefix) {
            let (key, _) = item.map_err(|error| self.failed(error))?;
            rules.push(String::from_utf8_lossy(&key[prefix.len()..]).into_owned());
        }
        Ok(rules)
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
        self.all_subscribed(|name| name == rule)
    }

    /// The channels with subscriptions of which the server is not known.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn channels_without_server(&self) -> Result<BTreeSet<u64>, StoreError> {
        let all = self.all_subscribed(|_| true)?.into_iter();
        Ok(all
            .filter(|subscriber| subscriber.server.is_none())
            .map(|subscriber| subscriber.channel)
            .collect())
    }

    /// A subscriber for each subscription to some rules.
    fn all_subscribed(&self, is_asked: impl Fn(&str) -> bool) -> Result<Vec<Subscriber>, StoreError> {
        let mut subscribers = Vec::new();
        for item in &self.inner.subscriptions {
            let (key, bytes) = item.map_err(|error| self.failed(error))?;
            let key = String::from_utf8_lossy(&key);
            let Some((channel, rule)) = key.split_once('/') else { continue };
            if let (true, Ok(channel)) = (is_asked(rule), channel.parse()) {
                // A channel whose record cannot be read subscribes all the same.
                let server = decode::<Subscribed>(&key, &bytes).ok().and_then(|known| known.server);
                subscribers.push(Subscriber { channel, server });
            }
        }
        Ok(subscribers)
    }
}

fn place(channel: u64, rule: &str) -> String {
    format!("{channel}/{rule}")
}
