//! The warnings of a filing, each in one short line for its card.

use super::glance::{Dates, and_more, dates_in};
use super::words::{escaped, whole};
use crate::alert::Alert;
use crate::filing::Warning;
use crate::render::filing::capital;
use crate::text::clip_words;

const MOST: usize = 2;
const LINE: usize = 120;

/// Codes, the messages that have them, and the short forms of those. Each `{}` of a message is a gap, and `{0}` of
/// the short form is the text of the first one.
const SHORT: [(&str, &str, &str); 25] = [
    (
        "filed-late",
        "a transaction of {} was reported on {}, two business days end on {}",
        "filed late: due {2}, filed {1}",
    ),
    ("filed-late", "a transaction of {} was reported on {}", "filed late: traded {0}, filed {1}"),
    (
        "date-mistyped",
        "a transaction of {} was reported on {}, and has a date that looks mistyped",
        "the date looks mistyped: {0}",
    ),
    ("date-mistyped", "a transaction of {} has a date that looks mistyped", "the date looks mistyped: {0}"),
    ("date-in-future", "a transaction of {} was reported on {}, before it", "dated after the filing: {0}"),
    ("date-after-signature", "a transaction of {} was signed for on {}", "signed before the trade, on {1}"),
    (
        "plan-after-trade",
        "traded on {} under a plan adopted on {}, after it",
        "plan adopted after the trade: {1}",
    ),
    (
        "plan-box-denied",
        "the 10b5-1 box is ticked, and a note says otherwise{}",
        "a note denies the 10b5-1 plan",
    ),
    (
        "price-outside-range",
        "the price {} is outside its footnoted range, {} to {} ({})",
        "the price is {0}, its note says {1}–{2}",
    ),
    (
        "price-far-from-siblings",
        "the price {} is far from {}, that of the lots beside it",
        "the price {0} is far from {1} beside it",
    ),
    (
        "price-far-from-history",
        "the price {} is far from {}, what other filings reported of this security lately{}",
        "the price {0} is far from {1} lately: per ADS?",
    ),
    (
        "price-like-total",
        "{} per share looks like the price of all of them",
        "the price {0} looks like a total",
    ),
    (
        "value-too-large",
        "{} is more than any row of a filing was ever worth",
        "the value {0} is not credible",
    ),
    ("value-too-large", "the stated total of {} makes {} a share", "the total {0} makes {1} a share"),
    (
        "total-against-price",
        "shares times price are {}, the stated total is {}",
        "the total is {1}, shares × price is {0}",
    ),
    (
        "count-off-by-ten",
        "the number is {}, and held are {}: it may be {} or {}",
        "{0} shares, or {3} by the holdings",
    ),
    (
        "count-against-holdings",
        "the number is {}, and held are {}, which makes {}",
        "{0} shares, but {2} by the holdings",
    ),
    ("debt-security", "a debt security: {}", "a debt security: its number is dollars"),
    ("split-in-filing", "a split{} lies between the rows: {}", "a split{0} lies between the rows"),
    (
        "title-without-office",
        "the title {} is of somebody who is no officer{}",
        "{0}, but not ticked as an officer",
    ),
    (
        "ticker-of-another",
        "the filer typed {} as its trading symbol, {}",
        "{0}, as typed, is another company’s ticker",
    ),
    (
        "unlisted-ticker",
        "the filer typed {} as a trading symbol; EDGAR lists this company as {}, {}",
        "the filer typed {0}, EDGAR lists {1}",
    ),
    (
        "unconfirmed-ticker",
        "the trading symbol {} is not confirmed: {}",
        "the ticker {0} is not confirmed yet",
    ),
    ("footnote-missing", "a row refers to footnote {}, which is not there", "footnote {0} is missing"),
    ("too-long", "{} longer than the part that is read{}", "a long note was read in part"),
];

/// A line for each of the first warnings; the last one says how many more there are.
pub(super) fn warnings(alert: &Alert) -> Vec<String> {
    let dates = Dates::of(alert);
    let mut told: Vec<String> = Vec::new();
    for warning in alert.warnings.iter().filter(|warning| !repeats(warning, &alert.warnings)) {
        let line = format!("⚠️ {}", text(warning, dates));
        // Several rows may have the same oddity.
        if !told.contains(&line) {
            told.push(line);
        }
    }
    let more = told.len().saturating_sub(MOST);
    told.truncate(MOST);
    if let Some(last) = told.last_mut().filter(|_| more > 0) {
        last.push_str(&format!(" · {}", and_more(more, "warning", "warnings")));
    }
    told
}

/// True if another warning says of the same date that it is mistyped.
fn repeats(warning: &Warning, all: &[Warning]) -> bool {
    let first = |warning: &Warning| dates_in(&warning.message).first().copied();
    let is_mistyped = |other: &Warning| other.code == "date-mistyped" && other.at == "transactionDate";
    ["date-in-future", "date-after-signature"].contains(&warning.code.as_str())
        && all.iter().any(|other| is_mistyped(other) && first(other) == first(warning))
}

/// `Filed late: due Apr 3, filed Apr 15`, in markdown.
fn text(warning: &Warning, dates: Dates) -> String {
    let of_code = SHORT.iter().filter(|(code, ..)| *code == warning.code);
    let mut short = of_code.filter_map(|(_, message, short)| {
        let gaps: Vec<String> = gaps(message, &warning.message)?.into_iter().map(escaped).collect();
        Some(filled(short, &gaps))
    });
    let text = short.next().unwrap_or_else(|| escaped(&warning.message));
    dates.in_text(whole(&clip_words(&capital(&text), LINE)))
}

/// The texts in the gaps of a message.
fn gaps<'m>(pattern: &str, message: &'m str) -> Option<Vec<&'m str>> {
    let mut parts = pattern.split("{}");
    let mut rest = message.strip_prefix(parts.next()?)?;
    let mut found = Vec::new();
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        let (gap, after) = match (part, parts.peek()) {
            ("", None) => (rest, ""),
            (part, None) => (rest.strip_suffix(part)?, ""),
            (part, Some(_)) => rest.split_once(part)?,
        };
        found.push(gap);
        rest = after;
    }
    rest.is_empty().then_some(found)
}

/// A short form with the texts of a message's gaps.
fn filled(short: &str, gaps: &[String]) -> String {
    let mut text = String::new();
    let mut rest = short;
    while let Some((before, (number, after))) =
        rest.split_once('{').and_then(|(before, gap)| Some((before, gap.split_once('}')?)))
    {
        let gap = number.parse::<usize>().ok().and_then(|number| gaps.get(number));
        text.push_str(before);
        text.push_str(gap.map_or("", String::as_str));
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_form_has_the_texts_of_the_gaps() {
        let short = |pattern, message, short| {
            gaps(pattern, message)
                .map(|gaps| filled(short, &gaps.into_iter().map(str::to_owned).collect::<Vec<_>>()))
        };
        assert_eq!(short("a {} b {}", "a {1} b y", "{1} before {0}").as_deref(), Some("y before {1}"));
        assert_eq!(short("a {} b", "a x b", "{0}{7}").as_deref(), Some("x"));
        assert_eq!(short("a {} b", "a x c", "{0}"), None);
        assert_eq!(short("a", "ab", ""), None);
        assert_eq!(short("{} a{}", "x a", "{0}.{1}").as_deref(), Some("x."));
    }
}
