//! Discord through a webhook: at least once, since webhooks know no nonce.

use std::fmt;
use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::discord::judge;
use super::{Retry, SendError, Sent, no_digest};
use crate::delivery::Delivery;
use crate::render::discord;

const TIMEOUT: Duration = Duration::from_secs(30);
/// More than this of an answer is not read.
const MAX_ANSWER: usize = 256 * 1024;
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60 * 60);

/// A webhook. Its address is a secret.
pub(super) struct DiscordWebhook {
    http: reqwest::Client,
    address: Url,
}

impl fmt::Debug for DiscordWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DiscordWebhook")
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Answer {
    id: Option<String>,
    code: Option<i64>,
    message: String,
    retry_after: Option<f64>,
}

impl DiscordWebhook {
    /// The webhook of an address; `None` where it is none.
    pub(super) fn new(address: &SecretString) -> Result<Option<Self>, reqwest::Error> {
        let Ok(mut address) = Url::parse(address.expose_secret().trim()) else { return Ok(None) };
        let loopback = address.host_str().is_some_and(|host| host == "localhost" || host.starts_with("127."));
        let safe = address.scheme() == "https" || address.scheme() == "http" && loopback;
        if !safe || !address.path().contains("/webhooks/") {
            return Ok(None);
        }
        // Without `wait`, a message that Discord does not save reports no error.
        address.query_pairs_mut().append_pair("wait", "true");
        let http = reqwest::Client::builder()
            .user_agent(concat!("sellbell/", env!("CARGO_PKG_VERSION")))
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Some(Self { http, address }))
    }

    pub(super) async fn send(&self, delivery: &Delivery) -> Result<Sent, SendError> {
        let message = discord::message(delivery).ok_or_else(|| no_digest(&delivery.destination))?;
        let failed = |error: reqwest::Error| match error {
            error if error.is_timeout() => SendError::later("the webhook did not answer in time"),
            error if error.is_connect() => SendError::refused("the webhook cannot be reached"),
            _ => SendError::later("the webhook hung up"),
        };
        let mut response =
            self.http.post(self.address.clone()).json(&message).send().await.map_err(failed)?;
        let status = response.status();
        let header =
            response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse::<f64>().ok());
        let mut body = Vec::new();
        // The status says it all; the body, where it comes whole, adds the message's id or the reason.
        while let Ok(Some(chunk)) = response.chunk().await {
            if body.len() + chunk.len() > MAX_ANSWER {
                break;
            }
            body.extend_from_slice(&chunk);
        }
        let answer: Answer = serde_json::from_slice(&body).unwrap_or_default();
        if status.is_success() {
            return Ok(Sent { message_id: answer.id });
        }
        let said: String = answer.message.chars().take(200).collect();
        let code = answer.code.map_or(String::new(), |code| format!(", code {code}"));
        let message = format!("the webhook answers {status}{code}: {said}");
        let mut error = judge(status.as_u16(), answer.code, message);
        if let Some(seconds) =
            answer.retry_after.or(header).filter(|seconds| seconds.is_finite() && *seconds >= 0.0)
            && error.retry == Retry::Later
        {
            error.retry = Retry::After(
                Duration::try_from_secs_f64(seconds)
                    .map_or(MAX_RETRY_AFTER, |wait| wait.min(MAX_RETRY_AFTER)),
            );
        }
        Err(error)
    }
}
