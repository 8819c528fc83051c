//! Subscriptions and watches of channels and people.

use chrono::{DateTime, Utc};

use crate::config::Settings;
use crate::rules::{Rule, Watch, is_watch};
use crate::runtime::App;
use crate::store::{Store, StoreError, Subscribing, Subscription};

/// The result of a request to subscribe or to watch.
#[derive(Debug, Clone)]
pub enum Subscribed {
    /// The channel now subscribes to this rule.
    New(Box<Rule>),
    /// The channel already subscribed to it.
    Known,
    /// The channel already subscribed to it, or watched the ticker, and now does so in another way.
    Changed,
    /// There is no such rule.
    NoRule,
    /// The channel has reached its limit of this many subscriptions.
    ChannelFull(usize),
    /// The person has reached their limit of this many watches.
    PersonFull(usize),
    /// The channel's server has reached its limit of this many subscriptions.
    ServerFull(usize),
    /// All servers together have reached their limit.
    Full,
}

/// Subscribes a channel to a rule of a file that is in force, within the limits of the settings. The change is
/// on disk when this returns.
///
/// # Errors
/// Failures of the store; in that case nothing has changed.
pub async fn subscribe(
    app: &App,
    asked: Subscription<'_>,
    now: DateTime<Utc>,
) -> Result<Subscribed, StoreError> {
    let rules = app.rules.of_files();
    let Some(rule) = rules.get(asked.rule) else { return Ok(Subscribed::NoRule) };
    let asked = Subscription { rule: &rule.name, ..asked };
    let done = enter(&app.settings, &app.store, rule, asked, &[], now).await?;
    app.store.flush().await?;
    Ok(done)
}

/// Has a channel or a person watch a ticker, in place of the `replaced` watches. The change is on disk when
/// this returns.
///
/// # Errors
/// Failures of the store; in that case nothing has changed.
pub async fn watch(
    app: &App,
    watch: &Watch,
    asked: Subscription<'_>,
    replaced: &[Watch],
    now: DateTime<Utc>,
) -> Result<Subscribed, StoreError> {
    let rule = watch.rule();
    let names: Vec<String> = replaced.iter().map(Watch::to_string).collect();
    // In force before anybody subscribes to it: a filing that is planned meanwhile meets it.
    app.rules.watch([watch.clone()]);
    let done =
        enter(&app.settings, &app.store, &rule, Subscription { rule: &rule.name, ..asked }, &names, now)
            .await?;
    // A plan that began before now is made again.
    app.rules.touch();
    app.store.flush().await?;
    for name in names.iter().filter(|name| **name != rule.name) {
        end_idle(app, name).await?;
    }
    if app.store.subscribed(&rule.name).await?.is_empty() {
        app.rules.unwatch(watch);
    }
    Ok(done)
}

/// Subscribes a channel to a rule within the limits of the settings, in place of the `replaced` rules. The caller
/// flushes the store.
pub(super) async fn enter(
    settings: &Settings,
    store: &Store,
    rule: &Rule,
    asked: Subscription<'_>,
    replaced: &[String],
    now: DateTime<Utc>,
) -> Result<Subscribed, StoreError> {
    let Subscription { server, channel, by: user, .. } = asked;
    let (limits, server_id) = (settings.discord.limits, server.unwrap_or_default());
    let full = |limit: &str| {
        tracing::info!(
            server = server_id,
            channel,
            user,
            "there are as many subscriptions as [discord] {limit}"
        );
    };
    Ok(match store.subscribe_within(asked, replaced, limits, now).await? {
        Subscribing::New => {
            tracing::info!(server = server_id, channel, user, rule = rule.name, "a channel subscribed");
            Subscribed::New(Box::new(rule.clone()))
        }
        Subscribing::Known => Subscribed::Known,
        Subscribing::Changed => {
            tracing::info!(server = server_id, channel, user, rule = rule.name, "a subscription changed");
            Subscribed::Changed
        }
        Subscribing::ChannelFull(most) => Subscribed::ChannelFull(most),
        Subscribing::PersonFull(most) => Subscribed::PersonFull(most),
        Subscribing::ServerFull => {
            full("subscriptions_per_server");
            Subscribed::ServerFull(limits.per_server)
        }
        Subscribing::Full => {
            tracing::warn!("no more subscriptions are accepted");
            full("subscriptions_in_all");
            Subscribed::Full
        }
    })
}

/// Ends a channel's subscription or watch. Returns `false` if it had none. The change is on disk when this
/// returns.
///
/// # Errors
/// Failures of the store; in that case nothing has changed.
pub async fn unsubscribe(app: &App, channel: u64, rule: &str) -> Result<bool, StoreError> {
    let was = app.store.unsubscribe(channel, rule).await?;
    end_idle(app, rule).await?;
    app.store.flush().await?;
    Ok(was)
}

/// Ends the watches of a Discord user, and forgets what else names them.
///
/// # Errors
/// Failures of the store; in that case nothing has changed.
pub async fn forget(app: &App, user: u64) -> Result<(), StoreError> {
    for rule in app.store.forget_user(user).await? {
        end_idle(app, &rule).await?;
    }
    app.store.flush().await
}

/// Takes a watch out of force that nobody has any longer.
async fn end_idle(app: &App, rule: &str) -> Result<(), StoreError> {
    if is_watch(rule)
        && let Ok(watch) = rule.parse()
        && app.store.subscribed(rule).await?.is_empty()
    {
        app.rules.unwatch(&watch);
    }
    Ok(())
}
