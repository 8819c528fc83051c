//! The sums of `cumulative` and `cluster` conditions on a card.

use super::glance::Dates;
use super::headline::cluster;
use super::words::escaped;
use crate::alert::{Alert, TradeHistory};
use crate::filing::{Shares, Unit, Usd};
use crate::render::filing::capital;
use crate::rules::{Counting, Part, Per, Sum};
use crate::text::clip;

const MOST_SUMS: usize = 2;
const MOST_PARTS: usize = 3;
const MOST_OTHERS: usize = 2;
/// The longest names of another insider of a cluster.
const NAME: usize = 40;
/// The longest names of a part.
const NAMES: usize = 60;

/// A line for each sum, with a list of its parts. Of a cluster in the headline, only the other insiders.
pub(super) fn sums(alert: &Alert) -> Vec<String> {
    let dates = Dates::of(alert);
    let each = alert.sums.iter().take(MOST_SUMS).map(|sum| {
        if cluster(alert).is_some_and(|own| std::ptr::eq(own, sum)) {
            return others_text(alert, sum);
        }
        let mut lines = vec![capital(&sum_text(sum, dates))];
        lines.extend(sum.parts.iter().take(MOST_PARTS).map(|part| format!("- {}", part_text(part, dates))));
        let more = sum.more + sum.parts.len().saturating_sub(MOST_PARTS);
        if more > 0 {
            lines.push(format!("- and {more} more"));
        }
        lines.join("\n")
    });
    each.collect()
}

/// `With OWNER 8, $500.00; Roe Jane, $7.18M in 5 filings; and 1 more`: the headline and the lines above say the
/// rest.
fn others_text(alert: &Alert, sum: &Sum) -> String {
    let has_history = alert.history.as_ref().and_then(TradeHistory::brief_text).is_some();
    let is_told = |part: &Part| part.own && (has_history || part.filings == 1);
    let others: Vec<&Part> = sum.parts.iter().filter(|part| !is_told(part)).collect();
    let each = others.iter().take(MOST_OTHERS).map(|part| {
        let filings = if part.filings > 1 { format!(" in {} filings", part.filings) } else { String::new() };
        format!("{}, {}{filings}", names(part, NAME), part_figures(part))
    });
    let mut texts: Vec<String> = each.collect();
    let more = sum.more + others.len().saturating_sub(MOST_OTHERS);
    if more > 0 {
        texts.push(format!("and {more} more"));
    }
    if texts.is_empty() { String::new() } else { format!("With {}", texts.join("; ")) }
}

/// `2 insiders within 30 days, $2.51M together, Mar 2–3`.
fn sum_text(sum: &Sum, dates: Dates) -> String {
    let days = dates.span(sum.first_date, sum.last_date);
    let filings = plural(sum.filings, "filing");
    let insiders = plural(sum.insiders, "insider");
    let figures =
        figures((sum.value_usd, sum.value_is_at_least), (sum.shares, sum.shares_is_at_least, sum.unit));
    let within = &sum.within;
    match (sum.condition, sum.per) {
        (Counting::Cluster, _) => format!("{insiders} within {within}, {figures} together, {days}"),
        (Counting::Cumulative, Some(Per::Issuer)) => {
            format!("{figures} within {within}, in {filings} of {insiders}, {days}")
        }
        (Counting::Cumulative, _) => format!("{figures} within {within}, in {filings} of the owner, {days}"),
    }
}

/// `Roe Richard, $1.72M, Mar 2–3`, in markdown.
fn part_text(part: &Part, dates: Dates) -> String {
    let (names, figures) = (names(part, NAMES), part_figures(part));
    let place = match (part.own, part.filings) {
        (true, 1) => ", this filing".to_owned(),
        (true, n) => format!(", this filing and {} more", n - 1),
        (false, 1) => String::new(),
        (false, n) => format!(", {n} filings"),
    };
    format!("{names}, {figures}, {}{place}", dates.span(part.first_date, part.last_date))
}

fn names(part: &Part, most: usize) -> String {
    let names: Vec<&str> =
        part.owners.iter().map(String::as_str).filter(|name| !name.trim().is_empty()).collect();
    let names = escaped(&clip(&names.join(", "), most));
    if names.is_empty() { "somebody".to_owned() } else { names }
}

fn part_figures(part: &Part) -> String {
    figures((part.value_usd, part.value_is_at_least), (part.shares, part.shares_is_at_least, part.unit))
}

/// The value or, if that is unknown, the number.
fn figures(value: (Option<Usd>, bool), shares: (Option<Shares>, bool, Unit)) -> String {
    let least = |is_least: bool| if is_least { "at least " } else { "" };
    match (value, shares) {
        ((Some(value), is_least), _) => format!("{}{}", least(is_least), value.short()),
        (_, (Some(shares), is_least, unit)) => format!("{}{shares} {}", least(is_least), unit.word()),
        _ => "an unknown value".to_owned(),
    }
}

fn plural(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}
