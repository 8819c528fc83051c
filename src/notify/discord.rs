//! Discord through the bot: serenity's HTTP, whose rate limiter obeys Discord's buckets.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serenity::all::{ChannelId, Permissions, UserId};
use serenity::http::{Http, HttpBuilder, HttpError, LightMethod, Request, Route};
use tokio::sync::OnceCell;

use super::{Found, SendError, Sent, no_digest};
use crate::alert::Key;
use crate::delivery::{Delivery, InFlight};
use crate::render::discord::{self, Message};

/// Where Discord is. Another base is a proxy that takes Discord's place.
const DISCORD: &str = "https://discord.com";
/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// How long one message may take, the waits that Discord asks for included.
const TIMEOUT: Duration = Duration::from_secs(60);
/// So long a nonce certainly holds off a second message: Discord says "a few minutes".
const NONCE_HOLDS: TimeDelta = TimeDelta::minutes(1);
/// Our clock and Discord's may differ by this much.
const SKEW: TimeDelta = TimeDelta::minutes(30);
/// Discord gives at most so many messages at once, and so many times it is asked for more.
const PAGE: usize = 100;
const MOST_PAGES: usize = 50;
/// What the bot needs in a channel, besides sending there.
const NEEDED: Permissions =
    Permissions::VIEW_CHANNEL.union(Permissions::EMBED_LINKS).union(Permissions::READ_MESSAGE_HISTORY);
/// The first moment of Discord's ids, in milliseconds: <https://discord.com/developers/docs/reference#snowflakes>.
const EPOCH_MS: i64 = 1_420_070_400_000;

/// The bot. Clones share its connection and its rate limits.
#[derive(Clone)]
pub struct DiscordBot {
    token: SecretString,
    api_base: String,
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

#[derive(Serialize)]
struct CreateMessage<'a> {
    #[serde(flatten)]
    message: &'a Message,
    nonce: &'a str,
    enforce_nonce: bool,
}

impl DiscordBot {
    /// The bot of a token, at Discord or at what takes its place.
    pub fn new(token: &SecretString, api_base: &str) -> Self {
        Self {
            token: token.clone(),
            api_base: api_base.to_owned(),
            http: Arc::new(connection(token, api_base)),
            own_id: Arc::default(),
        }
    }

    /// A connection of its own for the gateway, which wants to own it.
    pub fn gateway_connection(&self) -> Http {
        connection(&self.token, &self.api_base)
    }

    /// Sends to a channel. The nonce makes Discord drop a repeated delivery for a few minutes.
    pub(super) async fn send(&self, channel: u64, delivery: &Delivery) -> Result<Sent, SendError> {
        if channel == 0 {
            return Err(SendError::never("0 is not a channel"));
        }
        let message = discord::message(delivery).ok_or_else(|| no_digest(&delivery.destination))?;
        let body = CreateMessage { message: &message, nonce: delivery.key.as_str(), enforce_nonce: true };
        let sending = self.http.send_message(ChannelId::new(channel), Vec::new(), &body);
        match tokio::time::timeout(TIMEOUT, sending).await {
            Ok(Ok(message)) => Ok(Sent { message_id: Some(message.id.to_string()) }),
            Ok(Err(error)) => Err(send_error(&error)),
            Err(_) => Err(late()),
        }
    }

    /// Looks for a delivery among the bot's own messages from its sends on. After some minutes Discord no longer knows the
    /// nonce, and only the channel tells.
    pub(super) async fn find(
        &self,
        channel: u64,
        key: &Key,
        sends: InFlight,
        now: DateTime<Utc>,
    ) -> Result<Found, SendError> {
        if (TimeDelta::zero()..NONCE_HOLDS).contains(&(now - sends.first)) {
            return Ok(Found::Guarded);
        }
        if channel == 0 {
            return Ok(Found::NotHere);
        }
        // A clock that was ahead then.
        let sends = InFlight { first: sends.first.min(now), ..sends };
        self.read_back(ChannelId::new(channel), key, sends).await
    }

