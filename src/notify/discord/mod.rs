//! Discord: the bot's channels and webhooks, by Discord's limits.

mod address;
mod ask;
mod call;
mod codes;
mod files;
mod gateway;
mod pace;
mod permissions;
mod read_back;
mod token;
mod twins;
mod webhook;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use reqwest::header::AUTHORIZATION;
use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serenity::all::{ChannelId, MessageId, UserId};
use serenity::http::Route;
use tokio::sync::OnceCell;

pub use address::BadAddress;
pub(super) use address::is_discords;
pub use ask::NoAnswer;
pub use files::NoFile;
pub use gateway::{BadGateway, Gateway, NoGateway};
pub(super) use pace::Pace;
pub use token::BadToken;
pub use twins::Foreign;
pub(super) use webhook::DiscordWebhook;

use super::{Secrets, SendError, Sent, SetupError, no_digest};
use crate::alert::Key;
use crate::bounds::AtMost;
use crate::config::{Channel, Settings, Via};
use crate::delivery::{Batch, Body, Delivery};
use crate::destination::Destination;
use crate::render::discord::{self, AllowedMentions, Message};
use address::WebhookAddress;
use call::{Ask, Caller, filled};
use codes::{Asked, By, unchangeable};
use files::{Files, Outgoing};
use permissions::Refusing;
use twins::Twins;

/// Where Discord is. Another base is a proxy that takes Discord's place.
const DISCORD: &str = "https://discord.com";
/// Bytes of a message of the bot's that is to be changed; ten full cards have some 50 kB.
const MOST_POSTED: usize = 512 * 1024;

/// The bot. Clones share its connection and its limits.
#[derive(Clone)]
pub struct DiscordBot {
    token: SecretString,
    api_base: String,
    caller: Caller,
    own_id: Arc<OnceCell<UserId>>,
    files: Arc<Files>,
    twins: Arc<Twins>,
    refusing: Arc<Refusing>,
}

/// The way to a channel of the settings.
pub(super) enum DiscordWay {
    /// The bot's, by its id.
    Channel(u64),
    /// A webhook's.
    Webhook(Box<DiscordWebhook>),
}

/// The ways to the channels of the settings, by name. One whose secret is missing has none.
///
/// # Errors
/// A used channel whose secret is missing, or a secret that cannot be used.
pub(super) fn ways(
    settings: &Settings,
    secrets: &Secrets,
    used: &dyn Fn(&Destination) -> bool,
    pace: &Arc<Pace>,
) -> Result<BTreeMap<String, DiscordWay>, SetupError> {
    let mut ways = BTreeMap::new();
    for channel in &settings.discord.channels {
        let way = match address_of(channel, settings, secrets, used)? {
            Some(Way::Bot(id)) => DiscordWay::Channel(id),
            Some(Way::Webhook(address)) => {
                DiscordWay::Webhook(Box::new(DiscordWebhook::new(address, Arc::clone(pace))?))
            }
            None => continue,
        };
        ways.insert(channel.name.clone(), way);
    }
    Ok(ways)
}

/// Lists every problem of Discord's secrets.
pub(super) fn check(
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

enum Way {
    Bot(u64),
    Webhook(WebhookAddress),
}

/// How a channel is reached; `None` where its secret is missing and nobody uses it.
fn address_of(
    channel: &Channel,
    settings: &Settings,
    secrets: &Secrets,
    used: &dyn Fn(&Destination) -> bool,
) -> Result<Option<Way>, SetupError> {
    let name = || channel.name.clone();
    let needed = || used(&Destination::Discord(name()));
    match (channel.via, secrets.discord_webhooks.get(&channel.name)) {
        (Via::Bot(id), _) if secrets.discord_token.is_some() => Ok(Some(Way::Bot(id))),
        (Via::Webhook, Some(address)) => {
            let address = address::parse(address, &settings.discord.api_base);
            let address = address.map_err(|bad| SetupError::BadWebhook(name(), bad))?;
            Ok(Some(Way::Webhook(address)))
        }
        (Via::Bot(_), _) if needed() => Err(SetupError::NoToken(name())),
        (Via::Webhook, None) if needed() => Err(SetupError::NoWebhook(name())),
        _ => Ok(None),
    }
}

impl fmt::Debug for DiscordBot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DiscordBot")
    }
}

/// The message that one answers.
#[derive(Serialize)]
struct Reference<'a> {
    message_id: &'a str,
    fail_if_not_exists: bool,
}

/// What a message's cards become.
#[derive(Serialize)]
struct EditCards {
    embeds: Vec<discord::Embed>,
    allowed_mentions: AllowedMentions,
}

#[derive(Serialize)]
struct CreateMessage<'a> {
    #[serde(flatten)]
    message: &'a Message,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_reference: Option<Reference<'a>>,
    nonce: &'a str,
    enforce_nonce: bool,
}

impl DiscordBot {
    /// The bot of a token, at Discord or at what takes its place.
    ///
    /// # Errors
    /// A token that is none; the HTTP library could not be set up.
    pub(super) fn new(token: &SecretString, api_base: &str, pace: Arc<Pace>) -> Result<Self, SetupError> {
        let token = token::parse(token, api_base).map_err(SetupError::BadToken)?;
        let caller = Caller::new("Discord", pace)?;
        let api_base = api_base.to_owned();
        let (own_id, files, twins) = (Arc::default(), Arc::default(), Arc::default());
        Ok(Self { token, api_base, caller, own_id, files, twins, refusing: Arc::default() })
    }

