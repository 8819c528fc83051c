//! A request to Discord: reads the answer within bounds, records limits and classifies errors.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::multipart::{Form, Part};
use reqwest::{RequestBuilder, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serenity::all::MessageId;
use tokio::time::Instant;

use super::codes::{By, Purpose, Refusal, no_message, unreachable};
use super::rate_limit::{RateLimit, ReportedLimits};
use crate::notify::error::{Retry, SendError, Sent};
use crate::render::discord::{Attached, NoFile};
use crate::text::{clip, plain};

/// How long one request may take.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);
/// The most bytes to read of an answer: a page of a hundred messages with ten cards each.
const MAX_PAGE: usize = 8 * 1024 * 1024;
/// The same for an answer with one message, or for a refusal, which names every invalid part of a message.
/// Parsing one takes many times its size in memory.
const MAX_ANSWER: usize = 256 * 1024;
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60 * 60);
/// How many of Discord's reasons for refusing a message to show, and how many to collect.
const MOST_DETAILS: usize = 5;
const MOST_FAULTS: usize = 500;
/// The most characters to show of each message from Discord.
const MOST_WORDS: usize = 200;

/// Makes requests to Discord within its limits.
#[derive(Clone)]
pub(super) struct DiscordClient {
    /// For building requests.
    pub(super) http: reqwest::Client,
    rate_limit: Arc<RateLimit>,
    /// Its name in errors.
    name: &'static str,
}

/// The purpose of a request, and its limits.
#[derive(Debug, Clone)]
pub(super) struct RequestKind {
    /// The route, which has its own limits.
    pub(super) route: String,
    /// The purpose.
    pub(super) purpose: Purpose,
    /// How the channel is reached.
    pub(super) by: By,
}

/// A failed request.
#[derive(Debug)]
pub(super) struct Failure {
    /// The error.
    pub(super) error: SendError,
    /// Set if only the attached file may have been refused, and why.
    pub(super) file: Option<NoFile>,
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        Self { error, file: None }
    }
}

impl From<Failure> for SendError {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

/// The parts of a refusal.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct RefusalBody {
    pub(super) code: Option<i64>,
    pub(super) message: String,
    retry_after: Option<f64>,
    global: bool,
}

impl DiscordClient {
    pub(super) fn new(name: &'static str, rate_limit: Arc<RateLimit>) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("DiscordBot (sellbell, ", env!("CARGO_PKG_VERSION"), ")"))
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { http, rate_limit, name })
    }

    /// Takes a turn to make a request on a route, or returns when to try again.
    pub(super) fn turn(&self, route: &str, by: By, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        self.rate_limit.turn(route, by.rank(), now)
    }

    /// Succeeds if a subscribed channel may get a turn now; otherwise returns when to try again.
    pub(super) fn line_up(&self, route: &str, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        self.rate_limit.line_up(route, now)
    }

    /// Makes a request that has its turn, and returns the answer.
    pub(super) async fn execute(
        &self,
        kind: &RequestKind,
        request: RequestBuilder,
        now: DateTime<Utc>,
    ) -> Result<Vec<u8>, Failure> {
        let began = Instant::now();
        let failed = |error: reqwest::Error| match error {
            error if error.is_timeout() => SendError::later(format!("{} did not answer in time", self.name)),
            error if error.is_connect() => unreachable(self.name),
            error if error.is_builder() => SendError::refused("the request to Discord cannot be made"),
            _ => SendError::later(format!("{} hung up", self.name)),
        };
        let response = request.send().await.map_err(failed)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let is_page = status.is_success() && matches!(kind.purpose, Purpose::Read);
        let most = if is_page { MAX_PAGE } else { MAX_ANSWER };
        let (body, is_whole) = bounded(response, most).await;
        let refused: RefusalBody = match status.is_success() {
            true => RefusalBody::default(),
            false => serde_json::from_slice(&body).unwrap_or_default(),
        };
        let limits = reported_limits(&headers, &refused);
        let at = now + TimeDelta::from_std(began.elapsed()).unwrap_or_default();
        self.rate_limit.answered(&kind.route, status.as_u16(), limits, at);
        if status.is_success() && is_whole {
            return Ok(body);
        }
        if status.is_success() {
            return Err(SendError::later(format!("{} broke off its answer", self.name)).into());
        }
        let code = refused.code.map_or(String::new(), |code| format!(", code {code}"));
        let said = words(&refused.message);
        let (details, at_fault) = details(&body);
        let message = format!("{} answers {}{code}: {said}{details}", self.name, status.as_u16());
        let refusal = Refusal { status: status.as_u16(), code: refused.code, at_fault: &at_fault };
        let mut error = refusal.judged(kind.purpose, kind.by, message);
        if let (Some(wait), Retry::Later) = (limits.retry_after, error.retry) {
            error.retry = Retry::After(wait.to_std().unwrap_or_default().min(MAX_RETRY_AFTER));
        }
        let file = refusal.may_be_the_file().then(|| match refusal.lacks_permission() {
            true => NoFile::NoPermission,
            false => NoFile::NotTaken,
        });
        Err(Failure { error, file })
    }

    /// Reads the id of the message in an answer.
    pub(super) fn sent(&self, answer: &[u8], by: By) -> Result<Sent, SendError> {
        #[derive(Deserialize)]
        struct Created {
            id: MessageId,
        }
        let created: Option<Created> = serde_json::from_slice(answer).ok();
        let id = created.map(|created| created.id.to_string());
        id.map(|id| Sent { message_id: Some(id) }).ok_or_else(|| no_message(self.name, by))
    }
}

