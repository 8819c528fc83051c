//! The currency of a row's price, and whether the price is per share or per ADS. The rules:
//! `docs/FOREIGN.md`.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::Regex;
use rust_decimal::Decimal;

use super::notes::{Note, Notes};
use crate::filing::{
    AdsRatio, Code, Concluded, Currency, Evidence, EvidenceSource, Filing, Lot, PriceOf, PricedBy, Shares,
    Table, Unit,
};
use crate::form4::footnotes::Keywords;
use crate::form4::footnotes::ads::{self, Of, Priced, Titled};
use crate::form4::footnotes::money::{self, PriceMoney};

/// The most characters kept of a note whose words make a ratio.
const LONGEST_WORDS: usize = 200;

/// A filing's statements about currencies and ADS.
pub(super) struct Money<'n> {
    notes: &'n Notes<'n>,
    /// The ratio of the issuer's ADS, if all statements of it agree.
    pub(super) ratio: Option<AdsRatio>,
    /// The symbol in the home market, without the market's name, unless it is the one in New York.
    foreign_symbol: Option<String>,
    /// The exercise prices of table II: a row of table I at one of them is priced per share.
    exercised: Vec<Decimal>,
    /// ISO code of the company's country.
    country: Option<&'static str>,
    /// True if any note names a currency.
    named: bool,
    /// True if anything mentions ADS.
    ads: bool,
    /// Rows whose stated conversion does not make their price, with an explanation.
    pub(super) contradictions: Vec<(usize, String)>,
    row: usize,
}

impl<'n> Money<'n> {
    pub(super) fn of(filing: &Filing, notes: &'n Notes<'n>, lots: &[Lot]) -> Self {
        let named = notes.keywords.has(Keywords::MONEY);
        let titles = || {
            let of_lots = lots.iter().map(|lot| &lot.line);
            let lines = of_lots.chain(filing.holdings.iter().map(|holding| &holding.line));
            lines.filter_map(|line| line.security.value.as_deref()).filter(|title| may_name_ads(title))
        };
        let ads = notes.keywords.has(Keywords::ADS) || titles().next().is_some();
        let mut stated: Vec<AdsRatio> = Vec::new();
        if ads {
            let of_notes = notes
                .all
                .iter()
                .filter(|note| note.text.keywords.has(Keywords::ADS))
                .filter_map(ratio_of_note);
            stated.extend(of_notes.chain(titles().filter_map(ratio_of_title)));
        }
        let agreed = stated.first().filter(|first| stated.iter().all(|other| other.shares == first.shares));
        let terms = lots.iter().filter_map(|lot| lot.line.terms.as_ref()).filter(|_| ads);
        let exercised =
            terms.filter_map(|terms| terms.exercise_price.value.map(|price| price.decimal())).collect();
        let country = filing.issuer.facts.located_in.map(|place| place.country);
        let foreign = filing.issuer.foreign_symbol.as_deref().unwrap_or_default();
        let foreign = foreign.rsplit(':').next().unwrap_or_default().trim().to_owned();
        let own = filing.issuer.symbol.as_deref().unwrap_or_default().trim();
        let foreign_symbol = (foreign.len() > 2 && !foreign.eq_ignore_ascii_case(own)).then_some(foreign);
        Self {
            notes,
            ratio: agreed.cloned(),
            foreign_symbol,
            exercised,
            country,
            named,
            ads,
            contradictions: Vec::new(),
            row: 0,
        }
    }

