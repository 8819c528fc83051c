//! One poll: read the feed down to what is known, then fetch and settle what is new.

use std::collections::HashMap;
use std::sync::PoisonError;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, stream};

use super::App;
use crate::edgar::feed::{self, Entry, FeedError, Page};
use crate::edgar::{FilingRef, feed::fold_entries};
use crate::filing::Accession;
use crate::reader::{self, Unreadable};
use crate::retry;
use crate::source::{FetchError, Trouble};
use crate::store::{Ending, Frontier, Pending, Settled, Standing, StoreError};

/// A quiet poll asks for this many entries: a minute of a usual day is on it.
const SHORT_PAGE: usize = 20;
const LONG_PAGE: usize = 100;
/// EDGAR's feed ends after some 5,100 entries.
const MOST_PAGES: usize = 60;
/// The feed is read this far behind what is known: an entry may appear a little later than its time says.
const OVERLAP: TimeDelta = TimeDelta::seconds(60);
/// EDGAR's clock and ours may differ by this much.
const MOST_AHEAD: TimeDelta = TimeDelta::minutes(10);
/// Fetches under way at once; the limiter still spaces them.
const AT_ONCE: usize = 4;
/// A submission that looks damaged is fetched this often before it counts as unreadable: it may have been cut on the way.
const DAMAGED_ATTEMPTS: u32 = 3;
/// The silence after a block for rate (EDGAR's own is ten minutes), doubled each time in a row.
const BLOCKED: TimeDelta = TimeDelta::minutes(10);
/// The silence after a refused user agent: a person must act.
const REFUSED: TimeDelta = TimeDelta::hours(1);

/// What a poll did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PollReport {
    /// Pages of the feed that were read.
    pub pages: usize,
    /// Filings that were not known before.
    pub new: usize,
    /// Filings that a first run took as known.
    pub baseline: usize,
    /// Filings fetched and done.
    pub settled: usize,
    /// Of these, the ones for which a rule rang.
    pub rang: usize,
    /// Of these, the ones that could not be read.
    pub unreadable: usize,
    /// Filings that are put off after a failed fetch.
    pub postponed: usize,
    /// What stood in the way, the last of it.
    pub trouble: Option<FetchError>,
}

/// While EDGAR blocks us.
#[derive(Debug, Default)]
pub(super) struct Block {
    until: Option<DateTime<Utc>>,
    in_a_row: u32,
}

/// What reading the feed came to.
struct Discovery {
    entries: Vec<Entry>,
    /// Whether it went down to what was known, or to the feed's end.
    complete: bool,
}

impl App {
    /// Polls once: what is new on the feed is written down, then all that is due is fetched and settled.
    ///
    /// # Errors
    /// Failures of the store. EDGAR's are in the report.
    pub async fn poll_once(&self, now: DateTime<Utc>) -> Result<PollReport, StoreError> {
        let mut report = PollReport::default();
        if let Some(until) = self.blocked_until(now) {
            tracing::debug!(%until, "silent towards EDGAR");
            return Ok(report);
        }
        let found = self.discover(now, &mut report).await?;
        if found && self.blocked_until(now).is_none() {
            self.settle_pending(now, &mut report).await?;
        }
        if report.trouble.is_none() && report.pages > 0 {
            self.block.lock().unwrap_or_else(PoisonError::into_inner).in_a_row = 0;
        }
        Ok(report)
    }

