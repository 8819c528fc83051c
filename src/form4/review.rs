//! A second look at a filing: what is odd about it. Nothing is repaired.

use std::collections::BTreeSet;

use crate::filing::{Code, Direction, Filing, Holding, Lot, Table, Warning};

/// More warnings of one filing than this are not kept.
const MOST_WARNINGS: usize = 100;

/// Adds the warnings.
pub(super) fn review(filing: &mut Filing) {
    let mut warnings = std::mem::take(&mut filing.warnings);
    footnote_ids(filing, &mut warnings);
    for (i, lot) in filing.lots.iter().enumerate() {
        oddities(lot, &|| place(&filing.lots, i), &mut warnings);
        outside_range(lot, &|| place(&filing.lots, i), &mut warnings);
    }
    dates(filing, &mut warnings);
    filing.warnings = warnings;
}

/// Adds a warning, where there are not too many already.
pub(super) fn warn(warnings: &mut Vec<Warning>, code: &str, message: String, at: &str) {
    if warnings.len() < MOST_WARNINGS {
        warnings.push(Warning { code: code.to_owned(), message, at: at.to_owned() });
    }
}

/// The path of a lot: `nonDerivativeTransaction[2]`.
fn place(lots: &[Lot], i: usize) -> String {
    let table = lots[i].line.table;
    let count = lots[..=i].iter().filter(|lot| lot.line.table == table).count();
    let name = if table == Table::Derivative { "derivative" } else { "nonDerivative" };
    format!("{name}Transaction[{count}]")
}

fn footnote_ids(filing: &Filing, warnings: &mut Vec<Warning>) {
    let mut there = BTreeSet::new();
    for note in &filing.footnotes {
        if note.id.is_empty() {
            let message = "a footnote has no id, so no row can refer to it".to_owned();
            warn(warnings, "missing-element", message, "footnotes");
        } else if !there.insert(note.id.as_str()) {
            warn(warnings, "doubled-element", format!("there are two footnotes {}", note.id), "footnotes");
        }
    }
    let lots = filing.lots.iter().flat_map(Lot::footnote_lists);
    let ids = lots.chain(filing.holdings.iter().flat_map(Holding::footnote_lists)).flatten();
    let missing: BTreeSet<&String> = ids.filter(|id| !there.contains(id.as_str())).collect();
    for id in missing {
        let message = format!("a row refers to footnote {id}, which is not there");
        warn(warnings, "footnote-missing", message, "footnotes");
    }
}

/// Rows that lack what every transaction has, or contradict themselves.
fn oddities(lot: &Lot, at: &dyn Fn() -> String, warnings: &mut Vec<Warning>) {
    let missing = [
        (lot.code.value.is_none(), "transactionCode"),
        (lot.date.value.is_none(), "transactionDate"),
        (lot.direction.value.is_none(), "transactionAcquiredDisposedCode"),
        (lot.shares.value.is_none() && lot.total_value.value.is_none(), "transactionShares"),
    ];
    for (_, name) in missing.into_iter().filter(|(missing, _)| *missing) {
        let message = "what every transaction states is missing".to_owned();
        warn(warnings, "missing-element", message, &format!("{}/{name}", at()));
    }
    let against = match (lot.code.value.map(Code::letter), lot.direction.value) {
        (Some('S'), Some(Direction::Acquired)) => "a sale (S) is reported as acquired",
        (Some('P'), Some(Direction::Disposed)) => "a purchase (P) is reported as disposed of",
        _ => return,
    };
    warn(warnings, "direction-against-code", against.to_owned(), &at());
}

/// A trade is signed for after it was made.
fn dates(filing: &Filing, warnings: &mut Vec<Warning>) {
    let Some(signed) = filing.signatures.iter().filter_map(|signature| signature.date).max() else { return };
    let late = filing.lots.iter().filter_map(|lot| lot.date.value).filter(|date| *date > signed);
    for date in late.collect::<BTreeSet<_>>() {
        let message = format!("a transaction of {date} was signed for on {signed}");
        warn(warnings, "date-after-signature", message, "transactionDate");
    }
}

/// A price that is none of the actual ones that its footnote states.
fn outside_range(lot: &Lot, at: &dyn Fn() -> String, warnings: &mut Vec<Warning>) {
    let (Some(price), Some(prices)) = (lot.price.value, &lot.actual_prices) else { return };
    if !prices.allow(price) {
        let (low, high) = (prices.low.exact(), prices.high.exact());
        let message = format!(
            "the price {} is outside its footnoted range, {low} to {high} ({})",
            price.exact(),
            prices.evidence
        );
        warn(warnings, "price-outside-range", message, &format!("{}/transactionPricePerShare", at()));
    }
}