    async fn read_back(&self, channel: ChannelId, key: &Key, sends: InFlight) -> Result<Found, SendError> {
        let own_id = self.own_id().await.map_err(|error| send_error(&error))?;
        let until = first_id(sends.last + TimeDelta::from_std(TIMEOUT).unwrap_or_default() + SKEW);
        let mut after = first_id(sends.first - SKEW);
        let mut seen = false;
        for _ in 0..MOST_PAGES {
            let page = self.messages(channel, vec![("after", after.to_string())], PAGE).await?;
            let refers = |posted: &&Posted| {
                let footers = posted.embeds.iter().filter_map(|embed| embed.footer.as_ref());
                posted.author.id == own_id
                    && footers
                        .filter_map(|footer| discord::referred(&footer.text))
                        .any(|own| own == key.as_str())
            };
            if let Some(posted) = page.iter().find(refers) {
                let sent = Sent { message_id: Some(posted.id.clone()) };
                return Ok(Found::Here { sent, at: time(&posted.id).unwrap_or(sends.last) });
            }
            seen |= !page.is_empty();
            let newest = page.iter().filter_map(|posted| posted.id.parse().ok()).max().unwrap_or(after);
            if page.len() < PAGE || newest >= until || newest <= after {
                // To a bot that may not read a channel's history, every channel is empty.
                let readable = seen || !self.messages(channel, Vec::new(), 1).await?.is_empty();
                return Ok(match readable {
                    true => Found::NotHere,
                    false => Found::Unknown(
                        "the channel is empty, or the bot lacks the permission Read Message History there",
                    ),
                });
            }
            after = newest;
        }
        Ok(Found::Unknown("too many messages came since"))
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
        mut params: Vec<(&'static str, String)>,
        limit: usize,
    ) -> Result<Vec<Posted>, SendError> {
        params.push(("limit", limit.to_string()));
        let route = Route::ChannelMessages { channel_id };
        let asked = self.http.fire(Request::new(route, LightMethod::Get).params(Some(params)));
        match tokio::time::timeout(TIMEOUT, asked).await {
            Ok(read) => read.map_err(|error| send_error(&error)),
            Err(_) => Err(late()),
        }
    }
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

fn connection(token: &SecretString, api_base: &str) -> Http {
    let builder = HttpBuilder::new(token.expose_secret().trim());
    // serenity's own client waits for ever.
    let builder = match reqwest::Client::builder().timeout(REQUEST_TIMEOUT).build() {
        Ok(client) => builder.client(client),
        Err(_) => builder,
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
    let serenity::Error::Http(HttpError::UnsuccessfulRequest(response)) = error else {
        return match error {
            serenity::Error::Http(HttpError::Request(error)) if error.is_timeout() => late(),
            serenity::Error::Http(HttpError::Request(error)) if error.is_connect() => {
                SendError::refused("cannot reach Discord")
                    .advise("see whether this machine has a network, and [discord] api_base is right")
            }
            serenity::Error::Json(error) => {
                SendError::later(format!("Discord's answer cannot be read: {error}"))
            }
            _ => SendError::later("the request to Discord failed"),
        };
    };
    let status = response.status_code.as_u16();
    let details: Vec<String> =
        response.error.errors.iter().map(|error| format!("{}: {}", error.path, error.message)).collect();
    let details = if details.is_empty() { String::new() } else { format!(" ({})", details.join("; ")) };
    let message = format!(
        "Discord answers {status}, code {}: {}{details}",
        response.error.code, response.error.message
    );
    // serenity's own number for an answer that is not Discord's.
    let code = i64::try_from(response.error.code).ok().filter(|code| *code >= 0);
    judge(status, code, message)
}

/// Whether an answer of Discord is worth another try. What Discord itself says of a message can be final, and of a channel or
/// token it is clear until somebody mends it; a server in between that answers in its place (without a code) says neither.
///
/// Codes: <https://discord.com/developers/docs/topics/opcodes-and-status-codes#json>.
pub(super) fn judge(status: u16, code: Option<i64>, message: String) -> SendError {
    const UNKNOWN_CHANNEL: i64 = 10_003;
    const UNKNOWN_SERVER: i64 = 10_004;
    const UNKNOWN_WEBHOOK: i64 = 10_015;
    const NO_ACCESS: i64 = 50_001;
    const NO_PERMISSION: i64 = 50_013;
    const INVALID_BODY: i64 = 50_035;
    match (status, code) {
        (404, Some(UNKNOWN_CHANNEL | UNKNOWN_SERVER)) => SendError::closed(message)
            .advise("there is no such channel any more: correct its channel_id in the settings"),
        (404, Some(UNKNOWN_WEBHOOK)) => SendError::closed(message)
            .advise("the webhook was deleted: make another one, and put its address into the environment"),
        (400, Some(INVALID_BODY)) => SendError::never(message),
        (401, Some(_)) => SendError::closed(message)
            .advise("the token or the webhook's address is wrong, or was reset: copy it again, whole"),
        (403, Some(NO_ACCESS)) => SendError::closed(message)
            .advise("the bot does not see the channel: invite it to the server, and let it view the channel"),
        (403, Some(NO_PERMISSION)) => {
            SendError::closed(message).advise("the bot lacks a permission in that channel: give it there")
        }
        (429, _) => SendError::refused(message).advise("Discord asks to wait; it is tried again by itself"),
        // What Discord, or what stands before it, does not take.
        (400..500, _) => SendError::refused(message),
        _ => SendError::later(message),
    }
}