    /// Fills in the currency and unit of a row's price.
    pub(super) fn fill(&mut self, lot: &mut Lot, own: &[usize]) {
        let row = self.row;
        self.row += 1;
        let title = lot.line.security.value.as_deref().unwrap_or_default();
        let titled = if self.ads { ads::titled(title) } else { Titled::Shares };
        if titled == Titled::Ads {
            lot.units.counted = Unit::Ads;
        }
        let Some(price) = lot.price.value.map(|price| price.decimal()).filter(|price| !price.is_zero())
        else {
            return;
        };
        let said = if self.named { self.said(lot, own, price) } else { None };
        let of = if self.ads { self.priced(lot, own, price) } else { None };
        let of_home = said.as_ref().is_some_and(|(said, _)| said.converted);
        if let Some((said, evidence)) = said {
            if let Some(wrong) = said.contradiction {
                let made = wrong.makes.round_dp(4).normalize();
                let message = format!(
                    "the price is {price}, and the conversion of {} {} at {} that a note states makes {made} ({evidence})",
                    wrong.currency, wrong.amount, wrong.rate
                );
                self.contradictions.push((row, message));
            }
            lot.units.in_hundredths = said.in_hundredths;
            lot.currency = Concluded { value: said.currency, evidence: Some(evidence) };
        } else if of != Some(Of::Ads)
            && titled == Titled::Shares
            && lot.line.table == Table::NonDerivative
            && let Some(symbol) = home_symbol(title).or_else(|| self.foreign_symbol(title))
            && !self.speaks_of_dollars(own)
        {
            let evidence = Evidence { source: EvidenceSource::Title, words: symbol.into() };
            lot.currency = Concluded { value: None, evidence: Some(evidence) };
        }
        if lot.line.table == Table::NonDerivative {
            lot.units.said = match of {
                Some(Of::Ads) => Some(PriceOf::Ads),
                Some(Of::Share) => Some(PriceOf::Share),
                None => (of_home || lot.currency.value != Some(Currency::USD)).then_some(PriceOf::Share),
            };
            if self.ads {
                self.units(lot, own);
            } else if lot.currency.evidence.is_none() && is_withheld_in_tens(lot) {
                lot.units.priced_by = PricedBy::Unclear;
            }
        }
    }

