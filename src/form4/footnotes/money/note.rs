//! A note with the currencies and rates that it names, and what it says about a price in words alone.

use std::ops::Range;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::super::currencies::Named;
use super::super::pattern::start_in;
use super::super::text::{end, excerpt, sentences, start};
use super::mentions::{Kind, Mention, Rate, currency, is_foreign};
use super::patterns::{IN, NEW_YORK, OF_BOOKS, OF_MARKET, OF_OPTIONS, OF_PRICE};
use crate::filing::Currency;

/// A note's statements about the currency of a price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::form4) struct PriceMoney {
    /// `None` if it names a currency and it is unclear which one, or what it applies to.
    pub(in crate::form4) currency: Option<Currency>,
    /// The words that say so.
    pub(in crate::form4) words: Arc<str>,
    /// True if it is in hundredths of the currency: in pence.
    pub(in crate::form4) in_hundredths: bool,
    /// True if the price was converted from the currency of the home market, and is therefore per home share.
    pub(in crate::form4) converted: bool,
    /// The amount and rate of a stated conversion that do not make the price, and what they make.
    pub(in crate::form4) contradiction: Option<Conversion>,
}

/// A stated conversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::form4) struct Conversion {
    pub(in crate::form4) amount: Decimal,
    pub(in crate::form4) currency: Currency,
    pub(in crate::form4) rate: Decimal,
    /// The product of amount and rate, in dollars.
    pub(in crate::form4) makes: Decimal,
}

/// A note, read for one price.
pub(super) struct PriceNote<'a> {
    pub(super) text: &'a str,
    pub(super) mentions: Vec<Mention>,
    pub(super) rates: Vec<Rate>,
    pub(super) price: Decimal,
    pub(super) count: Option<Decimal>,
    pub(super) of_price: bool,
}

