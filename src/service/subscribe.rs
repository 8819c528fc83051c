//! Subscriptions of channels: by a command on Discord, or by whoever runs the bot.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::config::Settings;
use crate::destination::Destination;
use crate::notify::{NoAnswer, Notifier, SendError};
use crate::rules::{Rule, RuleSet};
use crate::runtime::App;
use crate::store::{Gone, ListedSubscription, SET_ASIDE_FOR, Store, StoreError, Subscribing, Subscription};

/// The result of a request to subscribe.
#[derive(Debug, Clone)]
pub enum Subscribed {
    /// The channel now subscribes to this rule.
    New(Box<Rule>),
    /// The channel already subscribed to it.
    Known,
    /// There is no such rule.
    NoRule,
    /// The channel has reached its limit of this many subscriptions.
    ChannelFull(usize),
    /// The channel's server has reached its limit of this many subscriptions.
    ServerFull(usize),
    /// All servers together have reached their limit.
    Full,
}

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
    #[error("channel {0} already subscribes to {1} rules, which is the limit")]
    ChannelFull(u64, usize),
    /// The server has reached its limit.
    #[error(
        "the channel's server already has {0} subscriptions, which is the limit: see [discord] subscriptions_per_server"
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
        let ListedSubscription { channel, server, name, rule, since, by, set_aside } = listed;
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

/// Subscribes a channel to a rule that is in force, within the limits of the settings. The change is on disk
/// when this returns.
///
/// # Errors
/// Failures of the store; in that case nothing has changed.
pub async fn subscribe(
    app: &App,
    asked: Subscription<'_>,
    now: DateTime<Utc>,
) -> Result<Subscribed, StoreError> {
    let rules = &app.rules.current();
    let parts = Subscriptions { settings: &app.settings, rules, store: &app.store, notifier: &app.notifier };
    parts.subscribe(asked, now).await
}

impl Subscriptions<'_> {
    async fn subscribe(&self, asked: Subscription<'_>, now: DateTime<Utc>) -> Result<Subscribed, StoreError> {
        let Subscription { server, channel, rule, by: user } = asked;
        let Some(rule) = self.rules.get(rule) else { return Ok(Subscribed::NoRule) };
        let (limits, server_id) = (self.settings.discord.limits, server.unwrap_or_default());
        let asked = Subscription { rule: &rule.name, ..asked };
        Ok(match self.store.subscribe_within(asked, limits, now).await? {
            Subscribing::New => {
                tracing::info!(server = server_id, channel, user, rule = rule.name, "a channel subscribed");
                self.store.flush().await?;
                Subscribed::New(Box::new(rule.clone()))
            }
            Subscribing::Known => Subscribed::Known,
            Subscribing::ChannelFull(most) => Subscribed::ChannelFull(most),
            Subscribing::ServerFull => {
                tracing::info!(
                    server = server_id,
                    channel,
                    user,
                    "a server has as many subscriptions as [discord] subscriptions_per_server"
                );
                Subscribed::ServerFull(limits.per_server)
            }
            Subscribing::Full => {
                tracing::warn!(
                    server = server_id,
                    channel,
                    user,
                    "there are as many subscriptions as [discord] subscriptions_in_all"
                );
                Subscribed::Full
            }
        })
    }

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
        now: DateTime<Utc>,
    ) -> Result<Result<(), NotSubscribed>, StoreError> {
        let server = match self.server_of(channel).await? {
            Ok(server) => server,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let asked = Subscription { server: server.as_ref().map(|(id, ..)| *id), channel, rule, by: 0 };
        match self.subscribe(asked, now).await? {
            Subscribed::New(_) => {}
            Subscribed::Known => return Ok(Err(NotSubscribed::Known(channel, rule.to_owned()))),
            Subscribed::NoRule => return Ok(Err(NotSubscribed::NoRule(rule.to_owned()))),
            Subscribed::ChannelFull(most) => return Ok(Err(NotSubscribed::ChannelFull(channel, most))),
            Subscribed::ServerFull(most) => return Ok(Err(NotSubscribed::ServerFull(most))),
            Subscribed::Full => return Ok(Err(NotSubscribed::Full)),
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
        Ok(match self.notifier.lacks(&Destination::Channel(channel)).await {
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

/// Ends a channel's subscription. Returns `false` if it had none. The change is on disk when this returns.
///
/// # Errors
/// Failures of the store; in that case nothing has changed.
pub async fn unsubscribe(app: &App, channel: u64, rule: &str) -> Result<bool, StoreError> {
    let was = app.store.unsubscribe(channel, rule).await?;
    app.store.flush().await?;
    Ok(was)
}

/// All subscriptions, by channel and rule. Those that are set aside come last.
///
/// # Errors
/// Failures of the store.
pub async fn subscriptions(store: &Store) -> Result<Vec<SubscriptionLine>, StoreError> {
    Ok(store.all_subscriptions().await?.into_iter().map(SubscriptionLine::from).collect())
}
