//! The channels defined in the settings: how each is reached, and problems with the secrets that this needs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::address::{self, BadAddress, WebhookAddress};
use super::rate_limit::RateLimit;
use super::token;
use super::webhook::DiscordWebhook;
use crate::config::{Channel, Settings, Via};
use crate::destination::Destination;
use crate::notify::secrets::Secrets;
use crate::notify::setup_error::SetupError;

/// How a channel defined in the settings is reached.
pub(in crate::notify) enum DiscordRoute {
    /// By the bot, with the channel's id.
    Channel(u64),
    /// By a webhook.
    Webhook(Box<DiscordWebhook>),
}

/// The routes to the channels defined in the settings, by name. A channel whose secret is missing has no
/// route.
///
/// # Errors
/// The secret of a used channel is missing, or a secret cannot be used.
pub(in crate::notify) fn routes(
    settings: &Settings,
    secrets: &Secrets,
    used: &dyn Fn(&Destination) -> bool,
    rate_limit: &Arc<RateLimit>,
) -> Result<BTreeMap<String, DiscordRoute>, SetupError> {
    let mut routes = BTreeMap::new();
    for channel in &settings.discord.channels {
        let route = match address_of(channel, settings, secrets, used)? {
            Some(ChannelAddress::Bot(id)) => DiscordRoute::Channel(id),
            Some(ChannelAddress::Webhook(address)) => {
                let webhook = DiscordWebhook::new(address, channel, Arc::clone(rate_limit))?;
                DiscordRoute::Webhook(Box::new(webhook))
            }
            None => continue,
        };
        routes.insert(channel.name.clone(), route);
    }
    Ok(routes)
}

/// Lists every problem with Discord secrets.
pub(in crate::notify) fn check(
    settings: &Settings,
    secrets: &Secrets,
    used: &dyn Fn(&Destination) -> bool,
) -> Vec<SetupError> {
    let token = secrets.discord_token.as_ref();
    let token = token.map(|token| token::parse(token, &settings.discord.api_base));
    let token = token.and_then(Result::err).map(SetupError::BadToken);
    let channels = settings.discord.channels.iter();
    token
        .into_iter()
        .chain(channels.filter_map(|channel| address_of(channel, settings, secrets, used).err()))
        .collect()
}

/// The address of a channel defined in the settings.
enum ChannelAddress {
    Bot(u64),
    Webhook(WebhookAddress),
}

/// The address of a channel; `None` if its secret is missing and nothing uses the channel.
fn address_of(
    channel: &Channel,
    settings: &Settings,
    secrets: &Secrets,
    used: &dyn Fn(&Destination) -> bool,
) -> Result<Option<ChannelAddress>, SetupError> {
    let name = || channel.name.clone();
    let needed = || used(&Destination::Discord(name()));
    match (channel.via, secrets.discord_webhooks.get(&channel.name)) {
        (Via::Bot(id), _) if secrets.discord_token.is_some() => Ok(Some(ChannelAddress::Bot(id))),
        (Via::Webhook, Some(address)) => {
            let address = address::parse(address, &settings.discord.api_base);
            let address = address.map_err(|bad| SetupError::BadWebhook(name(), bad))?;
            if channel.thread_name && address.names_thread() {
                return Err(SetupError::BadWebhook(name(), BadAddress::ThreadAndName));
            }
            Ok(Some(ChannelAddress::Webhook(address)))
        }
        (Via::Bot(_), _) if needed() => Err(SetupError::NoToken(name())),
        (Via::Webhook, None) if needed() => Err(SetupError::NoWebhook(name())),
        _ => Ok(None),
    }
}
