//! Access to a store: over HTTP to the bot that has it open, or directly if no bot is running.
//!
//! A bot must prove that it has the token in the store's folder before it is trusted or sent that token.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use anyhow::anyhow;
use reqwest::{Client, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::time::{Instant, sleep};

use crate::http::{Nonce, address_file, token_file};
use crate::private;
use crate::service::Status;
use crate::store::{Store, StoreError};
use crate::text::path_text;

/// How long to wait for an answer; a bot on the same machine answers at once.
const PATIENCE: Duration = Duration::from_secs(2);
/// The longest answer to read; no bot sends more.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// The largest address or token file, in bytes.
const MOST_FILE_BYTES: u64 = 1024;
/// How long to wait for the store: another command holds it only for a moment, and a starting bot soon
/// answers.
const LONGEST_WAIT: Duration = Duration::from_secs(4);
/// A wait longer than this is announced.
const SILENT_WAIT: Duration = Duration::from_millis(400);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Who has a store open.
pub(super) enum Reached<T> {
    /// A running bot.
    Running(Box<RunningBot>),
    /// Nobody else, so it was opened.
    Stopped(T),
}

/// A bot that has proved that it has a store, and the status it reports.
pub(super) struct RunningBot {
    client: Client,
    address: SocketAddr,
    token: SecretString,
    pub(super) status: Status,
}

/// The result of looking for a running bot.
enum Found {
    Bot(Box<RunningBot>),
    /// Something at the address named in the folder does not prove that it is the bot.
    Stranger(SocketAddr),
    Nobody,
}

/// Finds the bot that has a store open, or opens the store. Waits a moment if another command has it open.
///
/// # Errors
/// Those of [`Store::open`]. If the store stays in use, the error says why its bot may not answer.
pub(super) async fn reach(dir: &Path) -> anyhow::Result<Reached<Store>> {
    reach_by(dir, Store::open).await
}

async fn reach_by<T>(
    dir: &Path,
    open: impl Fn(&Path) -> Result<T, StoreError>,
) -> anyhow::Result<Reached<T>> {
    let began = Instant::now();
    let mut is_announced = false;
    loop {
        let stranger = match find(dir).await {
            Found::Bot(bot) => return Ok(Reached::Running(bot)),
            Found::Stranger(address) => Some(address),
            Found::Nobody => None,
        };
        match open(dir) {
            Ok(store) => return Ok(Reached::Stopped(store)),
            Err(StoreError::Busy(dir)) if began.elapsed() >= LONGEST_WAIT => {
                return Err(refusal(&dir, stranger));
            }
            Err(StoreError::Busy(_)) => {}
            Err(other) => return Err(other.into()),
        }
        if began.elapsed() >= SILENT_WAIT && !is_announced {
            is_announced = true;
            tracing::warn!(
                "the store in {} is in use: waiting up to {} s for it",
                path_text(dir),
                LONGEST_WAIT.as_secs()
            );
        }
        sleep(LOOK_AGAIN).await;
    }
}

/// The error for a store that stays in use.
fn refusal(dir: &Path, stranger: Option<SocketAddr>) -> anyhow::Error {
    let busy = StoreError::Busy(dir.to_owned());
    let why = match stranger {
        Some(address) => format!(
            "the store in {} is in use by a running sellbell, but the program at {address} cannot prove that it is this bot (an older version cannot, either): it was sent no token, and its answer is not trusted",
            path_text(dir)
        ),
        None => format!(
            "the store in {} is in use by a running sellbell that does not answer: its `listen` under [http] is off or cannot be reached",
            path_text(dir)
        ),
    };
    anyhow::Error::from(busy).context(why)
}

/// Opens a store directly. Waits a moment if another command has it open, but not if a bot does.
///
/// # Errors
/// Those of [`Store::open`]. If the store stays in use, the error contains [`StoreError::Busy`].
pub(super) async fn open(dir: &Path) -> anyhow::Result<Store> {
    open_by(dir, Store::open).await
}

/// Like [`open`], but with a function other than [`Store::open`].
///
/// # Errors
/// Those of [`open`].
pub(super) async fn open_by<T>(
    dir: &Path,
    open: impl Fn(&Path) -> Result<T, StoreError>,
) -> anyhow::Result<T> {
    match reach_by(dir, open).await {
        Ok(Reached::Stopped(opened)) => Ok(opened),
        Ok(Reached::Running(_)) => Err(StoreError::Busy(dir.to_owned()).into()),
        Err(error) => Err(error.downcast::<StoreError>().map_or_else(|other| other, Into::into)),
    }
}

/// A single-threaded runtime for commands that may talk to a bot.
pub(super) fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

async fn find(dir: &Path) -> Found {
    // If nobody has the store open, no bot is listening: whatever is at its address belongs to somebody else.
    if !Store::is_held(dir) {
        return Found::Nobody;
    }
    let Some((token, address)) = left(dir) else { return Found::Nobody };
    match RunningBot::prove(dir, token, address).await {
        Some(bot) => Found::Bot(Box::new(bot)),
        None => Found::Stranger(address),
    }
}

/// The token and address that a bot left in its store's folder.
fn left(dir: &Path) -> Option<(SecretString, SocketAddr)> {
    let read =
        |path: PathBuf| private::open(&path).and_then(|file| private::text(file, MOST_FILE_BYTES)).ok();
    let address = read(address_file(dir))?.trim().parse().ok()?;
    let token = read(token_file(dir))?.trim().to_owned();
    // An empty key proves nothing.
    (!token.is_empty()).then(|| (token.into(), address))
}

impl RunningBot {
    /// Asks whatever listens at an address to prove that it knows the token, then asks for its status.
    async fn prove(dir: &Path, token: SecretString, listens: SocketAddr) -> Option<Self> {
        let mut address = listens;
        // A bot that listens on all addresses also listens on loopback.
        address.set_ip(match listens.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        });
        let redirect = reqwest::redirect::Policy::none();
        let client = Client::builder().timeout(PATIENCE).no_proxy().redirect(redirect).build().ok()?;
        let nonce = Nonce::new().ok()?;
        let asked = client.get(format!("http://{address}/proof")).query(&[("nonce", nonce.text())]);
        #[derive(Deserialize)]
        struct Proof {
            proof: String,
        }
        let (_, body) = answer(asked).await.ok()?;
        let Proof { proof } = serde_json::from_slice(&body).ok()?;
        if !nonce.is_proved(&token, listens, &proof) {
            return None;
        }
        let (_, body) = answer(client.get(format!("http://{address}/status"))).await.ok()?;
        let status: Status = serde_json::from_slice(&body).ok()?;
        (fs::canonicalize(dir).ok()? == Path::new(&status.store)).then_some(Self {
            client,
            address,
            token,
            status,
        })
    }

    /// Asks the bot to change something, using the token from the store's folder.
    ///
    /// # Errors
    /// The bot's refusal, in its own words.
    pub(super) async fn change(
        &self,
        path: &str,
        request: impl FnOnce(&Client, String) -> RequestBuilder,
    ) -> anyhow::Result<Vec<u8>> {
        let request = request(&self.client, format!("http://{}{path}", self.address));
        let (status, body) = answer(request.bearer_auth(self.token.expose_secret())).await?;
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
