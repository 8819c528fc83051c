//! Decides whether history is complete enough for a filing now.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

use super::calendar::closes;
use crate::config::Settings;
use crate::filing::{Filing, edgar_day, edgar_time};
use crate::parts::Parts;
use crate::rules::{ActiveRules, Rule};
use crate::store::{Found, Pending, Store, StoreError};

/// Tracks what is still missing from history.
pub(super) struct HistoryGate {
    settings: Arc<Settings>,
    rules: ActiveRules,
    store: Store,
}

impl HistoryGate {
    pub(super) fn new(parts: &Parts) -> Self {
        Self { settings: Arc::clone(&parts.settings), rules: parts.rules.clone(), store: parts.store.clone() }
    }

    /// When the index of a day is first requested.
    pub(super) fn due(&self, day: NaiveDate) -> DateTime<Utc> {
        let closes = closes(day);
        self.settings.schedule.reconcile.next_slot(closes).unwrap_or(closes)
    }

    /// True if filings missed during a downtime are still being looked for.
    async fn is_catching_up(&self, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let hole = self.store.frontier().await?.and_then(|frontier| frontier.hole);
        Ok(hole.is_some_and(|hole| self.due(hole.until) <= now || edgar_day(now) > hole.until))
    }

    /// True if a rule that the filing may match needs history that has not been read completely yet.
    pub(super) async fn lacks_history(
        &self,
        pending: &Pending,
        filing: &Filing,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let rules = self.rules.current();
        let asked = rules.candidates(filing);
        if asked.iter().all(|rule| rule.conditions.reach_days() == 0) {
            return Ok(false);
        }
        let accepted_at = filing.accepted_at.unwrap_or(pending.filing.accepted_at);
        // For filings from an index, the issuer is unknown until they are read.
        let day = edgar_day(accepted_at);
        let behind = day.succ_opt().map_or(DateTime::<Utc>::MAX_UTC, |next| edgar_time(next, 0, 0));
        let unknown = self.store.unknown_pending_before(behind, pending.filing.accession).await?;
        Ok(unknown
            || self.earlier_pending(&asked, filing, accepted_at).await?.is_some()
            || pending.found == Found::Feed && self.is_catching_up(now).await?)
    }

    /// The acceptance time of the issuer's newest earlier filing that is still pending; history is complete
    /// only after it.
    pub(super) async fn earlier_pending(
        &self,
        asked: &[&Rule],
        filing: &Filing,
        accepted_at: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        if asked.iter().all(|rule| rule.conditions.reach_days() == 0) {
            return Ok(None);
        }
        self.store.pending_before(filing.issuer.cik, accepted_at, filing.accession).await
    }
}
