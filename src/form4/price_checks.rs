//! Prices that look like the price of all shares, like nothing, or unlike those of neighbouring lots.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::warning::warn;
use crate::filing::{
    Amount, Cik, Code, Currency, Filing, Lot, PricedBy, Table, Usd, Warning, lot_path as place,
};

/// Checks for a price per share that is rather the price of all of them, or nothing.
pub(super) fn prices(filing: &Filing, warnings: &mut Vec<Warning>, odd: &mut Vec<usize>) {
    // Berkshire's class A shares do cost hundreds of thousands; no other share of common stock has cost as
    // much as `most`.
    const BERKSHIRE: u64 = 1_067_983;
    let most = Decimal::from(15_000);
    let dear = Cik::new(BERKSHIRE) == Some(filing.issuer.cik);
    let priced = |lot: &&Lot| matches!(lot.code.value.map(Code::letter), Some('S' | 'P' | 'F'));
    let in_dollars = filing.lots.iter().filter(|lot| lot.is_in_dollars());
    let least = in_dollars.filter(priced).filter_map(|lot| lot.price.value.map(Amount::dollars));
    let least = least.filter(|price| !price.is_zero()).min();
    for (i, lot) in filing.lots.iter().enumerate().filter(|(_, lot)| lot.is_in_dollars()) {
        let market = is_market(lot);
        let total = lot.total_value.value.filter(|_| !lot.debt).map(Amount::dollars);
        let (price, element) = match (lot.price.value.map(Amount::dollars), total) {
            (Some(price), _) => (price, "transactionPricePerShare"),
            (None, Some(total)) if total.is_zero() => (total, "transactionTotalValue"),
            // Only a stated total makes a share cost that much.
            (None, Some(total)) => {
                match lot.shares.value.and_then(|shares| total.per(shares)) {
                    Some(each) if is_total_of_none(filing, lot, each, dear, most) => {
                        let message = format!("the stated total of {total} makes {each} a share");
                        let at = format!("{}/transactionTotalValue", place(&filing.lots, i));
                        warn(warnings, "value-too-large", message, &at);
                        odd.push(i);
                    }
                    _ => {}
                }
                continue;
            }
            (None, None) => continue,
        };
        let at = || format!("{}/{element}", place(&filing.lots, i));
        if price.is_zero() {
            let sale = lot.code.value == Some(Code::SALE);
            // Options and deferred compensation are sometimes "purchased" for nothing.
            let traded = sale || market && lot.line.table == Table::NonDerivative;
            if traded && lot.shares.value.is_some_and(|shares| !shares.is_zero()) {
                let what = if sale { "a sale" } else { "a purchase" };
                warn(
                    warnings,
                    "zero-price",
                    format!("{what} at a {} of zero", if total == Some(price) { "total" } else { "price" }),
                    &at(),
                );
                odd.push(i);
            }
            continue;
        }
        let share = is_plain_share(lot);
        let total = total.or(lot.total_value.value.map(Amount::dollars)) == Some(price)
            || share && !dear && price.decimal() > most
            || market
                && least.is_some_and(|least| is_more(price.decimal(), least.decimal(), Decimal::TEN))
                && is_total_beside(filing, lot, price);
        if total {
            let message = format!("{} per share looks like the price of all of them", price.exact());
            warn(warnings, "price-like-total", message, &at());
            // A stated total is not a product of the price.
            if lot.shares.value.is_some() {
                odd.push(i);
            }
        }
    }
}

fn is_plain_share(lot: &Lot) -> bool {
    let title = lot.line.security.value.as_deref().unwrap_or_default().to_ascii_lowercase();
    let other = ["preferred", "unit", "note", "interest", "depositary", "debenture", "bond"];
    !other.iter().any(|word| title.contains(word))
        && ["common", "ordinary", "class a", "class b"].iter().any(|word| title.contains(word))
        && lot.line.table == Table::NonDerivative
}

/// True if a total makes a share cost what no share does: more than common stock costs, or ten times the
/// price of another lot of the security.
fn is_total_of_none(filing: &Filing, lot: &Lot, each: Usd, dear: bool, most: Decimal) -> bool {
    let beside = || {
        filing.lots.iter().filter(|other| is_market(other) && other.splits_before == lot.splits_before).any(
            |other| {
                let price = other.price.value.filter(|price| !price.is_zero()).map(Amount::decimal);
                other.line.security.value == lot.line.security.value
                    && price.is_some_and(|price| is_more(each.decimal(), price, Decimal::TEN))
            },
        )
    };
    is_plain_share(lot) && !dear && each.decimal() > most || is_market(lot) && beside()
}