    /// The home market's symbol, as on the form, in a title.
    fn foreign_symbol<'t>(&self, title: &'t str) -> Option<&'t str> {
        let symbol = self.foreign_symbol.as_deref()?;
        let words = title.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-' | '/'));
        words.into_iter().find(|word| word.trim_matches('.').eq_ignore_ascii_case(symbol))
    }

    /// The row's notes about the currency of its price; the price's own notes come first.
    fn said(&self, lot: &Lot, own: &[usize], price: Decimal) -> Option<(PriceMoney, Evidence)> {
        let count = lot.shares.value.map(|shares| shares.decimal());
        let of_price = |id: &String| self.notes.by_id.get(id.as_str()).copied();
        let priced: Vec<usize> =
            lot.price.footnotes.iter().chain(&lot.total_value.footnotes).filter_map(of_price).collect();
        let loose = self.notes.all.iter().enumerate().filter(|(_, note)| !note.tied).map(|(i, _)| i);
        let all = own.iter().copied().chain(loose);
        let read = |i: usize| {
            let note = &self.notes.all[i];
            if !note.text.keywords.has(Keywords::MONEY) {
                return None;
            }
            let of_exercise =
                || is_exercise(lot) && own.contains(&i) && money::is_of_exercise(&note.text.text);
            let of_price = priced.contains(&i) || of_exercise();
            let said = money::of_price(&note.text.text, price, count, of_price, self.country)?;
            let evidence = note.evidence(&said.words);
            Some((said, evidence))
        };
        let mut said: Vec<(PriceMoney, Evidence)> = all.filter_map(read).collect();
        // A conversion in one note explains the currency that another names.
        let best = said.iter().position(|(said, _)| said.converted).unwrap_or(0);
        (!said.is_empty()).then(|| said.swap_remove(best))
    }

    fn speaks_of_dollars(&self, own: &[usize]) -> bool {
        let loose = self.notes.all.iter().enumerate().filter(|(_, note)| !note.tied).map(|(i, _)| i);
        own.iter().copied().chain(loose).any(|i| {
            let lower = self.notes.all[i].text.text.to_ascii_lowercase();
            [
                "u.s. dollar",
                "us dollar",
                "united states dollar",
                "us$",
                "u.s.$",
                "usd",
                "nyse",
                "nasdaq",
                "new york stock exchange",
            ]
            .iter()
            .any(|word| lower.contains(word))
        })
    }

    /// The row's notes about the unit of its price.
    fn priced(&self, lot: &Lot, own: &[usize], price: Decimal) -> Option<Of> {
        let said = own.iter().find_map(|&i| {
            let note = &self.notes.all[i];
            let of_price = |id: &String| self.notes.by_id.get(id.as_str()) == Some(&i);
            let of_price = lot.price.footnotes.iter().any(of_price);
            if !of_price
                && !note
                    .text
                    .keywords
                    .has(Keywords::ADS | Keywords::AVERAGE | Keywords::DOLLAR | Keywords::MONEY)
            {
                return None;
            }
            ads::priced(&note.text.text, price, of_price)
        });
        match said {
            Some(Priced::Of(of)) => Some(of),
            // "$151.00 per ADS" beside 7.55, a twentieth of it.
            Some(Priced::Ads(prices)) => {
                let ratio = self.ratio_for(lot, own)?.shares;
                let spread = prices.iter().filter_map(|stated| stated.checked_div(ratio));
                let near = |each: Decimal| {
                    let off = each.checked_sub(price).map(|off| off.abs());
                    off.zip(price.checked_mul(Decimal::new(6, 3))).is_some_and(|(off, most)| off <= most)
                };
                let (low, high) =
                    (prices.iter().min()?.checked_div(ratio)?, prices.iter().max()?.checked_div(ratio)?);
                let within = ads::is_range(&prices) && low <= price && price <= high;
                (within || spread.into_iter().any(near)).then_some(Of::Share)
            }
            None => self.exercised.contains(&price).then_some(Of::Share).filter(|_| is_exercise(lot)),
        }
    }

    /// The ratio that the row's notes state, else the filing's; else the ratio of the row's number to a
    /// number of ADS: "represented by 1,500 ADSs".
    fn ratio_for(&self, lot: &Lot, own: &[usize]) -> Option<AdsRatio> {
        let own =
            own.iter().map(|&i| &self.notes.all[i]).filter(|note| note.text.keywords.has(Keywords::ADS));
        let stated = own.into_iter().find_map(ratio_of_note).or_else(|| self.ratio.clone());
        let count = lot.shares.value.map(Shares::decimal);
        stated
            .or_else(|| self.named_ads(lot).iter().find_map(|(number, note)| implied(count?, *number, note)))
    }

    /// The notes that may be about the row's number, and the numbers of ADS that they name.
    fn named_ads(&self, lot: &Lot) -> Vec<(Decimal, &'n Note<'n>)> {
        let notes = self.of_count(lot).filter(|note| note.text.keywords.has(Keywords::ADS));
        notes
            .flat_map(|note| ads::counts(&note.text.text).into_iter().map(move |number| (number, note)))
            .collect()
    }

    fn of_count(&self, lot: &Lot) -> impl Iterator<Item = &'n Note<'n>> {
        let ids = lot.shares.footnotes.iter().chain(&lot.price.footnotes).chain(&lot.code.footnotes);
        let ids = ids.chain(&lot.line.security.footnotes).chain(&lot.date.footnotes);
        let mut notes: Vec<usize> = ids.filter_map(|id| self.notes.by_id.get(id.as_str()).copied()).collect();
        notes.sort_unstable();
        notes.dedup();
        let all = self.notes;
        notes.into_iter().map(move |i| &all.all[i])
    }

    /// Decides whether a price is per unit that its row counts.
    fn units(&self, lot: &mut Lot, own: &[usize]) {
        let said = lot.units.said;
        let Some(count) = lot.shares.value.map(Shares::decimal) else { return };
        let named = self.named_ads(lot);
        let says_ads = named.iter().any(|(number, _)| *number == count)
            || self.of_count(lot).any(|note| ads::counts_ads(&note.text.text));
        if lot.units.counted == Unit::Share && said != Some(PriceOf::Share) && says_ads {
            // "A sale of 1,000 ADS": the row counts ADS.
            lot.units.counted = Unit::Ads;
            return;
        }
        let part = |ratio: &AdsRatio| {
            named.iter().any(|(number, _)| number.checked_mul(ratio.shares) == Some(count))
        };
        match self.ratio_for(lot, own) {
            Some(ratio) if said == Some(PriceOf::Ads) && part(&ratio) => {
                lot.units.priced_by = PricedBy::Ads;
                lot.units.ratio = Some(ratio);
            }
            Some(ratio) => lot.settle_by(&ratio),
            None if said == Some(PriceOf::Ads)
                && lot.units.counted == Unit::Share
                && !self.titled_both(lot) =>
            {
                lot.units.priced_by = PricedBy::Unclear;
            }
            None => {}
        }
    }

    fn titled_both(&self, lot: &Lot) -> bool {
        ads::titled(lot.line.security.value.as_deref().unwrap_or_default()) == Titled::Both
    }
}

