//! Settles fetched filings: they become done, are deferred, or go into quarantine.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::PollReport;
use super::backoff::Backoff;
use super::fetch::{Came, Fetches};
use super::fetcher::Fetcher;
use super::history::HistoryGate;
use super::plan::Planner;
use super::quarantine::Quarantine;
use super::tickers::TickerList;
use crate::edgar::FilingRef;
use crate::parts::Parts;
use crate::reader::{self, Unreadable};
use crate::retry;
use crate::source::{Client, Trouble};
use crate::store::{Ending, Pending, Store, StoreError};

/// How often to fetch a submission that looks damaged, over a minute, before it counts as unreadable: it may
/// have been truncated in transit.
const DAMAGED_ATTEMPTS: u32 = 9;
/// The waits before requesting a missing filing again; later ones are longer.
const SOON: [TimeDelta; 4] = [
    TimeDelta::milliseconds(750),
    TimeDelta::seconds(1),
    TimeDelta::seconds(1),
    TimeDelta::milliseconds(1_500),
];
/// After this many failed fetches, some ten hours, a filing goes into quarantine.
const MOST_ATTEMPTS: u32 = 20;
/// How long a filing waits for history that is still being fetched, and how often it is checked.
const WAITS_FOR_HISTORY: (TimeDelta, TimeDelta) = (TimeDelta::hours(2), TimeDelta::seconds(15));
/// A single refusal concerns that filing only; this many consecutive ones are a block.
const MOST_REFUSED: usize = 3;

/// Settles filings.
pub struct Settler {
    store: Store,
    client: Arc<Client>,
    backoff: Arc<Backoff>,
    tickers: Arc<TickerList>,
    history: Arc<HistoryGate>,
    planner: Planner,
    quarantine: Arc<Quarantine>,
    /// Fetches the filings to settle.
    pub(crate) fetcher: Fetcher,
}

impl Settler {
    pub(super) fn new(
        parts: &Parts,
        backoff: Arc<Backoff>,
        tickers: Arc<TickerList>,
        history: Arc<HistoryGate>,
        quarantine: Arc<Quarantine>,
    ) -> Self {
        Self {
            store: parts.store.clone(),
            client: Arc::clone(&parts.client),
            backoff,
            tickers,
            planner: Planner::new(parts, Arc::clone(&history)),
            history,
            quarantine,
            fetcher: Fetcher::new(parts),
        }
    }

    /// Fetches and settles up to one round of due filings, without reading the feed.
    ///
    /// # Errors
    /// Failures of the store. Failures of EDGAR are in the report.
    pub async fn settle_once(&self, now: DateTime<Utc>) -> Result<PollReport, StoreError> {
        let mut report = PollReport::default();
        if self.backoff.silent_until(now).await?.is_none() {
            self.settle_due(now, &mut report).await?;
        }
        Ok(report)
    }

    /// Fetches due filings, oldest first, and settles each.
    pub(super) async fn settle_due(
        &self,
        now: DateTime<Utc>,
        report: &mut PollReport,
    ) -> Result<(), StoreError> {
        let mut fetches = Fetches::new(&self.fetcher);
        fetches.take_due(true, now).await?;
        fetches.begin();
        while let Some(came) = fetches.next().await {
            self.came(came, &mut fetches, now, report).await?;
            fetches.begin();
        }
        fetches.wake();
        if report.unreadable > 0 {
            self.quarantine.report_new(now).await?;
        }
        Ok(())
    }

