//! Stated conversions: that a price was converted into dollars, or out of them, and whether amount and rate
//! make it.

use std::ops::Range;

use rust_decimal::Decimal;

use super::super::currencies::Named;
use super::super::text::{end, start};
use super::mentions::{Kind, Mention, currency, is_foreign};
use super::note::{Conversion, PriceMoney, PriceNote, is_close_to};
use super::patterns::{CONVERTS, DENIED, EQUIVALENT, EXCHANGE, PRICED, SECURITIES, TRANSLATES};
use crate::filing::Currency;

impl PriceNote<'_> {
    /// "Converted from Hong Kong dollars to United States dollars".
    pub(super) fn conversion(&self) -> Option<PriceMoney> {
        let foreign =
            self.mentions.iter().find(|mention| is_foreign(mention) && mention.kind != Kind::Other)?;
        let denied = |verb: &Range<usize>| DENIED.is_match(self.before(verb, 45));
        let of_money = |verb: &Range<usize>| self.is_of_money(verb);
        let verbs =
            [&CONVERTS, &TRANSLATES, &EQUIVALENT].into_iter().flat_map(|words| words.ranges(self.text));
        let (denials, stated): (Vec<_>, Vec<_>) = verbs.filter(of_money).partition(denied);
        if stated.is_empty() && !denials.is_empty() {
            return self.unconverted();
        }
        let by_rate = !self.rates.is_empty() || EXCHANGE.is_match(self.text);
        let stays = || {
            let naming = self.naming();
            naming.is_some_and(|said| said.currency != Some(Currency::USD)) && !self.names_dollar_price()
        };
        let verb = match stated.into_iter().next() {
            Some(verb) => {
                if let Some(target) = self.target(&verb).filter(|target| is_foreign(target)) {
                    return self.say(currency(target.named), target, false, None);
                }
                verb
            }
            None if self.of_price && by_rate && !stays() => foreign.at.clone(),
            None => return None,
        };
        let words = Mention { at: verb, ..foreign.clone() };
        self.say(Some(Currency::USD), &words, true, self.contradiction())
    }

    /// A price that was not converted is in the only currency named.
    fn unconverted(&self) -> Option<PriceMoney> {
        let named = self.mentions.iter().filter(|mention| mention.kind != Kind::Other);
        let mut named = named.filter(|mention| is_foreign(mention));
        let first = named.next()?;
        let other = named.any(|mention| currency(mention.named) != currency(first.named));
        if other || !self.of_price { None } else { self.say(currency(first.named), first, false, None) }
    }

    fn names_dollar_price(&self) -> bool {
        let lower = self.text.to_ascii_lowercase();
        ["dollar price", "dollar amount", "dollar figure", "in dollars", "dollar value"]
            .iter()
            .any(|said| lower.contains(said))
    }

    /// True if "conversion" or "equivalent" is about money, rather than shares, notes or dividends.
    fn is_of_money(&self, verb: &Range<usize>) -> bool {
        const BEHIND: usize = 120;
        const NEAR: usize = 30;
        let word = self.text[verb.clone()].to_ascii_lowercase();
        let is_home = |mention: &Mention| matches!(mention.named, Named::Usd | Named::Dollar);
        let behind = |mention: &&Mention, most: usize| {
            mention.at.start >= verb.end
                && mention.at.start - verb.end <= most
                && !ends(&self.text[verb.end..mention.at.start])
        };
        if word.starts_with("equivalent") {
            let beside = |mention: &Mention| {
                let before = mention.at.end <= verb.start && verb.start - mention.at.end <= 2;
                let gap = || self.text[verb.end..mention.at.start].trim().to_ascii_lowercase();
                let directly = || {
                    [
                        "in",
                        "of",
                        "to",
                        "at",
                        "in the",
                        "of approximately",
                        "to approximately",
                        "was",
                        ":",
                        "(",
                    ]
                    .contains(&gap().as_str())
                };
                before || behind(&mention, NEAR) && directly()
            };
            return self.mentions.iter().any(|mention| is_home(mention) && beside(mention));
        }
        let to = |mention: &&Mention| {
            let before = self.text[..mention.at.start].trim_end().to_ascii_lowercase();
            let before = before.strip_suffix("the").unwrap_or(&before).trim_end();
            ["into", "to", "in", "as"].iter().any(|word| before.ends_with(word))
        };
        let into = self
            .mentions
            .iter()
            .any(|mention| behind(&mention, BEHIND) && to(&mention) && mention.kind != Kind::Other);
        let from = self.mentions.iter().any(|mention| {
            is_foreign(mention)
                && behind(&mention, BEHIND)
                && self.text[verb.end..mention.at.start].to_ascii_lowercase().contains("from")
        });
        if into || from || !word.starts_with("conver") {
            // Notes that were converted into shares are not money, whatever currency they are in.
            let object = self.before(verb, 40);
            let securities = SECURITIES.ranges(object).last().map_or(0, |at| at.end);
            let priced = PRICED.ranges(object).last().map_or(0, |at| at.end);
            return securities == 0 || priced > securities || from;
        }
        let rated = EXCHANGE.is_match(start(&self.text[verb.end..], BEHIND)) || !self.rates.is_empty();
        let near = format!("{} {}", self.before(verb, 60), start(&self.text[verb.end..], 45));
        let near = near.to_ascii_lowercase().replace("per share", "").replace("a share", "");
        rated && PRICED.is_match(&near) && !SECURITIES.is_match(&near)
    }

    /// The part of the sentence before a word, at most `most` bytes.
    fn before(&self, verb: &Range<usize>, most: usize) -> &str {
        let before = end(&self.text[..verb.start], most);
        let clause = [". ", "; "].iter().filter_map(|cut| Some(before.rfind(cut)? + cut.len())).max();
        &before[clause.unwrap_or(0)..]
    }

    /// The currency into which something was converted, if that is said.
    fn target(&self, verb: &Range<usize>) -> Option<&Mention> {
        let behind =
            self.mentions.iter().filter(|mention| mention.at.start >= verb.end && mention.kind == Kind::Free);
        let mut behind = behind.take_while(|mention| !self.text[verb.end..mention.at.start].contains(". "));
        behind.find(|mention| {
            let before = self.text[..mention.at.start].trim_end();
            let before = before.strip_suffix("the").unwrap_or(before).trim_end();
            let word = before.rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
            let near = mention.at.start - verb.end <= 15;
            let named = |to: &&str| word.eq_ignore_ascii_case(to);
            mention.named != Named::Dollar && (["into", "to"].iter().any(named) || near && named(&"in"))
        })
    }

    /// The contradiction in a stated conversion: none of its amounts and rates make the price. Returns the
    /// nearest one. Several amounts form a range, and rates of several currencies a chain: these are a
    /// contradiction only if no combination can make the price.
    pub(super) fn contradiction(&self) -> Option<Conversion> {
        const MOST: Decimal = Decimal::from_parts(1, 0, 0, false, 2);
        if self.rates.len() > 1
            && self.mentions.iter().any(|one| {
                self.mentions.iter().any(|other| {
                    is_foreign(one) && is_foreign(other) && currency(one.named) != currency(other.named)
                })
            })
        {
            return None;
        }
        let mut nearest: Option<(Decimal, Conversion)> = None;
        let (mut below, mut above) = (false, false);
        let amounts: Vec<&Mention> =
            self.free().filter(|mention| is_foreign(mention) && mention.number.is_some()).collect();
        for mention in &amounts {
            let (Some(amount), Some(currency)) = (mention.whole(), currency(mention.named)) else { continue };
            let of_all = self.count.and_then(|count| amount.checked_div(count));
            for rate in &self.rates {
                if of_all.is_some_and(|each| rate.makes(each).any(|made| is_close_to(made, self.price, MOST)))
                {
                    return None;
                }
                for makes in rate.makes(amount) {
                    let off = makes.checked_sub(self.price).and_then(|off| off.abs().checked_div(self.price));
                    let Some(off) = off else { continue };
                    if off < Decimal::ONE {
                        below |= makes <= self.price;
                        above |= makes >= self.price;
                    }
                    if nearest.as_ref().is_none_or(|(least, _)| off < *least) {
                        nearest = Some((off, Conversion { amount, currency, rate: rate.number, makes }));
                    }
                }
            }
        }
        if amounts.len() > 1 && below && above {
            return None;
        }
        // If there are several, a result that is off by more than a fifth belongs to another amount.
        let only = amounts.len() == 1 && self.rates.len() == 1;
        nearest
            .filter(|(off, _)| *off > MOST && (only || *off < Decimal::new(2, 1)))
            .map(|(_, conversion)| conversion)
    }
}

fn ends(text: &str) -> bool {
    text.contains(". ") || text.contains(';')
}
