//! The one HTTP client for EDGAR: declared, limited, bounded, and patient with single failures.

use std::sync::OnceLock;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use reqwest::redirect;
use tokio::time::{Instant, sleep};

use super::error::{ClientError, FetchError, Trouble};
use super::health::Outage;
use super::limiter::Priority;
use super::request::{Document, Requester, Traffic};
use crate::clock::Clock;
use crate::config::Edgar;
use crate::edgar::company::{self, Company};
use crate::edgar::feed::{self, Page};
use crate::edgar::index::{self, Index};
use crate::edgar::submission_path;
use crate::edgar::tickers::{self, Tickers};
use crate::filing::{Accession, Cik};
use crate::reader;
use crate::retry;
use crate::trust::Roots;

/// A page of 100 entries is about 80 KB.
const MAX_FEED_BYTES: usize = 4 * 1024 * 1024;
/// `company_tickers.json` is about 1 MB.
const MAX_TICKERS_BYTES: usize = 16 * 1024 * 1024;
/// A day's index is some 600 KB.
const MAX_INDEX_BYTES: usize = 16 * 1024 * 1024;
/// A company's list is some 200 KB.
const MAX_COMPANY_BYTES: usize = 16 * 1024 * 1024;
/// How many times a request is tried in all if it has passing failures.
const MOST_TRIES: u32 = 4;

/// The polite client. There is no need to clone it: share it.
#[derive(Debug)]
pub struct Client {
    requester: Requester,
    base_url: String,
    data_url: String,
    /// Determines how much longer than others this client waits before it repeats a request.
    seed: u64,
}

impl Client {
    /// A client with these settings, which interprets the dates of answers by `clock`.
    ///
    /// # Errors
    /// [`ClientError::NoContact`] for sec.gov without a contact.
    pub fn new(settings: &Edgar, clock: Clock) -> Result<Self, ClientError> {
        Self::trusting(settings, clock, &Roots::default())
    }

