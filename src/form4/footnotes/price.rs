//! A note's statements about prices: the range of the actual ones, and that the stated one is an average.
//!
//! Language rules derived from some thousand footnotes: "prices ranging from $110.00 to $110.82, inclusive",
//! "(range $51.35 to $52.10)", "the highest price was … and the lowest …". A number that is cut or malformed
//! yields nothing.

use std::sync::{Arc, LazyLock};

use regex::{Captures, Match};

use super::keywords::Keywords;
use super::pattern::{Pattern, pairs, pattern};
use super::text::start;
use super::{currency, date};
use crate::filing::{PlanDate, Usd};

/// A range and the words that state it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::form4) struct PriceRange {
    pub(in crate::form4) low: Usd,
    pub(in crate::form4) high: Usd,
    pub(in crate::form4) words: Arc<str>,
    /// The position of the words in the note.
    start: usize,
    end: usize,
    /// If one note has several ranges: the dates beside this one.
    pub(in crate::form4) days: Vec<PlanDate>,
}

const NUMBER: &str =
    r"(?:U\.?\s?S\.?\s?D?\s?)?\$?\s?((?:\d{1,3}(?:,\d{3}){1,4}|\d{1,15})(?:\.\d{1,10})?|\.\d{1,10})";
const TO: &str =
    r"\s*(?:per\s+(?:share|unit|ADS))?\s*,?\s*(?:(?:up\s+)?(?:to|through)(?:\s+and\s+including)?|and|-|&)\s*";

/// "not less than $1 and not more than $2", "at or above", "the lowest".
const BOUND: &str = r"\b(?:low(?:est|er)?|high(?:est|er)?|above|below|less\s+than|more\s+than|greater\s+than|minimum|maximum)\b";

/// How a range is stated.
struct Form {
    /// Its text needs one of these keywords.
    keywords: u32,
    words: Words,
    /// The two numbers, with the text around them.
    numbers: Pattern,
}

/// Words besides a range's numbers. The pattern for the numbers is slow, so it is tried only near these
/// words.
enum Words {
    None,
    /// Before the numbers, with no other number in between.
    Before(Pattern),
    /// Once for each number.
    Twice(Pattern),
}

/// The most characters between a word and the numbers after it.
const LONGEST_GAP: usize = 60;
/// A range's numbers and the text between them are shorter than this, in bytes.
const LONGEST_RANGE: usize = 240;

/// The index of [`DOLLARS`] among them.
const DOLLARS_AT: usize = 4;
/// The first form that finds a range counts.
static RANGES: LazyLock<[Form; 6]> = LazyLock::new(|| {
    let form =
        |keywords: u32, numbers: &str| Form { keywords, words: Words::None, numbers: pattern(numbers) };
    [
        Form {
            keywords: Keywords::RANGE,
            words: Words::Before(pattern(r"\brang(?:e|es|ed|ing)\b")),
            numbers: pattern(&format!(
                r"{NUMBER}{TO}(?:a\s+)?(?:high(?:est)?\s+(?:price\s+)?of\s+)?{NUMBER}"
            )),
        },
        form(
            Keywords::BETWEEN,
            &format!(
                r"\b(?:between|from|b/w)\s*(?:[\w-]+-equivalent\s+)?(?:a\s+low\s+of\s+)?{NUMBER}{TO}(?:a\s+high\s+of\s+)?{NUMBER}"
            ),
        ),
        Form {
            keywords: Keywords::HIGH,
            words: Words::Twice(pattern(BOUND)),
            numbers: pattern(&format!(
                r"{BOUND}(?u:[^%\d]){{0,60}}?{NUMBER}(?u:[^%\d]){{0,60}}?{BOUND}(?u:[^%\d]){{0,60}}?{NUMBER}"
            )),
        },
        form(
            Keywords::HIGH,
            &format!(
                r"{NUMBER}\s*\((?:the\s+)?(?:low|high)(?:est)?\)(?u:[^%\d]){{0,60}}?{NUMBER}\s*\((?:the\s+)?(?:low|high)"
            ),
        ),
        form(Keywords::DOLLAR, DOLLARS),
        form(
            Keywords::AVERAGE,
            &format!(
                r"\b(?:trades?|prices?|transactions?)\s+(?:at|of)\s+{NUMBER}\s*(?:to|through|-)\s*{NUMBER}"
            ),
        ),
    ]
});