impl PriceNote<'_> {
    /// A statement in words alone: "in Canadian dollars".
    pub(super) fn naming(&self) -> Option<PriceMoney> {
        let named = |mention: &&&Mention| mention.number.is_none() && self.is_said_of_prices(mention);
        let all: Vec<&Mention> = self.free().collect();
        let of_trading = |mention: &Mention| {
            let sentence = self.sentence(mention);
            OF_MARKET.is_match(sentence) && !sentence.to_ascii_lowercase().contains("price")
        };
        let is_home = |mention: &&&Mention| mention.named == Named::Usd;
        let plain = all
            .iter()
            .filter(named)
            .any(|mention| !is_home(&mention) && is_foreign(mention) && !of_trading(mention));
        let home =
            all.iter().filter(named).any(|mention| is_home(&mention) && !(plain && of_trading(mention)));
        // "In US dollars. They also trade in Canadian dollars."
        let at_home = home || NEW_YORK.is_match(self.text);
        let of_market = |mention: &Mention| at_home && of_trading(mention);
        let foreign = all.iter().filter(named).find(|mention| is_foreign(mention) && !of_market(mention))?;
        let is_other =
            |mention: &&&Mention| is_foreign(mention) && currency(mention.named) != currency(foreign.named);
        let other = all.iter().filter(named).any(|mention| is_other(&mention) && !of_market(mention));
        let currency = if home || other { None } else { currency(foreign.named) };
        self.say(currency, foreign, false, None)
    }

    pub(super) fn free(&self) -> impl Iterator<Item = &Mention> + Clone {
        self.mentions.iter().filter(|mention| mention.kind == Kind::Free)
    }

    /// True if one of the rates makes this amount the price.
    pub(super) fn is_made_of(&self, mention: &Mention) -> bool {
        let Some(amount) = mention.whole() else { return false };
        let is_it = |made: Decimal| is_close(made, self.price) && !is_close(amount, self.price);
        self.rates.iter().any(|rate| match is_foreign(mention) {
            true => rate.makes(amount).any(is_it),
            false => rate.makes_of_dollars(amount).any(is_it),
        })
    }

    /// True if a number is the price, or the price of all units.
    pub(super) fn is_price(&self, number: Option<Decimal>) -> bool {
        let Some(number) = number else { return false };
        let total = || Some(is_close_to(number, self.count?.checked_mul(self.price)?, Decimal::new(2, 3)));
        is_rounded(number, self.price)
            || self.count.is_some_and(|count| count > Decimal::ONE) && total() == Some(true)
    }

    /// True if an amount is in the place of a price, rather than of a total, a loan or a fee.
    pub(super) fn is_priced(&self, mention: &Mention) -> bool {
        let before = &self.text[..mention.at.start];
        let clause =
            before.rfind([';']).map_or(0, |at| at + 1).max(before.rfind(". ").map_or(0, |at| at + 2));
        let near = end(&before[clause..], 110);
        let behind = start(&self.text[mention.at.end..], 30);
        let total = [
            "aggregate",
            "total",
            "proceeds",
            "claim",
            "loan",
            "debt",
            "fee",
            "commission",
            "dividend",
            "exercise price",
            "strike price",
            "conversion price",
            "originally acquired",
            "tax due",
            "placement",
            "options",
            "warrants",
            "offering of",
        ];
        let lower = near.to_ascii_lowercase();
        (OF_PRICE.is_match(near) || OF_PRICE.is_match(behind))
            && !total.iter().any(|word| lower.contains(word))
    }

    pub(super) fn sentence(&self, mention: &Mention) -> &str {
        let place = |sentence: &&str| {
            let from = start_in(self.text, sentence);
            (from..from + sentence.len()).contains(&mention.at.start)
        };
        sentences(self.text).into_iter().find(place).unwrap_or(self.text)
    }

    /// True if prices are said to be in a currency.
    pub(super) fn is_said_of_prices(&self, mention: &Mention) -> bool {
        const SHORT: usize = 60;
        let sentence = self.sentence(mention);
        let short = sentence.len() <= SHORT;
        let before = end(&self.text[..mention.at.start], 60);
        let bracketed = before.trim_end().ends_with('(');
        let is_in = IN.is_match(before);
        let priced = OF_PRICE.is_match(sentence);
        let denied = end(before, 24).to_ascii_lowercase();
        let settled =
            ["payable in ", "settled in ", "paid in ", "paid out in ", "payable in the ", "financed in "];
        let in_dollars = || self.mentions.iter().any(|mention| mention.named == Named::Usd);
        if settled.iter().any(|settled| denied.ends_with(settled)) && is_foreign(mention) && in_dollars() {
            return false;
        }
        if ["not in ", "not ", "than ", "than in ", "instead of ", "instead of in "]
            .iter()
            .any(|no| denied.ends_with(no))
        {
            return false;
        }
        // "Price per CDI" is about the price.
        let counted = |books: &Range<usize>| before[..books.start].trim_end().ends_with("per");
        let books = OF_BOOKS.ranges(before).into_iter().rfind(|books| !counted(books));
        let books = books.map(|books| before[books.end..].to_ascii_lowercase());
        if books.is_some_and(|gap| !gap.contains("price")) {
            return false;
        }
        if !self.of_price && OF_OPTIONS.is_match(sentence) {
            return false;
        }
        let behind = start(&self.text[mention.at.end..], 16).trim_start();
        let of_price =
            ["price", "market price", "closing price"].iter().any(|price| behind.starts_with(price));
        if of_price && (mention.named == Named::Usd || self.of_price) {
            return true;
        }
        if OF_BOOKS.is_match(sentence) && !sentence.to_ascii_lowercase().contains("price") {
            return false;
        }
        if self.of_price {
            return short && (priced || is_in || sentence.len() <= 30) || priced && (is_in || bracketed);
        }
        let lower = sentence.to_ascii_lowercase();
        is_in && ["price", "amounts", "figures", "references to"].iter().any(|word| lower.contains(word))
    }

    pub(super) fn say(
        &self,
        currency: Option<Currency>,
        mention: &Mention,
        converted: bool,
        contradiction: Option<Conversion>,
    ) -> Option<PriceMoney> {
        let words = excerpt(self.text, self.text.get(mention.at.clone())?);
        let of_it =
            |mention: &Mention| matches!(mention.named, Named::Hundredths(whole) if Some(whole) == currency);
        let whole =
            mention.number.is_some() && self.is_price(mention.whole()) && !self.is_price(mention.number);
        let in_hundredths = !whole && (of_it(mention) || mention.number.is_none() && self.free().any(of_it));
        Some(PriceMoney { currency, words, in_hundredths, converted, contradiction })
    }
}

/// Equal except for rounding: to within six thousandths.
fn is_close(one: Decimal, other: Decimal) -> bool {
    is_close_to(one, other, Decimal::new(6, 3)) || is_rounded(one, other)
}

pub(super) fn is_close_to(one: Decimal, other: Decimal, within: Decimal) -> bool {
    let off = one.checked_sub(other).map(|off| off.abs());
    off.zip(other.checked_mul(within)).is_some_and(|(off, most)| off <= most)
}

/// Equal except for the digits after the last one of the number with fewer.
fn is_rounded(one: Decimal, other: Decimal) -> bool {
    let digits = one.normalize().scale().min(other.normalize().scale()).max(1);
    let unit = Decimal::new(1, digits.min(20));
    let near = one.checked_sub(other).is_some_and(|off| off.abs() <= unit);
    near && is_close_to(one, other, Decimal::new(1, 2))
}

/// Within a quarter of each other.
pub(super) fn is_near(one: Decimal, other: Decimal) -> bool {
    let most = Decimal::new(125, 2);
    let below = |a: Decimal, b: Decimal| b.checked_mul(most).is_some_and(|most| a <= most);
    below(one, other) && below(other, one)
}
