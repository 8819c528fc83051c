//! The currency in which a range of prices is stated: a form's prices are in US dollars.

use std::ops::Range;
use std::sync::LazyLock;

use super::pattern::{Pattern, pattern};
use super::text::{end, start};

/// A sign right before a number that shows whose dollars it means.
static FOREIGN_SIGN: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"(?:(?:(?-i:\b(?:C|A|S|R|Z|J|T))|\b(?:CA|CAD|CDN|Can|CN|AU|AUD|HK|HKD|NT|NTD|TWD|NZ|NZD|SG|SGD|MX|MXN|BZ|BRL|TT|JMD|Cdn\.))\s?\$|\b(?:CAD|CDN|AUD|HKD|NTD|TWD|NZD|SGD|MXN|EUR|GBP|GBX|NIS|ILS|RMB|CNY|JPY|CHF|SEK|NOK|DKK|KRW|INR|ZAR|BRL|PLN|TRY|THB|PHP|IDR|MYR|Rs\.?|kr|Fr\.?|DM)\s?\$?)\s?$",
    )
});
static US_SIGN: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"(?:\bU\.?\s?S\.?(?:D|\s+dollars?)?\s?\$?|\bUSD\s?\$?)\s?$"));
const SIGNS: [char; 10] = ['£', '€', '¥', '₪', '₹', '₩', '₽', '元', '円', '￥'];
/// Money that is named in words or by its code.
static NAMED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:(?:Canadian|Australian|New\s+Zealand|Hong\s+Kong|Singapore|Taiwan(?:ese)?|NT|Jamaican|Bermud\w+)(?:\s+(?:dollars?|currency|funds)\b|\s*(?:[.,;)]|$))|(?:CAD|CDN|AUD|HKD|TWD|NTD|SGD|NZD|EUR|GBP|GBX|NIS|ILS|RMB|CNY|JPY|CHF|SEK|NOK|DKK|KRW|INR|ZAR|BRL)\b)",
    )
});
/// Money with a sign other than the dollar's.
static OTHER_NAMED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:euros?|pounds?|sterling|pence|(?:new\s+)?(?:Israeli\s+)?shekels?|renminbi|yuan|yen|won|rupees?|rand|reais|pesos?|(?:Swiss\s+)?francs?|kron(?:or|er|a|e))\b",
    )
});
static US_NAMED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"(?:\bU\.?\s?S\.?(?:[\s$)]|D\b|\s*dollars?)|\bUSD\b|\bUnited\s+States\s+dollars?)")
});
/// "Canadian dollars" right behind a range.
const BEHIND: usize = 40;
/// "in Canadian dollars, ranging from" before it.
const BEFORE: usize = 100;

/// True if a range, with its numbers at these places, is in money other than US dollars.
pub(super) fn is_foreign(text: &str, whole: &Range<usize>, numbers: [&Range<usize>; 2]) -> bool {
    let signed = |number: &Range<usize>| {
        let before = end(&text[..number.start], 16);
        US_SIGN.is_match(before).then_some(false).or_else(|| {
            let sign = before.trim_end().ends_with(SIGNS);
            (sign || FOREIGN_SIGN.is_match(before)).then_some(true)
        })
    };
    if let Some(foreign) = numbers.into_iter().find_map(signed) {
        return foreign;
    }
    let behind = start(&text[whole.end..], BEHIND);
    let behind =
        [". ", "; ", ".\n"].iter().filter_map(|cut| behind.split(cut).next()).min_by_key(|rest| rest.len());
    let behind = behind.unwrap_or_default();
    let before = end(&text[..whole.start], BEFORE);
    let before = before.rfind(". ").map_or(before, |cut| &before[cut..]);
    // "$20.00 to $21.00 (C$27.00 to C$28.40)": what follows the range has numbers of its own.
    let plain = behind.find(|c: char| c.is_ascii_digit()).map_or(behind, |digit| &behind[..digit]);
    let own = plain.len() == behind.len();
    let until = |behind: usize| &text[whole.start - before.len()..whole.end + behind];
    let sign = behind.trim_start().starts_with(SIGNS);
    let around = until(if own { plain.len() } else { 0 });
    // "Sold by Rand Capital at $20.00 to $21.00".
    let dollars = text[whole.clone()].contains('$');
    let foreign = own && sign || NAMED.is_match(around) || !dollars && OTHER_NAMED.is_match(around);
    foreign && !US_NAMED.is_match(until(plain.len()))
}

