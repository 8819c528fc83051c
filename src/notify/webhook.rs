//! Custom webhooks: POSTs events as JSON, signed as described at <https://www.standardwebhooks.com>. Delivers
//! at least once; a repeated message has the same id in `webhook-id` and `Idempotency-Key`.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde::Serialize;
use sha2::Sha256;
use url::Url;

use super::discord::is_discords;
use super::error::{Retry, SendError, Sent, no_digest};
use super::setup_error::SetupError;
use crate::delivery::{Body, Delivery};
use crate::notice::Notice;
use crate::render::notice::{Words, words};
use crate::trust::Roots;

const TIMEOUT: Duration = Duration::from_secs(30);
/// The longest wait to accept from an answer.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60 * 60);
/// The prefix of a Base64 secret.
const BASE64_SECRET: &str = "whsec_";

/// An endpoint. Its address and its secret are secrets.
pub(super) struct Webhook {
    http: reqwest::Client,
    address: Url,
    /// The key that signs messages.
    key: Option<SecretSlice<u8>>,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Webhook")
    }
}

/// A notice as JSON.
#[derive(Serialize)]
struct NoticeRecord {
    key: String,
    notice: String,
    text: String,
    at: DateTime<Utc>,
}

impl Webhook {
    /// The endpoint with this name.
    ///
    /// # Errors
    /// The address is malformed, or the secret begins with `whsec_` but the rest is not Base64.
    pub(super) fn new(
        name: &str,
        address: &SecretString,
        secret: Option<&SecretString>,
        roots: &Roots,
    ) -> Result<Self, SetupError> {
        if is_discords(address) {
            return Err(SetupError::DiscordEndpoint(name.to_owned()));
        }
        let address = Url::parse(address.expose_secret().trim()).ok();
        let address = address
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some())
            .ok_or_else(|| SetupError::BadEndpoint(name.to_owned()))?;
        let key = secret
            .map(|secret| key(secret).ok_or_else(|| SetupError::BadSecret(name.to_owned())))
            .transpose()?;
        let http = reqwest::Client::builder()
            .user_agent(concat!("sellbell/", env!("CARGO_PKG_VERSION")))
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none());
        let http = roots.trusted_by(http)?.build()?;
        Ok(Self { http, address, key })
    }

    /// Posts a delivery, with the current time as its timestamp.
    pub(super) async fn send(&self, delivery: &Delivery, now: DateTime<Utc>) -> Result<Sent, SendError> {
        let body = match &delivery.body {
            Body::Alert(alert) => serde_json::to_string(alert),
            Body::Notice(notice) => serde_json::to_string(&record(notice)),
            Body::Digest(_) | Body::Summary(_) | Body::Addition(_) | Body::Correction(_) => {
                return Err(no_digest(&delivery.destination));
            }
        };
        let body = body.map_err(|error| SendError::never(error.to_string()))?;
        let (id, timestamp) = (delivery.key.as_str(), now.timestamp().to_string());
        let mut request = self
            .http
            .post(self.address.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("idempotency-key", id)
            .header("webhook-id", id)
            .header("webhook-timestamp", &timestamp);
        if let Some(key) = &self.key {
            let signature = signature(key.expose_secret(), &format!("{id}.{timestamp}.{body}"))?;
            request = request.header("webhook-signature", format!("v1,{signature}"));
        }
        let response = request.body(body).send().await.map_err(|error| match error {
            error if error.is_timeout() => SendError::later("the webhook did not answer in time"),
            error if is_of_certificate(&error) => SendError::closed("the webhook's certificate cannot be trusted").advise(
                "if it is from your private authority, name the file with that authority's certificate (PEM) in WEBHOOK_CA_FILE; otherwise check whether it has expired or is for another host",
            ),
            error if error.is_connect() => SendError::refused("the webhook cannot be reached")
                .advise("check the URL in the environment, and that its server runs"),
            _ => SendError::later("the webhook hung up"),
        })?;
        let status = response.status();
        if status.is_success() {
            return Ok(Sent { message_id: None });
        }
        let message = format!("the webhook answers {status}");
        let wait = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let wait = wait.map(|seconds| Duration::from_secs(seconds).min(MAX_RETRY_AFTER));
        Err(match (status, wait) {
            // The endpoint itself says that it is gone:
            // <https://www.rfc-editor.org/rfc/rfc9110#name-410-gone>.
            (StatusCode::GONE, _) => SendError::closed(message).advise("the endpoint says that it is gone"),
            (_, Some(wait)) => SendError { retry: Retry::After(wait), ..SendError::refused(message) },
            _ if status.is_server_error() => SendError::later(message),
            (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => SendError::refused(message).advise(
                "check that both sides have the same secret, and that the URL in the environment is complete",
            ),
            (StatusCode::NOT_FOUND, _) => {
                SendError::refused(message).advise("check the URL in the environment")
            }
            _ => SendError::refused(message),
        })
    }
}

/// True if a connection failed because of the server's certificate.
fn is_of_certificate(error: &reqwest::Error) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        let io = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let tls = io.and_then(|inner| inner.downcast_ref::<rustls::Error>());
        let tls = tls.or_else(|| cause.downcast_ref::<rustls::Error>());
        if matches!(tls, Some(rustls::Error::InvalidCertificate(_))) {
            return true;
        }
        // An error wrapped in an `io::Error` is not its `source`.
        source = match io {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => cause.source(),
        };
    }
    false
}

fn record(notice: &Notice) -> NoticeRecord {
    let Words { title, text } = words(notice);
    NoticeRecord { key: notice.key.to_string(), notice: title, text, at: notice.at }
}

/// The key: a secret that begins with `whsec_` is Base64; any other is used as is.
fn key(secret: &SecretString) -> Option<SecretSlice<u8>> {
    let secret = secret.expose_secret().trim();
    let key = match secret.strip_prefix(BASE64_SECRET) {
        Some(encoded) => STANDARD.decode(encoded).ok()?,
        None => secret.as_bytes().to_vec(),
    };
    Some(key.into())
}

/// HMAC-SHA256 in Base64.
fn signature(key: &[u8], signed: &str) -> Result<String, SendError> {
    let mac = Hmac::<Sha256>::new_from_slice(key);
    let mut mac = mac.map_err(|error| SendError::never(format!("the message cannot be signed: {error}")))?;
    mac.update(signed.as_bytes());
    Ok(STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_beyond_ascii_is_asked_by_its_name_in_ascii() {
        let webhook =
            Webhook::new("a", &"https://bücher.example/hook".into(), None, &Roots::default()).unwrap();
        assert_eq!(webhook.address.host_str(), Some("xn--bcher-kva.example"));
    }
}
