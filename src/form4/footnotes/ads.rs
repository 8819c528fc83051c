//! American Depositary Shares in titles and notes: how many shares each stands for, and whether a price or a count is of them.

mod ratio;

use std::ops::Range;
use std::str::FromStr;
use std::sync::LazyLock;

use regex::Regex;
use rust_decimal::Decimal;

use super::pattern::{Pattern, pattern};
pub(in crate::form4) use ratio::ratio;

/// Depositary shares of foreign companies; "Depositary Shares" alone are fractions of a US bank's preferred share.
const ADS: &str = r"(?:\b(?:ADSs?|ADRs?|GDSs?|GDRs?)\b|\b(?:American|Global|European|International|NY|New\s+York)\s+(?:Depos[ia]tary|Registered)\s+(?:Shares?|Receipts?|Interests?|Stock)(?:\s*\(\s*(?:the\s+|each,?\s+an?\s+|an?\s+)?[\x22']*(?:ADS|ADR|GDS|GDR)[\x22's]*\s*\))?)";
/// What a security's title counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::form4) enum Titled {
    /// Shares, units, options.
    Shares,
    /// ADS.
    Ads,
    /// Both: `Ordinary Shares [ADS]`.
    Both,
}

/// What a title counts.
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

/// What a note says that a price is of.
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
        r"\b(?:divid(?:ed|ing)\s+(?:\w+\s+){0,6}?(?:by|per)|by\s+dividing|one[\s-](?:half|third|fourth|fifth|eighth|tenth|twentieth)\s+of\s+the|adjusted\s+to\s+reflect\s+the\s+(?:ratio|ordinary)|1/\d+)",
    )
});

/// What a note says that the price is of; `None` where it does not say, or says both.
pub(in crate::form4) fn priced(text: &str, price: Decimal, of_price: bool) -> Option<Of> {
    // "And not per ADS" says the other.
    let said = |range: &Range<usize>| {
        let before = text[..range.start].trim_end().to_ascii_lowercase();
        !["not", "rather than", "instead of"].iter().any(|no| before.ends_with(no))
    };
    let of = |pattern: &Pattern| pattern.ranges(text).into_iter().filter(said).collect::<Vec<_>>();
    let (ads, shares) = (of(&PER_ADS), of(&PER_SHARE));
    if !of_price && !OF_PRICES.is_match(text) {
        return None;
    }
    // The numbers beside them: "$8.88 per ADS", "the price per ADS was $8.88".
    let near = |ranges: &[Range<usize>]| -> Vec<Decimal> {
        let both = ranges
            .iter()
            .flat_map(|range| [number_before(text, range.start), number_behind(text, range.end)]);
        both.flatten().collect()
    };
    let beside = |ranges: &[Range<usize>]| near(ranges).iter().any(|number| is_equal(*number, price));
    let of_another = |ranges: &[Range<usize>]| !near(ranges).is_empty() && !beside(ranges);
    match (ads.is_empty(), shares.is_empty()) {
        (false, true) if DIVIDED.is_match(text) && !beside(&ads) => Some(Of::Share),
        (false, true) => {
            (of_price || beside(&ads) || text.to_ascii_lowercase().contains("price")).then_some(Of::Ads)
        }
        (true, false) => Some(Of::Share),
        (false, false) => match (beside(&ads), beside(&shares)) {
            (true, false) => Some(Of::Ads),
            (false, true) => Some(Of::Share),
            _ if DIVIDED.is_match(text) => Some(Of::Share),
            _ => match (of_another(&ads), of_another(&shares)) {
                (true, false) => Some(Of::Share),
                (false, true) => Some(Of::Ads),
                _ => None,
            },
        },
        (true, true) => None,
    }
}

/// The number right behind a place: "was $8.88".
fn number_behind(text: &str, from: usize) -> Option<Decimal> {
    static BEHIND: LazyLock<Option<Regex>> = LazyLock::new(|| {
        pattern(r"^\s*(?:was|is|of|were|being|at|:|=|equal\s+to)\s*(?:US)?\$?\s*(?P<n>\d{1,6}(?:,\d{3})*(?:\.\d{1,6})?)").0
    });
    let found = BEHIND.as_ref()?.captures(text.get(from..)?)?;
    Decimal::from_str(&found.name("n")?.as_str().replace(',', "")).ok()
}

fn is_equal(one: Decimal, other: Decimal) -> bool {
    one.checked_sub(other).is_some_and(|off| off.abs() < Decimal::new(1, 2))
}

/// The last number shortly before a place.
fn number_before(text: &str, until: usize) -> Option<Decimal> {
    const NEAR: usize = 30;
    let mut from = until.saturating_sub(NEAR);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let before = &text[from..until];
    let mut words = before.split(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',')));
    let last = words.rfind(|word| word.bytes().any(|b| b.is_ascii_digit()))?;
    Decimal::from_str(last.trim_matches(['.', ',']).replace(',', "").as_str()).ok()
}

/// Numbers of ADS that a note names: "a sale of 21,268 American Depositary Shares".
pub(in crate::form4) fn counts(text: &str) -> Vec<Decimal> {
    static COUNT: LazyLock<Option<Regex>> = LazyLock::new(|| {
        pattern(&format!(r"\b(?P<n>\d{{1,3}}(?:,\d{{3}})+|\d{{1,12}})\s+(?:\w+\s+)?{ADS}")).0
    });
    let Some(regex) = &*COUNT else { return Vec::new() };
    let numbers = regex.captures_iter(text).filter_map(|found| found.name("n").map(|number| number.as_str()));
    numbers.filter_map(|number| Decimal::from_str(&number.replace(',', "")).ok()).collect()
}
