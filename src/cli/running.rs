//! The bot that has a store, by HTTP: what it says, and what it is told to change.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow};
use reqwest::{Client, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::environment;
use crate::app::Status;
use crate::http::{address_file, token_file};
use crate::store::{Store, StoreError};

/// A bot on the same machine answers at once.
const PATIENCE: Duration = Duration::from_secs(2);
/// No bot says more; what does is none.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// A bot that runs, and what it says of itself.
pub(super) struct RunningBot {
    client: Client,
    address: SocketAddr,
    pub(super) status: Status,
}

impl RunningBot {
    /// The one that has the store in a folder; `None` where none answers.
    pub(super) async fn with_store(dir: &Path) -> Option<Self> {
        // What listens where a bot did that was killed is somebody else.
        if !Store::is_held(dir) {
            return None;
        }
        let address = fs::read_to_string(address_file(dir)).ok()?;
        let mut address: SocketAddr = address.trim().parse().ok()?;
        // One that listens everywhere listens here, too.
        address.set_ip(match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        });
        let client = Client::builder()
            .timeout(PATIENCE)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .ok()?;
        let (_, body) = answer(client.get(format!("http://{address}/status"))).await.ok()?;
        let status: Status = serde_json::from_slice(&body).ok()?;
        // After a crash another bot may listen where this store's did.
        (fs::canonicalize(dir).ok()? == Path::new(&status.store)).then_some(Self { client, address, status })
    }

    /// Has it change something, by the token that it takes.
    ///
    /// # Errors
    /// Its refusal, in its words.
    pub(super) async fn change(
        &self,
        dir: &Path,
        path: &str,
        request: impl FnOnce(&Client, String) -> RequestBuilder,
    ) -> anyhow::Result<Vec<u8>> {
        let token = match environment::http_token()? {
            Some(token) => token,
            None => fs::read_to_string(token_file(dir)).map(SecretString::from).with_context(|| {
                format!(
                    "a running sellbell has the store, and its token cannot be read from {}: set HTTP_TOKEN as it has it, or be the user that it runs as",
                    token_file(dir).display()
                )
            })?,
        };
        let request = request(&self.client, format!("http://{}{path}", self.address));
        let (status, body) = answer(request.bearer_auth(token.expose_secret().trim())).await?;
        if status.is_success() {
            return Ok(body);
        }
        #[derive(Deserialize)]
        struct Refusal {
            error: String,
        }
        let refusal: Option<Refusal> = serde_json::from_slice(&body).ok();
        Err(anyhow!(
            "{}",
            refusal.map_or_else(|| format!("the running sellbell answers {status}"), |own| own.error)
        ))
    }
}

/// Opens the store of a bot that does not run.
///
/// # Errors
/// As [`Store::open`]; one that runs all the same, and does not answer, says why that may be.
pub(super) fn stopped(dir: &Path) -> anyhow::Result<Store> {
    Store::open(dir).map_err(|error| match error {
        StoreError::Busy(dir) => anyhow!(
            "a running sellbell has the store in {}, and does not answer: its `listen` under [http] is off or cannot be reached",
            dir.display()
        ),
        other => other.into(),
    })
}

async fn answer(request: RequestBuilder) -> anyhow::Result<(StatusCode, Vec<u8>)> {
    let mut answer = request.send().await.map_err(reqwest::Error::without_url)?;
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(reqwest::Error::without_url)? {
        body.extend_from_slice(&chunk);
        if body.len() > MOST_BYTES {
            return Err(anyhow!("the answer has more than {MOST_BYTES} bytes"));
        }
    }
    Ok((answer.status(), body))
}
