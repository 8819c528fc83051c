//! The currencies that a note names with their numbers, and which of them are exchange rates, par values or
//! about other things.

use std::ops::Range;
use std::str::FromStr;

use rust_decimal::Decimal;

use super::super::currencies::{Named, Token};
use super::super::text::{end, start};
use super::patterns::{BARE_RATE, PAR, SIDES};
use crate::filing::Currency;

/// A currency that a note names, with the number beside it.
#[derive(Debug, Clone)]
pub(super) struct Mention {
    pub(super) named: Named,
    /// Including its number.
    pub(super) at: Range<usize>,
    pub(super) number: Option<Decimal>,
    pub(super) kind: Kind,
}

impl Mention {
    /// Its number; for pence, in pounds.
    pub(super) fn whole(&self) -> Option<Decimal> {
        let hundredths = matches!(self.named, Named::Hundredths(_));
        self.number.and_then(
            |number| if hundredths { number.checked_div(Decimal::ONE_HUNDRED) } else { Some(number) },
        )
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It may be that of the price.
    Free,
    /// One side of an exchange rate.
    Rate,
    /// A par value, a claim, a currency of the books.
    Other,
}

/// An exchange rate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    pub(super) number: Decimal,
    /// True if it is an amount of the currency per dollar, rather than dollars per unit of the currency;
    /// `None` if that is not said.
    for_a_dollar: Option<bool>,
}

impl Rate {
    /// Converts an amount of the currency into dollars.
    pub(super) fn makes(self, amount: Decimal) -> impl Iterator<Item = Decimal> {
        let divided = amount.checked_div(self.number).filter(|_| self.for_a_dollar != Some(false));
        let multiplied = amount.checked_mul(self.number).filter(|_| self.for_a_dollar != Some(true));
        [divided, multiplied].into_iter().flatten()
    }

    /// Converts dollars into the currency.
    pub(super) fn makes_of_dollars(self, dollars: Decimal) -> impl Iterator<Item = Decimal> {
        let inverted = Self { for_a_dollar: self.for_a_dollar.map(|is| !is), ..self };
        inverted.makes(dollars)
    }
}

pub(super) fn mentions(text: &str, found: &[Token]) -> Vec<Mention> {
    let mut mentions: Vec<Mention> = Vec::new();
    let mut taken = 0;
    for token in found {
        let behind = number_at(text, token.at.end);
        let before = number_before(text, token.at.start).filter(|(_, start)| *start >= taken);
        let sign = text[token.at.clone()].ends_with(['$', '£', '€', '¥', '₪', '₹', '₩', '￥', ')', '.']);
        let (number, at) = match (behind, before) {
            (Some((number, end)), before) if sign || before.is_none() => (Some(number), token.at.start..end),
            (_, Some((number, start))) => (Some(number), start..token.at.end),
            (Some((number, end)), None) => (Some(number), token.at.start..end),
            (None, None) => (None, token.at.clone()),
        };
        taken = at.end;
        mentions.push(Mention { named: token.named, at, number, kind: Kind::Free });
    }
    // "$26.50 to $28.40 Canadian": a name after the dollars says whose they are.
    for i in 1..mentions.len() {
        let (earlier, later) = mentions.split_at_mut(i);
        let (Some(last), Some(next)) = (earlier.last_mut(), later.first()) else { continue };
        let gap = text.get(last.at.end..next.at.start).unwrap_or("?").trim();
        let behind = text[last.at.end..].trim_start_matches([' ', '(']);
        let us = ["US ", "US.", "US)", "US,", "US;", "U.S."].iter().any(|us| behind.starts_with(us))
            || behind == "US";
        if last.named == Named::Dollar && last.number.is_some() && us {
            last.named = Named::Usd;
        }
        let names = next.number.is_none() && last.named == Named::Dollar && last.number.is_some();
        if names && (gap.is_empty() || gap == "(" || gap == "in") {
            last.named = next.named;
            // "$3.60 to $3.70 (Singapore dollars)" applies to both.
            let (named, from) = (last.named, last.at.start);
            if let Some(first) = i.checked_sub(2).and_then(|i| earlier.get_mut(i)) {
                let gap = text.get(first.at.end..from).unwrap_or("?").trim();
                if first.named == Named::Dollar
                    && first.number.is_some()
                    && ["to", "and", "-", "through"].contains(&gap)
                {
                    first.named = named;
                }
            }
        }
    }
    mentions
}

