//! One poll: read the feed down to what is known and write down what is new; [`super::settle`] then fetches it.

use std::collections::HashSet;
use std::sync::PoisonError;

use chrono::{DateTime, TimeDelta, Utc};

use super::App;
use crate::edgar::FilingRef;
use crate::edgar::feed::{self, Entry, FeedError, Page, fold_entries};
use crate::filing::{Accession, Cik};
use crate::retry;
use crate::source::{FetchError, Trouble};
use crate::store::{Frontier, Silence, Standing, StoreError};

/// A quiet poll asks for this many entries: a minute of a usual day is on it.
const SHORT_PAGE: usize = 20;
const LONG_PAGE: usize = 100;
/// EDGAR's feed ends after some 5,100 entries.
const MOST_PAGES: usize = 60;
/// The feed is read this far behind what is known: an entry may appear a little later than its time says.
const OVERLAP: TimeDelta = TimeDelta::seconds(60);
/// EDGAR's clock and ours may differ by this much. An entry with a later time says nothing of how far the feed was read.
const MOST_AHEAD: TimeDelta = TimeDelta::minutes(10);
/// The silence after a block for rate (EDGAR's own is ten minutes), doubled each time in a row.
const BLOCKED: TimeDelta = TimeDelta::minutes(10);
/// The silence after a refused user agent: a person must act.
const REFUSED: TimeDelta = TimeDelta::hours(1);
/// The longest silence after an outage.
const OUTAGE: TimeDelta = TimeDelta::minutes(1);
/// No silence is longer; one that seems so comes from a clock that was wrong.
const LONGEST_SILENCE: TimeDelta = TimeDelta::hours(25);
/// So many different unreadable entries are told, then no more.
const MOST_TOLD: usize = 100;

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
    /// Until when EDGAR is asked nothing; then nothing was asked.
    pub silent_until: Option<DateTime<Utc>>,
}

/// What reading the feed came to.
struct Discovery {
    entries: Vec<Entry>,
    /// Whether it went down to what was known, or to the feed's end.
    complete: bool,
    /// Where the feed ended above what was seen before: its oldest entry.
    gap: Option<DateTime<Utc>>,
}

impl App {
    /// Polls once: what is new on the feed is written down, then all that is due is fetched and settled.
    ///
    /// # Errors
    /// Failures of the store. EDGAR's are in the report.
    pub async fn poll_once(&self, now: DateTime<Utc>) -> Result<PollReport, StoreError> {
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
        if report.trouble.is_none() {
            self.store.set_silence(None)?;
        }
        if report.trouble.is_none() {
            self.refresh_tickers(now, &mut report).await?;
        }
        if self.silent_until(now)?.is_none() {
            self.settle_pending(now, &mut report).await?;
        }
        Ok(report)
    }

