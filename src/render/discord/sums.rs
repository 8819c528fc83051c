//! The sums of `cumulative` and `cluster` conditions on a card.

use super::glance::Dates;
use super::headline::cluster;
use super::words::escaped;
use crate::alert::Alert;
use crate::filing::{Shares, Unit, Usd};
use crate::render::filing::capital;
use crate::rules::{Counting, Part, Per, Sum};
use crate::text::clip;

const MOST_SUMS: usize = 2;
const MOST_PARTS: usize = 3;
/// The longest names of a part.
const NAMES: usize = 60;

/// A line for each sum, with a list of its parts. Of a cluster in the headline, only the other insiders.
pub(super) fn sums(alert: &Alert) -> Vec<String> {
    let dates = Dates::of(alert);
    let each = alert.sums.iter().take(MOST_SUMS).map(|sum| {
        let in_headline = cluster(alert).is_some_and(|own| std::ptr::eq(own, sum));
        // The headline and the lines above say the rest.
        let (first, parts): (String, Vec<&Part>) = if in_headline {
            let is_other = |part: &&Part| !part.own || part.filings > 1;
            ("With:".to_owned(), sum.parts.iter().filter(is_other).collect())
        } else {
            (capital(&sum_text(sum, dates)), sum.parts.iter().collect())
        };
        let mut lines = vec![first];
        lines.extend(parts.iter().take(MOST_PARTS).map(|part| format!("- {}", part_text(part, dates))));
        let more = sum.more + parts.len().saturating_sub(MOST_PARTS);
        if more > 0 {
            lines.push(format!("- and {more} more"));
        }
        if in_headline && lines.len() == 1 { String::new() } else { lines.join("\n") }
    });
    each.collect()
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
    let names: Vec<&str> =
        part.owners.iter().map(String::as_str).filter(|name| !name.trim().is_empty()).collect();
    let names = escaped(&clip(&names.join(", "), NAMES));
    let names = if names.is_empty() { "somebody".to_owned() } else { names };
    let figures =
        figures((part.value_usd, part.value_is_at_least), (part.shares, part.shares_is_at_least, part.unit));
    let place = match (part.own, part.filings) {
        (true, 1) => ", this filing".to_owned(),
        (true, n) => format!(", this filing and {} more", n - 1),
        (false, 1) => String::new(),
        (false, n) => format!(", {n} filings"),
    };
    format!("{names}, {figures}, {}{place}", dates.span(part.first_date, part.last_date))
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