impl Form {
    /// The ranges that a text states in this form.
    fn ranges(&self, text: &str) -> Vec<PriceRange> {
        let Some(numbers) = &self.numbers.0 else { return Vec::new() };
        match &self.words {
            Words::Twice(words) if words.ranges(text).len() < 2 => Vec::new(),
            Words::None | Words::Twice(_) => numbers
                .captures_iter(text)
                .filter_map(|found| range(text, found.get(0)?.start(), &found))
                .collect(),
            Words::Before(words) => {
                let mut until = 0;
                let mut ranges = Vec::new();
                for word in words.ranges(text) {
                    let gap = gap(&text[word.end..]);
                    let near = start(text, word.end + gap + LONGEST_RANGE);
                    let found = numbers.captures_at(near, word.end).filter(|_| word.start >= until);
                    if let Some(found) = found
                        && let Some(whole) = found.get(0)
                        && whole.start() <= word.end + gap
                    {
                        until = whole.end();
                        ranges.extend(range(text, word.start, &found));
                    }
                }
                ranges
            }
        }
    }
}

/// The distance to the first number of a text, or the search limit, in bytes.
fn gap(text: &str) -> usize {
    let of_number = |c: char| matches!(c, '.' | '$' | '%') || c.is_ascii_digit();
    let mut near = text.char_indices().enumerate();
    near.find(|(i, (_, c))| *i == LONGEST_GAP || of_number(*c)).map_or(text.len(), |(_, (at, _))| at)
}

/// "$8.01-$8.20", "US$13.04 to US$13.33"; other countries' dollars have a letter before their sign.
const DOLLARS: &str = r"(?:^|(?u:[^A-Za-z$\d.])|\bUSD?\s?)\$\s?((?:\d{1,3}(?:,\d{3}){1,4}|\d{1,15})(?:\.\d{1,10})?|\.\d{1,10})\s*(?:per\s+share\s*)?(?:to|through|-)\s*(?:USD?\s?)?\$?\s?((?:\d{1,3}(?:,\d{3}){1,4}|\d{1,15})(?:\.\d{1,10})?|\.\d{1,10})";

/// Prices of other things than these trades: of options, of the market, of a plan's conditions.
static NOT_ACTUAL: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:(?:exercise|strike|conversion)\s+prices?|hurdles?|target|52-?week|trading\s+range|market\s+price\s+is|limit\s+prices?|if\s+the|when\s+the|vest\w*|number\s+of\s+shares|par\s+value|(?:commissions?|fees?|dividends?|proceeds|costs?(?:\s+basis)?),?\s+(?:which|that|rang(?:ing|ed|es)|of)|acquired\s+at|strikes?|conversion|exchange\s+rate|apprais\w+|increased|decreased|had\s+been\s+acquired|acquired\s+(?:under|in\s+(?:19|20)\d\d)|has\s+traded)\b",
    )
});
/// The text must mention trades or their prices.
static OF_TRADES: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:prices?|averages?d?|avg|weighted|mean|trad(?:es?|ed)|transactions?|sold|sales?|executed|purchased?|bought|rang\w*|high\w*|low\w*)\b",
    )
});

static AVERAGE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\bweighted[\s-]+average\b|\baverage\s+(?:sales?|selling|purchase|market|execution)?\s*price|\bVWAP\b",
    )
});

