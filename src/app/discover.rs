//! Reads EDGAR's feed down to what was seen before, and writes down what is new.

use std::collections::HashSet;
use std::sync::{MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::wanted::Choice;
use super::{App, PollReport};
use crate::edgar::FilingRef;
use crate::edgar::feed::{self, Entry, FeedError, Page, fold_entries};
use crate::filing::{Accession, Cik, edgar_day, edgar_time};
use crate::source::{FetchError, Trouble};
use crate::store::{Discovered, Doubt, Frontier, Hole, Ledger, Standing, StoreError};

/// The least and the most entries that a poll asks for: a minute of a quiet hour is on the short page.
const SHORT_PAGE: usize = 20;
const LONG_PAGE: usize = 100;
/// A page begins so many entries before the end of the one above it: where none of them comes again, it does not join on.
const JOINT: usize = 5;
/// EDGAR's feed ends after some 5,100 entries.
const MOST_PAGES: usize = 60;
/// The feed is read so far behind what is known: an entry may appear a little later than its time says.
const OVERLAP: TimeDelta = TimeDelta::seconds(5);
/// Each so often it is read so far behind: an entry may appear later still, or further down.
const DEEP_OVERLAP: TimeDelta = TimeDelta::seconds(60);
const DEEP_EVERY: TimeDelta = TimeDelta::seconds(30);
/// EDGAR's clock and ours may differ by this much. An entry with a later time says nothing of how far the feed was read.
const MOST_AHEAD: TimeDelta = TimeDelta::minutes(10);
/// So many different unreadable entries are told, then no more.
const MOST_TOLD: usize = 100;

/// How far behind what is known the feed is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    Near,
    Deep,
}

impl Depth {
    fn overlap(self) -> TimeDelta {
        match self {
            Self::Near => OVERLAP,
            Self::Deep => DEEP_OVERLAP,
        }
    }
}