    /// Settles a fetched filing, or defers it.
    pub(crate) async fn came(
        &self,
        (pending, body): Came,
        fetches: &mut Fetches<'_>,
        now: DateTime<Utc>,
        report: &mut PollReport,
    ) -> Result<(), StoreError> {
        let error = match body {
            Ok(body) => {
                let before = report.alerted;
                self.settle(pending, body, now, report).await?;
                fetches.refused = 0;
                fetches.settled(report.alerted > before);
                return Ok(());
            }
            Err(error) => error,
        };
        if error.trouble.was_not_asked() {
            fetches.hold();
            return self.backoff.note(error, now, report).await;
        }
        if self.client.outage().is_some() && !error.is_grave() && error.trouble != Trouble::Forbidden {
            // This is not the filing's fault, so it stays due until EDGAR answers.
            fetches.hold();
            report.trouble = Some(error);
            return Ok(());
        }
        // A filing may be listed some seconds before it can be fetched.
        let soon = SOON.get(usize::try_from(pending.attempts).unwrap_or(usize::MAX));
        if let (Trouble::NotThereYet, None, Some(wait)) = (error.trouble, error.retry_after, soon) {
            let (attempts, not_before) = (pending.attempts + 1, now + *wait);
            self.store.postpone(&Pending { attempts, not_before, ..pending }).await?;
            report.postponed += 1;
            return Ok(());
        }
        self.postpone(pending, &error.message, retry::delay, now, report).await?;
        fetches.refused = if error.trouble == Trouble::Forbidden { fetches.refused + 1 } else { 0 };
        if error.is_grave() || fetches.refused >= MOST_REFUSED {
            fetches.refused = 0;
            fetches.hold();
            return self.backoff.note(error, now, report).await;
        }
        if error.trouble != Trouble::NotThereYet {
            report.trouble = Some(error);
        }
        Ok(())
    }

    /// Settles a filing from the fetched bytes.
    async fn settle(
        &self,
        pending: Pending,
        body: Vec<u8>,
        now: DateTime<Utc>,
        report: &mut PollReport,
    ) -> Result<(), StoreError> {
        let asked = pending.filing.accession;
        match reader::read(&body) {
            Ok(mut filing) if filing.accession == Some(asked) => {
                self.tickers.current().await?.place(&mut filing);
                self.store.teach(&mut filing, pending.filing.accepted_at).await?;
                if now - pending.seen_at < WAITS_FOR_HISTORY.0
                    && self.history.lacks_history(&pending, &filing, now).await?
                {
                    self.fetcher.keep(asked, body);
                    let not_before = now + WAITS_FOR_HISTORY.1;
                    // An index states neither. Update both, so that waiting filings are read in order.
                    let known = FilingRef {
                        issuer: Some(filing.issuer.cik),
                        accepted_at: filing.accepted_at.unwrap_or(pending.filing.accepted_at),
                        ..pending.filing
                    };
                    self.store.postpone(&Pending { not_before, filing: known, ..pending }).await?;
                    report.postponed += 1;
                    return Ok(());
                }
                // Free the bytes before the alerts take memory.
                drop(body);
                let settled = self.planner.plan(&pending, &filing, now).await?;
                if self.store.commit(&settled).await? {
                    report.settled += 1;
                    report.alerted += usize::from(settled.ending == Ending::Alerted);
                    report.past += usize::from(settled.ending == Ending::Past);
                }
                Ok(())
            }
            Ok(filing) => {
                let other = filing.accession.map_or("none".to_owned(), |accession| accession.to_string());
                let reason = format!("the answer has accession {other}");
                self.postpone(pending, &reason, retry::soon, now, report).await
            }
            // Content that is not a filing was sent in its place; a damaged one may have been truncated in
            // transit.
            Err(error) if error.kind == "not-a-filing" || pending.attempts + 1 < DAMAGED_ATTEMPTS => {
                self.postpone(pending, &error.to_string(), retry::soon, now, report).await
            }
            Err(error) => self.quarantine.confine(&pending, &error, body, now, report).await,
        }
    }

    /// Defers a filing, and puts it into quarantine after hours of trying.
    async fn postpone(
        &self,
        pending: Pending,
        reason: &str,
        back_off: fn(u32, u64) -> Duration,
        now: DateTime<Utc>,
        report: &mut PollReport,
    ) -> Result<(), StoreError> {
        let attempts = pending.attempts + 1;
        let accession = pending.filing.accession;
        if attempts >= MOST_ATTEMPTS {
            let message = format!("given up after {attempts} attempts: {reason}");
            let error = Unreadable { kind: "not-fetched", message, at: "EDGAR".into() };
            return self.quarantine.confine(&pending, &error, Vec::new(), now, report).await;
        }
        let wait = back_off(attempts, accession.undashed().parse().unwrap_or_default());
        let not_before = now + TimeDelta::from_std(wait).unwrap_or(TimeDelta::hours(1));
        tracing::warn!(%accession, attempts, %reason, "not fetched, will retry later");
        self.store.postpone(&Pending { attempts, not_before, ..pending }).await?;
        report.postponed += 1;
        Ok(())
    }
}
