//! Reads EDGAR's feed back to known filings and records new ones.

use std::collections::HashSet;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::PollReport;
use super::backoff::Backoff;
use super::feed::{Depth, Feed, LONG_PAGE};
use super::reach::{MOST_AHEAD, newest};
use super::scope::{Choice, Scope};
use crate::edgar::FilingRef;
use crate::edgar::feed::fold_entries;
use crate::filing::{Accession, edgar_day, edgar_time};
use crate::metrics::Metrics;
use crate::parts::Parts;
use crate::store::{Discovered, Doubt, Frontier, Hole, Ledger, Standing, Store, StoreError};
use crate::wake::Wakes;

/// Discovers new filings on the feed and makes them pending.
pub struct Discovery {
    /// How far back the first run looks.
    look_back: Duration,
    /// `--since`, used once as the time when the bot was last running.
    since: Mutex<Option<DateTime<Utc>>>,
    /// Filings of the last reading that are done for good. They make up most of the next reading, and this
    /// avoids asking the store again.
    done: Mutex<HashSet<Accession>>,
    store: Store,
    feed: Feed,
    scope: Arc<Scope>,
    backoff: Arc<Backoff>,
    metrics: Arc<Metrics>,
    wakes: Wakes,
}

impl Discovery {
    pub(super) fn new(
        parts: &Parts,
        since: Option<DateTime<Utc>>,
        scope: Arc<Scope>,
        backoff: Arc<Backoff>,
    ) -> Self {
        Self {
            look_back: parts.settings.schedule.look_back,
            since: Mutex::new(since),
            done: Mutex::default(),
            store: parts.store.clone(),
            feed: Feed::new(parts, Arc::clone(&backoff)),
            scope,
            backoff,
            metrics: Arc::clone(&parts.metrics),
            wakes: parts.wakes.clone(),
        }
    }

    /// Reads the feed and records new filings, without fetching them.
    ///
    /// # Errors
    /// Failures of the store. Failures of EDGAR are in the report.
    pub async fn discover_once(&self, now: DateTime<Utc>) -> Result<PollReport, StoreError> {
        let mut report = PollReport::default();
        let frontier = self.frontier(now).await?;
        report.silent_until = self.backoff.silent_until(now).await?;
        if report.silent_until.is_some() {
            return Ok(report);
        }
        match frontier {
            Some(frontier) => self.discover(frontier, now, &mut report).await?,
            None => self.baseline(now, &mut report).await?,
        }
        // A failure that another part has seen meanwhile still counts.
        if report.trouble.is_none() && self.backoff.left_alone_until(now).await?.is_none() {
            self.backoff.answered(now).await?;
        }
        Ok(report)
    }

    /// Starts watching on the first run: filings that EDGAR lists now are recorded as known, and nothing is
    /// fetched.
    ///
    /// # Errors
    /// Failures of the store. Failures of EDGAR are in the report.
    pub async fn begin(&self, now: DateTime<Utc>) -> Result<PollReport, StoreError> {
        let mut report = PollReport::default();
        if let Some(frontier) = self.frontier(now).await? {
            self.scope.cover(&*self.scope.current().await?, frontier).await?;
        } else {
            report.silent_until = self.backoff.silent_until(now).await?;
            if report.silent_until.is_none() {
                self.baseline(now, &mut report).await?;
            }
        }
        Ok(report)
    }

    /// Reads the feed and records new filings.
    async fn discover(
        &self,
        frontier: Frontier,
        now: DateTime<Utc>,
        report: &mut PollReport,
    ) -> Result<(), StoreError> {
        let depth = self.feed.depth(now);
        let reading = self.feed.read(frontier, depth, now, report).await?;
        // An older copy of the feed does not count as a deep reading.
        let is_current = newest(&reading.entries, now).is_some_and(|newest| newest >= frontier.seen_until);
        if reading.complete && is_current && depth == Depth::Deep {
            self.feed.was_read_deep(now);
        }
        let in_scope = self.scope.current().await?;
        self.scope.cover(&in_scope, frontier).await?;
        let (mut new, mut not_fetched) = (Vec::new(), Vec::new());
        let were_done = mem::take(&mut *self.done());
        for filing in fold_entries(&reading.entries) {
            let is_fresh = self.is_fresh(filing.accession, frontier, &were_done).await?;
            if !is_fresh || filing.accepted_at < frontier.floor {
                continue;
            }
            match in_scope.of(filing.issuer) {
                Choice::Leave => not_fetched.push(filing),
                choice => {
                    report.undecided += usize::from(choice == Choice::Undecided);
                    new.push(filing);
                }
            }
        }
        let reached = match newest(&reading.entries, now) {
            Some(newest) if reading.complete => Frontier {
                seen_until: newest.max(frontier.seen_until.min(now + MOST_AHEAD)),
                baseline_alerts: false,
                history_since: reading.gap.or(frontier.history_since),
                hole: reading.gap.map(|oldest| hole(frontier, oldest)).or(frontier.hole),
                ..frontier
            },
            _ => frontier,
        };
        let read = Some(frontier);
        let found = Discovered { new: &new, not_fetched: &not_fetched, read, ..Discovered::default() };
        self.store.discovered(found, reached, now).await?;
        if !new.is_empty() {
            self.wakes.pending.notify_one();
        }
        (report.new, report.not_fetched) = (new.len(), not_fetched.len());
        self.metrics.count_discovered(report.new, report.undecided, report.not_fetched);
        Ok(())
    }

