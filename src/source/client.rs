//! The one HTTP client for EDGAR: declared, limited, bounded, and reading answers by their bodies.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use reqwest::header::{CONTENT_LENGTH, HeaderMap, RETRY_AFTER};
use reqwest::redirect;
use thiserror::Error;

use super::limiter::{Limiter, Priority};
use crate::clock::Clock;
use crate::config::Edgar;
use crate::edgar::answer::{Answer, classify};
use crate::edgar::company::{self, Company};
use crate::edgar::feed;
use crate::edgar::index::{self, Index};
use crate::edgar::submission_path;
use crate::edgar::tickers::{self, Tickers};
use crate::filing::{Accession, Cik};
use crate::reader;
use crate::trust::Roots;

/// A page of 100 entries is about 80 KB.
const MAX_FEED_BYTES: usize = 4 * 1024 * 1024;
/// `company_tickers.json` is about 1 MB.
const MAX_TICKERS_BYTES: usize = 16 * 1024 * 1024;
/// A day's index is some 600 KB.
const MAX_INDEX_BYTES: usize = 64 * 1024 * 1024;
/// A company's list is some 200 KB.
const MAX_COMPANY_BYTES: usize = 64 * 1024 * 1024;
/// After an answer that says so nothing is asked for this long, unless it is told how long ([`Client::close_until`]).
const LEFT_ALONE: TimeDelta = TimeDelta::minutes(10);
/// One that seems longer comes from a clock that was wrong.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(25);
/// The longest wait that an answer can ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// The polite client. Clones are not needed: share it.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    base_url: String,
    data_url: String,
    limiter: Limiter,
    clock: Clock,
    /// Until when nothing at all is asked.
    closed: Mutex<Option<DateTime<Utc>>>,
    requests: AtomicU64,
    bytes: AtomicU64,
}

/// What was asked of EDGAR since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// Requests.
    pub requests: u64,
    /// Bytes of the answers' bodies, unpacked.
    pub bytes: u64,
}

