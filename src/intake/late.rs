//! Reports about filings that were discovered late.

use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::calendar::MOST_DAYS;
use crate::delivery::{Body, Delivery};
use crate::filing::edgar_day;
use crate::notice::{About, EdgarNews, Notice, SummedAlerts};
use crate::operators::Operators;
use crate::parts::Parts;
use crate::store::{Found, Receipt, Store, StoreError, Summed};
use crate::wake::Wakes;

/// The most lines in a notice about late alerts; the rest are only counted.
const MOST_LINES: usize = 25;

/// The most late alerts to gather at once.
const MOST_SUMMED: usize = 10_000;

/// Sends alerts that were found too late to be sent one by one.
pub(super) struct LateAlerts {
    store: Store,
    operators: Arc<Operators>,
    wakes: Wakes,
}

impl LateAlerts {
    pub(super) fn new(parts: &Parts) -> Self {
        Self {
            store: parts.store.clone(),
            operators: Arc::clone(&parts.operators),
            wakes: parts.wakes.clone(),
        }
    }

    /// Runs once all past days are compared: closes the hole in history, sends late alerts, and notifies
    /// operators of receipts that are not clean.
    pub(super) async fn caught_up(&self, next: NaiveDate, now: DateTime<Utc>) -> Result<(), StoreError> {
        if self.store.is_pending(Found::Index).await? {
            return Ok(());
        }
        self.store.close_hole(next).await?;
        let from = next.checked_sub_days(Days::new(MOST_DAYS)).unwrap_or(next);
        let mut unreported: Vec<Receipt> = self.store.receipts(from, usize::MAX).await?;
        unreported.retain(|receipt| receipt.is_final() && !receipt.reported);
        if !unreported.is_empty() {
            self.operators.notify(&receipts_notice(&unreported, now), now).await?;
            self.store.receipts_reported(&unreported).await?;
        }
        self.sum_up(now).await
    }

    /// Sends each destination one message about its late alerts.
    async fn sum_up(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut lines = self.store.summed(MOST_SUMMED).await?;
        while let Some(first) = lines.first() {
            let destination = first.destination.clone();
            let (own, others): (Vec<Summed>, Vec<Summed>) =
                lines.into_iter().partition(|line| line.destination == destination);
            lines = others;
            let notice = Body::Notice(Box::new(late_alerts(&own, now)));
            self.store.summarise(&own, &Delivery::new(destination, notice, now)).await?;
            self.wakes.queued.notify_one();
        }
        Ok(())
    }
}

/// The notice to operators about receipts that are not clean.
fn receipts_notice(receipts: &[Receipt], now: DateTime<Utc>) -> Notice {
    let more = receipts.len().saturating_sub(MOST_LINES);
    let receipts = receipts.iter().take(MOST_LINES).cloned().collect();
    Notice::new(now, About::Edgar(EdgarNews::DaysNotClean { receipts, more }))
}

/// The notice about the late alerts of a destination.
fn late_alerts(lines: &[Summed], now: DateTime<Utc>) -> Notice {
    let day = |line: &Summed| edgar_day(line.accepted_at);
    let shown = lines.iter().take(MOST_LINES).map(|line| (day(line), line.text.clone()));
    let days = lines.iter().map(day).min().zip(lines.iter().map(day).max());
    Notice::new(now, About::LateAlerts(SummedAlerts { count: lines.len(), lines: shown.collect(), days }))
}
