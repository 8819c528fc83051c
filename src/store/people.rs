//! What the store knows about a Discord user, and how it forgets that.

use std::collections::BTreeSet;

use super::engine::Range;
use super::error::StoreError;
use super::handle::Store;
use super::mutes::MUTES;
use super::set_aside::SET_ASIDE;
use super::subscription::Subscribed;
use super::subscriptions::{self, SUBSCRIPTIONS};
use crate::destination::Destination;
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
        self.each(&SET_ASIDE, Range::first(usize::MAX), |_, record| {
            known.subscriptions += record.rules.values().filter(|own| own.by == user).count();
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
            let (mut ended, mut direct) = (Vec::new(), BTreeSet::<u64>::new());
            for (place, subscribed) in SUBSCRIPTIONS.range(&transaction, &Range::first(usize::MAX)).await? {
                let Some((channel, rule)) = place.split_once('/').filter(|_| subscribed.by == user) else {
                    continue;
                };
                match channel.parse() {
                    Ok(channel) if subscribed.is_direct => {
                        direct.insert(channel);
                        subscriptions::remove(&transaction, channel, rule).await?;
                        ended.push(rule.to_owned());
                    }
                    _ => SUBSCRIPTIONS.put(&transaction, &place, &Subscribed { by: 0, ..subscribed })?,
                }
            }
            for (key, mut record) in SET_ASIDE.range(&transaction, &Range::first(usize::MAX)).await? {
                if record.rules.values().any(|own| own.by == user) {
                    record.rules.values_mut().filter(|own| own.by == user).for_each(|own| own.by = 0);
                    SET_ASIDE.put(&transaction, &key, &record)?;
                }
            }
            for (key, mute) in MUTES.range(&transaction, &Range::first(usize::MAX)).await? {
                let is_direct = match mute.what.only_in() {
                    Some(Destination::Channel(channel)) => direct.contains(channel),
                    _ => false,
                };
                if is_direct {
                    // It ends: nobody is left whom it is for.
                    MUTES.put(&transaction, &key, &Mute { by: None, until: mute.since, ..mute })?;
                } else if mute.by.as_ref() == Some(by) {
                    MUTES.put(&transaction, &key, &Mute { by: None, ..mute })?;
                }
            }
            Ok(ended)
        })
        .await
    }
}