/// What stood in the way, told by what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// EDGAR blocks us for asking too often: ask nothing at all for a while.
    RateBlocked,
    /// EDGAR refuses the user agent: a person must set the contact.
    AgentRefused,
    /// Nothing was asked: EDGAR said to be left alone.
    Silent,
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
    /// A client as the settings say, which reads dates of answers by `clock`.
    ///
    /// # Errors
    /// [`ClientError::NoContact`] for sec.gov without a contact.
    pub fn new(settings: &Edgar, clock: Clock) -> Result<Self, ClientError> {
        Self::trusting(settings, clock, &Roots::default())
    }

    /// The same, where EDGAR's certificate, or that of a proxy before it, may also be signed by these authorities.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn trusting(settings: &Edgar, clock: Clock, roots: &Roots) -> Result<Self, ClientError> {
        if settings.is_live() && settings.contact.is_empty() {
            return Err(ClientError::NoContact);
        }
        if settings.requests_per_second == 0 {
            return Err(ClientError::NoRate);
        }
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
            .redirect(redirect::Policy::none());
        let http = roots.trusted_by(http)?.build()?;
        Ok(Self {
            http,
            base_url: settings.base_url.clone(),
            data_url: settings.data_url.clone(),
            limiter: Limiter::new(settings.requests_per_second),
            clock,
            closed: Mutex::default(),
            requests: AtomicU64::default(),
            bytes: AtomicU64::default(),
        })
    }

    /// A page of the feed of current filings, as it is sent.
    ///
    /// # Errors
    /// [`FetchError`] says what to do.
    pub async fn feed_page(&self, start: usize, count: usize) -> Result<Vec<u8>, FetchError> {
        let path = feed::page_path(start, count);
        self.get(&self.base_url, &path, MAX_FEED_BYTES, Priority::Live).await
    }

    /// A complete submission, as it is sent; any filer of it will do.
    ///
    /// # Errors
    /// [`FetchError`] says what to do.
    pub async fn submission(
        &self,
        filer: Cik,
        accession: Accession,
        priority: Priority,
    ) -> Result<Vec<u8>, FetchError> {
        let path = submission_path(filer, accession);
        self.get(&self.base_url, &path, reader::MAX_BYTES, priority).await
    }

    /// The file of all listed issuers' tickers.
    ///
    /// # Errors
    /// [`FetchError`] says what to do.
    pub async fn tickers(&self) -> Result<Tickers, FetchError> {
        let bytes = self.get(&self.base_url, tickers::PATH, MAX_TICKERS_BYTES, Priority::Live).await?;
        Tickers::read(&bytes).map_err(|error| passing(error.to_string()))
    }

    /// A day's index. Where one of its files is not there or cannot be read, the other one tells the same.
    ///
    /// # Errors
    /// [`FetchError`] says what to do; [`Trouble::NotThereYet`] before EDGAR has made it, and for days without one.
    pub async fn index(&self, day: NaiveDate) -> Result<Index, FetchError> {
        let [first, second] = index::paths(day);
        match self.index_file(&first).await {
            Err(error) if matches!(error.trouble, Trouble::NotThereYet | Trouble::Passing) => {
                self.index_file(&second).await
            }
            done => done,
        }
    }

    async fn index_file(&self, path: &str) -> Result<Index, FetchError> {
        let bytes = self.get(&self.base_url, path, MAX_INDEX_BYTES, Priority::Reconciliation).await?;
        index::read(&bytes).map_err(|error| passing(format!("{path}: {error}")))
    }

    /// A file of a company's list of filings, by its path.
    ///
    /// # Errors
    /// [`FetchError`] says what to do.
    pub async fn company(&self, path: &str) -> Result<Company, FetchError> {
        let bytes = self.get(&self.data_url, path, MAX_COMPANY_BYTES, Priority::Backfill).await?;
        company::read(&bytes).map_err(|error| passing(format!("{path}: {error}")))
    }

    /// The clock that it goes by.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// What was asked so far.
    pub fn asked(&self) -> Asked {
        Asked { requests: self.requests.load(Ordering::Relaxed), bytes: self.bytes.load(Ordering::Relaxed) }
    }

    /// Asks nothing before this moment.
    pub fn close_until(&self, until: DateTime<Utc>) {
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        // A wait that an answer asked for is not shortened by another answer.
        let later = closed.is_some_and(|known| known > until && known - until <= LONGEST_WAIT);
        if !later {
            *closed = Some(until);
        }
    }

    fn is_closed(&self) -> bool {
        let closed = *self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        closed.is_some_and(|until| self.clock.now() < until)
    }

    async fn get(
        &self,
        base: &str,
        path: &str,
        most: usize,
        priority: Priority,
    ) -> Result<Vec<u8>, FetchError> {
        let _under_way = self.limiter.ready(priority).await;
        if self.is_closed() {
            let message = format!("{path}: not asked, since EDGAR is left alone for now");
            return Err(FetchError { trouble: Trouble::Silent, message, retry_after: None });
        }
        self.requests.fetch_add(1, Ordering::Relaxed);
        let broken = |error: reqwest::Error| passing(format!("{path}: {}", chain(&error.without_url())));
        let mut response = self.http.get(format!("{base}{path}")).send().await.map_err(broken)?;
        let status = response.status().as_u16();
        let headers = response.headers();
        let retry_after = self.retry_after(headers).filter(|_| status >= 400);
        let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let promised: usize = length.unwrap_or(0);
        if retry_after.is_some() {
            self.close_until(self.clock.now() + LEFT_ALONE);
        }
        let mut body = Vec::with_capacity(promised.min(1 << 20));
        let cut = loop {
            match response.chunk().await {
                Ok(None) => break None,
                Ok(Some(chunk)) if body.len().saturating_add(chunk.len()).max(promised) > most => {
                    break Some(passing(format!("{path}: the answer is longer than {most} bytes")));
                }
                Ok(Some(chunk)) => {
                    self.bytes.fetch_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX), Ordering::Relaxed);
                    body.extend_from_slice(&chunk);
                }
                Err(error) => break Some(broken(error)),
            }
        };
        // What came tells of a block also where the rest of it did not.
        match trouble(classify(status, &body)) {
            None => cut.map_or(Ok(body), Err),
            Some((trouble, meaning)) => {
                // Before anything else that waits here can begin.
                if matches!(trouble, Trouble::RateBlocked | Trouble::AgentRefused) {
                    self.close_until(self.clock.now() + LEFT_ALONE);
                }
                let message = format!("{path}: status {status}: {meaning}");
                Err(FetchError { trouble, message, retry_after })
            }
        }
    }

    /// How long an answer asks to wait: seconds, or a date.
    fn retry_after(&self, headers: &HeaderMap) -> Option<Duration> {
        let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        let wait = match value.parse() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => {
                let date = DateTime::parse_from_rfc2822(value).ok()?;
                (date.to_utc() - self.clock.now()).to_std().unwrap_or_default()
            }
        };
        Some(wait.min(MAX_RETRY_AFTER))
    }
}

fn passing(message: String) -> FetchError {
    FetchError { trouble: Trouble::Passing, message, retry_after: None }
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
