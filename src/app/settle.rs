//! Settles filings that were fetched: done, put off, or in quarantine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::fetch::Fetches;
use super::{App, PollReport};
use crate::edgar::FilingRef;
use crate::filing::Accession;
use crate::reader::{self, Unreadable};
use crate::retry;
use crate::source::{FetchError, Trouble};
use crate::store::{Ending, Found, Pending, StoreError};

/// A submission that looks damaged is fetched this often, for a minute, before it counts as unreadable: it may have been cut
/// on the way.
const DAMAGED_ATTEMPTS: u32 = 9;
/// A filing that is not there yet is asked for after these waits, then less often.
const SOON: [TimeDelta; 4] = [
    TimeDelta::milliseconds(750),
    TimeDelta::seconds(1),
    TimeDelta::seconds(1),
    TimeDelta::milliseconds(1_500),
];
/// A filing that could not be fetched so often goes into quarantine: after some ten hours.
const MOST_ATTEMPTS: u32 = 20;
/// A filing that needs history which is still being fetched waits so long, and is looked at so often.
const WAITS_FOR_HISTORY: (TimeDelta, TimeDelta) = (TimeDelta::hours(2), TimeDelta::seconds(15));
/// So many bytes of filings that wait for history are kept, or they are fetched again.
const MOST_KEPT: usize = 16 * 1024 * 1024;
/// One refusal is that filing's; so many in a row are a block.
const MOST_REFUSED: usize = 3;
/// No wait for a filing is longer; one that seems so comes from a clock that was wrong.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(2);

impl App {
    /// The filings that are due, oldest first, and when the next of the others is.
    pub(super) fn due_filings(
        &self,
        now: DateTime<Utc>,
    ) -> Result<(Vec<Pending>, Option<DateTime<Utc>>), StoreError> {
        let waits = |pending: &Pending| now < pending.not_before && pending.not_before - now <= LONGEST_WAIT;
        let (later, mut due): (Vec<Pending>, Vec<Pending>) =
            self.store.pending()?.into_iter().partition(waits);
        // Those that wait for history come behind those that they may be waiting for: last those of the feed.
        let waiting: BTreeSet<Accession> = self.kept().keys().copied().collect();
        due.sort_by_key(|pending| {
            let waits = waiting.contains(&pending.filing.accession);
            (waits, waits && pending.found == Found::Feed)
        });
        Ok((due, later.iter().map(|pending| pending.not_before).min()))
    }

    /// When the first of the filings is due that were put off after a failure; `None` where none was.
    pub(super) fn put_off_until(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let pending = self.store.pending()?.into_iter();
        Ok(pending.filter(|pending| pending.attempts > 0).map(|pending| pending.not_before).min())
    }

    /// Settles a filing that came, or puts it off.
    pub(super) async fn came(
        &self,
        (pending, body): (Pending, Result<Vec<u8>, FetchError>),
        fetches: &mut Fetches<'_>,
        now: DateTime<Utc>,
        report: &mut PollReport,
    ) -> Result<(), StoreError> {
        let error = match body {
            Ok(body) => {
                let before = report.rang;
                self.settle(pending, body, now, report)?;
                fetches.refused = 0;
                fetches.settled(report.rang > before);
                return Ok(());
            }
            Err(error) => error,
        };
        if error.trouble.was_not_asked() {
            fetches.hold();
            return self.trouble(error, now, report).await;
        }
        if self.client.outage().is_some() && !error.is_grave() && error.trouble != Trouble::Forbidden {
            // It is no fault of the filing's: it stays due, for when EDGAR answers.
            fetches.hold();
            report.trouble = Some(error);
            return Ok(());
        }
        // Listed some seconds before it is there.
        let soon = SOON.get(usize::try_from(pending.attempts).unwrap_or(usize::MAX));
        if let (Trouble::NotThereYet, None, Some(wait)) = (error.trouble, error.retry_after, soon) {
            let (attempts, not_before) = (pending.attempts + 1, now + *wait);
            self.store.postpone(&Pending { attempts, not_before, ..pending })?;
            report.postponed += 1;
            return Ok(());
        }
        self.postpone(pending, &error.message, retry::delay, now, report)?;
        fetches.refused = if error.trouble == Trouble::Forbidden { fetches.refused + 1 } else { 0 };
        if error.is_grave() || fetches.refused >= MOST_REFUSED {
            fetches.refused = 0;
            fetches.hold();
            return self.trouble(error, now, report).await;
        }
        if error.trouble != Trouble::NotThereYet {
            report.trouble = Some(error);
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
                self.tickers()?.place(&mut filing);
                self.store.teach(&mut filing, pending.filing.accepted_at)?;
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
                // Nobody needs it while its alerts take their room.
                drop(body);
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
                let reason = format!("the answer has accession {other}");
                self.postpone(pending, &reason, retry::soon, now, report)
            }
            // What is no filing at all was sent in its place; a damaged one may have been cut on the way.
            Err(error) if error.kind == "not-a-filing" || pending.attempts + 1 < DAMAGED_ATTEMPTS => {
                self.postpone(pending, &error.to_string(), retry::soon, now, report)
            }
            Err(error) => self.confine(&pending, &error, body, now, report),
        }
    }

    pub(super) fn kept(&self) -> MutexGuard<'_, BTreeMap<Accession, Vec<u8>>> {
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
        back_off: fn(u32, u64) -> Duration,
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
        let wait = back_off(attempts, accession.undashed().parse().unwrap_or_default());
        let not_before = now + TimeDelta::from_std(wait).unwrap_or(TimeDelta::hours(1));
        tracing::warn!(%accession, attempts, %reason, "not fetched, tried again later");
        self.store.postpone(&Pending { attempts, not_before, ..pending })?;
        report.postponed += 1;
        Ok(())
    }
}
