//! Compares each day with EDGAR's daily index, and fetches filings that we did not see on the feed. This also
//! fills gaps left by a downtime that exceeds the feed's reach.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

use super::PollReport;
use super::backoff::Backoff;
use super::calendar::{MOST_DAYS, closes};
use super::history::HistoryGate;
use super::late::LateAlerts;
use super::scope::{Choice, Scope};
use crate::edgar::FilingRef;
use crate::edgar::index::{Index, Listed};
use crate::filing::{Accession, edgar_day, is_business_day};
use crate::metrics::Metrics;
use crate::parts::Parts;
use crate::retry;
use crate::source::{Client, Trouble};
use crate::store::{Frontier, Ledger, Progress, Receipt, Standing, Store, StoreError};
use crate::wake::Wakes;

/// How long to wait before requesting a missing index again.
const NOT_YET: TimeDelta = TimeDelta::minutes(15);
/// After this time and this many attempts, an index is considered never to come.
const NEVER: (TimeDelta, u32) = (TimeDelta::days(3), 5);
/// After this many consecutive failures, the other days wait, too, because the problem is not only one day's
/// index.
const MOST_FAILURES: usize = 3;
/// How often, and at what interval, to read an index that lacks seen filings and so may be unfinished.
const UNFINISHED: (u32, TimeDelta) = (3, TimeDelta::hours(1));
/// The most reads of an index when records of missed filings are lost and it may no longer list them.
const MOST_READS: u32 = 8;
/// How long after its due time an index may be unfinished.
const FRESH: TimeDelta = TimeDelta::hours(12);
/// How often to check missed filings while they are fetched.
const FETCHING: TimeDelta = TimeDelta::seconds(10);

/// The result of comparing days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReconcileReport {
    /// The receipts that became final.
    pub receipts: Vec<Receipt>,
    /// How many missed filings are now pending.
    pub missed: usize,
    /// Consecutive failures to fetch an index, not counting indexes that do not exist yet.
    pub failures: usize,
    /// When there is something to do again.
    pub next: Option<DateTime<Utc>>,
}

impl ReconcileReport {
    fn again(&mut self, at: DateTime<Utc>) {
        self.next = Some(self.next.map_or(at, |next| next.min(at)));
    }
}

/// Compares days with EDGAR's daily indexes.
pub struct Reconciler {
    store: Store,
    client: Arc<Client>,
    scope: Arc<Scope>,
    backoff: Arc<Backoff>,
    history: Arc<HistoryGate>,
    late: LateAlerts,
    metrics: Arc<Metrics>,
    wakes: Wakes,
}

impl Reconciler {
    pub(super) fn new(
        parts: &Parts,
        scope: Arc<Scope>,
        backoff: Arc<Backoff>,
        history: Arc<HistoryGate>,
    ) -> Self {
        Self {
            store: parts.store.clone(),
            client: Arc::clone(&parts.client),
            scope,
            backoff,
            history,
            late: LateAlerts::new(parts),
            metrics: Arc::clone(&parts.metrics),
            wakes: parts.wakes.clone(),
        }
    }

    /// Compares all past days that have not been compared yet with their indexes, as far as these are
    /// available.
    ///
    /// # Errors
    /// Failures of the store. Failures of EDGAR are in the receipts.
    pub async fn reconcile_once(&self, now: DateTime<Utc>) -> Result<ReconcileReport, StoreError> {
        let mut report = ReconcileReport::default();
        let (Some(frontier), Some(ledger)) = (self.store.frontier().await?, self.store.ledger().await?)
        else {
            return Ok(report);
        };
        let today = edgar_day(now);
        let oldest = today.checked_sub_days(Days::new(MOST_DAYS)).unwrap_or(today);
        let (mut next, mut open) = (ledger.next.max(oldest), None);
        for day in next.iter_days().take_while(|day| *day <= today) {
            if is_business_day(day) || self.store.was_seen_on(day).await? {
                let due = self.history.due(day);
                if due > now {
                    report.again(due);
                    break;
                }
                let receipt = self.store.receipt(day).await?.unwrap_or_else(|| Receipt::new(day, now));
                if !receipt.is_final() && !self.step(receipt, frontier, now, &mut report).await? {
                    open = open.or(Some(day));
                    if self.backoff.left_alone_until(now).await?.is_some() || report.failures >= MOST_FAILURES
                    {
                        break;
                    }
                    continue;
                }
            }
            if open.is_none() {
                next = day.succ_opt().unwrap_or(day);
            }
        }
        if !self.store.replace_ledger(ledger, Ledger { next }).await? {
            // A look-back has begun meanwhile; it starts at an earlier day.
            report.again(now);
            return Ok(report);
        }
        if let Some(until) = self.backoff.left_alone_until(now).await? {
            report.next = Some(until);
        }
        if open.is_none() {
            self.late.caught_up(next, now).await?;
        }
        Ok(report)
    }