    /// The token, which opens the gateway, too.
    pub fn token(&self) -> &SecretString {
        &self.token
    }

    /// A turn to send to a channel, or when to come back.
    pub(super) fn turn(&self, channel: u64, batch: &Batch, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        self.twins.begin(now);
        self.caller.turn(&route(channel, batch), By::bot(batch.destination()), now)
    }

    /// Whether a channel that subscribed may get a turn now, or when to come back.
    pub(super) fn line_up(&self, channel: u64, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        self.caller.line_up(&format!("channel:{channel}"), now)
    }

    /// Whether a channel takes files, as far as that is known.
    pub(super) fn takes_files(&self, channel: u64) -> Option<Result<(), NoFile>> {
        self.files.taken_by(&channel.to_string())
    }

    /// Sends to a channel. The nonce makes Discord drop a repeated batch for a few minutes; an edit can be repeated.
    async fn attempt(
        &self,
        channel: u64,
        batch: &Batch,
        with_sample: bool,
        now: DateTime<Utc>,
    ) -> Result<Sent, SendError> {
        if channel == 0 {
            return Err(SendError::never("0 is not a channel"));
        }
        let channel_id = ChannelId::new(channel);
        let by = By::bot(batch.destination());
        let message_route = |id: &str| {
            let message_id =
                id.parse().map(MessageId::new).map_err(|_| SendError::gone("the message's id is none"))?;
            Ok::<_, SendError>(Route::ChannelMessage { channel_id, message_id })
        };
        let route = route(channel, batch);
        if let (Some((id, concerned)), [delivery]) = (batch.concerned(), batch.deliveries()) {
            let address = message_route(id)?;
            let reading = Ask { route: format!("reading:{channel_id}"), asked: Asked::Read, by };
            let posted = self.caller.call(&reading, self.request(Method::GET, &address), now).await;
            let posted = posted.map_err(|failure| unchangeable(failure.error))?;
            let cards = edit(&posted, concerned, delivery)?;
            let request = self.request(Method::PATCH, &address).json(&cards);
            let answer = self.caller.call(&Ask { route, asked: Asked::Edit, by }, request, now).await;
            return self.caller.sent(&answer.map_err(|failure| unchangeable(failure.error))?, by);
        }
        let (edits, deliveries) = (edited(batch), batch.deliveries());
        let request = |message: &Message| match edits {
            Some(id) => {
                filled(self.request(Method::PATCH, &message_route(id)?), message, message.file.as_ref())
            }
            None => {
                let answered = deliveries.first().and_then(|delivery| delivery.answers.as_deref());
                let message_reference =
                    answered.map(|message_id| Reference { message_id, fail_if_not_exists: false });
                let nonce = batch.key().as_str();
                let body = CreateMessage { message, message_reference, nonce, enforce_nonce: true };
                let request = self.request(Method::POST, &Route::ChannelMessages { channel_id });
                filled(request, &body, message.file.as_ref())
            }
        };
        let ask = Ask { route, asked: if edits.is_some() { Asked::Edit } else { Asked::Create }, by };
        let outgoing = Outgoing { deliveries, with_sample, channel: channel.to_string() };
        let answer = outgoing.send(&self.caller, &self.files, &ask, request, now).await;
        let answer = answer.ok_or_else(|| no_digest(batch.destination()))?;
        let sent = answer.and_then(|answer| self.caller.sent(&answer, by));
        match (&sent, &deliveries.first()) {
            (Ok(Sent { message_id: Some(id) }), Some(first)) if edits.is_none() => {
                if let Ok(id) = id.parse() {
                    self.twins.took(channel, &first.key, id, read_back::made(id), now);
                }
            }
            (Err(error), _) if error.may_have_arrived => {
                self.twins.may_have_arrived(deliveries.iter().map(|delivery| delivery.key.clone()));
            }
            _ => {}
        }
        sent
    }

    fn request(&self, method: Method, route: &Route<'_>) -> RequestBuilder {
        let address = route.path().replacen(DISCORD, self.api_base.trim_end_matches('/'), 1);
        let request = self.caller.http.request(method, address);
        request.header(AUTHORIZATION, format!("Bot {}", self.token.expose_secret()))
    }
}

/// The message that a batch changes, where it makes none of its own.
fn edited(batch: &Batch) -> Option<&str> {
    match batch.deliveries() {
        [Delivery { body: Body::Summary(summary), .. }] => summary.message_id.as_deref(),
        _ => None,
    }
}

/// What the cards of a message become.
fn edit(posted: &[u8], concerned: &Key, delivery: &Delivery) -> Result<impl Serialize + use<>, SendError> {
    #[derive(Deserialize)]
    struct Cards {
        embeds: AtMost<discord::Embed, { discord::MOST_EMBEDS }>,
    }
    let posted = Some(posted).filter(|posted| posted.len() <= MOST_POSTED);
    let posted: Option<Cards> = posted.and_then(|posted| serde_json::from_slice(posted).ok());
    let posted = posted.ok_or_else(|| SendError::gone("the message has cards of others"))?;
    let embeds = discord::changed(posted.embeds.0, concerned, delivery)
        .ok_or_else(|| SendError::gone("the message has no such card, or no room"))?;
    Ok(EditCards { embeds, allowed_mentions: AllowedMentions::default() })
}

fn route(channel: u64, batch: &Batch) -> String {
    let what = if edited(batch).is_some() || batch.concerned().is_some() { "editing" } else { "channel" };
    format!("{what}:{channel}")
}

fn late() -> SendError {
    SendError::later("Discord did not answer in time")
}
