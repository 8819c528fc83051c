//! Checks a filing for everything odd. Nothing is repaired.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::figures::figures;
use super::warning::warn;
use crate::filing::{
    Code, Direction, Filing, Holding, Lot, Shares, Warning, due, edgar_day, is_mistyped, is_ticker,
    lot_path as place,
};
use crate::text::clip;

/// Adds the warnings.
pub(super) fn warn_of_all(filing: &mut Filing) {
    let mut warnings = std::mem::take(&mut filing.warnings);
    footnote_ids(filing, &mut warnings);
    for (i, lot) in filing.lots.iter().enumerate() {
        oddities(lot, &|| place(&filing.lots, i), &mut warnings);
        outside_range(lot, &|| place(&filing.lots, i), &mut warnings);
    }
    dates(filing, &mut warnings);
    figures(filing, &mut warnings);
    people(filing, &mut warnings);
    filing.warnings = warnings;
}

fn footnote_ids(filing: &Filing, warnings: &mut Vec<Warning>) {
    let mut there = BTreeSet::new();
    for note in &filing.footnotes {
        if note.text.is_empty() {
            warn(warnings, "footnote-missing", format!("footnote {} has no text", note.id), "footnotes");
        }
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
    if lot.shares.value.is_some_and(Shares::is_zero) {
        warn(
            warnings,
            "zero-shares",
            "a transaction of no shares".to_owned(),
            &format!("{}/transactionShares", at()),
        );
    }
    let against = match (lot.code.value.map(Code::letter), lot.direction.value) {
        (Some('S'), Some(Direction::Acquired)) => "a sale (S) is reported as acquired",
        (Some('P'), Some(Direction::Disposed)) => "a purchase (P) is reported as disposed of",
        _ => return,
    };
    warn(warnings, "direction-against-code", against.to_owned(), &at());
}

/// A trade precedes its signature and its report, a report is on time, and a plan precedes the trade under
/// it.
fn dates(filing: &Filing, warnings: &mut Vec<Warning>) {
    let at = "transactionDate";
    let traded: BTreeSet<NaiveDate> = filing.lots.iter().filter_map(|lot| lot.date.value).collect();
    let signed = filing.signatures.iter().filter_map(|signature| signature.date).max();
    let accepted = filing.accepted_at.map(edgar_day);
    let mistyped = |date: NaiveDate| is_mistyped(date, filing.reported(), filing.period);
    for date in traded.iter().filter(|date| mistyped(**date)) {
        let reported =
            filing.reported().map_or_else(String::new, |day| format!(" was reported on {day}, and"));
        let message = format!("a transaction of {date}{reported} has a date that looks mistyped");
        warn(warnings, "date-mistyped", message, at);
    }
    let deemed: BTreeSet<NaiveDate> =
        filing.lots.iter().filter_map(|lot| lot.deemed_execution_date.value).collect();
    for date in deemed.iter().filter(|date| mistyped(**date)) {
        let message = format!("a deemed execution of {date} has a date that looks mistyped");
        warn(warnings, "date-mistyped", message, "deemedExecutionDate");
    }
    if let Some(period) = filing.period.filter(|period| is_mistyped(*period, filing.reported(), None)) {
        let message = format!("the period of {period} looks mistyped");
        warn(warnings, "date-mistyped", message, "periodOfReport");
    }
    for date in &traded {
        if let Some(signed) = signed.filter(|signed| date > signed) {
            let message = format!("a transaction of {date} was signed for on {signed}");
            warn(warnings, "date-after-signature", message, at);
        }
        if let Some(accepted) = accepted.filter(|accepted| date > accepted) {
            let message = format!("a transaction of {date} was reported on {accepted}, before it");
            warn(warnings, "date-in-future", message, at);
        }
    }
    let late = filing.late_lots().unwrap_or_default();
    let first = late.iter().filter_map(|&i| filing.lots[i].date.value).min();
    if let (Some(first), Some(accepted)) = (first, accepted) {
        let by = due(first).map_or_else(String::new, |due| format!(", two business days end on {due}"));
        let message = format!("a transaction of {first} was reported on {accepted}{by}");
        warn(warnings, "filed-late", message, at);
    }
    for (i, lot) in filing.lots.iter().enumerate() {
        let (Some(adopted), Some(date)) = (&lot.plan_adopted, lot.date.value) else { continue };
        if mistyped(date) {
            continue;
        }
        if adopted.date.earliest() > date {
            let message = format!("traded on {date} under a plan adopted on {}, after it", adopted.date);
            warn(warnings, "plan-after-trade", message, &place(&filing.lots, i));
        }
    }
}

/// The symbol of the issuer and the titles of the owners.
fn people(filing: &Filing, warnings: &mut Vec<Warning>) {
    let issuer = &filing.issuer;
    // A plain symbol needs no further reading.
    let plain = issuer.symbol.as_deref().is_some_and(is_ticker);
    if issuer.symbol.is_some() && !plain && issuer.typed_tickers().is_empty() && !issuer.states_no_ticker() {
        // The typed text may be a secret, so it is not repeated.
        let message = "the trading symbol does not look like a ticker".to_owned();
        warn(warnings, "odd-ticker", message, "issuer/issuerTradingSymbol");
    }
    for (i, owner) in filing.owners.iter().enumerate().filter(|(_, owner)| !owner.officer) {
        let none =
            ["n/a", "none", "na", "-", "not applicable", "director", "10% owner", "see remarks", "other"];
        let named =
            owner.title.as_deref().filter(|title| !none.contains(&title.to_ascii_lowercase().as_str()));
        if let Some(title) = named {
            let message = format!(
                "the title \u{201c}{}\u{201d} is of somebody who is no officer by the boxes",
                clip(title, 60)
            );
            warn(
                warnings,
                "title-without-office",
                message,
                &format!("reportingOwner[{}]/officerTitle", i + 1),
            );
        }
    }
}

/// Warns about a price that is not one of the actual ones that its footnote states.
fn outside_range(lot: &Lot, at: &dyn Fn() -> String, warnings: &mut Vec<Warning>) {
    let (Some(price), Some(prices)) = (lot.dollar_price(), &lot.actual_prices) else { return };
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
