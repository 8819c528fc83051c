//! Discord: the bot's channels and webhooks, by Discord's limits.

mod call;
mod pace;
mod webhook;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::AUTHORIZATION;
use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serenity::all::{ChannelId, MessageId, Permissions, UserId};
use serenity::http::{Http, HttpBuilder, HttpError, Route};
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep};

pub(super) use pace::Pace;
pub(super) use webhook::DiscordWebhook;

use super::{Found, SendError, Sent, no_digest};
use crate::alert::Key;
use crate::delivery::{Batch, Body, Delivery, InFlight};
use crate::render::discord::{self, AllowedMentions, Message};
use call::{Caller, TIMEOUT, filled, unchangeable};

/// Where Discord is. Another base is a proxy that takes Discord's place.
const DISCORD: &str = "https://discord.com";
/// So long a nonce certainly holds off a second message: Discord says "a few minutes".
const NONCE_HOLDS: TimeDelta = TimeDelta::minutes(1);
/// Our clock and Discord's may differ by this much.
const SKEW: TimeDelta = TimeDelta::minutes(30);
/// Discord gives at most so many messages at once, and so many times it is asked for more.
const PAGE: usize = 100;
const MOST_PAGES: usize = 50;
/// So long it is waited for leave to read a page.
const LONGEST_READING: Duration = Duration::from_secs(60);
const SHORTEST_WAIT: Duration = Duration::from_millis(10);
/// What the bot needs in a channel, besides sending there.
const NEEDED: Permissions =
    Permissions::VIEW_CHANNEL.union(Permissions::EMBED_LINKS).union(Permissions::READ_MESSAGE_HISTORY);
/// The first moment of Discord's ids, in milliseconds: <https://discord.com/developers/docs/reference#snowflakes>.
const EPOCH_MS: i64 = 1_420_070_400_000;

/// The bot. Clones share its connection and its limits.
#[derive(Clone)]
pub struct DiscordBot {
    token: SecretString,
    api_base: String,
    caller: Caller,
    http: Arc<Http>,
    own_id: Arc<OnceCell<UserId>>,
}

/// What is read of a message in a channel.
#[derive(Deserialize)]
struct Posted {
    id: String,
    author: Author,
    #[serde(default)]
    embeds: Vec<Embed>,
}

#[derive(Deserialize)]
struct Author {
    id: UserId,
}

#[derive(Deserialize)]
struct Embed {
    footer: Option<Footer>,
}

#[derive(Deserialize)]
struct Footer {
    text: String,
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
    /// The HTTP library could not be set up.
    pub(super) fn new(token: &SecretString, api_base: &str, pace: Arc<Pace>) -> Result<Self, reqwest::Error> {
        let caller = Caller::new("Discord", pace)?;
        let http = Arc::new(connection(token, api_base, Some(caller.http.clone())));
        Ok(Self { token: token.clone(), api_base: api_base.to_owned(), caller, http, own_id: Arc::default() })
    }

    /// A connection of its own for the gateway, which wants to own it.
    pub fn gateway_connection(&self) -> Http {
        let client = reqwest::Client::builder().timeout(TIMEOUT).build().ok();
        connection(&self.token, &self.api_base, client)
    }

    /// A turn to send to a channel, or when to come back.
    pub(super) fn turn(&self, channel: u64, batch: &Batch, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        self.caller.turn(&route(channel, batch), now)
    }

    /// Sends to a channel. The nonce makes Discord drop a repeated batch for a few minutes; an edit can be repeated.
    pub(super) async fn send(
        &self,
        channel: u64,
        batch: &Batch,
        now: DateTime<Utc>,
    ) -> Result<Sent, SendError> {
        if channel == 0 {
            return Err(SendError::never("0 is not a channel"));
        }
        let channel_id = ChannelId::new(channel);
        let message_route = |id: &str| {
            let message_id =
                id.parse().map(MessageId::new).map_err(|_| SendError::gone("the message's id is none"))?;
            Ok::<_, SendError>(Route::ChannelMessage { channel_id, message_id })
        };
        if let (Some((id, concerned)), [delivery]) = (batch.concerned(), batch.deliveries()) {
            let address = message_route(id)?;
            let asked = self.request(Method::GET, &address);
            let posted = self.caller.call(&format!("reading:{channel_id}"), asked, now).await;
            let cards = edit(&posted.map_err(unchangeable)?, concerned, delivery)?;
            let request = self.request(Method::PATCH, &address).json(&cards);
            let answer =
                self.caller.call(&route(channel, batch), request, now).await.map_err(unchangeable)?;
            return Ok(sent(&answer));
        }
        let message = discord::message(batch.deliveries()).ok_or_else(|| no_digest(batch.destination()))?;
        let request = match edited(batch) {
            Some(id) => {
                let request = self.request(Method::PATCH, &message_route(id)?);
                filled(request, &message, message.file.as_ref())
            }
            None => {
                let answered = batch.deliveries().first().and_then(|delivery| delivery.answers.as_deref());
                let message_reference =
                    answered.map(|message_id| Reference { message_id, fail_if_not_exists: false });
                let body = CreateMessage {
                    message: &message,
                    message_reference,
                    nonce: batch.key().as_str(),
                    enforce_nonce: true,
                };
                let request = self.request(Method::POST, &Route::ChannelMessages { channel_id });
                filled(request, &body, message.file.as_ref())
            }
        };
        let answer = self.caller.call(&route(channel, batch), request?, now).await?;
        Ok(sent(&answer))
    }

