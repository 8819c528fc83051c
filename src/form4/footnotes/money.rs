//! The currency in which a note states a row's price: dollars, dollars that were converted, or another
//! currency.

mod conversion;
mod mentions;
mod note;
mod patterns;

use rust_decimal::Decimal;

use self::mentions::{Kind, Mention, currency, is_foreign, mark_others, mentions, rates, settle_by_country};
pub(in crate::form4) use self::note::PriceMoney;
use self::note::{PriceNote, is_near};
use self::patterns::{EXERCISED, LOCAL, OF_OPTIONS};
use super::currencies::{Named, tokens};
use super::text::excerpt;
use crate::filing::Currency;

/// The most currencies of a note that are examined. Real notes name about ten.
const MOST_MENTIONS: usize = 60;

/// A note's statement about the currency of a price, for `count` units; `None` if it says nothing about it.
/// `of_price` is true if the note is about the `price` itself, rather than only about the row. The company's
/// `country` (ISO) settles whose pesos are meant.
pub(in crate::form4) fn of_price(
    text: &str,
    price: Decimal,
    count: Option<Decimal>,
    of_price: bool,
    country: Option<&str>,
) -> Option<PriceMoney> {
    let found = tokens(text);
    if !found.iter().any(|token| token.named != Named::Dollar) {
        // "The price is in local currency."
        let words = excerpt(text, LOCAL.find(text).filter(|_| of_price)?);
        return Some(PriceMoney {
            currency: None,
            words,
            in_hundredths: false,
            converted: false,
            contradiction: None,
        });
    }
    let mut mentions = mentions(text, &found[..found.len().min(MOST_MENTIONS)]);
    settle_by_country(text, country, &mut mentions);
    let rates = rates(text, &mut mentions);
    mark_others(text, &mut mentions);
    let note = PriceNote { text, mentions, rates, price, count, of_price };
    note.read()
}

/// True if a note mentions an exercise price, which is the row's price if the row exercises something.
pub(in crate::form4) fn is_of_exercise(text: &str) -> bool {
    OF_OPTIONS.is_match(text)
}

impl PriceNote<'_> {
    fn read(&self) -> Option<PriceMoney> {
        let foreign = || self.free().filter(|mention| is_foreign(mention));
        let home = || self.free().filter(|mention| mention.named == Named::Usd);
        // Amounts that make the price at the stated rates.
        if let Some(mention) = foreign().find(|mention| self.is_made_of(mention)) {
            return self.say(Some(Currency::USD), mention, true, None);
        }
        let is_it = |mention: &&Mention| self.is_price(mention.number) || self.is_price(mention.whole());
        if let Some(mention) = foreign().find(is_it) {
            // "Some at C$9.00 and some at US$9.00": it does not say which.
            let both = home().any(|mention| is_it(&mention));
            return self.say(if both { None } else { currency(mention.named) }, mention, false, None);
        }
        // An exercise price that is the par value.
        let par = self
            .mentions
            .iter()
            .find(|mention| mention.kind == Kind::Other && is_foreign(mention) && is_it(mention));
        if let Some(mention) = par.filter(|_| self.of_price && EXERCISED.is_match(self.text)) {
            return self.say(currency(mention.named), mention, false, None);
        }
        let dollars = self.free().filter(|mention| matches!(mention.named, Named::Usd | Named::Dollar));
        if let Some(mention) = dollars.clone().find(|mention| self.is_made_of(mention)) {
            // A home currency that dollars were converted into.
            let into = self.mentions.iter().find(|mention| is_foreign(mention))?;
            return self.say(currency(into.named), mention, false, None);
        }
        if let Some(mention) = dollars.clone().find(is_it) {
            let beside = foreign().any(|mention| mention.number.is_some());
            if mention.named == Named::Usd || beside {
                return self.say(Some(Currency::USD), mention, beside, None);
            }
        }
        if let Some(said) = self.conversion() {
            return Some(said);
        }
        if !self.of_price {
            return self.naming();
        }
        let amounts: Vec<&Mention> =
            foreign().filter(|mention| mention.number.is_some() && self.is_priced(mention)).collect();
        let numbers = || amounts.iter().filter_map(|mention| mention.number);
        if let (Some(first), Some(low), Some(high)) = (amounts.first(), numbers().min(), numbers().max()) {
            let within = low < high && low <= self.price && self.price <= high;
            let near = numbers().any(|number| is_near(number, self.price));
            return match (within, near) {
                (true, _) => self.say(currency(first.named), first, false, None),
                (false, true) => self.say(None, first, false, None),
                (false, false) => self.say(Some(Currency::USD), first, true, self.contradiction()),
            };
        }
        self.naming()
    }
}
