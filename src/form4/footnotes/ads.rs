//! American Depositary Shares in titles and notes: how many shares each represents, and whether a price or a
//! count is of them.

mod ratio;

use std::ops::Range;
use std::str::FromStr;
use std::sync::LazyLock;

use regex::Regex;
use rust_decimal::Decimal;

use super::pattern::{Pattern, pattern};
use super::text::{end, sentences, start};
pub(in crate::form4) use ratio::ratio;

/// Depositary shares of foreign companies; "Depositary Shares" alone are fractions of a US bank's preferred
/// share.
const ADS: &str = r"(?:\b(?:ADSs?|ADRs?|GDSs?|GDRs?)\b|\b(?:American|Global|European|International|NY|New\s+York)\s+(?:Depos(?:i|a)t(?:a|o)ry|Registered)\s+(?:Shares?|Receipts?|Interests?|Stock)(?:\s*\(\s*(?:the\s+|each,?\s+an?\s+|an?\s+)?[\x22']*(?:ADS|ADR|GDS|GDR)[\x22's]*\s*\))?)";
/// The unit that a security's title counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::form4) enum Titled {
    /// Shares, units, options.
    Shares,
    /// ADS.
    Ads,
    /// Both: `Ordinary Shares [ADS]`.
    Both,
}

/// The unit that a title counts.
pub(in crate::form4) fn titled(title: &str) -> Titled {
    static WORD: LazyLock<Pattern> = LazyLock::new(|| pattern(ADS));
    static HOME: LazyLock<Pattern> = LazyLock::new(|| {
        pattern(
            r"\b(?:ordinary|common|preferred|preference|class\s+\w|certificates?|participation|registered)\b",
        )
    });
    let ranges = WORD.ranges(title);
    let Some(first) = ranges.first() else { return Titled::Shares };
    if HOME.is_match(&title[..first.start]) { Titled::Both } else { Titled::Ads }
}

/// The unit of a price, according to a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::form4) enum Of {
    /// One ADS.
    Ads,
    /// One share.
    Share,
}

static PER_ADS: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"(?:\bprices?\s+(?:\w+\s+)?(?:corresponds?\s+to|relates?\s+to|refers?\s+to|is\s+for|is\s+of|is\s+that\s+(?:of|for)|are\s+(?:those\s+)?(?:for|of)|reflects?|represents?)\s+(?:the\s+)?(?:an?|each|one|price\s+of(?:\s+an?|\s+one|\s+each)?)?\s*|\b(?:per|for\s+each|for\s+one|for\s+an|prices?\s+(?:of|for)(?:\s+an|\s+each|\s+one)?(?:\s+of)?(?:\s+the)?(?:\s+(?:issuer|company)'?s?)?)[\s-]+(?:\(?1\)?\s+|one\s+|single\s+|listed\s+)?|/\s*){ADS}|{ADS}\s+(?:sales?\s+|closing\s+|market\s+|purchase\s+)?price|\bper[\s-]ADS\b"
    ))
});
static PER_SHARE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:per|for\s+each|of\s+each|of\s+one|for\s+one|price\s+of\s+an?)[\s-]+(?:\w+\s+)?(?:(?:class|series)\s+[\x22']?\w{1,2}[\x22']?\s+)?(?:underlying\s+)?(?:ordinary|common|preferred|preference|home|local|H|A|B|registered|bearer)[\s-]+shares?\b|\bper\s+(?:CPO|(?:ordinary\s+)?participation\s+certificate|local\s+share|underlying\s+share)|\bper[\s-](?:ordinary|common)[\s-]share\b",
    )
});
static OF_PRICES: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:prices?d?|reported|sold|purchased|at)\b"));
/// "The price of an ADS divided by five".
static DIVIDED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:divid(?:ed|ing)\s+(?:\w+\s+){0,6}?(?:by|per)|by\s+dividing|per\s+(?:\w+\s+){0,2}shares?\s+equivalent|one[\s-](?:half|third|fourth|fifth|eighth|tenth|twentieth)\s+of\s+the|adjusted\s+to\s+reflect\s+the\s+(?:ratio|ordinary)|1/\d+)",
    )
});

/// The unit of the price, according to a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::form4) enum Priced {
    /// It says so.
    Of(Of),
    /// It states prices of ADS, none of which is the row's: the ratio decides whether one of them, spread
    /// over the shares, is.
    Ads(Vec<Decimal>),
}

