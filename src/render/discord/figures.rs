//! The number, price and days of an alert's lots on its card.

use rust_decimal::Decimal;

use super::glance::{Dates, and_more, cents};
use super::headline::cluster;
use super::words::escaped;
use crate::alert::{Alert, Figure};
use crate::filing::record::LotRecord;
use crate::filing::{Trade, grouped};
use crate::render::filing::capital;
use crate::text::clip_words;

const MOST_SECURITIES: usize = 4;
/// The longest title of a security.
const TITLE: usize = 36;

/// `**29,136** shares at **$319.46** ($315.44–$326.33), Jan 3`: a line for each security, or each way.
pub(super) fn figures(alert: &Alert) -> Vec<String> {
    let mut lines = alert.security_lines(Figure::Short, short_title);
    if !lines.is_empty() {
        lines.truncate(MOST_SECURITIES);
        let more = alert.securities.len().saturating_sub(MOST_SECURITIES);
        if more > 0 {
            lines.push(and_more(more, "security", "securities"));
        }
        if let Some(last) = lines.last_mut() {
            last.push_str(&format!(", {}", when(alert)));
        }
        return lines;
    }
    let ways = alert.ways();
    let several = ways.len() > 1;
    let mut lines: Vec<String> = ways
        .iter()
        .enumerate()
        .map(|(place, way)| {
            let way = way.whole();
            let unit = way.quantity.strip_prefix(&way.number).unwrap_or_default();
            let verb = if several { format!("{} ", capital(way.verb.text())) } else { String::new() };
            let price = (place == 0).then(|| price(alert)).flatten();
            let price = price.unwrap_or_else(|| alert.for_value(&way));
            format!("{verb}**{}**{unit}{price}", way.number)
        })
        .collect();
    if let Some(last) = lines.last_mut() {
        last.push_str(&format!(", {}", when(alert)));
    }
    lines
}

/// A security's title in markdown.
fn short_title(title: &str) -> String {
    escaped(&clip_words(title, TITLE))
}

/// ` at **$319.46** ($315.44–$326.33)`.
fn price(alert: &Alert) -> Option<String> {
    let price = alert.price_text().filter(|_| !alert.only_moves())?;
    // A cluster's card is about the others, too.
    Some(match range(alert).filter(|_| cluster(alert).is_none()) {
        Some((low, high)) => format!(" at **{price}** ({low}–{high})"),
        None if alert.lots.len() > 1 => format!(" at **{price}** on average"),
        None => format!(" at **{price}**"),
    })
}

/// The actual prices, if they differ by a cent: in whole dollars, rounded outwards, from a hundred on.
fn range(alert: &Alert) -> Option<(String, String)> {
    alert.range_text()?;
    let (low, high) = (cents(alert.price_low?), cents(alert.price_high?));
    if low == high {
        return None;
    }
    if low.decimal() < Decimal::ONE_HUNDRED {
        return Some((low.exact(), high.exact()));
    }
    let whole = |number: Decimal| format!("${}", grouped(&number.to_string()));
    Some((whole(low.decimal().floor().normalize()), whole(high.decimal().ceil().normalize())))
}

/// `Jan 3–5`, with the year if it is not the filing's.
fn when(alert: &Alert) -> String {
    match Trade::of(alert.lots.iter().map(LotRecord::figures)).dates {
        None => "on an unknown date".to_owned(),
        Some((first, last)) => Dates::of(alert).span(first, last),
    }
}
