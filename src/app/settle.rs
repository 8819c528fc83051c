//! Fetches the filings that are pending and settles each: done, put off, or set aside.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, stream};

use super::{App, PollReport};
use crate::edgar::FilingRef;
use crate::reader::{self, Unreadable};
use crate::retry;
use crate::source::Trouble;
use crate::store::{Ending, Pending, Settled, StoreError};

/// Fetches under way at once; the limiter still spaces them.
const AT_ONCE: usize = 4;
/// So many filings are settled in one round, so that `now` stays near: the next round follows at once.
const ROUND: usize = 200;
/// So many filings are settled before what they cause is sent.
const TOGETHER: usize = 20;
/// A submission that looks damaged is fetched this often before it counts as unreadable: it may have been cut on the way.
const DAMAGED_ATTEMPTS: u32 = 3;
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
        let due: Vec<Pending> =
            self.store.pending()?.into_iter().filter(|pending| !waits(pending)).take(ROUND).collect();
        let mut fetched = stream::iter(due)
            .map(|pending| async move {
                let body = self.client.submission(pending.filing.filer, pending.filing.accession).await;
                (pending, body)
            })
            .buffered(AT_ONCE);
        let (mut failures, mut rang) = (0, report.rang);
        for count in 1.. {
            let Some((pending, body)) = fetched.next().await else { break };
            match body {
                Ok(body) => {
                    failures = 0;
                    self.settle(pending, &body, now, report)?;
                }
                Err(error) => {
                    self.postpone(pending, &error.message, now, report)?;
                    match error.trouble {
                        // Listed some seconds before it is there.
                        Trouble::NotThereYet => {}
                        Trouble::RateBlocked | Trouble::AgentRefused => {
                            self.trouble(error, now, report)?;
                            break;
                        }
                        // One by itself is that filing's; several mean an outage or a block.
                        Trouble::FileUnavailable
                        | Trouble::Unavailable
                        | Trouble::Forbidden
                        | Trouble::Passing => {
                            failures += 1;
                            if failures == MOST_FAILURES {
                                self.trouble(error, now, report)?;
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
            Ok(mut filing) if filing.accession == Some(asked) => {
                filing.issuer.listed = self.tickers()?.of(filing.issuer.cik).to_vec();
                let settled = self.plan(&pending, &filing, now)?;
                if self.store.commit(&settled)? {
                    report.settled += 1;
                    report.rang += usize::from(settled.ending == Ending::Rang);
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
        let wait = retry::delay(attempts, accession.undashed().parse().unwrap_or_default());
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
        tracing::error!(accession = %filing.accession, %error, "a filing is set aside, with what came of it");
        self.store.commit(&Settled {
            accession: filing.accession,
            ending: Ending::Unreadable,
            at: now,
            history: None,
            deliveries: Vec::new(),
            gathered: Vec::new(),
            unreadable: Some((error.to_string(), body.to_vec())),
        })?;
        report.settled += 1;
        report.unreadable += 1;
        Ok(())
    }
}
