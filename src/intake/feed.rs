//! Reads the feed of current filings, page by page, back to known filings.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::sleep;

use super::PollReport;
use super::backoff::Backoff;
use super::reach::{above, end, joins_on, newest, reaches};
use crate::edgar::feed::{self, Entry, Page};
use crate::filing::{Accession, Cik};
use crate::parts::Parts;
use crate::retry;
use crate::source::{Client, FetchError, Trouble};
use crate::store::{Frontier, Standing, Store, StoreError};

/// The fewest and the most entries to request per page: the short page covers a minute of a quiet hour.
const SHORT_PAGE: usize = 20;
pub(super) const LONG_PAGE: usize = 100;
/// How many entries a page overlaps with the one above it; if none of them appears again, there is a gap
/// between the pages.
const JOINT: usize = 5;
/// The most pages to read; EDGAR's feed ends after some 5,100 entries.
const MOST_PAGES: usize = 60;
/// The feed normally extends to this entry.
const FEED_END: usize = 5_000;
/// How often to request a page again before accepting an earlier end of the feed.
const END_ASKED: u32 = 3;
/// How far past known filings to read the feed, because an entry may appear a little later than its time.
const OVERLAP: TimeDelta = TimeDelta::seconds(5);
/// How far to read in a deep reading, and how often, because an entry may appear even later or further down.
const DEEP_OVERLAP: TimeDelta = TimeDelta::seconds(60);
const DEEP_EVERY: TimeDelta = TimeDelta::seconds(30);
/// The most unreadable entries to log.
const MOST_LOGGED: usize = 100;
/// How long an interrupted reading can be resumed.
const RESUMED_WITHIN: TimeDelta = TimeDelta::minutes(15);

/// How far past known filings to read the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
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

/// State kept between polls.
#[derive(Debug, Default)]
struct Habit {
    /// How many entries were enough last time, by depth.
    enough: [usize; 2],
    deep_at: Option<DateTime<Utc>>,
    broken: Option<Broken>,
    /// The entries of the last complete reading.
    seen: HashSet<Accession>,
}

/// The entries read from the feed.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) entries: Vec<Entry>,
    seen: HashSet<(Accession, Cik)>,
    /// True if it reached known filings, or the end of the feed.
    pub(super) complete: bool,
    /// The oldest entry's time, if the feed ended before reaching known filings.
    pub(super) gap: Option<DateTime<Utc>>,
}

impl Reading {
    /// Adds new entries and returns how many there were.
    fn add(&mut self, entries: Vec<Entry>) -> usize {
        let before = self.entries.len();
        let fresh = entries.into_iter().filter(|entry| self.seen.insert((entry.accession, entry.filer)));
        self.entries.extend(fresh);
        self.entries.len() - before
    }

    /// True if it contains any of these entries.
    fn shares(&self, entries: &[Entry]) -> bool {
        entries.iter().any(|entry| self.seen.contains(&(entry.accession, entry.filer)))
    }
}

/// A reading interrupted by a failed page. Its entries are kept, and the next reading resumes at that page.
#[derive(Debug)]
struct Broken {
    at: DateTime<Utc>,
    /// The frontier of that reading; with another frontier, it cannot be resumed.
    seen_until: DateTime<Utc>,
    /// The entries from the head of the feed at that time down to the failed page, without a gap.
    read: Reading,
    /// Where the failed page starts. New entries only move the rest further down.
    start: usize,
}

impl Broken {
    fn new(read: &Reading, start: usize, frontier: Frontier, now: DateTime<Utc>) -> Self {
        let (entries, seen) = (read.entries.clone(), read.seen.clone());
        let read = Reading { entries, seen, ..Reading::default() };
        Self { at: now, seen_until: frontier.seen_until, read, start }
    }

    /// True if a page reaches the entries already read, far enough to include an entry that appeared late
    /// below their head.
    fn is_met_by(&self, page: &Page, now: DateTime<Utc>) -> bool {
        let head = newest(&self.read.entries, self.at);
        head.is_some_and(|head| reaches(&page.entries, head - DEEP_OVERLAP, now))
            && self.read.shares(&page.entries)
    }

    fn goes_on(&self, frontier: Frontier, now: DateTime<Utc>) -> bool {
        let span = now - self.at;
        self.seen_until == frontier.seen_until && (TimeDelta::zero()..RESUMED_WITHIN).contains(&span)
    }
}

/// The page to request next.
#[derive(Debug, Clone, Copy)]
struct NextPage {
    start: usize,
    count: usize,
    /// True if its first entries are also on the page above it.
    joins: bool,
}

/// The feed of current filings.
pub(super) struct Feed {
    store: Store,
    client: Arc<Client>,
    backoff: Arc<Backoff>,
    habit: Mutex<Habit>,
    /// Unreadable entries that have been logged.
    logged: Mutex<BTreeSet<String>>,
}