    /// Looks for deliveries among the bot's own messages from their sends on. After some minutes Discord no longer knows the
    /// nonce, and only the channel tells.
    pub(super) async fn find(
        &self,
        channel: u64,
        batch: &Batch,
        sends: &InFlight,
        now: DateTime<Utc>,
    ) -> Result<Found, SendError> {
        let guarded = !sends.guess && (TimeDelta::zero()..NONCE_HOLDS).contains(&(now - sends.first));
        if edited(batch).is_some() || batch.concerned().is_some() || guarded {
            return Ok(Found::Guarded);
        }
        if channel == 0 {
            return Ok(Found::Told(BTreeMap::new()));
        }
        let keys = batch.deliveries().iter().map(|delivery| &delivery.key).collect();
        // A clock that was ahead then.
        let first = sends.first.min(now);
        self.read_back(ChannelId::new(channel), keys, (first, sends.last), now).await
    }

    async fn read_back(
        &self,
        channel: ChannelId,
        keys: BTreeSet<&Key>,
        (first, last): (DateTime<Utc>, DateTime<Utc>),
        now: DateTime<Utc>,
    ) -> Result<Found, SendError> {
        let own_id = self.own_id().await.map_err(|error| send_error(&error))?;
        let until = first_id(last + TimeDelta::from_std(TIMEOUT).unwrap_or_default() + SKEW);
        let mut after = first_id(first - SKEW);
        let mut seen = false;
        let mut found = BTreeMap::new();
        for _ in 0..MOST_PAGES {
            let page = self.messages(channel, &[("after", after), ("limit", PAGE as u64)], now).await?;
            for posted in page.iter().filter(|posted| posted.author.id == own_id) {
                let footers = posted.embeds.iter().filter_map(|embed| embed.footer.as_ref());
                for reference in footers.filter_map(|footer| discord::referred(&footer.text)) {
                    if let Some(key) = keys.iter().find(|key| key.as_str() == reference) {
                        let sent = Sent { message_id: Some(posted.id.clone()) };
                        found.insert((*key).clone(), (sent, time(&posted.id).unwrap_or(last)));
                    }
                }
            }
            seen |= !page.is_empty();
            let newest = page.iter().filter_map(|posted| posted.id.parse().ok()).max().unwrap_or(after);
            if found.len() == keys.len() {
                return Ok(Found::Told(found));
            }
            if page.len() < PAGE || newest >= until || newest <= after {
                // To a bot that may not read a channel's history, every channel is empty.
                let readable = seen || !self.messages(channel, &[("limit", 1)], now).await?.is_empty();
                return Ok(match readable {
                    true => Found::Told(found),
                    false => Found::Unknown(
                        "the channel is empty, or the bot lacks the permission Read Message History there",
                    ),
                });
            }
            after = newest;
        }
        Ok(match found.is_empty() {
            true => Found::Unknown("too many messages came since"),
            false => Found::Told(found),
        })
    }

