//! What is told of filings that were not seen in time.

use chrono::{DateTime, NaiveDate, Utc};

use crate::delivery::Notice;
use crate::filing::{Accession, edgar_day};
use crate::store::{Receipt, Summed};

/// So many lines of a notice or summary are told; the rest is counted.
const MOST_LINES: usize = 25;

/// Receipts that are not clean, for the operators.
pub(super) fn receipts_notice(receipts: &[Receipt], now: DateTime<Utc>) -> Notice {
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
pub(super) fn summary(lines: &[Summed], now: DateTime<Utc>) -> Notice {
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
