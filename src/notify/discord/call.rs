//! One request to Discord: its answer read within bounds, its limits noted, its errors judged.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::multipart::{Form, Part};
use reqwest::{RequestBuilder, Response};
use serde::{Deserialize, Serialize};
use serenity::http::DiscordJsonError;
use tokio::time::Instant;

use super::pace::{Pace, Told};
use crate::notify::{Retry, SendError};
use crate::render::discord::Attached;

/// How long one request may take.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);
/// More than this of an answer is not read: a page of a hundred messages with ten cards each.
const MAX_ANSWER: usize = 16 * 1024 * 1024;
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60 * 60);
/// Of what Discord says about a message it does not take.
const MOST_DETAILS: usize = 5;

/// A way to Discord.
#[derive(Clone)]
pub(super) struct Caller {
    /// For building requests.
    pub(super) http: reqwest::Client,
    pace: Arc<Pace>,
    /// How it is called in errors.
    name: &'static str,
}

/// What stands in an answer that refuses.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Refused {
    code: Option<i64>,
    message: String,
    retry_after: Option<f64>,
    global: bool,
}

impl Caller {
    pub(super) fn new(name: &'static str, pace: Arc<Pace>) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("DiscordBot (sellbell, ", env!("CARGO_PKG_VERSION"), ")"))
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { http, pace, name })
    }

    /// A turn to ask on a route, or when to come back.
    pub(super) fn turn(&self, route: &str, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        self.pace.turn(route, now)
    }

    /// Makes a request that has its turn, and gives what came.
    pub(super) async fn call(
        &self,
        route: &str,
        request: RequestBuilder,
        now: DateTime<Utc>,
    ) -> Result<Vec<u8>, SendError> {
        let began = Instant::now();
        let failed = |error: reqwest::Error| match error {
            error if error.is_timeout() => SendError::later(format!("{} did not answer in time", self.name)),
            error if error.is_connect() => unreachable(self.name),
            error if error.is_builder() => SendError::refused("the request to Discord cannot be made"),
            _ => SendError::later(format!("{} hung up", self.name)),
        };
        let response = request.send().await.map_err(failed)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = bounded(response).await;
        let refused: Refused = match status.is_success() {
            true => Refused::default(),
            false => serde_json::from_slice(&body).unwrap_or_default(),
        };
        let told = told(&headers, &refused);
        let at = now + TimeDelta::from_std(began.elapsed()).unwrap_or_default();
        self.pace.answered(route, status.as_u16(), told, at);
        if status.is_success() {
            return Ok(body);
        }
        let code = refused.code.map_or(String::new(), |code| format!(", code {code}"));
        let said: String = refused.message.chars().take(200).collect();
        let details = details(&body);
        let message = format!("{} answers {}{code}: {said}{details}", self.name, status.as_u16());
        let mut error = judge(status.as_u16(), refused.code, message);
        if let (Some(wait), Retry::Later) = (told.retry_after, error.retry) {
            error.retry = Retry::After(wait.to_std().unwrap_or_default().min(MAX_RETRY_AFTER));
        }
        Err(error)
    }
}

/// A request with its body, and the file that goes with it.
///
/// # Errors
/// A body that is no JSON, which none is.
pub(super) fn filled(
    request: RequestBuilder,
    body: &impl Serialize,
    file: Option<&Attached>,
) -> Result<RequestBuilder, SendError> {
    let Some(file) = file else { return Ok(request.json(body)) };
    let unusable =
        |error: &dyn fmt::Display| SendError::never(format!("the message cannot be made: {error}"));
    let body = serde_json::to_string(body).map_err(|error| unusable(&error))?;
    let part = Part::bytes(file.content.clone()).file_name(file.name);
    let part = part.mime_str(file.mime).map_err(|error| unusable(&error))?;
    Ok(request.multipart(Form::new().text("payload_json", body).part("files[0]", part)))
}

/// What an error means that a change of a message meets: where it can never be made there, a message of its own can.
pub(super) fn unchangeable(error: SendError) -> SendError {
    match error.retry {
        Retry::Never | Retry::Closed => SendError::gone(error.message),
        Retry::Gone | Retry::Later | Retry::After(_) => error,
    }
}

/// No connection came about.
pub(super) fn unreachable(name: &str) -> SendError {
    SendError::refused(format!("cannot reach {name}"))
        .advise("see whether this machine has a network, and [discord] api_base is right")
}

/// The status says it all; the body, where it comes whole, adds the message's id or the reason.
async fn bounded(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        if body.len() + chunk.len() > MAX_ANSWER {
            break;
        }
        body.extend_from_slice(&chunk);
    }
    body
}

fn told(headers: &HeaderMap, refused: &Refused) -> Told {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let seconds = |name: &str| text(name)?.parse::<f64>().ok();
    let wait = |seconds: f64| {
        let wait = Duration::try_from_secs_f64(seconds).ok().and_then(|wait| TimeDelta::from_std(wait).ok());
        // What is cut off must not come too early.
        wait.map(|wait| wait + TimeDelta::milliseconds(1))
    };
    let left = text("x-ratelimit-remaining").and_then(|left| left.parse().ok());
    Told {
        bucket: left.zip(seconds("x-ratelimit-reset-after").and_then(wait)),
        retry_after: refused.retry_after.and_then(wait).or(seconds(RETRY_AFTER.as_str()).and_then(wait)),
        global: refused.global || text("x-ratelimit-global").is_some(),
        shared: text("x-ratelimit-scope") == Some("shared"),
    }
}

/// Which part of a message is at fault.
fn details(body: &[u8]) -> String {
    let error: Option<DiscordJsonError> = serde_json::from_slice(body).ok();
    let details = error.into_iter().flat_map(|error| error.errors).take(MOST_DETAILS);
    let details: Vec<String> = details.map(|error| format!("{}: {}", error.path, error.message)).collect();
    if details.is_empty() { String::new() } else { format!(" ({})", details.join("; ")) }
}

/// Whether an answer of Discord is worth another try. What Discord itself says of a message can be final, and of a channel or
/// token it is clear until somebody mends it; a server in between that answers in its place (without a code) says neither.
///
/// Codes: <https://discord.com/developers/docs/topics/opcodes-and-status-codes#json>.
pub(super) fn judge(status: u16, code: Option<i64>, message: String) -> SendError {
    const UNKNOWN_CHANNEL: i64 = 10_003;
    const UNKNOWN_SERVER: i64 = 10_004;
    const UNKNOWN_MESSAGE: i64 = 10_008;
    const UNKNOWN_WEBHOOK: i64 = 10_015;
    const TOO_MANY_EDITS: i64 = 30_046;
    const NO_ACCESS: i64 = 50_001;
    const NO_PERMISSION: i64 = 50_013;
    const INVALID_BODY: i64 = 50_035;
    const OF_ANOTHER_AUTHOR: i64 = 50_005;
    const NO_ANSWER_WITHOUT_HISTORY: i64 = 160_002;
    match (status, code) {
        (404, Some(UNKNOWN_CHANNEL | UNKNOWN_SERVER)) => SendError::closed(message)
            .advise("there is no such channel any more: correct its channel_id in the settings"),
        (404, Some(UNKNOWN_WEBHOOK)) => SendError::closed(message)
            .advise("the webhook was deleted: make another one, and put its address into the environment"),
        (404, Some(UNKNOWN_MESSAGE))
        | (400 | 429, Some(TOO_MANY_EDITS))
        | (400 | 403, Some(OF_ANOTHER_AUTHOR | NO_ANSWER_WITHOUT_HISTORY)) => SendError::gone(message),
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
