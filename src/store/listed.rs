//! All subscriptions with the names of their channels, and the end of a subscription.

use chrono::{DateTime, Utc};

use super::engine::Range;
use super::error::StoreError;
use super::handle::Store;
use super::place_names;
use super::set_aside::{self, Gone, SET_ASIDE, SetAsideRecord};
use super::subscription::Subscribed;
use super::subscriptions::{self, SUBSCRIPTIONS};
use crate::destination::{PlaceName, Threads};

/// A subscription, in force or set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedSubscription {
    /// The channel.
    pub channel: u64,
    /// The channel's server, if known.
    pub server: Option<u64>,
    /// Their names, if known.
    pub name: Option<PlaceName>,
    /// The rule's name.
    pub rule: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// The user who subscribed the channel; `None` for the command line.
    pub by: Option<u64>,
    /// How its alerts are spread over threads, if they are.
    pub threads: Option<Threads>,
    /// Since when it is set aside, and why; `None` while it is in force.
    pub set_aside: Option<(DateTime<Utc>, Gone)>,
}

impl ListedSubscription {
    fn of(channel: u64, rule: &str, subscribed: &Subscribed) -> Self {
        let Subscribed { at, by, server, threads, .. } = *subscribed;
        let by = Some(by).filter(|by| *by > 0);
        Self { channel, server, name: None, rule: rule.to_owned(), since: at, by, threads, set_aside: None }
    }
}

impl Store {
    /// All subscriptions, by channel and rule. Those that are set aside come last.
    pub async fn all_subscriptions(&self) -> Result<Vec<ListedSubscription>, StoreError> {
        let mut all = Vec::new();
        self.each(&SUBSCRIPTIONS, Range::first(usize::MAX), |place, subscribed| {
            if let Some((channel, rule)) = place.split_once('/')
                && let Ok(channel) = channel.parse()
            {
                all.push(ListedSubscription::of(channel, rule, &subscribed));
            }
            true
        })
        .await?;
        self.each(&SET_ASIDE, Range::first(usize::MAX), |channel, record: SetAsideRecord| {
            let Ok(channel) = channel.parse() else { return true };
            let set_aside = Some((record.since, record.why));
            let listed = record.rules.iter().map(|(rule, subscribed)| ListedSubscription {
                set_aside,
                ..ListedSubscription::of(channel, rule, subscribed)
            });
            all.extend(listed);
            true
        })
        .await?;
        let mut known: Option<(u64, Option<PlaceName>)> = None;
        for one in &mut all {
            let name = match known.take() {
                Some((channel, name)) if channel == one.channel => name,
                _ => self.place_name(one.channel).await?,
            };
            one.name.clone_from(&name);
            known = Some((one.channel, name));
        }
        Ok(all)
    }

    /// Stores the names of a server and of channels in it, as far as they have subscriptions. Writes nothing
    /// that is known.
    pub async fn note_names(
        &self,
        (server, name): (u64, Option<&str>),
        channels: &[(u64, String)],
    ) -> Result<(), StoreError> {
        self.transaction(|transaction| async move {
            let mut has_any = subscriptions::counted_of(&transaction, server).await? > 0;
            for (channel, name) in channels {
                if set_aside::has_any(&transaction, *channel).await? {
                    has_any = true;
                    place_names::note_channel(&transaction, (*channel, name), server).await?;
                }
            }
            match name {
                Some(name) if has_any => place_names::note_server(&transaction, server, name).await,
                _ => Ok(()),
            }
        })
        .await
    }

    /// Ends a subscription, also one that is set aside; `false` if there was none.
    pub async fn unsubscribe(&self, channel: u64, rule: &str) -> Result<bool, StoreError> {
        self.transaction(move |transaction| async move {
            let was_set_aside = set_aside::forget(&transaction, channel, rule).await?;
            let was = subscriptions::remove(&transaction, channel, rule).await?;
            let has_ended = was_set_aside || was.is_some();
            if has_ended && !set_aside::has_any(&transaction, channel).await? {
                place_names::forget(&transaction, channel, was.and_then(|was| was.server)).await?;
            }
            Ok(has_ended)
        })
        .await
    }
}
