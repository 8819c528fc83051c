//! Fetches the filings that are pending and settles each: done, put off, or set aside.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, stream};

use super::{App, PollReport};
use crate::edgar::FilingRef;
use crate::filing::Accession;
use crate::reader::{self, Unreadable};
use crate::retry;
use crate::source::{Priority, Trouble};
use crate::store::{Ending, Found, Pending, StoreError};

/// Fetches under way at once; the limiter still spaces them.
const AT_ONCE: usize = 4;
/// So many filings are settled in one round, so that the feed is read in between: the next round follows at once.
const ROUND: usize = 40;
/// So many filings are settled before what they cause is sent.
const TOGETHER: usize = 20;
/// A submission that looks damaged is fetched this often, for a minute, before it counts as unreadable: it may have been cut
/// on the way.
const DAMAGED_ATTEMPTS: u32 = 6;
/// A filing that is not there yet is asked for so often by the next polls.
const SOON: u32 = 4;
/// A filing that could not be fetched so often goes into quarantine: after some ten hours.
const MOST_ATTEMPTS: u32 = 20;
/// A filing that needs history which is still being fetched waits so long, and is looked at so often.
const WAITS_FOR_HISTORY: (TimeDelta, TimeDelta) = (TimeDelta::hours(2), TimeDelta::seconds(15));
/// So many bytes of filings that wait for history are kept, or they are fetched again.
const MOST_KEPT: usize = 16 * 1024 * 1024;
/// After so many failures in a row EDGAR is left alone for a while.
const MOST_FAILURES: usize = 3;
/// No wait for a filing is longer; one that seems so comes from a clock that was wrong.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(2);

impl App {
    /// Fetches and settles what is due, without reading the feed: what was put off comes in also outside the schedule.
    ///
    /// # Errors
    /// Failures of the store. EDGAR's are in the report.
    pub async fn settle_once(&self, now: DateTime<Utc>) -> Result<PollReport, StoreError> {
        let mut report = PollReport::default();
        if self.silent_until(now)?.is_none() {
            self.settle_pending(now, &mut report).await?;
        }
        Ok(report)
    }

    /// The earliest moment at which a pending filing is due.
    pub(super) fn next_pending(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        Ok(self.store.pending()?.iter().map(|pending| pending.not_before).min())
    }

    /// Fetches what is due, oldest first, and settles each.
    pub(super) async fn settle_pending(
        &self,
        now: DateTime<Utc>,
        report: &mut PollReport,
    ) -> Result<(), StoreError> {
        let waits = |pending: &Pending| now < pending.not_before && pending.not_before - now <= LONGEST_WAIT;
        let mut due: Vec<Pending> =
            self.store.pending()?.into_iter().filter(|pending| !waits(pending)).collect();
        // Those that wait for history stand behind those that they may be waiting for: last those of the feed.
        let waiting: BTreeSet<Accession> = self.kept().keys().copied().collect();
        due.sort_by_key(|pending| {
            let waits = waiting.contains(&pending.filing.accession);
            (waits, waits && pending.found == Found::Feed)
        });
        due.truncate(ROUND);
        let mut fetched = stream::iter(due)
            .map(|pending| async move {
                let FilingRef { filer, accession, .. } = pending.filing;
                let priority = match pending.found {
                    Found::Feed => Priority::Live,
                    Found::Index => Priority::Reconciliation,
                };
                let kept = self.kept().remove(&accession).filter(|body| !body.is_empty());
                let body = match kept {
                    Some(body) => Ok(body),
                    None => self.client.submission(filer, accession, priority).await,
                };
                (pending, body)
            })
            .buffered(AT_ONCE);
        let (mut failures, mut rang) = (0, report.rang);
        for count in 1.. {
            let Some((pending, body)) = fetched.next().await else { break };
            match body {
                Ok(body) => {
                    failures = 0;
                    self.settle(pending, body, now, report)?;
                }
                Err(error) if error.trouble == Trouble::Silent => {
                    report.trouble = report.trouble.take().or(Some(error));
                    break;
                }
                // Listed some seconds before it is there: the next polls look again.
                Err(error)
                    if error.trouble == Trouble::NotThereYet
                        && pending.attempts < SOON
                        && error.retry_after.is_none() =>
                {
                    let attempts = pending.attempts + 1;
                    let not_before = now + TimeDelta::seconds(1);
                    self.store.postpone(&Pending { attempts, not_before, ..pending })?;
                    report.postponed += 1;
                }
                Err(error) => {
                    self.postpone(pending, &error.message, now, report)?;
                    if error.retry_after.is_some() {
                        self.trouble(error, now, report).await?;
                        break;
                    }
                    match error.trouble {
                        Trouble::NotThereYet | Trouble::Silent => {}
                        Trouble::RateBlocked | Trouble::AgentRefused => {
                            self.trouble(error, now, report).await?;
                            break;
                        }
                        // One by itself is that filing's; several mean an outage or a block.
                        Trouble::FileUnavailable
                        | Trouble::Unavailable
                        | Trouble::Forbidden
                        | Trouble::Passing => {
                            failures += 1;
                            if failures == MOST_FAILURES {
                                self.trouble(error, now, report).await?;
                                break;
                            }
                            report.trouble = Some(error);
                        }
                    }
                }
            }
            // Filings that tell one trade come together: their alert is sent when they are all read.
            if count % TOGETHER == 0 && report.rang > rang {
                rang = report.rang;
                self.wake.notify_one();
            }
        }
        if report.rang > rang {
            self.wake.notify_one();
        }
        if report.unreadable > 0 {
            self.tell_of_quarantined(now)?;
        }
        Ok(())
    }

