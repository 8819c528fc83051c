//! Backfills: fetches an issuer's past filings into history when there is nothing else to request.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::PollReport;
use super::backoff::Backoff;
use crate::decide::{self, Case};
use crate::edgar::company::{self, Company};
use crate::edgar::{FilingRef, submission_path};
use crate::filing::{Cik, edgar_day, edgar_time};
use crate::parts::Parts;
use crate::reader;
use crate::retry;
use crate::source::{Client, FetchError, Priority, Trouble};
use crate::store::{Backfill, Ending, Filled, Settled, Standing, Store, StoreError};

/// A filing that is unreadable this often is left out, and history is complete only after it.
const MOST_DAMAGED: u32 = 8;
/// A filing is also left out after this many failures of EDGAR: about a day of them.
const MOST_FAILURES: u32 = 288;
/// A list that is missing this often does not exist.
const MOST_MISSES: u32 = 3;
/// The longest pause after a failure.
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(5);

/// The progress of backfills.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BackfillReport {
    /// The current backfill and how many of its filings are left; `None` if there is none.
    pub current: Option<(Backfill, usize)>,
    /// True if the current backfill is now complete.
    pub done: bool,
    /// A backfill that was given up because EDGAR has no list of the issuer's filings.
    pub given_up: Option<Backfill>,
    /// Why it could not continue.
    pub trouble: Option<FetchError>,
    /// When there is something to do again; `None` if nothing is left.
    pub next: Option<DateTime<Utc>>,
}

/// Runs backfills.
pub struct Backfiller {
    store: Store,
    client: Arc<Client>,
    backoff: Arc<Backoff>,
}

impl Backfiller {
    pub(super) fn new(parts: &Parts, backoff: Arc<Backoff>) -> Self {
        Self { store: parts.store.clone(), client: Arc::clone(&parts.client), backoff }
    }

    /// Requests a backfill of an issuer since a day. One already in progress continues, further back if
    /// needed.
    pub async fn begin(
        &self,
        issuer: Cik,
        name: &str,
        since: NaiveDate,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let under_way = self.store.backfills().await?.into_iter().find(|backfill| backfill.issuer == issuer);
        if under_way.is_some_and(|backfill| backfill.since <= since) {
            return Ok(());
        }
        let backfill = Backfill {
            issuer,
            name: name.to_owned(),
            since,
            asked_at: now,
            files: vec![company::path(issuer)],
            queued: 0,
            left_out: None,
            not_before: now,
            failures: 0,
            damaged: 0,
        };
        self.store.set_backfill(&backfill, &[]).await
    }

    /// Takes one step: reads one file of an issuer's list of filings, or fetches one filing from it.
    ///
    /// # Errors
    /// Failures of the store. Failures of EDGAR are in the report.
    pub async fn backfill_once(&self, now: DateTime<Utc>) -> Result<BackfillReport, StoreError> {
        let mut report = BackfillReport::default();
        let mut backfills = self.store.backfills().await?;
        backfills.sort_by_key(|backfill| backfill.not_before);
        let Some(mut backfill) = backfills.into_iter().next() else { return Ok(report) };
        let waits = backfill.not_before.min(now + LONGEST_PAUSE * 2);
        if let Some(later) =
            self.backoff.left_alone_until(now).await?.or(Some(waits).filter(|later| *later > now))
        {
            report.next = Some(later);
            let left = self.store.backfill_left(backfill.issuer).await?.left;
            report.current = Some((backfill, left));
            return Ok(report);
        }
        let step = match backfill.files.first().cloned() {
            Some(file) => match self.client.company(&file).await {
                Ok(company) => {
                    self.take_list(&mut backfill, company).await?;
                    Ok(())
                }
                Err(error) => Err((error, None)),
            },
            None => match self.store.backfill_left(backfill.issuer).await?.next {
                Some(filing) => self.read_past(&mut backfill, &filing).await?.map_err(|e| (e, Some(filing))),
                None => {
                    self.end(&backfill).await?;
                    (report.done, report.current, report.next) = (true, Some((backfill, 0)), Some(now));
                    return Ok(report);
                }
            },
        };
        report.next = Some(now);
        if let Err((error, filing)) = step {
            backfill.failures += 1;
            backfill.damaged += u32::from(filing.is_some() && error.trouble == Trouble::NotThereYet);
            let pause = TimeDelta::from_std(retry::delay(backfill.failures, 0)).unwrap_or(LONGEST_PAUSE);
            backfill.not_before = now + pause.min(LONGEST_PAUSE);
            if error.is_grave() {
                self.backoff.note(error.clone(), now, &mut PollReport::default()).await?;
                backfill.failures -= 1;
            } else if error.trouble.was_not_asked() {
                backfill.failures -= 1;
            } else if error.trouble == Trouble::NotThereYet
                && backfill.files.first() == Some(&company::path(backfill.issuer))
                && backfill.failures >= MOST_MISSES
            {
                tracing::warn!(name = backfill.name, "EDGAR has no list of its filings: given up; {error}");
                self.store.give_up_backfill(backfill.issuer).await?;
                (report.given_up, report.trouble) = (Some(backfill), Some(error));
                return Ok(report);
            } else if let Some(filing) =
                filing.filter(|_| backfill.damaged >= MOST_DAMAGED || backfill.failures >= MOST_FAILURES)
            {
                tracing::warn!(accession = %filing.accession, "left out of the past: {error}");
                let day = edgar_day(filing.accepted_at);
                backfill.left_out = Some(backfill.left_out.map_or(day, |known| known.max(day)));
                (backfill.failures, backfill.damaged, backfill.not_before) = (0, 0, now);
                self.store.backfilled(backfill.issuer, &filing, None).await?;
            }
            self.store.set_backfill(&backfill, &[]).await?;
            report.next = Some(self.backoff.left_alone_until(now).await?.unwrap_or(backfill.not_before));
            report.trouble = Some(error);
        }
        let left = self.store.backfill_left(backfill.issuer).await?.left;
        report.current = Some((backfill, left));
        Ok(report)
    }

