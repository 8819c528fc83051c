//! The one HTTP client for EDGAR: declared, limited, bounded, and reading answers by their bodies.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use reqwest::header::{CONTENT_LENGTH, RETRY_AFTER};
use reqwest::redirect;
use thiserror::Error;

use crate::config::Edgar;
use crate::edgar::answer::{Answer, classify};
use crate::edgar::feed;
use crate::edgar::submission_path;
use crate::edgar::tickers::{self, Tickers};
use crate::filing::{Accession, Cik};
use crate::reader;

/// A page of 100 entries is about 80 KB.
const MAX_FEED_BYTES: usize = 4 * 1024 * 1024;
/// `company_tickers.json` is about 1 MB.
const MAX_TICKERS_BYTES: usize = 16 * 1024 * 1024;
/// The longest wait that an answer can ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// The polite client. Clones are not needed: share it.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    base_url: String,
    limiter: DefaultDirectRateLimiter,
}

/// What stood in the way, told by what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// EDGAR blocks us for asking too often: ask nothing at all for a while.
    RateBlocked,
    /// EDGAR refuses the user agent: a person must set the contact.
    AgentRefused,
    /// Not published yet.
    NotThereYet,
    /// 403 for a reason that EDGAR does not tell in words that we know.
    Forbidden,
    /// The page "File Unavailable": behind the feed's last page, its end; elsewhere an outage.
    FileUnavailable,
    /// Another 5xx: an outage.
    Unavailable,
    /// Anything else that may be better next time: network, time-out, an unexpected page.
    Passing,
}

/// Why nothing was fetched.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct FetchError {
    /// What to do about it.
    pub trouble: Trouble,
    /// What happened, for people.
    pub message: String,
    /// How long the answer asks to wait.
    pub retry_after: Option<Duration>,
}

/// Why no client could be made.
#[derive(Debug, Error)]
pub enum ClientError {
    /// sec.gov without a contact.
    #[error(
        "EDGAR wants to know who asks, and no contact is set: set contact = \"Your Name you@example.org\" under [edgar] in the settings, or SELLBELL_EDGAR__CONTACT in the environment. Undeclared programs are blocked (https://www.sec.gov/os/accessing-edgar-data). To see sellbell at work without EDGAR, run `sellbell demo`"
    )]
    NoContact,
    /// A rate of zero.
    #[error("requests_per_second must be above zero")]
    NoRate,
    /// The HTTP library could not be set up.
    #[error("cannot set up HTTP: {0}")]
    Http(#[from] reqwest::Error),
}

impl Client {
    /// A client as the settings say.
    ///
    /// # Errors
    /// [`ClientError::NoContact`] for sec.gov without a contact.
    pub fn new(settings: &Edgar) -> Result<Self, ClientError> {
        if settings.is_live() && settings.contact.is_empty() {
            return Err(ClientError::NoContact);
        }
        let rate = NonZeroU32::new(settings.requests_per_second).ok_or(ClientError::NoRate)?;
        let version = env!("CARGO_PKG_VERSION");
        let agent = match settings.contact.as_str() {
            "" => format!("sellbell/{version}"),
            contact => format!("sellbell/{version} ({contact})"),
        };
        let http = reqwest::Client::builder()
            .user_agent(agent)
            .gzip(true)
            .connect_timeout(settings.timeout.min(Duration::from_secs(15)))
            .timeout(settings.timeout)
            // A redirect would lead around the limiter, and to whom?
            .redirect(redirect::Policy::none())
            .build()?;
        // Evenly spaced, without bursts: the limit then holds in every window of a second.
        let quota = Quota::per_second(rate).allow_burst(NonZeroU32::MIN);
        Ok(Self { http, base_url: settings.base_url.clone(), limiter: RateLimiter::direct(quota) })
    }

    /// A page of the feed of current filings, as it is sent.
    ///
    /// # Errors
    /// [`FetchError`] says what to do.
    pub async fn feed_page(&self, start: usize, count: usize) -> Result<Vec<u8>, FetchError> {
        self.get(&feed::page_path(start, count), MAX_FEED_BYTES).await
    }

    /// A complete submission, as it is sent; any filer of it will do.
    ///
    /// # Errors
    /// [`FetchError`] says what to do.
    pub async fn submission(&self, filer: Cik, accession: Accession) -> Result<Vec<u8>, FetchError> {
        self.get(&submission_path(filer, accession), reader::MAX_BYTES).await
    }

    /// The file of all listed issuers' tickers.
    ///
    /// # Errors
    /// [`FetchError`] says what to do.
    pub async fn tickers(&self) -> Result<Tickers, FetchError> {
        let bytes = self.get(tickers::PATH, MAX_TICKERS_BYTES).await?;
        Tickers::read(&bytes).map_err(|error| FetchError {
            trouble: Trouble::Passing,
            message: error.to_string(),
            retry_after: None,
        })
    }

    async fn get(&self, path: &str, most: usize) -> Result<Vec<u8>, FetchError> {
        self.limiter.until_ready().await;
        let passing = |error: reqwest::Error| FetchError {
            trouble: Trouble::Passing,
            message: format!("{path}: {}", chain(&error.without_url())),
            retry_after: None,
        };
        let mut response = self.http.get(format!("{}{path}", self.base_url)).send().await.map_err(passing)?;
        let status = response.status().as_u16();
        let header =
            |name| response.headers().get(name).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        let retry_after =
            header(RETRY_AFTER).map(|seconds| Duration::from_secs(seconds).min(MAX_RETRY_AFTER));
        let promised = header(CONTENT_LENGTH).and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        let too_large = || FetchError {
            trouble: Trouble::Passing,
            message: format!("{path}: the answer is longer than {most} bytes"),
            retry_after: None,
        };
        if promised > most {
            return Err(too_large());
        }
        let mut body = Vec::with_capacity(promised.min(1 << 20));
        while let Some(chunk) = response.chunk().await.map_err(passing)? {
            if body.len() + chunk.len() > most {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        match trouble(classify(status, &body)) {
            None => Ok(body),
            Some((trouble, meaning)) => Err(FetchError {
                trouble,
                message: format!("{path}: status {status}: {meaning}"),
                retry_after,
            }),
        }
    }
}

fn trouble(answer: Answer) -> Option<(Trouble, &'static str)> {
    Some(match answer {
        Answer::Document => return None,
        Answer::RateBlocked => (Trouble::RateBlocked, "EDGAR blocks this address for asking too often"),
        Answer::AgentRefused => (
            Trouble::AgentRefused,
            "EDGAR refuses the user agent: set [edgar] contact to your name and mail address",
        ),
        Answer::NotThereYet => (Trouble::NotThereYet, "not published yet"),
        Answer::FileUnavailable => (Trouble::FileUnavailable, "EDGAR has no such page, or is not available"),
        Answer::Unavailable => (Trouble::Unavailable, "EDGAR is not available"),
        Answer::Forbidden => (Trouble::Forbidden, "EDGAR forbids it"),
        Answer::UnexpectedPage => (Trouble::Passing, "a web page came instead"),
        Answer::Refused => (Trouble::Passing, "an unexpected status"),
    })
}

/// An error and its causes: reqwest's own text leaves the cause out.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