/// The ranges of actual prices that a footnote states, in order.
pub(super) fn ranges(text: &str, keywords: Keywords) -> Vec<PriceRange> {
    let tried = RANGES.iter().filter(|form| keywords.has(form.keywords)).map(|form| form.ranges(text));
    let mut ranges = tried.into_iter().find(|ranges| !ranges.is_empty()).unwrap_or_default();
    // "ranging from $10.00 to $10.99 on Monday and from $11.00 to $11.50 on Tuesday".
    if !ranges.is_empty() && text.matches('$').count() > 2 * ranges.len() {
        for more in RANGES[DOLLARS_AT].ranges(text) {
            if ranges.iter().all(|range| more.start >= range.end || more.end <= range.start) {
                ranges.push(more);
            }
        }
        ranges.sort_by_key(|range| range.start);
    }
    if ranges.len() > 1 {
        let named = |from: usize, until: usize| -> Vec<PlanDate> {
            date::dates(&text[from..until]).into_iter().map(|found| found.date).collect()
        };
        // "on March 7 $15.49 - $15.73 and on March 8 …", or each day after its range.
        let leading = !named(0, ranges[0].start).is_empty();
        for i in 0..ranges.len() {
            let before = if i == 0 { 0 } else { ranges[i - 1].end };
            let after = ranges.get(i + 1).map_or(text.len(), |next| next.start);
            let (start, end) = (ranges[i].start, ranges[i].end);
            ranges[i].days = if leading { named(before, start) } else { named(end, after) };
        }
    }
    ranges
}

/// True if a footnote calls the price an average.
pub(super) fn says_average(text: &str) -> bool {
    AVERAGE.is_match(text)
}

/// A range whose words begin at a place.
fn range(text: &str, start: usize, found: &Captures<'_>) -> Option<PriceRange> {
    let (one, other) = (found.get(1)?, found.get(2)?);
    let whole = start..found.get(0)?.end();
    let stated = &text[whole.clone()];
    for number in [one, other] {
        // `1,1140.89` is not a number, `5%` and `3 years` are not prices.
        let rest = &text[number.end()..];
        let next = rest.trim_start();
        let grows = rest.starts_with(|c: char| c.is_ascii_digit())
            || rest.starts_with([',', '.']) && rest[1..].starts_with(|c: char| c.is_ascii_digit());
        if grows || next.starts_with('%') || next.starts_with("year") || next.starts_with("share") {
            return None;
        }
    }
    // A number of shares has neither sign nor cents.
    let money = |number: Match<'_>| {
        number.as_str().contains('.') || text[..number.start()].trim_end().ends_with(['$', 'D'])
    };
    if !money(one) && !money(other) {
        return None;
    }
    if currency::is_foreign(text, &whole, [&one.range(), &other.range()]) {
        return None;
    }
    let mut sentence = whole.start.saturating_sub(100);
    while !text.is_char_boundary(sentence) {
        sentence -= 1;
    }
    let before = &text[sentence..whole.start];
    let clause = [". ", "; "].iter().filter_map(|end| Some(before.rfind(end)? + end.len())).max();
    let before = &before[clause.unwrap_or(0)..];
    let around = &text[sentence..whole.end];
    let phrase = &text[whole.start - before.len()..whole.end];
    if NOT_ACTUAL.is_match(phrase) && !is_sold_at(before)
        || !OF_TRADES.is_match(around) && !follows(&text[whole.end..])
    {
        return None;
    }
    let usd = |number: Match<'_>| number.as_str().replace(',', "").parse::<Usd>().ok();
    let (one, other) = (usd(one)?, usd(other)?);
    let words = stated.trim().into();
    let (low, high) = (one.min(other), one.max(other));
    Some(PriceRange { low, high, words, start: whole.start, end: whole.end, days: Vec::new() })
}

/// "Sold upon vesting at prices": whatever else is mentioned, the prices are those of the sale.
fn is_sold_at(before: &str) -> bool {
    static SOLD: LazyLock<Pattern> =
        LazyLock::new(|| pattern(r"\b(?:sold|sales?|selling|trades?|transactions?)\b"));
    static PRICES: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\bprices\s*$"));
    static OTHERS: LazyLock<Pattern> = LazyLock::new(|| {
        pattern(
            r"\b(?:acquired|purchased|bought|exercise|strike|conversion|hurdle|target|limit|market|trading)\b",
        )
    });
    pairs(before, &SOLD, &PRICES, 50).any(|pair| !OTHERS.is_match(pair.gap))
}

