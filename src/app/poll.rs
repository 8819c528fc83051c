//! One poll: read the feed down to what is known and write down what is new; [`super::fetch`] then fetches it.

use chrono::{DateTime, TimeDelta, Utc};

use super::App;
use crate::source::FetchError;
use crate::store::StoreError;

/// No tick takes longer; a clock that differs more from its `now` is another one.
const LONGEST_TICK: TimeDelta = TimeDelta::hours(1);

/// What a poll did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PollReport {
    /// Pages of the feed that were read.
    pub pages: usize,
    /// Filings that were not known before.
    pub new: usize,
    /// Filings that are not fetched, since no rule asks about their issuers.
    pub not_fetched: usize,
    /// Of the new ones, those whose issuer the feed did not show.
    pub undecided: usize,
    /// Filings that a first run took as known.
    pub baseline: usize,
    /// Filings fetched and done.
    pub settled: usize,
    /// Of these, the ones for which a rule rang.
    pub rang: usize,
    /// Of these, the ones that could not be read.
    pub unreadable: usize,
    /// Filings read into history that rang for nobody: too old, or from before the first start.
    pub past: usize,
    /// Filings that are put off after a failed fetch.
    pub postponed: usize,
    /// What stood in the way, the last of it.
    pub trouble: Option<FetchError>,
    /// Until when EDGAR is asked nothing; then nothing was asked.
    pub silent_until: Option<DateTime<Utc>>,
}

impl PollReport {
    /// Adds the filings that another report has.
    pub(super) fn add(&mut self, other: &Self) {
        self.pages += other.pages;
        self.new += other.new;
        self.not_fetched += other.not_fetched;
        self.undecided += other.undecided;
        self.baseline += other.baseline;
        self.settled += other.settled;
        self.rang += other.rang;
        self.unreadable += other.unreadable;
        self.past += other.past;
        self.postponed += other.postponed;
    }

    /// This one and the one of the poll that followed, which says how EDGAR answers now.
    pub(super) fn then(self, next: Self) -> Self {
        let mut both = Self { trouble: next.trouble.clone(), silent_until: next.silent_until, ..self };
        both.add(&next);
        both
    }
}

impl App {
    /// Polls once: what is new on the feed is written down, then all that is due is fetched and settled.
    ///
    /// # Errors
    /// Failures of the store. EDGAR's are in the report.
    pub async fn poll_once(&self, now: DateTime<Utc>) -> Result<PollReport, StoreError> {
        let mut report = self.discover_once(now).await?;
        self.refresh_tickers_soon(now, &mut report).await?;
        if report.silent_until.is_none() && self.silent_until(now)?.is_none() {
            self.settle_pending(now, &mut report).await?;
        }
        Ok(report)
    }

    /// Reads the feed and writes down what is new, without fetching it.
    ///
    /// # Errors
    /// Failures of the store. EDGAR's are in the report.
    pub async fn discover_once(&self, now: DateTime<Utc>) -> Result<PollReport, StoreError> {
        let mut report = PollReport::default();
        let frontier = self.frontier(now)?;
        report.silent_until = self.silent_until(now)?;
        if report.silent_until.is_some() {
            return Ok(report);
        }
        match frontier {
            Some(frontier) => self.discover(frontier, now, &mut report).await?,
            None => self.baseline(now, &mut report).await?,
        }
        // What another part was told meanwhile stays.
        if report.trouble.is_none() && self.left_alone_until(now)?.is_none() {
            self.answered(now)?;
        }
        Ok(report)
    }

    /// Begins to watch, where nothing was watched before: what EDGAR lists now is taken as known, and nothing is fetched.
    ///
    /// # Errors
    /// Failures of the store. EDGAR's are in the report.
    pub async fn begin(&self, now: DateTime<Utc>) -> Result<PollReport, StoreError> {
        let mut report = PollReport::default();
        if let Some(frontier) = self.frontier(now)? {
            self.cover(&*self.wanted()?, frontier)?;
        } else {
            report.silent_until = self.silent_until(now)?;
            if report.silent_until.is_none() {
                self.baseline(now, &mut report).await?;
            }
        }
        Ok(report)
    }

    /// What time it is by now, in a tick that began at `now`.
    pub(super) fn by_now(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let late = self.clock().now() - now;
        let late = Some(late).filter(|late| *late > TimeDelta::zero() && *late < LONGEST_TICK);
        now + late.unwrap_or_default()
    }
}