/// The ratio of the row's shares to a number of ADS that they represent.
fn implied(count: Decimal, ads: Decimal, note: &Note<'_>) -> Option<AdsRatio> {
    if ads.is_zero() || ads >= count || !ads::stands_for(&note.text.text) {
        return None;
    }
    let shares = count.checked_div(ads)?;
    let stated =
        || note.evidence(&note.text.text.chars().take(LONGEST_WORDS).collect::<String>().into()).to_string();
    shares.is_integer().then(|| AdsRatio { shares: shares.normalize(), stated: stated(), learnt_from: None })
}

fn is_exercise(lot: &Lot) -> bool {
    matches!(lot.code.value.map(Code::letter), Some('M' | 'X'))
}

/// True if ordinary shares were withheld for tax, and both their number and the remainder are whole tens. A
/// company withholds what the tax requires: of 145 such rows of shares without ADS, none had both. If ADS of
/// ten or twenty shares are behind them, all numbers are like that, and the price may be per ADS.
fn is_withheld_in_tens(lot: &Lot) -> bool {
    let title = lot.line.security.value.as_deref().unwrap_or_default();
    let tens = |number: Option<Shares>| {
        number.is_some_and(|number| !number.is_zero() && (number.decimal() % Decimal::TEN).is_zero())
    };
    lot.code.value.map(Code::letter) == Some('F')
        && title.to_ascii_lowercase().contains("ordinary")
        && tens(lot.shares.value)
        && tens(lot.line.shares_after.value)
}

fn ratio_of_note(note: &Note<'_>) -> Option<AdsRatio> {
    let (shares, words) = ads::ratio(&note.text.text)?;
    Some(AdsRatio { shares, stated: note.evidence(&words).to_string(), learnt_from: None })
}

fn ratio_of_title(title: &str) -> Option<AdsRatio> {
    let (shares, words) = ads::ratio(title)?;
    let evidence = Evidence { source: EvidenceSource::Title, words };
    Some(AdsRatio { shares, stated: evidence.to_string(), learnt_from: None })
}

fn may_name_ads(title: &str) -> bool {
    static WORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        let words = ["ads", "adr", "gds", "gdr", "depos", "registered"];
        AhoCorasick::builder().ascii_case_insensitive(true).build(words).ok()
    });
    WORDS.as_ref().is_none_or(|words| words.is_match(title))
}

/// The symbol of a home market in a title: `2330.TW`, `BBDC4`, `CEMEX.CPO`, `TYO:8316`.
fn home_symbol(title: &str) -> Option<&str> {
    static SYMBOL: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"\b(?:\d{3,6}\.(?:TWO?|HK|T|TYO|KS|KQ|SS|SZ|SI|BO|NS|KL|BK|JK|SR|TA)|[A-Z]{4}(?:3|4|5|6|11|3[1-9])|[A-Z]{2,10}\.(?:SA|MX|AX|ASX|NS|BO|TA|TASE|L|LSE|PA|AS|BR|MI|MC|DE|F|TO|V|CN|NZ|BA|SN|CPO|UBD|JO|SW|ST|HE|CO|OL|WA|IS)|(?:TYO|TSE|JPX|HKEX|HKG|SEHK|TWSE|TPEX|TASE|TLV|BVMF|B3|BMV|ASX|SGX|NSE|BSE|KRX|KRX|BCBA|BYMA|LON|LSE|AIM|EPA|FRA|ETR|TSX|TSXV|JSE|SIX|SWX|STO|OSL|CPH|HEL|BIT|BME|AMS|EBR|WSE|BVC|BVL)\s?:\s?[A-Z0-9.]{1,10})\b",
        )
        .ok()
    });
    if !title.bytes().any(|b| b.is_ascii_digit() || matches!(b, b'.' | b':')) {
        return None;
    }
    SYMBOL.as_ref()?.find(title).map(|found| found.as_str())
}