    /// The same, but EDGAR's certificate, or that of a proxy in front of it, may also be signed by these
    /// authorities.
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
            // Following a redirect would bypass the limiter, and could lead anywhere.
            .redirect(redirect::Policy::none());
        let http = roots.trusted_by(http)?.build()?;
        Ok(Self {
            requester: Requester::new(http, settings, clock),
            base_url: settings.base_url.clone(),
            data_url: settings.data_url.clone(),
            // Clients that started together need not repeat requests together; if there is no randomness,
            // they do.
            seed: getrandom::u64().unwrap_or_default(),
        })
    }

    /// A page of the feed of current filings.
    ///
    /// # Errors
    /// [`FetchError`]; [`Trouble::FileUnavailable`] after the feed's end.
    pub async fn feed_page(&self, start: usize, count: usize) -> Result<Page, FetchError> {
        let path = feed::page_path(start, count);
        // The first page always exists.
        let also_passing: &[Trouble] = if start == 0 {
            &[Trouble::FileUnavailable, Trouble::NotThereYet]
        } else {
            &[Trouble::NotThereYet]
        };
        let document = Document { also_passing, ..self.document(&path, MAX_FEED_BYTES, Priority::Feed) };
        self.read(document, |bytes| feed::read(&bytes).map_err(|error| error.to_string())).await
    }

    /// A complete submission as EDGAR serves it. Any of its filers works.
    ///
    /// # Errors
    /// [`FetchError`]; [`Trouble::NotThereYet`] if it is not published.
    pub async fn submission(
        &self,
        filer: Cik,
        accession: Accession,
        priority: Priority,
    ) -> Result<Vec<u8>, FetchError> {
        self.submission_in_turn(filer, accession, priority, &OnceLock::new()).await
    }

    /// The same. `turn` is set to the time of its turn, after the requests that came before it.
    ///
    /// # Errors
    /// As [`Self::submission`].
    pub async fn submission_in_turn(
        &self,
        filer: Cik,
        accession: Accession,
        priority: Priority,
        turn: &OnceLock<Instant>,
    ) -> Result<Vec<u8>, FetchError> {
        let path = submission_path(filer, accession);
        let document = Document { turn: Some(turn), ..self.document(&path, reader::MAX_BYTES, priority) };
        self.read(document, Ok).await
    }

    /// The file of all listed issuers' tickers.
    ///
    /// # Errors
    /// [`FetchError`]
    pub async fn tickers(&self) -> Result<Tickers, FetchError> {
        let document = self.document(tickers::PATH, MAX_TICKERS_BYTES, Priority::Live);
        self.read(document, |bytes| Tickers::read(&bytes).map_err(|error| error.to_string())).await
    }

    /// A day's index. If one of its files does not exist or cannot be read, the other one has the same
    /// content.
    ///
    /// # Errors
    /// [`FetchError`]; [`Trouble::NotThereYet`] before EDGAR has created it, and for days without an index.
    pub async fn index(&self, day: NaiveDate) -> Result<Index, FetchError> {
        let [first, second] = index::paths(day);
        match self.index_file(&first).await {
            Err(error)
                if error.retry_after.is_none()
                    && matches!(
                        error.trouble,
                        Trouble::NotThereYet | Trouble::Passing | Trouble::Unexpected
                    ) =>
            {
                self.index_file(&second).await
            }
            done => done,
        }
    }

    async fn index_file(&self, path: &str) -> Result<Index, FetchError> {
        let document = self.document(path, MAX_INDEX_BYTES, Priority::Reconciliation);
        self.read(document, |bytes| index::read(&bytes).map_err(|error| error.to_string())).await
    }

    /// A file of a company's list of filings, by its path.
    ///
    /// # Errors
    /// [`FetchError`]
    pub async fn company(&self, path: &str) -> Result<Company, FetchError> {
        let document = self.document(path, MAX_COMPANY_BYTES, Priority::Backfill);
        let document = Document { base: &self.data_url, ..document };
        self.read(document, |bytes| company::read(&bytes).map_err(|error| error.to_string())).await
    }

    /// The clock that it uses.
    pub fn clock(&self) -> Clock {
        self.requester.clock
    }

    /// Requests and bytes so far.
    pub fn asked(&self) -> Traffic {
        self.requester.traffic()
    }

    /// The outage of EDGAR, while there is one: only probes are sent then.
    pub fn outage(&self) -> Option<Outage> {
        self.requester.health.outage()
    }

    /// The last passing failure, if no request has succeeded since.
    pub fn last_failure(&self) -> Option<String> {
        self.requester.health.last_failure()
    }

    /// Sends no request before this moment.
    pub fn close_until(&self, until: DateTime<Utc>) {
        self.requester.close_until(until);
    }

    /// Begins no more requests: the program is about to end.
    pub fn end(&self) {
        self.requester.end();
    }

    /// The answers that block us or ask to wait ([`FetchError::is_grave`]) since the last call, including
    /// those to cancelled tasks.
    pub fn take_graves(&self) -> Vec<FetchError> {
        self.requester.take_graves()
    }

    fn document<'a>(&'a self, path: &'a str, most: usize, priority: Priority) -> Document<'a> {
        Document {
            base: &self.base_url,
            path,
            most,
            priority,
            also_passing: &[Trouble::FileUnavailable],
            turn: None,
        }
    }

    /// Fetches and reads a document. A passing failure is retried automatically, a few times, while that is
    /// allowed.
    async fn read<T>(
        &self,
        document: Document<'_>,
        reading: impl Fn(Vec<u8>) -> Result<T, String>,
    ) -> Result<T, FetchError> {
        let request = self.requester.health.begin();
        let mut attempt = 1;
        loop {
            let mut began = Instant::now();
            let read = self.requester.ask(document, attempt, &mut began).await.and_then(|answer| {
                // A document that cannot be read was truncated on the way, or belongs to something else.
                let failed = |error| FetchError::passing(format!("{}: {error}", document.path));
                reading(answer.body).map(|value| (value, answer.took)).map_err(failed)
            });
            let error = match read {
                Ok((value, took)) => {
                    self.well(began, took);
                    return Ok(value);
                }
                Err(error) => error,
            };
            let passing = match error.trouble {
                Trouble::Passing | Trouble::Unavailable => true,
                Trouble::Silent | Trouble::Outage => return Err(error),
                other => document.also_passing.contains(&other),
            };
            if !passing {
                // EDGAR is up and refuses; but after the end of its feed, that page means nothing.
                if error.trouble != Trouble::FileUnavailable {
                    self.well(began, Duration::ZERO);
                }
                return Err(error);
            }
            let may_repeat = self.requester.health.failed(request, began, &error.message);
            if !may_repeat || attempt >= MOST_TRIES || error.retry_after.is_some() {
                return Err(error);
            }
            tracing::debug!(attempt, "asked again: {error}");
            let wait = retry::soon(attempt, self.seed ^ request);
            sleep(self.requester.clock.real(TimeDelta::from_std(wait).unwrap_or_default())).await;
            attempt += 1;
        }
    }

    fn well(&self, began: Instant, took: Duration) {
        if let Some(lasted) = self.requester.health.answered(began, took) {
            tracing::warn!("EDGAR answers again, after {} s", lasted.num_seconds());
        }
    }
}