/// Settles names that several countries use by the country that the text mentions.
pub(super) fn settle_by_country(text: &str, country: Option<&str>, mentions: &mut [Mention]) {
    const PLACES: [(&str, &str); 13] = [
        ("mexic", "MXN"),
        ("argentin", "ARS"),
        ("buenos aires", "ARS"),
        ("chile", "CLP"),
        ("colombia", "COP"),
        ("philippin", "PHP"),
        ("norw", "NOK"),
        ("oslo", "NOK"),
        ("danish", "DKK"),
        ("denmark", "DKK"),
        ("copenhagen", "DKK"),
        ("swed", "SEK"),
        ("stockholm", "SEK"),
    ];
    const COUNTRIES: [(&str, &str); 9] = [
        ("MX", "MXN"),
        ("AR", "ARS"),
        ("CL", "CLP"),
        ("CO", "COP"),
        ("PH", "PHP"),
        ("UY", "UYU"),
        ("NO", "NOK"),
        ("DK", "DKK"),
        ("SE", "SEK"),
    ];
    const CHINESE: [&str; 5] = ["rmb", "renminbi", "yuan", "china", "chinese"];
    let yen = Currency::new("JPY").map(Named::Other);
    let unclear = |mention: &Mention| mention.named == Named::Unclear || Some(mention.named) == yen;
    if !mentions.iter().any(unclear) {
        return;
    }
    let lower = text.to_ascii_lowercase();
    let pesos =
        PLACES.iter().find(|(country, _)| lower.contains(country)).and_then(|(_, code)| Currency::new(code));
    let home =
        COUNTRIES.iter().find(|(own, _)| country == Some(own)).and_then(|(_, code)| Currency::new(code));
    let pesos = pesos.or(home);
    let known = mentions.iter().find_map(|mention| match mention.named {
        Named::Other(currency) if PLACES.iter().any(|(_, code)| *code == currency.code()) => Some(currency),
        _ => None,
    });
    let chinese =
        CHINESE.iter().any(|word| lower.contains(word)) && !lower.contains("yen") && !lower.contains("japan");
    for mention in mentions.iter_mut() {
        match mention.named {
            Named::Unclear => mention.named = known.or(pesos).map_or(Named::Unclear, Named::Other),
            Named::Other(currency) if currency.code() == "JPY" && chinese => {
                mention.named = Currency::new("CNY").map_or(mention.named, Named::Other);
            }
            _ => {}
        }
    }
}