    /// Until when EDGAR is asked nothing.
    pub(super) fn silent_until(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, StoreError> {
        let until = self.store.silence()?.map(|silence| silence.until);
        Ok(until.filter(|until| now < *until && *until - now <= LONGEST_SILENCE))
    }

    /// Notes what stood in the way: EDGAR is then asked nothing for a while, longer each time in a row.
    pub(super) fn trouble(
        &self,
        error: FetchError,
        now: DateTime<Utc>,
        report: &mut PollReport,
    ) -> Result<(), StoreError> {
        let last = self.store.silence()?;
        let in_a_row = last.map_or(0, |silence| silence.in_a_row) + 1;
        let blocked = matches!(error.trouble, Trouble::RateBlocked | Trouble::Forbidden);
        let blocks = last.map_or(0, |silence| silence.blocks) + u32::from(blocked);
        let own = match error.trouble {
            Trouble::RateBlocked | Trouble::Forbidden => BLOCKED * 2_i32.pow(blocks.clamp(1, 5) - 1),
            Trouble::AgentRefused => REFUSED,
            Trouble::NotThereYet | Trouble::FileUnavailable | Trouble::Unavailable | Trouble::Passing => {
                TimeDelta::from_std(retry::delay(in_a_row, 0)).map_or(OUTAGE, |wait| wait.min(OUTAGE))
            }
        };
        let asked = error.retry_after.and_then(|wait| TimeDelta::from_std(wait).ok());
        let silence = asked.map_or(own, |asked| asked.max(own));
        self.store.set_silence(Some(Silence { until: now + silence, in_a_row, blocks }))?;
        if silence > OUTAGE {
            tracing::error!("{error}; silent towards EDGAR for {} minutes", silence.num_minutes());
        }
        report.trouble = Some(error);
        Ok(())
    }

    /// Reads the feed and writes down what is new.
    async fn discover(
        &self,
        frontier: Frontier,
        now: DateTime<Utc>,
        report: &mut PollReport,
    ) -> Result<(), StoreError> {
        let discovery = self.read_feed(frontier, now, report).await?;
        let mut new = Vec::new();
        for filing in fold_entries(&discovery.entries) {
            let fresh = match self.store.standing(filing.accession)? {
                Standing::New => true,
                Standing::Baseline => frontier.baseline_rings,
                Standing::Pending | Standing::Done => false,
            };
            if fresh && filing.accepted_at >= frontier.floor {
                new.push(filing);
            }
        }
        let frontier = match newest(&discovery.entries, now) {
            Some(newest) if discovery.complete => Frontier {
                seen_until: newest.max(frontier.seen_until.min(now + MOST_AHEAD)),
                baseline_rings: false,
                history_since: discovery.gap.or(frontier.history_since),
                ..frontier
            },
            _ => frontier,
        };
        self.store.discovered(&new, &[], frontier, now)?;
        report.new = new.len();
        Ok(())
    }

    /// Up to where the feed was seen; `None` for a first run that does not look back. A look back is written down before
    /// the first page is read, so that it survives whatever comes between.
    fn frontier(&self, now: DateTime<Utc>) -> Result<Option<Frontier>, StoreError> {
        let since = self.since.lock().unwrap_or_else(PoisonError::into_inner).take();
        let known = self.store.frontier()?;
        let moment = match (since, known) {
            (Some(since), _) => since,
            (None, Some(known)) => return Ok(Some(known)),
            (None, None) => match TimeDelta::from_std(self.settings.schedule.look_back) {
                Ok(back) if !back.is_zero() => now.checked_sub_signed(back).unwrap_or_default(),
                _ => return Ok(None),
            },
        };
        // What is looked back over joins on to what was seen, or leaves a hole.
        let history = known.filter(|known| moment <= known.seen_until).map(|known| known.whole_since());
        let history_since = Some(history.map_or(moment, |history| history.min(moment)));
        let frontier = Frontier { floor: moment, seen_until: moment, baseline_rings: true, history_since };
        self.store.discovered(&[], &[], frontier, now)?;
        Ok(Some(frontier))
    }

    /// The first run: what is on the feed already is taken as known, and nothing of it is told.
    async fn baseline(&self, now: DateTime<Utc>, report: &mut PollReport) -> Result<(), StoreError> {
        let page = match self.page(0, LONG_PAGE, report).await {
            Ok(page) => page,
            Err(error) => return self.trouble(error, now, report),
        };
        let floor = newest(&page.entries, now).unwrap_or(now - MOST_AHEAD);
        let known: Vec<FilingRef> = page.filings();
        let frontier =
            Frontier { floor, seen_until: floor, baseline_rings: false, history_since: Some(floor) };
        self.store.discovered(&[], &known, frontier, now)?;
        report.baseline = known.len();
        tracing::info!(filings = known.len(), %floor, "first run: what EDGAR lists now is taken as known");
        Ok(())
    }

    /// Pages through the feed until a page reaches what was seen before. Entries move to later places while it is read,
    /// so that pages repeat entries and never leave one out.
    async fn read_feed(
        &self,
        frontier: Frontier,
        now: DateTime<Utc>,
        report: &mut PollReport,
    ) -> Result<Discovery, StoreError> {
        let mut seen: HashSet<(Accession, Cik)> = HashSet::new();
        let mut discovery = Discovery { entries: Vec::new(), complete: false, gap: None };
        let (mut start, mut count) = (0, SHORT_PAGE);
        for _ in 0..MOST_PAGES {
            let page = match self.page(start, count, report).await {
                Ok(page) => page,
                Err(error) if error.trouble == Trouble::FileUnavailable && start > 0 => {
                    match self.is_end(start, count, report).await {
                        Ok(true) => {
                            discovery.complete = true;
                            discovery.gap = gap(&discovery, frontier);
                        }
                        Ok(false) => self.trouble(error, now, report)?,
                        Err(error) => self.trouble(error, now, report)?,
                    }
                    return Ok(discovery);
                }
                Err(error) => {
                    self.trouble(error, now, report)?;
                    return Ok(discovery);
                }
            };
            let listed = page.entries.len() + page.unreadable.len();
            let overlaps = reaches(&page, frontier.seen_until - OVERLAP);
            let fresh = page.entries.into_iter().filter(|entry| seen.insert((entry.accession, entry.filer)));
            discovery.entries.extend(fresh);
            if overlaps || listed == 0 && count == LONG_PAGE {
                discovery.complete = true;
                return Ok(discovery);
            }
            // The short page did not reach: on with long ones, from the start, which has moved meanwhile. A page may be
            // cut, so the next one starts where this one really ended.
            start = if count == SHORT_PAGE { 0 } else { start + listed };
            count = LONG_PAGE;
        }
        // No feed of EDGAR's is that long: what lies behind is taken as its end, or it would be read for ever.
        discovery.complete = true;
        discovery.gap = gap(&discovery, frontier);
        Ok(discovery)
    }

    /// Whether a page that is unavailable lies behind the feed's end: the first page is there, and that one is not again.
    async fn is_end(&self, start: usize, count: usize, report: &mut PollReport) -> Result<bool, FetchError> {
        self.page(0, SHORT_PAGE, report).await?;
        match self.page(start, count, report).await {
            Ok(_) => Ok(false),
            Err(error) if error.trouble == Trouble::FileUnavailable => Ok(true),
            Err(error) => Err(error),
        }
    }

    async fn page(&self, start: usize, count: usize, report: &mut PollReport) -> Result<Page, FetchError> {
        let bytes = self.client.feed_page(start, count).await?;
        report.pages += 1;
        let page = feed::read(&bytes).map_err(|error: FeedError| FetchError {
            trouble: Trouble::Passing,
            message: format!("the feed at entry {start}: {error}"),
            retry_after: None,
        })?;
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        for reason in &page.unreadable {
            if told.len() < MOST_TOLD && told.insert(reason.clone()) {
                tracing::warn!("an entry of the feed cannot be read: {reason}");
            }
        }
        match page.unreadable.first() {
            Some(reason) if page.entries.is_empty() => Err(FetchError {
                trouble: Trouble::Passing,
                message: format!("no entry of the feed at {start} can be read: {reason}"),
                retry_after: None,
            }),
            _ => Ok(page),
        }
    }
}

/// Where the feed ended above what was seen before, which is told.
fn gap(discovery: &Discovery, frontier: Frontier) -> Option<DateTime<Utc>> {
    // A feed of less than a page is no feed of EDGAR's, but a replay, which begins where it begins.
    let oldest = discovery.entries.iter().map(|entry| entry.accepted_at).min();
    let oldest =
        oldest.filter(|oldest| *oldest > frontier.seen_until && discovery.entries.len() >= LONG_PAGE)?;
    let seen = frontier.seen_until;
    tracing::warn!(
        "EDGAR's feed reaches back only to {oldest}: what was accepted from {seen} to then was not seen"
    );
    Some(oldest)
}

/// Whether a page goes down to what was accepted before `moment`: two filings say so, since one may have an absurd time.
fn reaches(page: &Page, moment: DateTime<Utc>) -> bool {
    let older = page.entries.iter().filter(|entry| entry.accepted_at < moment);
    older.map(|entry| entry.accession).collect::<HashSet<_>>().len() >= 2
}

/// The newest acceptance time that can be true.
fn newest(entries: &[Entry], now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    entries.iter().map(|entry| entry.accepted_at).filter(|time| *time <= now + MOST_AHEAD).max()
}