impl Feed {
    pub(super) fn new(parts: &Parts, backoff: Arc<Backoff>) -> Self {
        Self {
            store: parts.store.clone(),
            client: Arc::clone(&parts.client),
            backoff,
            habit: Mutex::default(),
            logged: Mutex::default(),
        }
    }

    /// How deep to read the feed now.
    pub(super) fn depth(&self, now: DateTime<Utc>) -> Depth {
        let near = |at: DateTime<Utc>| at <= now && now - at < DEEP_EVERY;
        if self.habit().deep_at.is_some_and(near) { Depth::Near } else { Depth::Deep }
    }

    /// Records that a deep reading reached known filings.
    pub(super) fn was_read_deep(&self, now: DateTime<Utc>) {
        self.habit().deep_at = Some(now);
    }

    /// Records entries of the feed as seen.
    pub(super) fn has_seen(&self, entries: &[Entry]) {
        self.habit().seen.extend(entries.iter().map(|entry| entry.accession));
    }

    /// Pages through the feed until a page reaches known filings. Entries move down while the feed is read,
    /// so pages may repeat entries but never skip one. An interrupted reading resumes at the failed page.
    pub(super) async fn read(
        &self,
        frontier: Frontier,
        depth: Depth,
        now: DateTime<Utc>,
        report: &mut PollReport,
    ) -> Result<Reading, StoreError> {
        let mut reading = Reading::default();
        let mut broken = self.habit().broken.take().filter(|broken| broken.goes_on(frontier, now));
        // Request as many entries as were new last time, and some more.
        let first = self.habit().enough[depth as usize].clamp(SHORT_PAGE, LONG_PAGE);
        let mut place = NextPage { start: 0, count: first, joins: false };
        let read = (&mut reading, &mut place, &mut broken);
        let read = self.read_down(frontier, depth, read, now, report).await;
        if reading.complete {
            self.habit().seen = reading.entries.iter().map(|entry| entry.accession).collect();
        }
        if let Err(error) = read {
            let begun = || Broken::new(&reading, place.start, frontier, now);
            // Keep an earlier interrupted reading: its rest, below these entries, is still unread.
            self.habit().broken = broken.or_else(|| (place.start > 0).then(begun));
            self.backoff.note(error, now, report).await?;
        }
        Ok(reading)
    }

    async fn read_down(
        &self,
        frontier: Frontier,
        depth: Depth,
        (reading, place, broken): (&mut Reading, &mut NextPage, &mut Option<Broken>),
        now: DateTime<Utc>,
        report: &mut PollReport,
    ) -> Result<(), FetchError> {
        let known_until = frontier.seen_until - depth.overlap();
        for _ in 0..MOST_PAGES {
            let NextPage { start, count, joins, .. } = *place;
            let page = match self.page(start, count, report).await {
                Ok(page) if start == 0 || !page.entries.is_empty() => page,
                Err(error) if start == 0 || error.trouble != Trouble::FileUnavailable => return Err(error),
                _ => match self.asked_again(*place, reading, report).await? {
                    Some(page) => page,
                    None => {
                        reading.complete = true;
                        reading.gap = gap(reading, frontier, now);
                        return Ok(());
                    }
                },
            };
            let listed = page.entries.len() + page.unreadable.len();
            let overlaps = self.joins_on(&page, frontier, known_until, now).await;
            let (read, known_from) = (page.entries.len(), above(&page.entries, known_until, now));
            let meets = broken.take_if(|broken| broken.is_met_by(&page, now));
            let new = reading.add(page.entries);
            // An older copy of a page starts further down than the current feed; the entries in between would
            // be lost.
            if joins && new == read && read > 0 {
                *place = NextPage { start: 0, ..*place };
                let message = format!("the feed at entry {start} does not continue the page above it");
                return Err(FetchError::passing(message));
            }
            if overlaps || listed == 0 && start == 0 && count == LONG_PAGE {
                let enough = if start == 0 { wide_enough(known_from) } else { LONG_PAGE };
                self.habit().enough[depth as usize] = enough;
                reading.complete = true;
                return Ok(());
            }
            if let Some(Broken { read, start, .. }) = meets {
                reading.add(read.entries);
                *place = NextPage { start, count: LONG_PAGE, joins: true };
                continue;
            }
            // If the short page did not reach known filings, continue with long pages from the start, which
            // has moved meanwhile. A page may be cut, so the next one starts slightly above where this one
            // really ended, except after a page without new entries, as at the end of the feed. The first
            // long page may be cut where the short one ended.
            let is_last = new == 0 && (start > 0 || listed < SHORT_PAGE);
            let joint = if is_last { 0 } else { JOINT.min(listed / 2) };
            *place = match count {
                LONG_PAGE => NextPage { start: start + listed - joint, count, joins: joint > 0 },
                _ => NextPage { start: 0, count: LONG_PAGE, joins: listed > 0 },
            };
        }
        if place.start < FEED_END {
            // The pages were short; the next reading resumes here.
            let message = format!("the feed's pages are short: it was read only to entry {}", place.start);
            return Err(FetchError::passing(message));
        }
        // EDGAR's feed is never this long. Treat this as its end, to avoid reading forever.
        reading.complete = true;
        reading.gap = gap(reading, frontier, now);
        Ok(())
    }