#[cfg(test)]
mod tests {
    use super::super::Scanned;

    fn ranges(text: &str) -> Vec<(String, String)> {
        let read = super::super::read(&Scanned::new(text, true), false, (true, true));
        read.ranges.iter().map(|range| (range.low.plain(), range.high.plain())).collect()
    }

    #[test]
    fn a_range_in_other_money_is_no_range_of_the_row() {
        for text in [
            "prices ranging from $26.50 to $28.40 Canadian",
            "prices ranging from C$26.50 to C$28.40",
            "prices ranging from CAD 26.50 to CAD 28.40",
            "prices ranging from CAD$26.50 to CAD$28.40, inclusive",
            "prices ranging from Cdn$26.50 to Cdn$28.40 per share",
            "prices ranging from CDN $26.50 to $28.40",
            "prices ranging from $26.50 to $28.40 CAD",
            "sold in multiple trades at prices ranging from $26.50 to $28.40, in Canadian dollars",
            "sold in Canadian dollars at prices ranging from $26.50 to $28.40",
            "prices ranging from £26.50 to £28.40",
            "prices ranging from €26.50 to €28.40, inclusive",
            "prices ranging from EUR 26.50 to EUR 28.40",
            "prices ranging from 26.50 to 28.40 euros",
            "prices ranging from NIS 26.50 to NIS 28.40",
            "prices between A$26.50 and A$28.40",
            "prices ranging from AUD 26.50 to 28.40",
            "prices ranging from RMB26.50 to RMB28.40",
            "ranging from NT$26.50 to NT$28.40",
            "shares sold at HK$26.50 to HK$28.40",
            "the lowest price was C$26.50 and the highest price was C$28.40",
            "the lowest price was $26.50 and the highest price was $28.40 (Canadian dollars)",
            "prices ranging from 26.50 GBP to 28.40 GBP",
            "prices ranging from 26.50 to 28.40 Swiss francs",
            "prices ranging from S$26.50 to S$28.40",
            "prices ranging from ¥26.50 to ¥28.40",
            "prices ranging from ₪26.50 to ₪28.40",
        ] {
            assert_eq!(ranges(text), [], "{text}");
        }
    }

    #[test]
    fn a_range_in_us_dollars_is_read_beside_other_money() {
        for text in [
            "prices ranging from $26.50 to $28.40",
            "prices ranging from US$26.50 to US$28.40",
            "prices ranging from U.S. $26.50 to U.S. $28.40, inclusive",
            "prices ranging from U.S.$26.50 to U.S.$28.40",
            "prices ranging from USD 26.50 to USD 28.40",
            "prices ranging from $26.50 to $28.40 (U.S.)",
            "prices ranging from $26.50 to $28.40 in U.S. dollars on the Toronto Stock Exchange",
            "sold on a Canadian exchange in U.S. dollars at prices ranging from $26.50 to $28.40",
            "prices ranging from C$36.10 to C$38.70 (US$26.50 to US$28.40)",
            "prices ranging from US$26.50 to US$28.40 (C$36.10 to C$38.70)",
            "prices ranging from $26.50 to $28.40 (C$36.10 to C$38.70)",
            "prices ranging from $26.50 to $28.40. The issuer reports in Canadian dollars.",
        ] {
            assert_eq!(ranges(text), [("26.5".to_owned(), "28.4".to_owned())], "{text}");
        }
    }
}