/// Marks the sides of rates, and returns the rates.
pub(super) fn rates(text: &str, mentions: &mut [Mention]) -> Vec<Rate> {
    let mut rates: Vec<Rate> = Vec::new();
    let is_one = |mention: &Mention| mention.number.is_none_or(|number| number == Decimal::ONE);
    for i in 1..mentions.len() {
        let (one, other) = (&mentions[i - 1], &mentions[i]);
        let apart = is_foreign(one) != is_foreign(other) || one.named != other.named && is_foreign(one);
        let gap = text.get(one.at.end..other.at.start).unwrap_or_default();
        // "52.20 francs to the US dollar equivalent of 52.95 francs" is not a rate.
        let behind = start(&text[other.at.end..], 12).trim_start().to_ascii_lowercase();
        let of_price =
            ["equiv", "amount", "price", "value", "figure"].iter().any(|word| behind.starts_with(word));
        if !apart
            || of_price && other.number.is_none()
            || gap.len() > 40
            || !SIDES.is_match(gap)
            || one.number.or(other.number).is_none() && gap.trim() != "/"
        {
            continue;
        }
        // "JPY/USD 148.84", "AUD/USD of 1.5352": in either direction.
        if gap.trim() == "/" && one.number.is_none() {
            let stated = other.number.or_else(|| number_soon(&text[other.at.end..]));
            if let Some(number) = stated.filter(|number| !number.is_zero()) {
                rates.push(Rate { number, for_a_dollar: None });
                mentions[i - 1].kind = Kind::Rate;
                mentions[i].kind = Kind::Rate;
            }
            continue;
        }
        let rate = match (is_one(one), is_one(other)) {
            (true, false) => other.number.zip(Some(is_foreign(other))),
            (false, true) => one.number.zip(Some(is_foreign(one))),
            _ => None,
        };
        if let Some((number, foreign)) = rate.filter(|rate| !rate.0.is_zero()) {
            rates.push(Rate { number, for_a_dollar: Some(foreign) });
            mentions[i - 1].kind = Kind::Rate;
            mentions[i].kind = Kind::Rate;
        }
    }
    // "at an exchange rate of 7.8412", "at the rate of NT$31.65".
    if let Some(regex) = &BARE_RATE.0 {
        for found in regex.captures_iter(text) {
            let Some(number) = found.name("n") else { continue };
            let Some(rate) = read_number(number.as_str()).filter(|rate| !rate.is_zero()) else { continue };
            let rest = &text[number.end()..];
            // "In footnote 1", "at a rate of 69 shares per bond", "1:1".
            let other = end(&text[..number.start()], 12).to_ascii_lowercase().contains("note")
                || rest.starts_with(':')
                || ["shares", "share", "for ", "common", "ordinary", "preferred", "units", "ads"]
                    .iter()
                    .any(|word| rest.trim_start().to_ascii_lowercase().starts_with(word));
            if other {
                continue;
            }
            let dated = rest.starts_with(|c: char| c.is_ascii_digit() || c == '/' || c == '%')
                || rest.starts_with(", 20")
                || (rate.is_integer() && rate >= Decimal::from(1990) && rate <= Decimal::from(2100));
            let own = mentions.iter().position(|mention| mention.at.contains(&number.start()));
            if let Some(own) = own {
                let from = found.get(0).map_or(0, |all| all.start());
                let gap = text.get(from..mentions[own].at.start).unwrap_or_default().to_ascii_lowercase();
                // "Converted into shares at C$5.20" is not a rate.
                let of_rate = gap.starts_with("rate") || gap.starts_with("ptax");
                let linked = of_rate && !gap.contains(" and ") && !gap.contains(", at ");
                if mentions[own].kind == Kind::Free && linked && !of_another(text, from, number.start()) {
                    mentions[own].kind = Kind::Rate;
                    rates.push(Rate { number: rate, for_a_dollar: None });
                }
            } else if !dated && !of_another(text, found.get(0).map_or(0, |all| all.start()), number.start()) {
                rates.push(Rate { number: rate, for_a_dollar: None });
            }
        }
    }
    rates
}

/// The number after "of", "rate of", "at", ":" or "=".
fn number_soon(rest: &str) -> Option<Decimal> {
    const BETWEEN: [&str; 8] = ["rate", "of", "at", "was", "is", "exchange", "spot", "="];
    let mut words = rest.trim_start_matches([' ', ':', '=']).split(' ').take(4);
    let word = words.find(|word| !BETWEEN.contains(&word.trim_matches([':', ','])))?;
    read_number(&word[..number_length(word)])
}

/// True if there is a price or a date between "rate" and a number.
fn of_another(text: &str, from: usize, until: usize) -> bool {
    // "Multiplying C$3.05, the price paid, by 0.7189".
    if text[from..].starts_with(['m', 'M', 'd', 'D']) {
        return false;
    }
    const OTHERS: [&str; 16] = [
        "price",
        "january",
        "february",
        "march",
        "april",
        " may ",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "sold",
        "purchased",
        "price of",
    ];
    let between = text.get(from..until).unwrap_or_default().to_ascii_lowercase();
    OTHERS.iter().any(|word| between.contains(word))
}