    fn done(&self) -> MutexGuard<'_, HashSet<Accession>> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True if a filing is unknown, or covered by a look-back.
    async fn is_fresh(
        &self,
        accession: Accession,
        frontier: Frontier,
        were_done: &HashSet<Accession>,
    ) -> Result<bool, StoreError> {
        let is_done = were_done.contains(&accession);
        let standing = if is_done { Standing::Done } else { self.store.standing(accession).await? };
        if standing == Standing::Done {
            self.done().insert(accession);
        }
        Ok(match standing {
            Standing::New => true,
            Standing::Baseline | Standing::NotFetched => frontier.baseline_alerts,
            _ => false,
        })
    }

    /// The frontier; `None` on a first run without a look-back. A look-back is recorded before the first page
    /// is read, so that it survives interruptions.
    async fn frontier(&self, now: DateTime<Utc>) -> Result<Option<Frontier>, StoreError> {
        let since = self.since.lock().unwrap_or_else(PoisonError::into_inner).take();
        let known = self.store.frontier().await?;
        if since.is_some() && known.is_none() {
            // Another store may have been in use before, so look for alerts that it may have sent.
            self.store.set_doubt(Doubt { until: now, queue: false, reported: true }).await?;
        }
        let moment = match (since, known) {
            (Some(since), _) => since,
            (None, Some(known)) => {
                if self.store.ledger().await?.is_none() {
                    self.store.set_ledger(Ledger { next: edgar_day(known.seen_until) }).await?;
                }
                return Ok(Some(known));
            }
            (None, None) => match TimeDelta::from_std(self.look_back) {
                Ok(back) if !back.is_zero() => now.checked_sub_signed(back).unwrap_or_default(),
                _ => return Ok(None),
            },
        };
        // The look-back either joins the known stretch or leaves a gap.
        let history = known.filter(|known| moment <= known.seen_until).map(|known| known.whole_since());
        let history_since = Some(history.map_or(moment, |history| history.min(moment)));
        let asked_since = Some(moment);
        let frontier = Frontier { baseline_alerts: true, history_since, asked_since, ..Frontier::at(moment) };
        // Compare days again that were already compared: filings recorded as known then are new now.
        let next = edgar_day(moment);
        let next = self.store.ledger().await?.map_or(next, |ledger| ledger.next.min(next));
        self.store.reopen(next).await?;
        self.store.discovered(Discovered::default(), frontier, now).await?;
        Ok(Some(frontier))
    }

    /// On the first run, records filings that the feed already lists as known; they cause no alerts.
    async fn baseline(&self, now: DateTime<Utc>, report: &mut PollReport) -> Result<(), StoreError> {
        let page = match self.feed.page(0, LONG_PAGE, report).await {
            Ok(page) => page,
            Err(error) => return self.backoff.note(error, now, report).await,
        };
        let floor = newest(&page.entries, now).unwrap_or(now - MOST_AHEAD);
        let mut known: Vec<FilingRef> = page.filings();
        let frontier = Frontier::at(floor);
        self.store.set_ledger(Ledger { next: edgar_day(floor) }).await?;
        self.store.discovered(Discovered { known: &known, ..Discovered::default() }, frontier, now).await?;
        // The day's index will also list filings accepted earlier that day.
        if page.entries.len() >= LONG_PAGE {
            let morning = edgar_time(edgar_day(floor), 0, 0);
            let whole_day = Frontier { seen_until: morning, asked_since: Some(morning), ..frontier };
            let day = self.feed.read(whole_day, Depth::Deep, now, report).await?;
            known = fold_entries(&day.entries);
            known.retain(|filing| filing.accepted_at <= floor);
            self.store
                .discovered(Discovered { known: &known, ..Discovered::default() }, frontier, now)
                .await?;
        }
        self.feed.has_seen(&page.entries);
        report.baseline = known.len();
        tracing::info!(filings = known.len(), %floor, "first run: filings that EDGAR lists now are treated as known");
        self.scope.cover(&*self.scope.current().await?, frontier).await
    }
}

/// The hole left to the daily indexes if the feed ends at `oldest`.
fn hole(frontier: Frontier, oldest: DateTime<Utc>) -> Hole {
    let whole_since = frontier.hole.map_or_else(|| frontier.whole_since(), |hole| hole.whole_since);
    Hole { whole_since, until: edgar_day(oldest) }
}