/// The unit of the price, according to a note; `None` if it does not say, or says both.
pub(in crate::form4) fn priced(text: &str, price: Decimal, of_price: bool) -> Option<Priced> {
    // "And not per ADS" says the opposite.
    let said = |range: &Range<usize>| {
        let before = text[..range.start].trim_end().to_ascii_lowercase();
        !["not", "rather than", "instead of"].iter().any(|no| before.ends_with(no))
    };
    let of = |pattern: &Pattern| pattern.ranges(text).into_iter().filter(said).collect::<Vec<_>>();
    let (ads, shares) = (of(&PER_ADS), of(&PER_SHARE));
    if !of_price && !OF_PRICES.is_match(text) {
        return None;
    }
    let (of_ads, of_shares) = (prices_in(text, &ads), prices_in(text, &shares));
    let of_ads = if of_ads.is_empty() { sold_ads(text) } else { of_ads };
    let is_it = |prices: &[Decimal]| {
        let (low, high) = (prices.iter().min(), prices.iter().max());
        let within =
            is_range(prices) && low.zip(high).is_some_and(|(low, high)| *low <= price && price <= *high);
        within || prices.iter().any(|stated| is_equal(*stated, price))
    };
    if is_it(&of_shares)
        || DIVIDED.is_match(text) && !is_it(&of_ads) && !(ads.is_empty() && of_ads.is_empty())
    {
        return Some(Priced::Of(Of::Share));
    }
    if is_it(&of_ads) {
        return Some(Priced::Of(Of::Ads));
    }
    match (ads.is_empty(), shares.is_empty()) {
        _ if !of_ads.is_empty() && shares.is_empty() => Some(Priced::Ads(of_ads)),
        (false, true) => {
            (of_price || text.to_ascii_lowercase().contains("price")).then_some(Priced::Of(Of::Ads))
        }
        (true, false) => Some(Priced::Of(Of::Share)),
        (false, false) if !of_ads.is_empty() && of_shares.is_empty() => Some(Priced::Of(Of::Share)),
        (false, false) if of_ads.is_empty() && !of_shares.is_empty() => Some(Priced::Of(Of::Ads)),
        _ => None,
    }
}

/// The amounts of money beside words: "$151.00 per ADS", "the price per ADS on that day was $151.00".
fn prices_in(text: &str, ranges: &[Range<usize>]) -> Vec<Decimal> {
    const BEHIND: usize = 70;
    let mut prices: Vec<Decimal> = Vec::new();
    for range in ranges {
        let before = amounts_before(text, range.start);
        if !before.is_empty() {
            prices.extend(before);
            continue;
        }
        let behind = start(&text[range.end..], BEHIND);
        let behind = behind.split(". ").next().unwrap_or_default();
        // An amount per share, or of a ratio, is not a price of ADS.
        let behind = behind.split([';', ',']).next().unwrap_or_default();
        prices.extend(amounts(behind));
    }
    prices
}

/// "The ADSs were sold at prices ranging from $29.80 to $30.44": prices of the sold ADS.
fn sold_ads(text: &str) -> Vec<Decimal> {
    static SOLD: LazyLock<Option<Regex>> = LazyLock::new(|| {
        pattern(&format!(
            r"{ADS}\s*(?:\((?u:[^)]){{1,60}}\)\s*)?(?:(?:were|was|are)\s+)?(?:sold|purchased|bought|acquired)?\s*(?:in\s+multiple\s+(?:transactions|trades)\s+)?at\b(?P<rest>(?u:[^;]){{0,120}})"
        ))
        .0
    });
    let Some(regex) = &*SOLD else { return Vec::new() };
    let found = regex.captures_iter(text).filter_map(|found| found.name("rest").map(|rest| rest.as_str()));
    found.flat_map(|rest| amounts(rest.split(". ").next().unwrap_or_default())).collect()
}

/// Amounts with a `$` or a point.
fn amounts(text: &str) -> Vec<Decimal> {
    static AMOUNT: LazyLock<Option<Regex>> =
        LazyLock::new(|| pattern(r"(?P<sign>\$\s?)?\b(?P<n>\d{1,6}(?:,\d{3})*(?:\.\d{1,6})?)\b").0);
    let Some(regex) = &*AMOUNT else { return Vec::new() };
    let money = regex.captures_iter(text).filter_map(|found| {
        let number = found.name("n")?.as_str();
        (found.name("sign").is_some() || number.contains('.')).then_some(number)
    });
    money.filter_map(|number| Decimal::from_str(&number.replace(',', "")).ok()).collect()
}

