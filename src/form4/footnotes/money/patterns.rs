//! The words with which a note describes money: conversions, rates, prices and other things.

use std::sync::LazyLock;

use super::super::pattern::{Pattern, pattern};

pub(super) static CONVERTS: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:convert(?:ed|ing|s)?|conversions?|exchanged)\b"));
pub(super) static TRANSLATES: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:translat(?:ed|es|ing|ions?)|re-?stated|re-?calculated|re-?computed)\b"));
pub(super) static EQUIVALENT: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\bequivalents?\b"));
/// Precedes a word of conversion that did not happen.
pub(super) static DENIED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"(?:\b(?:not|no|without|never|may|can|could|might|would|un)|n't)\b(?:(?u:\W)+\w+){0,4}(?u:\W)*$")
});
/// Other things that are converted.
pub(super) static SECURITIES: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:shares?|stock|notes?|bonds?|debentures?|units?|rsus?|psus?|dsus?|warrants?|options?|securities|preferred|preference|class\s+[a-z]|series\s+\w+|dividends?)\b",
    )
});
/// The parts of a trade that are converted.
pub(super) static PRICED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:prices?|amounts?|values?|figures?|consideration|cost|proceeds?|purchases?|sales?|trades?|sold|purchased|column\s+4|currency)\b",
    )
});
pub(super) static EXCHANGE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:(?:exchange|conversion|buying|selling|noon|spot|closing|ptax|fx|currency|translation|reference|daily|mid|market|middle|average|sell|buy|official|published)\s+(?:\w+\s+){0,2}rates?|rates?\s+of\s+exchange|ptax|exchange-rate)\b",
    )
});
/// "at a rate of 7.8412", "the rate was 31.65", "rate: 5.1".
pub(super) static BARE_RATE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:rates?|ptax|multipl(?:ied|ying)\s+by|multipl(?:ied|ying)\b(?u:[^;]){0,90}?,?\s+by|(?:converted|translated)\b(?u:[^.;\d]){0,60}?\bat|÷|divid(?:ed|ing)\s+by)\b(?u:[^.;\d]){0,70}?(?P<n>\d{1,6}(?:,\d{3})*(?:\.\d{1,10})?)",
    )
});
/// The words between the two sides of a rate.
pub(super) static SIDES: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"^\s*\)?\s*(?:=|:|/|-|to|per|for|for\s+(?:each|every|one)|to\s+(?:each|every|one)|equals?|is\s+equal\s+to|equal\s+to|being|was|is|per\s+(?:each|one|every))\s*(?:the\s+)?(?:one\s+|1\s+|1\.0+\s+)?\(?$",
    )
});
pub(super) static OF_PRICE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:prices?|priced|amounts?|values?|figures?|consideration|transactions?|trades?|traded|reported|sold|purchased?|bought|acquired|executed|paid|column\s+4|per\s+(?:share|unit|ads|security)|cost|proceeds|denominated|quoted|stated)\b",
    )
});
/// Precedes a currency that prices are said to be in.
pub(super) static IN: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:in|are|is|was|were|using|as|of|(?:refer|refers|are|is)\s+to)\s+(?:the\s+)?(?:lawful\s+(?:money|currency)\s+of\s+)?(?:local\s+currency\s*,?\s*)?(?:currency\s*(?:of|:)?\s*)?[(\x22]?$",
    )
});
/// The company's books, and loans, have a currency of their own.
pub(super) static OF_BOOKS: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:functional|presentation|reporting|denominated\s+(?:loan|debt|notes?|bonds?|account)|loan|debt|fees?|commissions?|dividends?|salary|tax(?:es)?|claims?|financial\s+statements|contributions?|payroll|withh\w+|financed|originally\s+acquired|receipts|bdrs?|cdis?|exchangeable|paid-up|(?:issuer|company|registrant)\s+reports|proceeds\s+(?:were\s+|are\s+)?paid|market\s+capitali[sz]ation|facility|deposit|bonus|interest|settlement\s+of)\b",
    )
});
/// Words about other markets where the shares are listed.
pub(super) static OF_MARKET: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:(?:shares|stock|securities)\s+(?:are\s+)?trade[sd]?\s+in|(?:trades?|traded|quoted|listed)\s+(?:\w+\s+){0,4}?(?:on|in)\b|also\s+(?:\w+\s+)?(?:listed|traded|trades?)|(?:where|which)\s+(?:\w+\s+){0,2}trades?|are\s+listed|is\s+listed|dual[\s-]listed)\b",
    )
});
/// Prices of options, which are not the price of a trade unless the note is about that.
pub(super) static OF_OPTIONS: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:exercise|strike|conversion)\s+prices?\b"));
pub(super) static PAR: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:par|nominal|stated|face)\s+(?:value|amount)s?\b|\bpar\b|\bno\s+par\b"));
/// Prices of options and awards, at which they are exercised.
pub(super) static EXERCISED: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:exercis\w+|vest\w*|rsus?)\b"));
/// Markets in which ADS and directly listed shares trade, in dollars.
pub(super) static NEW_YORK: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:nasdaq|nyse|new\s+york|u\.?s\.?\s+market)\b"));
pub(super) static LOCAL: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:in|of)\s+(?:the\s+)?(?:local\s+currency|lawful\s+money)\b"));
