//! What is told of filings that were not seen in time.

use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::calendar::MOST_DAYS;
use crate::delivery::{Body, Delivery, Notice};
use crate::filing::{Accession, edgar_day};
use crate::operators::Operators;
use crate::parts::Parts;
use crate::store::{Found, Receipt, Store, StoreError, Summed};
use crate::wake::Wakes;

/// So many lines of a notice or summary are told; the rest is counted.
const MOST_LINES: usize = 25;

/// So many late alerts are gathered at once.
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
    pub(super) fn caught_up(&self, next: NaiveDate, now: DateTime<Utc>) -> Result<(), StoreError> {
        let pending = self.store.pending()?;
        if pending.iter().any(|pending| pending.found == Found::Index) {
            return Ok(());
        }
        self.store.close_hole(next, pending.is_empty())?;
        let from = next.checked_sub_days(Days::new(MOST_DAYS)).unwrap_or(next);
        let mut untold: Vec<Receipt> = self.store.receipts(from, usize::MAX)?;
        untold.retain(|receipt| receipt.is_final() && !receipt.told);
        if !untold.is_empty() {
            self.operators.notify(&receipts_notice(&untold, now), now)?;
            for mut receipt in untold {
                receipt.told = true;
                self.store.compared(&receipt, &[], &[], now)?;
            }
        }
        self.sum_up(now)
    }

    /// Tells each destination in one message of what is too old to ring.
    fn sum_up(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut lines = self.store.summed(MOST_SUMMED)?;
        while let Some(first) = lines.first() {
            let destination = first.destination.clone();
            let (own, others): (Vec<Summed>, Vec<Summed>) =
                lines.into_iter().partition(|line| line.destination == destination);
            lines = others;
            let notice = Body::Notice(Box::new(summary(&own, now)));
            self.store.summarise(&own, &Delivery::new(destination, notice, now))?;
            self.wakes.queued.notify_one();
        }
        Ok(())
    }
}

/// Receipts that are not clean, for the operators.
fn receipts_notice(receipts: &[Receipt], now: DateTime<Utc>) -> Notice {
    let mut lines: Vec<String> = Vec::new();
    for receipt in receipts.iter().take(MOST_LINES) {
        lines.push(receipt.to_string());
        let named: Vec<String> = receipt.named.iter().take(5).map(Accession::to_string).collect();
        if !named.is_empty() {
            lines.push(format!("  {}", named.join(", ")));
        }
    }
    if receipts.len() > MOST_LINES {
        lines.push(format!("and {} days more", receipts.len() - MOST_LINES));
    }
    lines.push(
        "What was recovered rings late, or is summed up where it is too old. `sellbell status` has all."
            .into(),
    );
    Notice::new(now, "Not all filings were seen in time", lines.join("\n"))
}

/// What was too old to ring, for a destination.
fn summary(lines: &[Summed], now: DateTime<Utc>) -> Notice {
    let day = |line: &Summed| edgar_day(line.accepted_at);
    let (first, last) = (lines.iter().map(day).min(), lines.iter().map(day).max());
    let shown = |day: Option<NaiveDate>| day.map_or_else(String::new, |day| day.to_string());
    let mut told: Vec<String> =
        lines.iter().take(MOST_LINES).map(|line| format!("{}: {}", day(line), line.text)).collect();
    if lines.len() > MOST_LINES {
        told.push(format!("and {} more; `sellbell backtest` tells them all", lines.len() - MOST_LINES));
    }
    let title = format!("Found late: {} alerts from {} to {}", lines.len(), shown(first), shown(last));
    Notice::new(now, title, told.join("\n"))
}
