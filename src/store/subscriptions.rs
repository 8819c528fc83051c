//! Which Discord channels subscribe to which rules.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::record::encode;
use super::{Store, StoreError};

/// A channel cannot subscribe to more rules than this.
const MOST_PER_CHANNEL: usize = 200;

#[derive(Serialize, Deserialize)]
struct Subscribed {
    at: DateTime<Utc>,
    by: u64,
}

impl Store {
    /// Subscribes a channel to a rule; `false` where it was before, or has as many as it can.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn subscribe(
        &self,
        channel: u64,
        rule: &str,
        by: u64,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let place = place(channel, rule);
        let tree = &self.inner.subscriptions;
        if self.subscriptions(channel)?.len() >= MOST_PER_CHANNEL {
            return Ok(false);
        }
        let record = encode(&place, &Subscribed { at, by })?;
        let swapped =
            self.write(|| tree.compare_and_swap(place.as_str(), None as Option<&[u8]>, Some(record)))?;
        Ok(swapped.is_ok())
    }

    /// Ends a subscription; `false` where there was none.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn unsubscribe(&self, channel: u64, rule: &str) -> Result<bool, StoreError> {
        Ok(self.write(|| self.inner.subscriptions.remove(place(channel, rule)))?.is_some())
    }

    /// The rules that a channel subscribes to, by name.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn subscriptions(&self, channel: u64) -> Result<Vec<String>, StoreError> {
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
    pub fn subscribers(&self, rule: &str) -> Result<Vec<u64>, StoreError> {
        let mut channels = Vec::new();
        for key in self.inner.subscriptions.iter().keys() {
            let key = key.map_err(|error| self.failed(error))?;
            let key = String::from_utf8_lossy(&key);
            if let Some((channel, name)) = key.split_once('/')
                && name == rule
            {
                channels.extend(channel.parse::<u64>().ok());
            }
        }
        Ok(channels)
    }
}

fn place(channel: u64, rule: &str) -> String {
    format!("{channel}/{rule}")
}