    /// Queues the past filings in a file of the list.
    async fn take_list(&self, backfill: &mut Backfill, company: Company) -> Result<(), StoreError> {
        // Filings of days that are still to be compared are discovered as usual, and cause alerts.
        let compared =
            self.store.ledger().await?.map_or_else(|| edgar_day(backfill.asked_at), |ledger| ledger.next);
        let mut found = Vec::new();
        for filed in company.filings.iter().filter(|filed| filed.filed >= backfill.since) {
            let wanted = match self.store.standing(filed.accession).await? {
                Standing::New => filed.filed < compared,
                Standing::Baseline | Standing::NotFetched => true,
                Standing::Pending | Standing::Done | Standing::Past | Standing::Unreadable => false,
            };
            if wanted {
                found.push(FilingRef {
                    accession: filed.accession,
                    form: filed.form,
                    accepted_at: midnight(filed.filed),
                    filer: backfill.issuer,
                    issuer: None,
                });
            }
        }
        let older = company.older.into_iter();
        let older = older.filter(|file| file.until.is_none_or(|until| until >= backfill.since));
        backfill.files.remove(0);
        backfill.files.extend(older.map(|file| file.path));
        backfill.queued += found.len();
        backfill.failures = 0;
        self.store.set_backfill(backfill, &found).await
    }

    /// Fetches one filing into history. A filing of another issuer, in which the company is an owner, is
    /// skipped.
    async fn read_past(
        &self,
        backfill: &mut Backfill,
        asked: &FilingRef,
    ) -> Result<Result<(), FetchError>, StoreError> {
        let body = match self.client.submission(asked.filer, asked.accession, Priority::Backfill).await {
            Ok(body) => body,
            Err(error) => return Ok(Err(error)),
        };
        // Treat it as missing: receiving the wrong content is not a connection failure.
        let failed = |message: String| {
            let message = format!("{}: {message}", submission_path(asked.filer, asked.accession));
            FetchError { trouble: Trouble::NotThereYet, message, retry_after: None }
        };
        let mut filing = match reader::read(&body) {
            Ok(filing) if filing.accession == Some(asked.accession) => filing,
            Ok(_) => return Ok(Err(failed("another filing came".to_owned()))),
            Err(error) => return Ok(Err(failed(error.to_string()))),
        };
        self.store.teach(&mut filing, asked.accepted_at).await?;
        let accepted_at = filing.accepted_at.unwrap_or(asked.accepted_at);
        // If a look-back has made it new meanwhile, it is read as a new filing and causes alerts.
        let new = self.store.standing(asked.accession).await? == Standing::Pending;
        let settled = if filing.issuer.cik == backfill.issuer && !new {
            let since = decide::since(std::iter::empty(), &filing, accepted_at);
            let (known, whole_since) = self.store.history_for(&filing, since).await?;
            let case =
                Case { filing: &filing, accepted_at, seen_at: backfill.asked_at, known: &known, whole_since };
            let history = decide::keep(case);
            let settled = Settled::new(asked.accession, Ending::Past, backfill.asked_at);
            Some(Settled { history: Some((filing.issuer.cik, history)), ..settled })
        } else {
            None
        };
        self.store.backfilled(backfill.issuer, asked, settled.as_ref()).await?;
        if backfill.failures > 0 {
            (backfill.failures, backfill.damaged) = (0, 0);
            self.store.set_backfill(backfill, &[]).await?;
        }
        Ok(Ok(()))
    }

    async fn end(&self, backfill: &Backfill) -> Result<(), StoreError> {
        let behind = backfill.left_out.and_then(|day| day.succ_opt());
        let since = midnight(behind.map_or(backfill.since, |behind| behind.max(backfill.since)));
        tracing::info!(name = backfill.name, filings = backfill.queued, %since, "history has the past since");
        self.store.end_backfill(backfill, Filled { since, until: backfill.asked_at }).await
    }
}

/// The start of a day in EDGAR's time zone.
fn midnight(day: NaiveDate) -> DateTime<Utc> {
    edgar_time(day, 0, 0)
}
