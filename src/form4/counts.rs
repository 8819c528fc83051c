//! Numbers of shares that do not fit the holdings before and after them. They are flagged, and nothing is
//! repaired.

use rust_decimal::Decimal;

use super::warning::warn;
use crate::filing::{Filing, Lot, Shares, Table, Warning, lot_path as place, missteps};

/// Adds the warnings, and the rows whose value is odd.
pub(super) fn counts(filing: &Filing, warnings: &mut Vec<Warning>, odd: &mut Vec<usize>) {
    if warnings.iter().any(|warning| warning.code == "count-like-thousands") {
        let written = |i: usize| {
            let at = format!("{}/transactionShares", place(&filing.lots, i));
            warnings.iter().any(|warning| warning.code == "count-like-thousands" && warning.at == at)
        };
        odd.extend((0..filing.lots.len()).filter(|&i| written(i)));
    }
    for step in missteps(&filing.lots) {
        let lot = &filing.lots[step.row];
        let Some(count) = lot.shares.value.filter(|count| !count.is_zero()) else { continue };
        let at = format!("{}/transactionShares", place(&filing.lots, step.row));
        let held = format!("held are {} before and {} after", step.before, step.after);
        if is_off_by_tens(count, step.makes) {
            let message = format!("the number is {count}, and {held}: it may be {count} or {}", step.makes);
            warn(warnings, "count-off-by-ten", message, &at);
            odd.push(step.row);
        } else if lot.line.table == Table::NonDerivative && !is_explained(lot) {
            warn(
                warnings,
                "count-against-holdings",
                format!("the number is {count}, and {held}, which makes {}", step.makes),
                &at,
            );
        }
    }
}

/// True if one number is the other with its point moved.
fn is_off_by_tens(one: Shares, other: Shares) -> bool {
    const MOST: u32 = 6;
    let (less, more) = (one.min(other).decimal(), one.max(other).decimal());
    (1..=MOST).any(|places| less.checked_mul(Decimal::from(10_u64.pow(places))) == Some(more))
}

/// True if a note of the row may say why: it is tied to the number, or to the holding.
fn is_explained(lot: &Lot) -> bool {
    let line = &lot.line;
    [
        &lot.shares.footnotes,
        &lot.code.footnotes,
        &lot.date.footnotes,
        &line.shares_after.footnotes,
        &line.nature.footnotes,
        &line.security.footnotes,
    ]
    .iter()
    .any(|notes| !notes.is_empty())
}
