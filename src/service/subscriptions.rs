//! Subscriptions for whoever runs the bot: all of them in a list, and changes on the command line.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::subscribe::{Subscribed, enter};
use crate::config::Settings;
use crate::destination::{Destination, Threads};
use crate::notify::{ChannelKind, NoAnswer, Notifier, SendError, WITH_ALERTS};
use crate::rules::RuleSet;
use crate::store::{Gone, ListedSubscription, SET_ASIDE_FOR, Store, StoreError, Subscription};

/// Why the command line cannot subscribe a channel.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotSubscribed {
    /// It already subscribes to the rule.
    #[error("channel {0} already subscribes to the rule `{1}`")]
    Known(u64, String),
    /// There is no such rule.
    #[error("there is no rule `{0}`")]
    NoRule(String),
    /// The channel has reached its limit.
    #[error("channel {0} has reached its limit of subscriptions, which is {1}")]
    ChannelFull(u64, usize),
    /// The server has reached its limit.
    #[error(
        "the channel's server has reached its limit of subscriptions, which is {0}: see [discord] subscriptions_per_server"
    )]
    ServerFull(usize),
    /// All servers together have reached their limit.
    #[error("there are as many subscriptions as [discord] subscriptions_in_all allows")]
    Full,
    /// The bot sees no such channel.
    #[error(
        "the bot sees no channel {0} on a server: check the id, and whether the bot may view that channel"
    )]
    NoChannel(u64),
    /// The settings name the servers that the bot serves, and this one is not among them.
    #[error("[discord] servers does not list the channel's server, {0}")]
    NotServed(u64),
    /// Nothing says which server the channel is on, and the settings name the servers that the bot serves.
    #[error(
        "[discord] servers names servers, and only Discord knows the channel's: set DISCORD_TOKEN, or start the bot"
    )]
    UnknownServer,
    /// Channels of its kind take no alerts.
    #[error("channel {0} is {1}, which takes no alerts: {WITH_ALERTS}")]
    WrongKind(u64, &'static str),
    /// Its alerts are to go to threads, and it is one.
    #[error("channel {0} is a thread, which has no threads of its own: use the id of its channel")]
    IsThread(u64),
    /// The bot lacks permissions.
    #[error("the bot lacks {0} in that channel: grant it")]
    Lacks(String),
    /// Discord does not answer.
    #[error("Discord cannot be asked about the channel: {0}")]
    NoAnswer(String),
}

impl From<NoAnswer> for NotSubscribed {
    fn from(no_answer: NoAnswer) -> Self {
        Self::NoAnswer(no_answer.to_string())
    }
}

impl From<SendError> for NotSubscribed {
    fn from(error: SendError) -> Self {
        Self::NoAnswer(error.to_string())
    }
}

/// A subscription, for people and programs. In JSON, the keys are the field names; ids are texts, because
/// they are too long for the numbers of some languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionLine {
    /// The channel's id.
    pub channel: String,
    /// The channel's name, if known.
    pub channel_name: Option<String>,
    /// The server's id, if known.
    pub server: Option<String>,
    /// The server's name, if known.
    pub server_name: Option<String>,
    /// The rule's name.
    pub rule: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// The id of the user who subscribed the channel; `None` for the command line.
    pub by: Option<String>,
    /// How its alerts are spread over threads; `None` for the channel itself.
    #[serde(default)]
    pub threads: Option<Threads>,
    /// If it is set aside: since when, why, and until when it is kept.
    pub set_aside: Option<SetAsideLine>,
}

/// Why and for how long a subscription is set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAsideLine {
    /// Since when.
    pub since: DateTime<Utc>,
    /// Until when it is kept.
    pub until: DateTime<Utc>,
    /// Why.
    pub why: Gone,
}

impl From<ListedSubscription> for SubscriptionLine {
    fn from(listed: ListedSubscription) -> Self {
        let ListedSubscription { channel, server, name, rule, since, by, threads, set_aside } = listed;
        let (channel_name, server_name) = name.map(|name| (name.channel, name.server)).unzip();
        let set_aside =
            set_aside.map(|(since, why)| SetAsideLine { since, until: since + SET_ASIDE_FOR, why });
        Self {
            channel: channel.to_string(),
            channel_name,
            server: server.map(|server| server.to_string()),
            server_name: server_name.flatten(),
            rule,
            since,
            by: by.map(|by| by.to_string()),
            threads,
            set_aside,
        }
    }
}

