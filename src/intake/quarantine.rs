//! Unreadable filings: kept with their bytes and the reason, reported once, and tried again once a day.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::PollReport;
use crate::edgar::FilingRef;
use crate::notice::{About, EdgarNews, Notice, UnreadableFiling};
use crate::operators::Operators;
use crate::parts::Parts;
use crate::reader::Unreadable;
use crate::store::{Ending, Pending, Quarantined, Settled, Standing, Store, StoreError};
use crate::wake::Wakes;

/// How long until a filing in quarantine is tried again, and how often.
const QUARANTINED: (TimeDelta, u32) = (TimeDelta::days(1), 30);

/// The most filings to name in a notice.
const MOST_NAMED: usize = 10;

/// Keeps unreadable filings.
pub struct Quarantine {
    store: Store,
    operators: Arc<Operators>,
    wakes: Wakes,
}

impl Quarantine {
    pub(super) fn new(parts: &Parts) -> Self {
        Self {
            store: parts.store.clone(),
            operators: Arc::clone(&parts.operators),
            wakes: parts.wakes.clone(),
        }
    }

    /// Puts a filing into quarantine.
    pub(super) async fn confine(
        &self,
        pending: &Pending,
        error: &Unreadable,
        body: Vec<u8>,
        now: DateTime<Utc>,
        report: &mut PollReport,
    ) -> Result<(), StoreError> {
        let accession = pending.filing.accession;
        let known = self.store.quarantine_of(accession).await?;
        let quarantined = Quarantined {
            filing: pending.filing.clone(),
            seen_at: pending.seen_at,
            reason: error.to_string(),
            since: known.as_ref().map_or(now, |known| known.since),
            tried_at: now,
            tries: known.as_ref().map_or(0, |known| known.tries) + 1,
            reported: known.as_ref().is_some_and(|known| known.reported),
        };
        match &known {
            None => {
                tracing::error!(%accession, %error, "a filing goes into quarantine, and is retried once a day")
            }
            Some(_) => tracing::info!(%accession, %error, "a filing stays in quarantine"),
        }
        let unreadable = Some((quarantined, body));
        self.store
            .commit(&Settled { unreadable, ..Settled::new(accession, Ending::Unreadable, now) })
            .await?;
        report.settled += 1;
        report.unreadable += 1;
        Ok(())
    }

    /// Notifies operators of filings in quarantine that have not been reported yet.
    pub(crate) async fn report_new(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut confined = self.store.quarantined(usize::MAX).await?;
        confined.retain(|one| !one.reported);
        if confined.is_empty() {
            return Ok(());
        }
        let notices = self.operators.deliveries(&quarantine_notice(&confined, now), now).await?;
        self.store.tell_of(&confined, &notices).await?;
        self.wakes.queued.notify_one();
        Ok(())
    }

    /// Tries filings in quarantine once a day.
    pub async fn retry_due(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        if self.store.quarantine_len().await? == 0 {
            return Ok(());
        }
        // Report here as well, in case of a crash before the report.
        self.report_new(now).await?;
        let due = |tried: DateTime<Utc>| tried > now || now - tried >= QUARANTINED.0;
        for one in self.store.quarantined(usize::MAX).await? {
            let confined = self.store.standing(one.filing.accession).await? == Standing::Unreadable;
            if confined && due(one.tried_at) && one.tries < QUARANTINED.1 {
                self.store.try_again(&[one], now).await?;
                self.wakes.pending.notify_one();
            }
        }
        Ok(())
    }
}

fn quarantine_notice(confined: &[Quarantined], now: DateTime<Utc>) -> Notice {
    let filing = |one: &Quarantined| {
        let FilingRef { accession, filer, .. } = one.filing;
        UnreadableFiling { accession, filer, reason: one.reason.clone() }
    };
    let filings = confined.iter().take(MOST_NAMED).map(filing).collect();
    let more = confined.len().saturating_sub(MOST_NAMED);
    Notice::new(now, About::Edgar(EdgarNews::Quarantined { filings, more }))
}
