//! What the store knows about a Discord user, and how it forgets that.

use super::engine::Range;
use super::error::StoreError;
use super::handle::Store;
use super::mutes::MUTES;
use super::subscription::Subscribed;
use super::subscriptions::{self, SUBSCRIPTIONS};
use crate::mute::{DISCORD_USER, Mute};

/// How many records name a user.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KnownOf {
    /// Their watches by direct message.
    pub watches: usize,
    /// Subscriptions of channels that they made.
    pub subscriptions: usize,
    /// Mutes that they made.
    pub mutes: usize,
}

impl Store {
    /// What is stored about a user.
    pub async fn known_of(&self, user: u64) -> Result<KnownOf, StoreError> {
        let mut known = KnownOf::default();
        self.each(&SUBSCRIPTIONS, Range::first(usize::MAX), |_, subscribed| {
            if subscribed.by == user {
                known.watches += usize::from(subscribed.is_direct);
                known.subscriptions += usize::from(!subscribed.is_direct);
            }
            true
        })
        .await?;
        let by = format!("{DISCORD_USER}{user}");
        known.mutes = self.mutes().await?.iter().filter(|mute| mute.by.as_ref() == Some(&by)).count();
        Ok(known)
    }

    /// Ends a user's subscriptions by direct message, and removes their id from what they made in channels.
    /// Returns the rules that they no longer subscribe to.
    pub async fn forget_user(&self, user: u64) -> Result<Vec<String>, StoreError> {
        let by = &format!("{DISCORD_USER}{user}");
        self.transaction(|transaction| async move {
            let mut ended = Vec::new();
            for (place, subscribed) in SUBSCRIPTIONS.range(&transaction, &Range::first(usize::MAX)).await? {
                let Some((channel, rule)) = place.split_once('/').filter(|_| subscribed.by == user) else {
                    continue;
                };
                match channel.parse() {
                    Ok(channel) if subscribed.is_direct => {
                        subscriptions::remove(&transaction, channel, rule).await?;
                        ended.push(rule.to_owned());
                    }
                    _ => SUBSCRIPTIONS.put(&transaction, &place, &Subscribed { by: 0, ..subscribed })?,
                }
            }
            for (key, mute) in MUTES.range(&transaction, &Range::first(usize::MAX)).await? {
                if mute.by.as_ref() == Some(by) {
                    MUTES.put(&transaction, &key, &Mute { by: None, ..mute })?;
                }
            }
            Ok(ended)
        })
        .await
    }
}