/// Adds a body and an attached file to a request.
///
/// # Errors
/// The body cannot be encoded as JSON, which never happens.
pub(super) fn filled(
    request: RequestBuilder,
    body: &impl Serialize,
    files: &[Attached],
) -> Result<RequestBuilder, SendError> {
    if files.is_empty() {
        return Ok(request.json(body));
    }
    let unusable =
        |error: &dyn fmt::Display| SendError::never(format!("the message cannot be made: {error}"));
    let body = serde_json::to_string(body).map_err(|error| unusable(&error))?;
    let mut form = Form::new().text("payload_json", body);
    for (place, file) in files.iter().enumerate() {
        let part = Part::bytes(file.content.clone()).file_name(file.name.clone());
        let part = part.mime_str(file.mime).map_err(|error| unusable(&error))?;
        form = form.part(format!("files[{place}]"), part);
    }
    Ok(request.multipart(form))
}

/// Reads at most `most` bytes of a body. Returns them and whether that is all of it. Bytes are counted after
/// decompression.
pub(super) async fn bounded(mut response: Response, most: usize) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= most => body.extend_from_slice(&chunk),
            Ok(None) => return (body, true),
            Ok(Some(_)) | Err(_) => return (body, false),
        }
    }
}

fn reported_limits(headers: &HeaderMap, refused: &RefusalBody) -> ReportedLimits {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let seconds = |name: &str| text(name)?.parse::<f64>().ok();
    let wait = |seconds: f64| {
        let wait = Duration::try_from_secs_f64(seconds).ok().and_then(|wait| TimeDelta::from_std(wait).ok());
        // Round up, so that the next request is not too early.
        wait.map(|wait| wait + TimeDelta::milliseconds(1))
    };
    let left = text("x-ratelimit-remaining").and_then(|left| left.parse().ok());
    ReportedLimits {
        bucket: left.zip(seconds("x-ratelimit-reset-after").and_then(wait)),
        retry_after: refused.retry_after.and_then(wait).or(seconds(RETRY_AFTER.as_str()).and_then(wait)),
        global: refused.global || text("x-ratelimit-global").is_some(),
        shared: text("x-ratelimit-scope") == Some("shared"),
    }
}

/// The text of an answer for display: on one line and clipped.
pub(super) fn words(said: &str) -> String {
    clip(&plain(said), MOST_WORDS).into_owned()
}

/// The invalid parts of a request: a description, and their paths.
fn details(body: &[u8]) -> (String, Vec<String>) {
    #[derive(Deserialize)]
    struct Errors {
        errors: Value,
    }
    let errors = serde_json::from_slice(body).map_or(Value::Null, |Errors { errors }| errors);
    let mut faults = Vec::new();
    collect(&errors, "", &mut faults);
    let said = faults.iter().take(MOST_DETAILS).map(|(path, message)| words(&format!("{path}: {message}")));
    let said: Vec<String> = said.collect();
    let said = if said.is_empty() { String::new() } else { format!(" ({})", said.join("; ")) };
    (said, faults.into_iter().map(|(path, _)| path).collect())
}

/// Collects the paths and messages in a tree of errors, whose branches spell out the path to each part. The
/// JSON library bounds its depth.
fn collect(tree: &Value, path: &str, faults: &mut Vec<(String, String)>) {
    let Value::Object(branches) = tree else { return };
    for (name, branch) in branches {
        if faults.len() >= MOST_FAULTS {
            return;
        }
        if let ("_errors", Value::Array(errors)) = (name.as_str(), branch) {
            let messages = errors.iter().map(|error| error["message"].as_str().unwrap_or_default());
            let room = MOST_FAULTS - faults.len();
            faults.extend(messages.take(room).map(|message| (path.to_owned(), words(message))));
            continue;
        }
        let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        collect(branch, &clip(&below, MOST_WORDS), faults);
    }
}
