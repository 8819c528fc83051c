//! Reads EDGAR's feed down to what was seen before, and writes down what is new.

use std::sync::PoisonError;

use chrono::{DateTime, TimeDelta, Utc};

use super::feed::{DEEP_EVERY, Depth, LONG_PAGE};
use super::reach::{MOST_AHEAD, newest};
use super::wanted::Choice;
use super::{App, PollReport};
use crate::edgar::FilingRef;
use crate::edgar::feed::fold_entries;
use crate::filing::{edgar_day, edgar_time};
use crate::store::{Discovered, Doubt, Frontier, Hole, Ledger, Standing, StoreError};

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
        if !new.is_empty() {
            self.found.notify_one();
        }
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
            let whole_day = Frontier { seen_until: morning, asked_since: Some(morning), ..frontier };
            let day = self.read_feed(whole_day, Depth::Deep, now, report).await?;
            known = fold_entries(&day.entries);
            known.retain(|filing| filing.accepted_at <= floor);
            self.store.discovered(Discovered { known: &known, ..Discovered::default() }, frontier, now)?;
        }
        self.habit().seen.extend(page.entries.iter().map(|entry| entry.accession));
        report.baseline = known.len();
        tracing::info!(filings = known.len(), %floor, "first run: what EDGAR lists now is taken as known");
        self.cover(&*self.wanted()?, frontier)
    }
}

/// What a feed that ends at `oldest` leaves to the daily indexes.
fn hole(frontier: Frontier, oldest: DateTime<Utc>) -> Hole {
    let whole_since = frontier.hole.map_or_else(|| frontier.whole_since(), |hole| hole.whole_since);
    Hole { whole_since, until: edgar_day(oldest) }
}