/// What the last polls tell the next one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Habit {
    /// How many entries were enough, by depth.
    enough: [usize; 2],
    deep_at: Option<DateTime<Utc>>,
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
    /// Reads the feed and writes down what is new.
    pub(super) async fn discover(
        &self,
        frontier: Frontier,
        now: DateTime<Utc>,
        report: &mut PollReport,
    ) -> Result<(), StoreError> {
        let near = |at: DateTime<Utc>| at <= now && now - at < DEEP_EVERY;
        let depth = if self.habit().deep_at.is_some_and(near) { Depth::Near } else { Depth::Deep };
        let discovery = self.read_feed(frontier, depth, now, report).await?;
        // An older copy of the feed does not count.
        let is_current = newest(&discovery.entries, now).is_some_and(|newest| newest >= frontier.seen_until);
        if discovery.complete && is_current && depth == Depth::Deep {
            self.habit().deep_at = Some(now);
        }
        let wanted = self.wanted()?;
        self.cover(&wanted, frontier)?;
        let (mut new, mut not_fetched) = (Vec::new(), Vec::new());
        for filing in fold_entries(&discovery.entries) {
            let fresh = match self.store.standing(filing.accession)? {
                Standing::New => true,
                Standing::Baseline | Standing::NotFetched => frontier.baseline_rings,
                _ => false,
            };
            if !fresh || filing.accepted_at < frontier.floor {
                continue;
            }
            match wanted.of(filing.issuer) {
                Choice::Leave => not_fetched.push(filing),
                choice => {
                    report.undecided += usize::from(choice == Choice::Undecided);
                    new.push(filing);
                }
            }
        }
        let frontier = match newest(&discovery.entries, now) {
            Some(newest) if discovery.complete => Frontier {
                seen_until: newest.max(frontier.seen_until.min(now + MOST_AHEAD)),
                baseline_rings: false,
                history_since: discovery.gap.or(frontier.history_since),
                hole: discovery.gap.map(|oldest| hole(frontier, oldest)).or(frontier.hole),
                ..frontier
            },
            _ => frontier,
        };
        let found = Discovered { new: &new, not_fetched: &not_fetched, ..Discovered::default() };
        self.store.discovered(found, frontier, now)?;
        (report.new, report.not_fetched) = (new.len(), not_fetched.len());
        self.count(report.new, report.undecided, report.not_fetched);
        Ok(())
    }

    /// Up to where the feed was seen; `None` for a first run that does not look back. A look back is written down before
    /// the first page is read, so that it survives whatever comes between.
    pub(super) fn frontier(&self, now: DateTime<Utc>) -> Result<Option<Frontier>, StoreError> {
        let since = self.since.lock().unwrap_or_else(PoisonError::into_inner).take();
        let known = self.store.frontier()?;
        if since.is_some() && known.is_none() {
            // Another store may have been there before: what it had told is looked for.
            self.store.set_doubt(Doubt { until: now, queue: false, told: true })?;
        }
        let moment = match (since, known) {
            (Some(since), _) => since,
            (None, Some(known)) => {
                if self.store.ledger()?.is_none() {
                    self.store.set_ledger(Ledger { next: edgar_day(known.seen_until) })?;
                }
                return Ok(Some(known));
            }
            (None, None) => match TimeDelta::from_std(self.settings.schedule.look_back) {
                Ok(back) if !back.is_zero() => now.checked_sub_signed(back).unwrap_or_default(),
                _ => return Ok(None),
            },
        };
        // What is looked back over joins on to what was seen, or leaves a hole.
        let history = known.filter(|known| moment <= known.seen_until).map(|known| known.whole_since());
        let history_since = Some(history.map_or(moment, |history| history.min(moment)));
        let asked_since = Some(moment);
        let frontier = Frontier { baseline_rings: true, history_since, asked_since, ..Frontier::at(moment) };
        // Days that were compared are compared again: what was taken as known then is new now.
        let next = edgar_day(moment);
        let next = self.store.ledger()?.map_or(next, |ledger| ledger.next.min(next));
        self.store.reopen(next)?;
        self.store.discovered(Discovered::default(), frontier, now)?;
        Ok(Some(frontier))
    }

    /// The first run: what is on the feed already is taken as known, and nothing of it is told.
    pub(super) async fn baseline(
        &self,
        now: DateTime<Utc>,
        report: &mut PollReport,
    ) -> Result<(), StoreError> {
        let page = match self.page(0, LONG_PAGE, report).await {
            Ok(page) => page,
            Err(error) => return self.trouble(error, now, report).await,
        };
        let floor = newest(&page.entries, now).unwrap_or(now - MOST_AHEAD);
        let mut known: Vec<FilingRef> = page.filings();
        let frontier = Frontier::at(floor);
        self.store.set_ledger(Ledger { next: edgar_day(floor) })?;
        self.store.discovered(Discovered { known: &known, ..Discovered::default() }, frontier, now)?;
        // The day's index will list what was accepted earlier that day, too.
        if page.entries.len() >= LONG_PAGE {
            let morning = edgar_time(edgar_day(floor), 0, 0);
            let whole_day = Frontier { seen_until: morning, ..frontier };
            let day = self.read_feed(whole_day, Depth::Deep, now, report).await?;
            known = fold_entries(&day.entries);
            known.retain(|filing| filing.accepted_at <= floor);
            self.store.discovered(Discovered { known: &known, ..Discovered::default() }, frontier, now)?;
        }
        report.baseline = known.len();
        tracing::info!(filings = known.len(), %floor, "first run: what EDGAR lists now is taken as known");
        self.cover(&*self.wanted()?, frontier)
    }

    /// Pages through the feed until a page reaches what was seen before. Entries move to later places while it is read,
    /// so that pages repeat entries and never leave one out.
    async fn read_feed(
        &self,
        frontier: Frontier,
        depth: Depth,
        now: DateTime<Utc>,
        report: &mut PollReport,
    ) -> Result<Discovery, StoreError> {
        let known_until = frontier.seen_until - depth.overlap();
        let mut seen: HashSet<(Accession, Cik)> = HashSet::new();
        let mut discovery = Discovery { entries: Vec::new(), complete: false, gap: None };
        // As many as were new last time, and some more.
        let first = self.habit().enough[depth as usize].clamp(SHORT_PAGE, LONG_PAGE);
        let (mut start, mut count, mut joins) = (0, first, false);
        for _ in 0..MOST_PAGES {
            let page = match self.page(start, count, report).await {
                Ok(page) if start == 0 || !page.entries.is_empty() => page,
                Err(error) if start == 0 || error.trouble != Trouble::FileUnavailable => {
                    self.trouble(error, now, report).await?;
                    return Ok(discovery);
                }
                nothing => {
                    match (self.is_end(start, count, report).await, nothing) {
                        (Ok(true), _) => {
                            discovery.complete = true;
                            discovery.gap = gap(&discovery, frontier);
                        }
                        // It has moved on meanwhile.
                        (Ok(false), _) => continue,
                        (Err(error), _) => self.trouble(error, now, report).await?,
                    }
                    return Ok(discovery);
                }
            };
            let listed = page.entries.len() + page.unreadable.len();
            let overlaps = reaches(&page, known_until);
            let (before, read) = (discovery.entries.len(), page.entries.len());
            let known_from =
                page.entries.iter().position(|entry| entry.accepted_at < known_until).unwrap_or(read);
            let fresh = page.entries.into_iter().filter(|entry| seen.insert((entry.accession, entry.filer)));
            discovery.entries.extend(fresh);
            let new = discovery.entries.len() - before;
            // An older copy of a page begins further down than the feed does now: what lies between would be lost.
            if joins && new == read && read > 0 {
                let message = format!("the feed at entry {start} does not join on to what is above it");
                let error = FetchError { trouble: Trouble::Passing, message, retry_after: None };
                self.trouble(error, now, report).await?;
                return Ok(discovery);
            }
            if overlaps || listed == 0 && start == 0 && count == LONG_PAGE {
                let enough = if start == 0 { wide_enough(known_from) } else { LONG_PAGE };
                self.habit().enough[depth as usize] = enough;
                discovery.complete = true;
                return Ok(discovery);
            }
            // The short page did not reach: on with long ones, from the start, which has moved meanwhile. A page may be
            // cut, so the next one starts where this one really ended, and a little above; but for one that brought
            // nothing new, as the feed's last entries do.
            let joint = if new == 0 { 0 } else { JOINT.min(listed / 2) };
            (start, joins) = match count {
                LONG_PAGE => (start + listed - joint, joint > 0),
                _ => (0, listed > 0),
            };
            count = LONG_PAGE;
        }
        // No feed of EDGAR's is that long: what lies behind is taken as its end, or it would be read for ever.
        discovery.complete = true;
        discovery.gap = gap(&discovery, frontier);
        Ok(discovery)
    }

    /// Whether a page that is unavailable or empty lies behind the feed's end: the first one is there, and it is not again.
    async fn is_end(&self, start: usize, count: usize, report: &mut PollReport) -> Result<bool, FetchError> {
        self.page(0, SHORT_PAGE, report).await?;
        match self.page(start, count, report).await {
            Ok(page) => Ok(page.entries.is_empty()),
            Err(error) if error.trouble == Trouble::FileUnavailable => Ok(true),
            Err(error) => Err(error),
        }
    }

    fn habit(&self) -> MutexGuard<'_, Habit> {
        self.habit.lock().unwrap_or_else(PoisonError::into_inner)
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
        "EDGAR's feed reaches back only to {oldest}: what was accepted from {seen} to then is looked for in the daily indexes"
    );
    Some(oldest)
}

/// What a feed that ends at `oldest` leaves to the daily indexes.
fn hole(frontier: Frontier, oldest: DateTime<Utc>) -> Hole {
    let whole_since = frontier.hole.map_or_else(|| frontier.whole_since(), |hole| hole.whole_since);
    Hole { whole_since, until: edgar_day(oldest) }
}

/// The least page of EDGAR's sizes on which so many entries leave a quarter free.
fn wide_enough(entries: usize) -> usize {
    let sizes = feed::PAGE_SIZES.into_iter().filter(|size| *size >= SHORT_PAGE);
    sizes.filter(|size| entries * 5 / 4 + 2 <= *size).min().unwrap_or(LONG_PAGE)
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