    /// Requests an unavailable or empty page again. Returns `None` if it is past the end of the feed: the
    /// first page exists, and this one is still missing. When busy, EDGAR also reports existing pages as
    /// missing, so a page that the feed normally includes is requested several times.
    async fn asked_again(
        &self,
        place: NextPage,
        reading: &Reading,
        report: &mut PollReport,
    ) -> Result<Option<Page>, FetchError> {
        // A page that joins the one above it shares entries with it. A feed shorter than a page comes from a
        // replay and may end anywhere.
        let goes_on = place.joins || (LONG_PAGE..FEED_END).contains(&place.start);
        // Below the entries of the last reading, only a late entry can be missed, and the next reading looks
        // for it, too.
        let is_known = reading.entries.iter().any(|entry| self.habit().seen.contains(&entry.accession));
        let times = if goes_on && !is_known { END_ASKED } else { 1 };
        for attempt in 1..=times {
            if attempt == times && self.page(0, SHORT_PAGE, report).await?.entries.is_empty() {
                return Err(FetchError::passing("the first page of the feed is empty"));
            }
            match self.page(place.start, place.count, report).await {
                Ok(page) if page.entries.is_empty() => {}
                Ok(page) => return Ok(Some(page)),
                Err(error) if error.trouble == Trouble::FileUnavailable => {}
                Err(error) => return Err(error),
            }
            if attempt < times {
                let wait = TimeDelta::from_std(retry::soon(attempt, 0)).unwrap_or_default();
                sleep(self.client.clock().real(wait)).await;
            }
        }
        Ok(None)
    }

    /// True if a page reaches known filings.
    async fn joins_on(
        &self,
        page: &Page,
        frontier: Frontier,
        known_until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> bool {
        let is_first = frontier.asked_since.is_some() && self.habit().seen.is_empty();
        let mut seen = HashSet::new();
        for accession in end(&page.entries, known_until, now) {
            let in_feed = self.habit().seen.contains(&accession);
            let is_known = async {
                let standing = self.store.standing(accession).await;
                standing.is_ok_and(|standing| standing != Standing::New)
            };
            if in_feed || is_known.await {
                seen.insert(accession);
            }
        }
        joins_on(&page.entries, known_until, now, is_first, |accession| seen.contains(&accession))
    }

    fn habit(&self) -> MutexGuard<'_, Habit> {
        self.habit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn page(
        &self,
        start: usize,
        count: usize,
        report: &mut PollReport,
    ) -> Result<Page, FetchError> {
        let page = self.client.feed_page(start, count).await?;
        report.pages += 1;
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        for reason in &page.unreadable {
            if logged.len() < MOST_LOGGED && logged.insert(reason.clone()) {
                tracing::warn!("an entry of the feed cannot be read: {reason}");
            }
        }
        match page.unreadable.first() {
            Some(reason) if page.entries.is_empty() => {
                Err(FetchError::passing(format!("no entry of the feed at {start} can be read: {reason}")))
            }
            _ => Ok(page),
        }
    }
}

/// The oldest entry's time, if the feed ended before reaching known filings; this is logged.
fn gap(reading: &Reading, frontier: Frontier, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let (entries, seen) = (&reading.entries, frontier.seen_until);
    // A feed shorter than a page is not EDGAR's but a replay's, which may end anywhere.
    if entries.len() < LONG_PAGE || reaches(entries, seen, now) {
        return None;
    }
    let oldest = entries.iter().map(|entry| entry.accepted_at).filter(|time| *time > seen).min()?;
    tracing::warn!(
        "EDGAR's feed reaches back only to {oldest}: filings accepted between {seen} and then are looked up in the daily indexes"
    );
    Some(oldest)
}

/// The smallest of EDGAR's page sizes that fits this many entries with a quarter to spare.
fn wide_enough(entries: usize) -> usize {
    let sizes = feed::PAGE_SIZES.into_iter().filter(|size| *size >= SHORT_PAGE);
    sizes.filter(|size| entries * 5 / 4 + 2 <= *size).min().unwrap_or(LONG_PAGE)
}