/// Marks par values and the currencies of other things.
pub(super) fn mark_others(text: &str, mentions: &mut [Mention]) {
    const BEFORE: usize = 60;
    const BEHIND: usize = 40;
    for i in 0..mentions.len() {
        let at = mentions[i].at.clone();
        let before = end(&text[..at.start], BEFORE);
        let from = at.start - before.len();
        let par = PAR.ranges(before).last().is_some_and(|par| {
            let gap = &before[par.end..];
            let others = mentions[..i].iter().any(|other| {
                other.at.start >= from + par.end && other.named != mentions[i].named && other.number.is_some()
            });
            !others
                && !gap.contains(". ")
                && !gap.contains(';')
                && !gap.to_ascii_lowercase().contains("price")
        });
        let behind = start(&text[at.end..], BEHIND);
        let of_each = before.trim_end().ends_with(" of") && behind.trim_start().starts_with("each");
        let named_par = PAR
            .ranges(behind)
            .first()
            .is_some_and(|par| par.start <= 12 && !behind[..par.start].contains([',', ';', '.']));
        if par || of_each || named_par {
            mentions[i].kind = Kind::Other;
        }
    }
}

/// The number that begins at a place or soon after it, and where it ends.
fn number_at(text: &str, from: usize) -> Option<(Decimal, usize)> {
    let rest = &text[from..];
    let digits = rest.trim_start_matches([' ', '$', '¥', '£', ':', '\u{a0}']);
    let skipped = rest.len() - digits.len();
    if skipped > 3 {
        return None;
    }
    let length = number_length(digits);
    let number = read_number(&digits[..length])?;
    Some((number, from + skipped + length))
}

/// The number that ends right before a place, and where it starts.
fn number_before(text: &str, until: usize) -> Option<(Decimal, usize)> {
    let before = text[..until].trim_end_matches([' ', '\u{a0}', '(']);
    if until - before.len() > 2 {
        return None;
    }
    // "944.2p (GBX)".
    let pence = before.strip_suffix('p').filter(|number| number.ends_with(|c: char| c.is_ascii_digit()));
    let before = pence.unwrap_or(before);
    let digits = before.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ','));
    let number = before[digits.len()..].trim_start_matches(['.', ',']);
    let start = before.len() - number.len();
    // A year or a footnote's letter is not an amount.
    if number.is_empty() || digits.ends_with(|c: char| c.is_alphanumeric()) {
        return None;
    }
    Some((read_number(number)?, start))
}

fn number_length(text: &str) -> usize {
    let all = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ','))).unwrap_or(text.len());
    text[..all].trim_end_matches(['.', ',']).len()
}

/// Reads a number with a point or comma before its fraction, and thousands separators.
fn read_number(text: &str) -> Option<Decimal> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || c == '.') || text.len() > 24 {
        return None;
    }
    let plain = match (text.rfind('.'), text.rfind(',')) {
        (Some(point), Some(comma)) if comma > point => text.replace('.', "").replace(',', "."),
        (None, Some(comma)) if text.matches(',').count() == 1 && text.len() - comma - 1 != 3 => {
            text.replace(',', ".")
        }
        _ => text.replace(',', ""),
    };
    Decimal::from_str(&plain).ok()
}

pub(super) fn is_foreign(mention: &Mention) -> bool {
    matches!(mention.named, Named::Other(_) | Named::Hundredths(_) | Named::Unclear)
}

pub(super) fn currency(named: Named) -> Option<Currency> {
    match named {
        Named::Other(currency) | Named::Hundredths(currency) => Some(currency),
        Named::Usd | Named::Dollar => Some(Currency::USD),
        Named::Unclear => None,
    }
}