/// "$3.27 to $3.34 (weighted average)".
fn follows(rest: &str) -> bool {
    let end = rest.char_indices().nth(60).map_or(rest.len(), |(at, _)| at);
    OF_TRADES.is_match(&rest[..end])
}

#[cfg(test)]
mod tests {
    use super::super::{Said, Scanned};

    fn read(text: &str) -> Said {
        super::super::read(&Scanned::new(text, true), false, (true, true))
    }

    #[track_caller]
    fn check(text: &str, expected: Option<(&str, &str)>) {
        let found = read(text).ranges.first().map(|range| (range.low.plain(), range.high.plain()));
        assert_eq!(found, expected.map(|(low, high)| (low.to_owned(), high.to_owned())), "{text}");
    }

    #[test]
    fn ranges_are_read_in_the_words_that_filers_use() {
        check("sold in trades at prices ranging from $110.00 to $110.82, inclusive", Some(("110", "110.82")));
        check("shares sold ranging from $110.00 to $110.07 per share. Upon request", Some(("110", "110.07")));
        check("a weighted average price of $51.7 (range $51.35 to $52.10).", Some(("51.35", "52.1")));
        check("ranging from a low of $9.00 to a high of $9.5 per share", Some(("9", "9.5")));
        check("prices ranging from $12.10 per share to $12.40 per share", Some(("12.1", "12.4")));
        check("at prices ranging from $.26 to $.31", Some(("0.26", "0.31")));
        check("ranged from 72.16 to 72.86", Some(("72.16", "72.86")));
        check("ranging from $20.50 to $19.75", Some(("19.75", "20.5")));
        check("at prices ranging from $1,139.92 to $1,140.89", Some(("1139.92", "1140.89")));
        check("at prices within the range of $5 - $6, inclusive", Some(("5", "6")));
        check("prices ranging between $1.01 and $1.05.", Some(("1.01", "1.05")));
        check("in trades at prices from $3.10 to $3.20", Some(("3.1", "3.2")));
        check("The highest price was $44.10 and the lowest price was $43.90", Some(("43.9", "44.1")));
        check("the lowest sale price being $7.00 and the highest $7.25", Some(("7", "7.25")));
    }

    #[test]
    fn what_is_no_range_of_prices_is_none() {
        check("These units vest over a range from 0% to 200% of target", None);
        check("at prices ranging from $1,139.920 to $1,1140.890, inclusive", None);
        check("vesting ranging from 3 years to 5 years", None);
        check("ranging from 100 shares to 500 shares", None);
        check("The price is a weighted average. Details on request.", None);
        check("ranging from $99999999999999999999999999999999 to $2", None);
        check("", None);
    }

    #[test]
    fn fees_and_costs_are_no_prices_and_words_beside_a_sale_do_not_hide_its_own() {
        for text in [
            "Weighted average price, net of commissions ranging from $0.01 to $0.02 per share.",
            "Sold; fees ranging from $0.01 to $0.02 per share.",
            "The shares sold were acquired at prices ranging from $1.00 to $2.00.",
            "The sale proceeds ranged from $2,300.00 to $2,490.00",
        ] {
            check(text, None);
        }
        for text in [
            "Shares sold upon vesting of RSUs at prices ranging from $23.10 to $24.90.",
            "Following conversion of Class B into Class A, the shares were sold at prices ranging from $23.10 to $24.90.",
            "Common Stock, par value $0.0001, was sold at prices ranging from $23.10 to $24.90.",
            "commissions ranging from $0.01 to $0.02; prices ranging from $23.10 to $24.90",
            "exercise price $1.00 to $2.00; sale prices ranging from $23.10 to $24.90",
            "Sold by Rand Capital at prices ranging from $23.10 to $24.90",
            "Sold through Canadian Imperial Bank at prices ranging from $23.10 to $24.90",
        ] {
            check(text, Some(("23.1", "24.9")));
        }
    }

    #[test]
    fn averages_are_recognised() {
        for text in [
            "a weighted average price",
            "the weighted-average sale price",
            "Represents the average price.",
            "a VWAP of $7",
        ] {
            assert!(read(text).average, "{text}");
        }
        assert!(!read("The price was fixed in the agreement").average);
    }
}