    /// Continues with one day; true if its receipt is now final.
    async fn step(
        &self,
        mut receipt: Receipt,
        frontier: Frontier,
        now: DateTime<Utc>,
        report: &mut ReconcileReport,
    ) -> Result<bool, StoreError> {
        if let Progress::Waiting { attempts, next_try, .. } = receipt.state {
            // A longer wait comes from a wrong clock.
            if now < next_try && next_try - now <= UNFINISHED.1 * 2 {
                report.again(next_try);
                return Ok(false);
            }
            if self.backoff.left_alone_until(now).await?.is_some() {
                return Ok(false);
            }
            match self.client.index(receipt.day).await {
                Ok(index) => {
                    report.failures = 0;
                    self.compare(&mut receipt, &index, frontier, now, report).await?;
                }
                Err(error) if error.trouble.was_not_asked() => return Ok(false),
                Err(error) => {
                    let attempts = attempts + 1;
                    let not_there = error.trouble == Trouble::NotThereYet;
                    report.failures = if not_there { 0 } else { report.failures + 1 };
                    // A receipt's time is when it was started, or when an index was read.
                    if now - receipt.at > NEVER.0 && attempts >= NEVER.1 {
                        receipt.state = Progress::NoIndex;
                        receipt.unlisted = self.store.seen_on(receipt.day).await?.len();
                        return self.end(receipt, now, report).await.map(|()| true);
                    }
                    let own = TimeDelta::from_std(retry::delay(attempts, 0)).unwrap_or(NOT_YET);
                    let pause = if not_there { NOT_YET } else { own.min(NOT_YET) };
                    tracing::info!(day = %receipt.day, attempts, "no index yet: {error}");
                    let (next_try, reason) = (now + pause, error.message.clone());
                    receipt.state = Progress::Waiting { attempts, next_try, reason };
                    self.store.compared(&receipt, &[], &[], now).await?;
                    report.again(next_try);
                    if error.is_grave() {
                        self.backoff.note(error, now, &mut PollReport::default()).await?;
                    }
                    return Ok(false);
                }
            }
        }
        if receipt.state == Progress::Fetching {
            if self.has_lost(&receipt).await? {
                tracing::error!(day = %receipt.day, "missed filings are no longer pending: the index is read again");
                // Read it at once the first time; if the index did not list the filing then, read it later.
                let next_try = if receipt.reads > UNFINISHED.0 { now + UNFINISHED.1 } else { now };
                let reason = "the record of a filing that was missed could not be read".to_owned();
                receipt.state = Progress::Waiting { attempts: receipt.reads, next_try, reason };
                (receipt.at, receipt.reads) = (now, receipt.reads.max(UNFINISHED.0));
                self.store.compared(&receipt, &[], &[], now).await?;
                report.again(next_try.max(now + FETCHING));
                return Ok(false);
            }
            if !self.count_missed(&mut receipt, frontier).await? {
                self.store.compared(&receipt, &[], &[], now).await?;
                report.again(now + FETCHING);
                return Ok(false);
            }
            receipt.state = Progress::Compared;
            self.end(receipt, now, report).await?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Compares an index with the seen filings. Missed filings become pending.
    async fn compare(
        &self,
        receipt: &mut Receipt,
        index: &Index,
        frontier: Frontier,
        now: DateTime<Utc>,
        report: &mut ReconcileReport,
    ) -> Result<(), StoreError> {
        let in_scope = self.scope.current().await?;
        let known_rings = frontier.asked_since.is_some_and(|since| edgar_day(since) <= receipt.day);
        let (mut missed, mut passed_over, mut undecided) = (Vec::new(), Vec::new(), 0);
        let mut unlisted: BTreeSet<Accession> = self.store.seen_on(receipt.day).await?.into_iter().collect();
        for listed in &index.filings {
            unlisted.remove(&listed.accession);
            match self.store.standing(listed.accession).await? {
                Standing::New => {}
                Standing::Baseline if known_rings => {}
                Standing::NotFetched
                    if known_rings && in_scope.of_filers(&listed.filers) != Choice::Leave => {}
                Standing::Unreadable if !receipt.names_missed(listed.accession) => {
                    receipt.again.push(listed.accession);
                    if let Some(one) = self.store.quarantine_of(listed.accession).await? {
                        self.store.try_again(&[one], now).await?;
                        self.wakes.pending.notify_one();
                    }
                    continue;
                }
                _ => continue,
            }
            if !receipt.names_missed(listed.accession) {
                receipt.missed.push(listed.accession);
            }
            match in_scope.of_filers(&listed.filers) {
                Choice::Leave => passed_over.push(reference(listed, receipt.day)),
                choice => {
                    undecided += usize::from(choice == Choice::Undecided);
                    missed.push(reference(listed, receipt.day));
                }
            }
        }
        for line in &index.unreadable {
            tracing::error!(day = %receipt.day, "a line of the index cannot be read: {line}");
        }
        receipt.at = now;
        receipt.listed = index.filings.len();
        receipt.seen = receipt.listed.saturating_sub(receipt.missed.len());
        receipt.unlisted = unlisted.len();
        receipt.bad_lines = index.unreadable.len();
        unlisted.into_iter().for_each(|accession| receipt.name(accession));
        receipt.reads += 1;
        // If nothing was seen, there is no sign that last night's index is incomplete.
        let is_empty_yet = receipt.seen == 0 && now - self.history.due(receipt.day) < FRESH;
        receipt.state = if (receipt.unlisted > 0 || is_empty_yet) && receipt.reads < UNFINISHED.0 {
            let reason = match receipt.unlisted {
                0 => "no filing of that day was seen, so the index is read again: it may be incomplete"
                    .to_owned(),
                unlisted => format!("it lacks {unlisted} that were seen: it may be incomplete"),
            };
            let next_try = now + UNFINISHED.1;
            report.again(next_try);
            Progress::Waiting { attempts: receipt.reads, next_try, reason }
        } else {
            Progress::Fetching
        };
        report.missed += missed.len();
        if !missed.is_empty() {
            self.wakes.pending.notify_one();
        }
        self.metrics.count_discovered(missed.len(), undecided, passed_over.len());
        self.store.compared(receipt, &missed, &passed_over, now).await
    }

    /// True if a missed filing is neither pending nor done, because its record was unreadable and moved away.
    /// The index states where to fetch it, but it is not read forever.
    async fn has_lost(&self, receipt: &Receipt) -> Result<bool, StoreError> {
        if receipt.reads >= MOST_READS {
            return Ok(false);
        }
        for accession in receipt.missed.iter().chain(&receipt.again) {
            if self.store.standing(*accession).await? == Standing::New {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Counts the outcomes of missed filings; true if all of them are done.
    async fn count_missed(&self, receipt: &mut Receipt, frontier: Frontier) -> Result<bool, StoreError> {
        let watched = receipt.day > edgar_day(frontier.floor);
        (receipt.recovered, receipt.unreadable, receipt.passed_over) = (0, 0, 0);
        for accession in receipt.missed.clone() {
            match self.store.standing(accession).await? {
                Standing::Pending => return Ok(false),
                Standing::Past if !watched => receipt.passed_over += 1,
                Standing::Done | Standing::Past => {
                    receipt.recovered += 1;
                    receipt.name(accession);
                }
                Standing::Unreadable | Standing::New => {
                    receipt.unreadable += 1;
                    receipt.name(accession);
                }
                Standing::Baseline | Standing::NotFetched => receipt.passed_over += 1,
            }
        }
        for accession in receipt.again.clone() {
            match self.store.standing(accession).await? {
                Standing::Pending => return Ok(false),
                Standing::Unreadable | Standing::New => {
                    receipt.unreadable += 1;
                    receipt.name(accession);
                }
                _ => {}
            }
        }
        Ok(true)
    }

    /// Saves a final receipt, and reports it.
    async fn end(
        &self,
        mut receipt: Receipt,
        now: DateTime<Utc>,
        report: &mut ReconcileReport,
    ) -> Result<(), StoreError> {
        receipt.at = now;
        if receipt.is_clean() {
            receipt.reported = true;
            tracing::info!("compared with EDGAR's index: {receipt}");
        } else {
            tracing::warn!("compared with EDGAR's index: {receipt}");
        }
        receipt.forget_what_was_missed();
        self.store.compared(&receipt, &[], &[], now).await?;
        report.receipts.push(receipt);
        Ok(())
    }
}

/// An index states only the day, and not which of the filers is the issuer.
fn reference(listed: &Listed, day: NaiveDate) -> FilingRef {
    FilingRef {
        accession: listed.accession,
        form: listed.form,
        accepted_at: closes(day),
        filer: listed.filer,
        issuer: None,
    }
}
