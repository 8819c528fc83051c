//! The actual prices that a row's notes state.

use super::notes::{Note, Notes};
use crate::filing::{ActualPrices, Amount, Code, Lot, PlanDate, PriceOf};
use crate::form4::footnotes::{Keywords, PriceRange};

/// The actual prices that the row's own notes state, and whether its price is called an average.
pub(super) fn fill(lot: &mut Lot, notes: &Notes<'_>, own: &[usize]) {
    // A grant or vesting at a price of zero has none to explain.
    if lot.price.value.is_some_and(Amount::is_zero) {
        return;
    }
    let loose = notes.all.iter().filter(|note| !note.tied && note.text.keywords.has(Keywords::PRICE));
    let loose = loose.filter(|note| names_code(note, lot.code.value));
    let loose = loose.filter(|note| notes.said(note).ranges.len() == 1);
    for (i, note) in own.iter().map(|&i| &notes.all[i]).chain(loose).enumerate() {
        if !note.text.keywords.has(Keywords::PRICE) {
            continue;
        }
        let said = notes.said(note);
        let of_price = !said.ranges.is_empty() || i < lot.price.footnotes.len();
        if said.average && of_price && lot.price.value.is_some() {
            lot.price_is_average = Some(true);
        }
        if lot.actual_prices.is_none()
            && let Some(range) = choose(&said.ranges, lot)
            && !is_of_ads(lot, note, range)
        {
            let evidence = note.evidence(&range.words);
            lot.actual_prices = Some(ActualPrices { low: range.low, high: range.high, evidence });
        }
    }
}

/// True if a range is per ADS, while the price was spread over the shares behind them.
fn is_of_ads(lot: &Lot, note: &Note<'_>, range: &PriceRange) -> bool {
    let outside =
        || lot.price.value.is_some_and(|price| !ActualPrices::span(range.low, range.high, price.dollars()));
    lot.units.said == Some(PriceOf::Share) && note.text.keywords.has(Keywords::ADS) && outside()
}

/// True if a note that no row refers to is about lots of this code.
fn names_code(note: &Note<'_>, code: Option<Code>) -> bool {
    let &(of_sales, of_purchases) = note.trades.get_or_init(|| {
        let text = note.text.text.to_ascii_lowercase();
        let purchase = text.contains("purchase");
        (!purchase || text.contains("sold") || text.contains("sale"), purchase || text.contains("bought"))
    });
    match code.map(Code::letter) {
        Some('S') => of_sales,
        Some('P') => of_purchases,
        _ => false,
    }
}

/// If a note has several ranges, the one beside the row's date, else the first that its price can belong to.
fn choose<'a>(ranges: &'a [PriceRange], lot: &Lot) -> Option<&'a PriceRange> {
    if let [only] = ranges {
        return Some(only);
    }
    let of_day =
        |range: &&PriceRange| lot.date.value.is_some_and(|date| range.days.contains(&PlanDate::Day(date)));
    let fits = |range: &&PriceRange| {
        lot.price.value.is_some_and(|price| ActualPrices::span(range.low, range.high, price.dollars()))
    };
    ranges.iter().find(of_day).or_else(|| ranges.iter().find(fits))
}