/// True if amounts are the ends of a range, rather than prices of different things.
pub(in crate::form4) fn is_range(prices: &[Decimal]) -> bool {
    let ends = prices.iter().min().zip(prices.iter().max());
    prices.len() > 1
        && ends.is_some_and(|(low, high)| low.checked_mul(Decimal::TWO).is_some_and(|most| *high <= most))
}

fn is_equal(one: Decimal, other: Decimal) -> bool {
    one.checked_sub(other).is_some_and(|off| off.abs() < Decimal::new(1, 2))
}

/// The amount right before a place, or the two of a range: "$29.80 to $30.44 per ADS".
fn amounts_before(text: &str, until: usize) -> Vec<Decimal> {
    const NEAR: usize = 45;
    static RANGE: LazyLock<Pattern> =
        LazyLock::new(|| pattern(r"\d\s*(?:to|and|-|through)\s*(?:US)?\$?\s*[\d.,]+\s*$"));
    let before = end(&text[..until], NEAR);
    let before = before.rsplit([';', '(']).next().unwrap_or_default();
    if !before.trim_end().ends_with(|c: char| c.is_ascii_digit() || c == ')') {
        return Vec::new();
    }
    let mut found = amounts(before);
    let kept = if RANGE.is_match(before) { 2 } else { 1 };
    found.drain(..found.len().saturating_sub(kept));
    found
}

/// Numbers of ADS that a note says were traded: "a sale of 21,268 American Depositary Shares". The number
/// that remains, or is held, is a different one.
pub(in crate::form4) fn counts(text: &str) -> Vec<Decimal> {
    static COUNT: LazyLock<Option<Regex>> = LazyLock::new(|| {
        pattern(&format!(
            r"\b(?P<n>\d{{1,3}}(?:,\d{{3}})+(?:\.\d{{1,4}})?|\d{{1,12}}(?:\.\d{{1,4}})?)\s+(?:\w+\s+)?{ADS}"
        ))
        .0
    });
    static HELD: LazyLock<Pattern> = LazyLock::new(|| {
        pattern(
            r"\b(?:remain\w*|held|holds?|holdings?|own\w*|following|spouse|beneficial\w*|includes?|excludes?|outstanding|after)\b",
        )
    });
    let Some(regex) = &*COUNT else { return Vec::new() };
    let mut numbers = Vec::new();
    for sentence in sentences(text).into_iter().filter(|sentence| !HELD.is_match(sentence)) {
        let found =
            regex.captures_iter(sentence).filter_map(|found| found.name("n").map(|number| number.as_str()));
        numbers.extend(found.filter_map(|number| Decimal::from_str(&number.replace(',', "")).ok()));
    }
    numbers
}

/// True if a note says that its number of ADS represents the row's shares: "represented by 1,500 ADSs".
pub(in crate::form4) fn stands_for(text: &str) -> bool {
    static STANDS: LazyLock<Pattern> = LazyLock::new(|| {
        pattern(
            r"\b(?:represented\s+by|sold\s+(?:as|in)|in\s+the\s+form\s+of|consists?\s+of|represents?|equal\s+to|underlying|as)\b",
        )
    });
    static RATIO: LazyLock<Pattern> =
        LazyLock::new(|| pattern(r"\b(?:ratio|for\s+each|per\s+ordinary|every)\b"));
    STANDS.is_match(text) && !RATIO.is_match(text)
}

/// True if a note on a number of shares says that it counts ADS: "Number of ADSs.", "Amount is stated in
/// ADSs."
pub(in crate::form4) fn counts_ads(text: &str) -> bool {
    static SAYS: LazyLock<Pattern> = LazyLock::new(|| {
        pattern(&format!(
            r"(?:\b(?:number|amount)s?\s+of\s+(?:the\s+)?|\b(?:stated|reported|expressed|presented|shown|given)\s+(?:in|on)\s+(?:an?\s+)?(?:terms\s+of\s+)?|\b(?:line|row|table)\s+(?:are|is)\s+(?:in\s+)?){ADS}"
        ))
    });
    static UNDERLYING: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\bunderlying\b"));
    SAYS.is_match(text) && !UNDERLYING.is_match(text)
}