    /// Until when EDGAR is asked nothing.
    fn blocked_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.block.lock().unwrap_or_else(PoisonError::into_inner).until.filter(|until| now < *until)
    }

    /// Notes what stood in the way; a block silences everything.
    fn trouble(&self, error: FetchError, now: DateTime<Utc>, report: &mut PollReport) {
        let mut block = self.block.lock().unwrap_or_else(PoisonError::into_inner);
        let silence = match error.trouble {
            Trouble::RateBlocked => {
                block.in_a_row += 1;
                Some(BLOCKED * 2_i32.pow(block.in_a_row.min(5) - 1))
            }
            Trouble::AgentRefused => Some(REFUSED),
            Trouble::NotThereYet | Trouble::Unavailable | Trouble::Passing => None,
        };
        let asked = error.retry_after.and_then(|wait| TimeDelta::from_std(wait).ok());
        if let Some(silence) = silence.max(asked) {
            block.until = Some(now + silence);
            tracing::error!("{error}; silent towards EDGAR for {} minutes", silence.num_minutes());
        }
        report.trouble = Some(error);
    }

    /// Reads the feed and writes down what is new. `false`: there is no frontier yet, so nothing may be settled.
    async fn discover(&self, now: DateTime<Utc>, report: &mut PollReport) -> Result<bool, StoreError> {
        let since = *self.since.lock().unwrap_or_else(PoisonError::into_inner);
        let start_at = |moment| Frontier { floor: moment, seen_until: moment };
        let frontier = match (since, self.store.frontier()?) {
            (Some(since), _) => start_at(since),
            (None, Some(frontier)) => frontier,
            (None, None) => match TimeDelta::from_std(self.settings.schedule.look_back) {
                Ok(back) if !back.is_zero() => start_at(now.checked_sub_signed(back).unwrap_or_default()),
                _ => return self.baseline(now, report).await,
            },
        };
        let discovery = self.read_feed(frontier, now, report).await;
        let mut new = Vec::new();
        for filing in fold_entries(&discovery.entries) {
            let fresh = match self.store.standing(filing.accession)? {
                Standing::New => true,
                Standing::Baseline => since.is_some(),
                Standing::Pending | Standing::Done => false,
            };
            if fresh && filing.accepted_at >= frontier.floor {
                new.push(filing);
            }
        }
        let newest = discovery.entries.iter().map(|entry| entry.accepted_at).max();
        // A time far ahead of ours would hide what comes after it.
        let newest = newest.map(|newest| newest.min(now + MOST_AHEAD));
        let seen_until = newest.map_or(frontier.seen_until, |newest| newest.max(frontier.seen_until));
        let frontier = discovery.complete.then_some(Frontier { seen_until, ..frontier });
        self.store.discovered(&new, &[], frontier.or(self.store.frontier()?), now)?;
        if discovery.complete {
            *self.since.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        report.new = new.len();
        Ok(true)
    }

    /// The first run: what is on the feed already is taken as known, and nothing of it is told.
    async fn baseline(&self, now: DateTime<Utc>, report: &mut PollReport) -> Result<bool, StoreError> {
        let page = match self.page(0, LONG_PAGE, report).await {
            Ok(page) => page,
            Err(error) => {
                self.trouble(error, now, report);
                return Ok(false);
            }
        };
        let floor = page.newest().unwrap_or(now);
        let known = page.filings();
        self.store.discovered(&[], &known, Some(Frontier { floor, seen_until: floor }), now)?;
        report.baseline = known.len();
        tracing::info!(filings = known.len(), %floor, "first run: what EDGAR lists now is taken as known");
        Ok(true)
    }

    /// Pages through the feed until a page reaches what was seen before. Entries move to later places while it is read,
    /// so that pages repeat entries and never leave one out.
    async fn read_feed(&self, frontier: Frontier, now: DateTime<Utc>, report: &mut PollReport) -> Discovery {
        let reached =
            |page: &Page| page.oldest().is_some_and(|oldest| oldest < frontier.seen_until - OVERLAP);
        let mut entries: HashMap<(Accession, crate::filing::Cik), Entry> = HashMap::new();
        let mut order = Vec::new();
        let mut keep = |page: Page| {
            for entry in page.entries {
                let key = (entry.accession, entry.filer);
                if entries.insert(key, entry).is_none() {
                    order.push(key);
                }
            }
        };
        let mut complete = false;
        let (mut start, mut count) = (0, SHORT_PAGE);
        for _ in 0..MOST_PAGES {
            let page = match self.page(start, count, report).await {
                Ok(page) => page,
                Err(error) if error.trouble == Trouble::Unavailable && start > 0 => {
                    // A 503 behind a full page is the feed's end.
                    complete = true;
                    break;
                }
                Err(error) => {
                    self.trouble(error, now, report);
                    break;
                }
            };
            let (overlaps, full) = (reached(&page), page.entries.len() + page.unreadable.len() >= count);
            keep(page);
            if overlaps || !full {
                complete = true;
                break;
            }
            // The short page did not reach: on with long ones, from the start, which has moved meanwhile.
            start = if count == SHORT_PAGE { 0 } else { start + count };
            count = LONG_PAGE;
        }
        let entries = order.iter().filter_map(|key| entries.remove(key)).collect();
        Discovery { entries, complete }
    }

    async fn page(&self, start: usize, count: usize, report: &mut PollReport) -> Result<Page, FetchError> {
        let bytes = self.client.feed_page(start, count).await?;
        report.pages += 1;
        let page = feed::read(&bytes).map_err(|error: FeedError| FetchError {
            trouble: Trouble::Passing,
            message: format!("the feed at entry {start}: {error}"),
            retry_after: None,
        })?;
        for reason in &page.unreadable {
            tracing::debug!(%reason, "an entry of the feed cannot be read");
        }
        Ok(page)
    }

    /// Fetches what is due, oldest first, and settles each.
    async fn settle_pending(&self, now: DateTime<Utc>, report: &mut PollReport) -> Result<(), StoreError> {
        let due: Vec<Pending> =
            self.store.pending()?.into_iter().filter(|pending| pending.not_before <= now).collect();
        let mut fetched = stream::iter(due)
            .map(|pending| async move {
                let body = self.client.submission(&pending.filing).await;
                (pending, body)
            })
            .buffered(AT_ONCE);
        while let Some((pending, body)) = fetched.next().await {
            match body {
                Ok(body) => self.settle(pending, &body, now, report)?,
                Err(error) => {
                    self.postpone(pending, &error.message, now, report)?;
                    // A filing may be listed some seconds before it is there.
                    if error.trouble != Trouble::NotThereYet {
                        self.trouble(error, now, report);
                    }
                }
            }
            if self.blocked_until(now).is_some() {
                break;
            }
        }
        Ok(())
    }

    fn settle(
        &self,
        pending: Pending,
        body: &[u8],
        now: DateTime<Utc>,
        report: &mut PollReport,
    ) -> Result<(), StoreError> {
        let asked = pending.filing.accession;
        match reader::read(body) {
            Ok(filing) if filing.accession == Some(asked) => {
                let settled = self.plan(&pending, &filing, now)?;
                self.store.commit(&settled)?;
                report.settled += 1;
                report.rang += usize::from(settled.ending == Ending::Rang);
                Ok(())
            }
            Ok(filing) => {
                let other = filing.accession.map_or("none".to_owned(), |accession| accession.to_string());
                self.postpone(pending, &format!("the answer has accession {other}"), now, report)
            }
            // What is no filing at all was sent in its place; a damaged one may have been cut on the way.
            Err(error) if error.kind == "not-a-filing" || pending.attempts + 1 < DAMAGED_ATTEMPTS => {
                self.postpone(pending, &error.to_string(), now, report)
            }
            Err(error) => self.set_aside(&pending.filing, &error, body, now, report),
        }
    }

    /// Puts a filing off, and gives it up only after days of trying.
    fn postpone(
        &self,
        pending: Pending,
        reason: &str,
        now: DateTime<Utc>,
        report: &mut PollReport,
    ) -> Result<(), StoreError> {
        let attempts = pending.attempts + 1;
        let accession = pending.filing.accession;
        if attempts >= retry::MAX_ATTEMPTS {
            let message = format!("given up after {attempts} attempts: {reason}");
            let error = Unreadable { kind: "not-fetched", message, at: "EDGAR".into() };
            return self.set_aside(&pending.filing, &error, &[], now, report);
        }
        let wait = retry::delay(attempts, u64::from(attempts));
        let not_before = now + TimeDelta::from_std(wait).unwrap_or(TimeDelta::hours(1));
        tracing::warn!(%accession, attempts, %reason, "not fetched, tried again later");
        self.store.postpone(&Pending { attempts, not_before, ..pending })?;
        report.postponed += 1;
        Ok(())
    }

    fn set_aside(
        &self,
        filing: &FilingRef,
        error: &Unreadable,
        body: &[u8],
        now: DateTime<Utc>,
        report: &mut PollReport,
    ) -> Result<(), StoreError> {
        tracing::error!(accession = %filing.accession, %error, "a filing cannot be read; its bytes are kept");
        self.store.commit(&Settled {
            accession: filing.accession,
            ending: Ending::Unreadable,
            at: now,
            issuer: None,
            accepted_at: filing.accepted_at,
            lots: Vec::new(),
            deliveries: Vec::new(),
            gathered: Vec::new(),
            unreadable: Some((error.to_string(), body.to_vec())),
        })?;
        report.settled += 1;
        report.unreadable += 1;
        Ok(())
    }
}
