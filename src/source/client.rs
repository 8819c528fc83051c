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
/// A request that fails in passing is made so often in all.
const MOST_TRIES: u32 = 4;

/// The polite client. Clones are not needed: share it.
#[derive(Debug)]
pub struct Client {
    requester: Requester,
    base_url: String,
    data_url: String,
    /// Decides how much longer than the others this client waits before it repeats a request.
    seed: u64,
}

impl Client {
    /// A client with these settings, which reads dates of answers by `clock`.
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
            requester: Requester::new(http, settings, clock),
            base_url: settings.base_url.clone(),
            data_url: settings.data_url.clone(),
            // Clients that started together need not repeat together; where there is no chance, they do.
            seed: getrandom::u64().unwrap_or_default(),
        })
    }

    /// A page of the feed of current filings.
    ///
    /// # Errors
    /// [`FetchError`]; [`Trouble::FileUnavailable`] behind the feed's end.
    pub async fn feed_page(&self, start: usize, count: usize) -> Result<Page, FetchError> {
        let path = feed::page_path(start, count);
        // The first page is always there.
        let also_passing: &[Trouble] = if start == 0 {
            &[Trouble::FileUnavailable, Trouble::NotThereYet]
        } else {
            &[Trouble::NotThereYet]
        };
        let document = Document { also_passing, ..self.document(&path, MAX_FEED_BYTES, Priority::Feed) };
        self.read(document, |bytes| feed::read(&bytes).map_err(|error| error.to_string())).await
    }

    /// A complete submission, as it is sent; any filer of it will do.
    ///
    /// # Errors
    /// [`FetchError`]; [`Trouble::NotThereYet`] where it is not published.
    pub async fn submission(
        &self,
        filer: Cik,
        accession: Accession,
        priority: Priority,
    ) -> Result<Vec<u8>, FetchError> {
        self.submission_in_turn(filer, accession, priority, &OnceLock::new()).await
    }

    /// The same; `turn` is set to when it was its turn, after those that came before it.
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

    /// A day's index. Where one of its files is not there or cannot be read, the other one has the same.
    ///
    /// # Errors
    /// [`FetchError`]; [`Trouble::NotThereYet`] before EDGAR has made it, and for days without one.
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

    /// The clock that it goes by.
    pub fn clock(&self) -> Clock {
        self.requester.clock
    }

    /// Requests and bytes so far.
    pub fn asked(&self) -> Traffic {
        self.requester.traffic()
    }

    /// The outage of EDGAR, while there is one: only probes are asked then.
    pub fn outage(&self) -> Option<Outage> {
        self.requester.health.outage()
    }

    /// The last passing failure, while no request succeeded since.
    pub fn last_failure(&self) -> Option<String> {
        self.requester.health.last_failure()
    }

    /// Asks nothing before this moment.
    pub fn close_until(&self, until: DateTime<Utc>) {
        self.requester.close_until(until);
    }

    /// Begins no further request: the program is about to end.
    pub fn end(&self) {
        self.requester.end();
    }

    /// The answers that block us or ask to wait ([`FetchError::is_grave`]) since the last call, also those to tasks that were broken off.
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

    /// Fetches and reads a document. A failure that may pass is repeated by itself, a few times, while there is leave.
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
                // What cannot be read was cut on the way, or is another thing's.
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
                // EDGAR is there, and says no; but behind its feed that page says nothing.
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