fn is_market(lot: &Lot) -> bool {
    matches!(lot.code.value.map(Code::letter), Some('S' | 'P'))
}

/// True if a price, spread over its shares, is about that of another lot of the security, while the price
/// itself is not.
fn is_total_beside(filing: &Filing, lot: &Lot, price: Usd) -> bool {
    let Some(shares) = lot.shares.value.filter(|shares| shares.decimal() > Decimal::TEN) else {
        return false;
    };
    let Some(each) = price.per(shares) else { return false };
    let priced = |other: &Lot| matches!(other.code.value.map(Code::letter), Some('S' | 'P' | 'F'));
    filing.lots.iter().any(|other| {
        let same = !std::ptr::eq(other, lot)
            && priced(other)
            && other.splits_before == lot.splits_before
            && other.line.security.value == lot.line.security.value;
        let Some(usual) = other.dollar_price().filter(|usual| same && !usual.is_zero()) else { return false };
        let near = |a: Decimal, b: Decimal| !is_more(a, b, Decimal::TWO) && !is_more(b, a, Decimal::TWO);
        near(each.decimal(), usual.decimal()) && is_more(price.decimal(), usual.decimal(), Decimal::TEN)
    })
}

/// True if a number is more than `times` another; false if the product is too large to compute.
pub(super) fn is_more(number: Decimal, other: Decimal, times: Decimal) -> bool {
    other.checked_mul(times).is_some_and(|product| number > product)
}

/// Lots whose prices should be near each other: sales, or purchases, of one security on one side of a split.
type SiblingKind<'f> = (Option<Code>, u8, Option<&'f str>, Option<Currency>, PricedBy);

/// The market prices of table I, with their days, by kind.
fn market_prices(filing: &Filing) -> BTreeMap<SiblingKind<'_>, BTreeMap<NaiveDate, Vec<Amount>>> {
    let mut prices: BTreeMap<SiblingKind<'_>, BTreeMap<NaiveDate, Vec<Amount>>> = BTreeMap::new();
    for lot in filing.lots.iter().filter(|lot| is_sibling(lot)) {
        if let (Some(price), Some(date)) = (lot.price.value, lot.date.value) {
            prices.entry(kind(lot)).or_default().entry(date).or_default().push(price);
        }
    }
    prices
}

fn is_sibling(lot: &Lot) -> bool {
    lot.line.table == Table::NonDerivative && is_market(lot) && !lot.debt
}

fn kind(lot: &Lot) -> SiblingKind<'_> {
    (
        lot.code.value,
        lot.splits_before,
        lot.line.security.value.as_deref(),
        lot.currency.value,
        lot.units.priced_by,
    )
}

/// Checks that sales, or purchases, of one security within a few days have prices near each other.
pub(super) fn siblings(filing: &Filing, warnings: &mut Vec<Warning>, odd: &mut Vec<usize>) {
    const DAYS: chrono::Days = chrono::Days::new(7);
    const FEWEST: usize = 3;
    let prices = market_prices(filing);
    let mut medians: BTreeMap<(SiblingKind<'_>, NaiveDate), Option<Amount>> = BTreeMap::new();
    let median_at = |kind: &SiblingKind<'_>, date: NaiveDate| {
        let first = date.checked_sub_days(DAYS).unwrap_or(date);
        let last = date.checked_add_days(DAYS).unwrap_or(date);
        let mut near: Vec<Amount> =
            prices.get(kind)?.range(first..=last).flat_map(|(_, prices)| prices).copied().collect();
        near.sort_unstable();
        near.get(near.len() / 2).filter(|_| near.len() >= FEWEST).copied()
    };
    for (i, lot) in filing.lots.iter().enumerate().filter(|(_, lot)| is_sibling(lot)) {
        let (Some(price), Some(date)) = (lot.price.value.filter(|price| !price.is_zero()), lot.date.value)
        else {
            continue;
        };
        let kind = kind(lot);
        let Some(median) = *medians.entry((kind, date)).or_insert_with(|| median_at(&kind, date)) else {
            continue;
        };
        let (price, usual) = (price.decimal(), median.decimal());
        let far = |times: Decimal| is_more(price, usual, times) || is_more(usual, price, times);
        if far(Decimal::TWO) {
            let message = format!(
                "the price {} is far from {}, that of the lots beside it",
                Amount::from(price).exact_in(lot.currency.value),
                median.exact_in(lot.currency.value)
            );
            let at = format!("{}/transactionPricePerShare", place(&filing.lots, i));
            warn(warnings, "price-far-from-siblings", message, &at);
            // A price whose point has slipped.
            if far(Decimal::from(5)) {
                odd.push(i);
            }
        }
    }
}
