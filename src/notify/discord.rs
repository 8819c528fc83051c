//! Discord through the bot: serenity's HTTP, whose rate limiter obeys Discord's buckets.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serenity::all::ChannelId;
use serenity::http::{Http, HttpBuilder, HttpError};

use super::{SendError, Sent, no_digest};
use crate::delivery::Delivery;
use crate::render::discord::{self, Message};

/// Where Discord is. Another base is a proxy that takes Discord's place.
const DISCORD: &str = "https://discord.com";
/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// How long one message may take, the waits that Discord asks for included.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The bot. Clones share its connection and its rate limits.
#[derive(Clone)]
pub struct DiscordBot {
    token: SecretString,
    api_base: String,
    http: Arc<Http>,
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
            // Discord took it, and answered with something that serenity does not know.
            Ok(Err(serenity::Error::Json(_))) => Ok(Sent { message_id: None }),
            Ok(Err(error)) => Err(send_error(&error)),
            Err(_) => Err(SendError::later("Discord did not answer in time")),
        }
    }
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
        return SendError::later(match error {
            serenity::Error::Http(HttpError::Request(error)) if error.is_timeout() => {
                "Discord did not answer in time"
            }
            serenity::Error::Http(HttpError::Request(error)) if error.is_connect() => "cannot reach Discord",
            _ => "the request to Discord failed",
        });
    };
    let status = response.status_code.as_u16();
    let details: Vec<String> =
        response.error.errors.iter().map(|error| format!("{}: {}", error.path, error.message)).collect();
    let details = if details.is_empty() { String::new() } else { format!(" ({})", details.join("; ")) };
    let message = format!(
        "Discord answers {status}, code {}: {}{details}",
        response.error.code, response.error.message
    );
    let code = i64::try_from(response.error.code).unwrap_or_default();
    judge(status, code, message)
}

/// Whether an answer of Discord is worth another try. Only what Discord itself says of this message or channel can be
/// final; a wrong token, a missing permission, or a server in between that answers in its place can be set right.
///
/// Codes: <https://discord.com/developers/docs/topics/opcodes-and-status-codes#json>.
pub(super) fn judge(status: u16, code: i64, message: String) -> SendError {
    const UNKNOWN_CHANNEL: i64 = 10_003;
    const UNKNOWN_SERVER: i64 = 10_004;
    const UNKNOWN_WEBHOOK: i64 = 10_015;
    const INVALID_BODY: i64 = 50_035;
    match (status, code) {
        (404, UNKNOWN_CHANNEL | UNKNOWN_SERVER | UNKNOWN_WEBHOOK) | (400, INVALID_BODY) => {
            SendError::never(message)
        }
        _ => SendError::later(message),
    }
}