    /// Settles a filing by what came.
    fn settle(
        &self,
        pending: Pending,
        body: Vec<u8>,
        now: DateTime<Utc>,
        report: &mut PollReport,
    ) -> Result<(), StoreError> {
        let asked = pending.filing.accession;
        match reader::read(&body) {
            Ok(mut filing) if filing.accession == Some(asked) => {
                filing.issuer.listed = self.tickers()?.of(filing.issuer.cik).to_vec();
                if now - pending.seen_at < WAITS_FOR_HISTORY.0
                    && self.lacks_history(&pending, &filing, now)?
                {
                    self.keep(asked, body);
                    let not_before = now + WAITS_FOR_HISTORY.1;
                    // An index tells neither: those that wait are read in their order.
                    let known = FilingRef {
                        issuer: Some(filing.issuer.cik),
                        accepted_at: filing.accepted_at.unwrap_or(pending.filing.accepted_at),
                        ..pending.filing
                    };
                    self.store.postpone(&Pending { not_before, filing: known, ..pending })?;
                    report.postponed += 1;
                    return Ok(());
                }
                let settled = self.plan(&pending, &filing, now)?;
                if self.store.commit(&settled)? {
                    report.settled += 1;
                    report.rang += usize::from(settled.ending == Ending::Rang);
                    report.past += usize::from(settled.ending == Ending::Past);
                }
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
            Err(error) => self.confine(&pending, &error, body, now, report),
        }
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<Accession, Vec<u8>>> {
        self.bodies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a filing that waits for history, and keeps what was fetched where there is room.
    fn keep(&self, accession: Accession, body: Vec<u8>) {
        let mut kept = self.kept();
        let room = kept.values().map(Vec::len).sum::<usize>() + body.len() <= MOST_KEPT;
        kept.insert(accession, if room { body } else { Vec::new() });
    }

    /// Puts a filing off, and into quarantine after hours of trying.
    fn postpone(
        &self,
        pending: Pending,
        reason: &str,
        now: DateTime<Utc>,
        report: &mut PollReport,
    ) -> Result<(), StoreError> {
        let attempts = pending.attempts + 1;
        let accession = pending.filing.accession;
        if attempts >= MOST_ATTEMPTS {
            let message = format!("given up after {attempts} attempts: {reason}");
            let error = Unreadable { kind: "not-fetched", message, at: "EDGAR".into() };
            return self.confine(&pending, &error, Vec::new(), now, report);
        }
        let wait = retry::delay(attempts, accession.undashed().parse().unwrap_or_default());
        let not_before = now + TimeDelta::from_std(wait).unwrap_or(TimeDelta::hours(1));
        tracing::warn!(%accession, attempts, %reason, "not fetched, tried again later");
        self.store.postpone(&Pending { attempts, not_before, ..pending })?;
        report.postponed += 1;
        Ok(())
    }
}
