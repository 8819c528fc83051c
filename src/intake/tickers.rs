//! The tickers of listed issuers: kept in the store and fetched again once a day.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::{Instant, timeout};

use super::PollReport;
use super::backoff::Backoff;
use crate::edgar::tickers::Tickers;
use crate::parts::Parts;
use crate::source::Client;
use crate::store::{Store, StoreError};

/// How old the list may become.
const FRESH: TimeDelta = TimeDelta::days(1);
/// How long to wait after a failure before requesting it again; meanwhile, a filing's own symbol suffices.
const RETRY: TimeDelta = TimeDelta::minutes(10);
/// How long filings wait for the first list, so that a hanging request does not delay them longer.
const FIRST_WAIT: Duration = Duration::from_secs(5);

/// The list in memory.
#[derive(Debug, Clone, Default)]
struct Listed {
    tickers: Arc<Tickers>,
    fetched_at: Option<DateTime<Utc>>,
    /// When the last request for it failed.
    failed_at: Option<DateTime<Utc>>,
    /// When it was first requested.
    asked_at: Option<Instant>,
    loaded: bool,
}

/// EDGAR's list of tickers.
pub struct TickerList {
    store: Store,
    client: Arc<Client>,
    backoff: Arc<Backoff>,
    listed: Mutex<Listed>,
}

impl TickerList {
    pub(super) fn new(parts: &Parts, backoff: Arc<Backoff>) -> Self {
        Self {
            store: parts.store.clone(),
            client: Arc::clone(&parts.client),
            backoff,
            listed: Mutex::default(),
        }
    }

    /// When to fetch the list; `None` for now.
    pub(crate) async fn due(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, StoreError> {
        let listed = self.listed().await?;
        // A time in the future comes from a wrong clock.
        let within = |since: Option<DateTime<Utc>>, span: TimeDelta| {
            since.filter(|since| *since <= now && now - *since < span).map(|since| since + span)
        };
        Ok(within(listed.fetched_at, FRESH).or(within(listed.failed_at, RETRY)))
    }

    /// Fetches the list if it is missing or a day old and EDGAR may be asked. A failure is logged and does
    /// not delay filings.
    ///
    /// # Errors
    /// Failures of the store. A block by EDGAR is in the report.
    pub async fn refresh(&self, now: DateTime<Utc>, report: &mut PollReport) -> Result<(), StoreError> {
        if self.due(now).await?.is_some() || self.backoff.left_alone_until(now).await?.is_some() {
            return Ok(());
        }
        let listed = self.listed().await?;
        let asked_at = listed.asked_at.or_else(|| Some(Instant::now()));
        self.set_listed(Listed { asked_at, ..listed.clone() });
        match self.client.tickers().await {
            Ok(tickers) => {
                self.store.set_tickers(now, &tickers).await?;
                tracing::debug!(issuers = tickers.len(), "EDGAR's list of tickers fetched");
                let fetched_at = Some(now);
                self.set_listed(Listed {
                    tickers: Arc::new(tickers),
                    fetched_at,
                    loaded: true,
                    ..Listed::default()
                });
            }
            Err(error) if error.trouble.was_not_asked() => self.set_listed(listed),
            Err(error) => {
                tracing::warn!(
                    "EDGAR's list of tickers cannot be fetched, so tickers are shown as typed: {error}"
                );
                self.set_listed(Listed { failed_at: Some(now), ..listed });
                if error.is_grave() {
                    self.backoff.note(error, now, report).await?;
                }
            }
        }
        Ok(())
    }

    /// The same with a time limit, for a poll whose filings wait for it.
    pub(super) async fn refresh_soon(
        &self,
        now: DateTime<Utc>,
        report: &mut PollReport,
    ) -> Result<(), StoreError> {
        match timeout(FIRST_WAIT, self.refresh(now, report)).await {
            Ok(refreshed) => refreshed,
            Err(_) => {
                tracing::warn!("EDGAR's list of tickers is missing, so tickers are shown as typed");
                let listed = self.listed().await?;
                self.set_listed(Listed { failed_at: Some(now), ..listed });
                Ok(())
            }
        }
    }

    /// The list; empty before it was first fetched.
    pub async fn current(&self) -> Result<Arc<Tickers>, StoreError> {
        Ok(self.listed().await?.tickers)
    }

    /// True if filings can be settled, because the list exists, could not be fetched, or is taking too long.
    pub(crate) async fn was_asked_for(&self) -> Result<bool, StoreError> {
        let listed = self.listed().await?;
        let hangs = listed.asked_at.is_some_and(|asked| asked.elapsed() >= FIRST_WAIT);
        Ok(listed.fetched_at.is_some() || listed.failed_at.is_some() || hangs)
    }

    async fn listed(&self) -> Result<Listed, StoreError> {
        let known = self.listed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if known.loaded {
            return Ok(known);
        }
        let (fetched_at, tickers) = self.store.tickers().await?.unzip();
        let listed = Listed {
            tickers: Arc::new(tickers.unwrap_or_default()),
            fetched_at,
            loaded: true,
            ..Listed::default()
        };
        self.set_listed(listed.clone());
        Ok(listed)
    }

    fn set_listed(&self, listed: Listed) {
        *self.listed.lock().unwrap_or_else(PoisonError::into_inner) = listed;
    }
}
