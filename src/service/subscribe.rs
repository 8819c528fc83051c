//! Subscriptions of channels.

use chrono::{DateTime, Utc};

use crate::rules::Rule;
use crate::runtime::App;
use crate::store::{StoreError, Subscribing, Subscription};

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
    let Subscription { server, channel, rule, by: user } = asked;
    let rules = app.rules.current();
    let Some(rule) = rules.get(rule) else { return Ok(Subscribed::NoRule) };
    let (limits, server_id) = (app.settings.discord.limits, server.unwrap_or_default());
    Ok(match app.store.subscribe_within(Subscription { rule: &rule.name, ..asked }, limits, now).await? {
        Subscribing::New => {
            tracing::info!(server = server_id, channel, user, rule = rule.name, "a channel subscribed");
            app.store.flush().await?;
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

/// Ends a channel's subscription. Returns `false` if it had none. The change is on disk when this returns.
///
/// # Errors
/// Failures of the store; in that case nothing has changed.
pub async fn unsubscribe(app: &App, channel: u64, rule: &str) -> Result<bool, StoreError> {
    let was = app.store.unsubscribe(channel, rule).await?;
    app.store.flush().await?;
    Ok(was)
}
