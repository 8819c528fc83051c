//! Reports about filings that were not seen in time.

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

/// Most lines of a notice about late alerts; the rest is counted.
const MOST_LINES: usize = 25;

/// Most late alerts that are gathered at once.
const MOST_SUMMED: usize = 10_000;

/// Sends what was found too late to be sent by itself.
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

    /// No day that is over is left: history has no hole, what was too old to ring is summed up, and the operators are told of
    /// what was not clean.
    pub(super) async fn caught_up(&self, next: NaiveDate, now: DateTime<Utc>) -> Result<(), StoreError> {
        if self.store.is_pending(Found::Index).await? {
            return Ok(());
        }
        self.store.close_hole(next).await?;
        let from = next.checked_sub_days(Days::new(MOST_DAYS)).unwrap_or(next);
        let mut untold: Vec<Receipt> = self.store.receipts(from, usize::MAX).await?;
        untold.retain(|receipt| receipt.is_final() && !receipt.reported);
        if !untold.is_empty() {
            self.operators.notify(&receipts_notice(&untold, now), now).await?;
            self.store.receipts_reported(&untold).await?;
        }
        self.sum_up(now).await
    }

    /// Tells each destination in one message of what is too old to ring.
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

/// Receipts that are not clean, for the operators.
fn receipts_notice(receipts: &[Receipt], now: DateTime<Utc>) -> Notice {
    let more = receipts.len().saturating_sub(MOST_LINES);
    let receipts = receipts.iter().take(MOST_LINES).cloned().collect();
    Notice::new(now, About::Edgar(EdgarNews::DaysNotClean { receipts, more }))
}

/// The alerts of a destination that were found too late.
fn late_alerts(lines: &[Summed], now: DateTime<Utc>) -> Notice {
    let day = |line: &Summed| edgar_day(line.accepted_at);
    let shown = lines.iter().take(MOST_LINES).map(|line| (day(line), line.text.clone()));
    let days = lines.iter().map(day).min().zip(lines.iter().map(day).max());
    Notice::new(now, About::LateAlerts(SummedAlerts { count: lines.len(), lines: shown.collect(), days }))
}