/// What is needed to change subscriptions, with or without a running bot.
#[derive(Clone, Copy)]
pub struct Subscriptions<'a> {
    /// The settings.
    pub settings: &'a Settings,
    /// The rules in force.
    pub rules: &'a RuleSet,
    /// The store.
    pub store: &'a Store,
    /// The destinations, for the bot's token.
    pub notifier: &'a Notifier,
}

impl Subscriptions<'_> {
    /// Subscribes a channel by the command line: within the same limits, and only if the bot can send there,
    /// as far as Discord can be asked.
    ///
    /// # Errors
    /// Failures of the store; the inner error says why the channel is not subscribed. Nothing has then
    /// changed.
    pub async fn add(
        &self,
        channel: u64,
        rule: &str,
        threads: Option<Threads>,
        now: DateTime<Utc>,
    ) -> Result<Result<(), NotSubscribed>, StoreError> {
        let server = match self.server_of(channel, threads.is_some()).await? {
            Ok(server) => server,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let Some(rule) = self.rules.get(rule) else { return Ok(Err(NotSubscribed::NoRule(rule.to_owned()))) };
        let asked = Subscription::new(server.as_ref().map(|(id, ..)| *id), channel, &rule.name, 0);
        let asked = Subscription { threads, ..asked };
        if self.store.subscriptions(channel).await?.contains(&rule.name) {
            return Ok(Err(NotSubscribed::Known(channel, rule.name.clone())));
        }
        let done = enter(self.settings, self.store, rule, asked, &[], now).await?;
        self.store.flush().await?;
        match done {
            Subscribed::New(_) => {}
            Subscribed::Known | Subscribed::Changed => {
                return Ok(Err(NotSubscribed::Known(channel, rule.name.clone())));
            }
            Subscribed::ChannelFull(most) | Subscribed::PersonFull(most) => {
                return Ok(Err(NotSubscribed::ChannelFull(channel, most)));
            }
            Subscribed::ServerFull(most) => return Ok(Err(NotSubscribed::ServerFull(most))),
            Subscribed::NoRule | Subscribed::Full => return Ok(Err(NotSubscribed::Full)),
        }
        if let Some((server, Some((server_name, channel_name)))) = server {
            self.store.note_names((server, Some(&server_name)), &[(channel, channel_name)]).await?;
        }
        Ok(Ok(()))
    }

    /// The server of a channel with the names of both, as Discord knows them; without a token, what the store
    /// knows.
    async fn server_of(
        &self,
        channel: u64,
        opens_threads: bool,
    ) -> Result<Result<Option<KnownServer>, NotSubscribed>, StoreError> {
        let Some(bot) = self.notifier.bot() else {
            return Ok(match self.store.server_of(channel).await? {
                Some(server) if !self.settings.discord.allows(server) => {
                    Err(NotSubscribed::NotServed(server))
                }
                Some(server) => Ok(Some((server, None))),
                None if self.settings.discord.servers.is_empty() => Ok(None),
                None => Err(NotSubscribed::UnknownServer),
            });
        };
        let place = match bot.place_of(channel).await {
            Ok(Some(place)) => place,
            Ok(None) => return Ok(Err(NotSubscribed::NoChannel(channel))),
            Err(no_answer) => return Ok(Err(no_answer.into())),
        };
        if !self.settings.discord.allows(place.server) {
            return Ok(Err(NotSubscribed::NotServed(place.server)));
        }
        if let Some(kind) = place.kind.without_alerts() {
            return Ok(Err(NotSubscribed::WrongKind(channel, kind)));
        }
        if opens_threads && place.kind == ChannelKind::Thread {
            return Ok(Err(NotSubscribed::IsThread(channel)));
        }
        Ok(match self.notifier.lacks(&Destination::Channel(channel), opens_threads).await {
            Ok(lacking) => match lacking.unwrap_or_default() {
                lacking if lacking.is_empty() => {
                    Ok(Some((place.server, Some((place.server_name, place.channel_name)))))
                }
                lacking => Err(NotSubscribed::Lacks(lacking.join(", "))),
            },
            Err(error) => Err(error.into()),
        })
    }
}

/// A server, and the names of it and of a channel.
type KnownServer = (u64, Option<(String, String)>);

/// All subscriptions, by channel and rule. Those that are set aside come last.
///
/// # Errors
/// Failures of the store.
pub async fn subscriptions(store: &Store) -> Result<Vec<SubscriptionLine>, StoreError> {
    Ok(store.all_subscriptions().await?.into_iter().map(SubscriptionLine::from).collect())
}