    /// The permissions that the bot needs in a channel and lacks there.
    pub(super) async fn lacks(&self, channel: u64) -> Result<Vec<&'static str>, SendError> {
        let asked = async {
            let own_id = self.own_id().await?;
            let Some(mut channel) = self.http.get_channel(ChannelId::new(channel.max(1))).await?.guild()
            else {
                return Ok(Vec::new());
            };
            let mut needed = NEEDED | Permissions::SEND_MESSAGES;
            // A thread has the permissions of the channel that it is in.
            if let (Some(_), Some(parent)) = (channel.thread_metadata, channel.parent_id) {
                needed = NEEDED | Permissions::SEND_MESSAGES_IN_THREADS;
                channel = self.http.get_channel(parent).await?.guild().unwrap_or(channel);
            }
            let guild = self.http.get_guild(channel.guild_id).await?;
            let own = self.http.get_member(channel.guild_id, own_id).await?;
            let given = guild.user_permissions_in(&channel, &own);
            Ok((needed - given).get_permission_names())
        };
        match tokio::time::timeout(TIMEOUT, asked).await {
            Ok(lacking) => lacking.map_err(|error: serenity::Error| send_error(&error)),
            Err(_) => Err(late()),
        }
    }

    async fn own_id(&self) -> Result<UserId, serenity::Error> {
        let ask = async || self.http.get_current_user().await.map(|user| user.id);
        self.own_id.get_or_try_init(ask).await.copied()
    }

    /// Messages of a channel.
    async fn messages(
        &self,
        channel_id: ChannelId,
        params: &[(&str, u64)],
        now: DateTime<Utc>,
    ) -> Result<Vec<Posted>, SendError> {
        let route = format!("reading:{channel_id}");
        let (began, mut waited) = (Instant::now(), Duration::ZERO);
        // A page that is refused would have all of them read again.
        while let Err(until) = self.caller.turn(&route, now + TimeDelta::from_std(waited).unwrap_or_default())
        {
            let wait = (until - now).to_std().unwrap_or_default().saturating_sub(waited);
            if waited + wait > LONGEST_READING {
                return Err(SendError::refused("Discord asks to wait before the channel is read"));
            }
            sleep(wait.max(SHORTEST_WAIT)).await;
            waited = began.elapsed().max(waited + wait);
        }
        let now = now + TimeDelta::from_std(waited).unwrap_or_default();
        let request = self.request(Method::GET, &Route::ChannelMessages { channel_id }).query(params);
        let answer = self.caller.call(&route, request, now).await?;
        serde_json::from_slice(&answer)
            .map_err(|error| SendError::later(format!("Discord's answer cannot be read: {error}")))
    }

    fn request(&self, method: Method, route: &Route<'_>) -> RequestBuilder {
        let address = route.path().replacen(DISCORD, self.api_base.trim_end_matches('/'), 1);
        let request = self.caller.http.request(method, address);
        request.header(AUTHORIZATION, format!("Bot {}", self.token.expose_secret().trim()))
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
        embeds: Vec<discord::Embed>,
    }
    let posted: Cards =
        serde_json::from_slice(posted).map_err(|_| SendError::gone("the message has cards of others"))?;
    let embeds = discord::changed(posted.embeds, concerned, delivery)
        .ok_or_else(|| SendError::gone("the message has no such card, or no room"))?;
    Ok(EditCards { embeds, allowed_mentions: AllowedMentions::default() })
}

fn route(channel: u64, batch: &Batch) -> String {
    let what = if edited(batch).is_some() || batch.concerned().is_some() { "editing" } else { "channel" };
    format!("{what}:{channel}")
}

/// What took it, by the answer, of which the status is enough.
fn sent(answer: &[u8]) -> Sent {
    #[derive(Deserialize)]
    struct Created {
        id: String,
    }
    Sent { message_id: serde_json::from_slice::<Created>(answer).ok().map(|created| created.id) }
}

fn late() -> SendError {
    SendError::later("Discord did not answer in time")
}

/// The least id of a moment.
fn first_id(moment: DateTime<Utc>) -> u64 {
    u64::try_from(moment.timestamp_millis() - EPOCH_MS).unwrap_or(0) << 22
}

/// When what has an id was made.
fn time(id: &str) -> Option<DateTime<Utc>> {
    let milliseconds = i64::try_from(id.parse::<u64>().ok()? >> 22).ok()?;
    DateTime::from_timestamp_millis(milliseconds + EPOCH_MS)
}

fn connection(token: &SecretString, api_base: &str, client: Option<reqwest::Client>) -> Http {
    let builder = HttpBuilder::new(token.expose_secret().trim());
    // serenity's own client waits for ever.
    let builder = match client {
        Some(client) => builder.client(client),
        None => builder,
    };
    // serenity's rate limiter ignores the proxy, whose business it then is.
    if api_base == DISCORD {
        builder.build()
    } else {
        builder.proxy(api_base).ratelimiter_disabled(true).build()
    }
}

/// What an error of serenity's means, without its address.
fn send_error(error: &serenity::Error) -> SendError {
    match error {
        serenity::Error::Http(HttpError::UnsuccessfulRequest(response)) => {
            let (status, error) = (response.status_code.as_u16(), &response.error);
            // serenity's own number for an answer that is not Discord's.
            let code = i64::try_from(error.code).ok().filter(|code| *code >= 0);
            let message = format!("Discord answers {status}, code {}: {}", error.code, error.message);
            call::judge(status, code, message)
        }
        serenity::Error::Http(HttpError::Request(error)) if error.is_timeout() => late(),
        serenity::Error::Http(HttpError::Request(error)) if error.is_connect() => {
            call::unreachable("Discord")
        }
        serenity::Error::Json(error) => SendError::later(format!("Discord's answer cannot be read: {error}")),
        _ => SendError::later("the request to Discord failed"),
    }
}
