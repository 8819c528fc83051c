//! Which figures of a filing are not what they look like: values that are odd, principal of debt, shares that only move from one
//! line to another, and lots on both sides of a split.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::review::warn;
use crate::filing::{
    Cik, Code, Direction, Filing, Lot, Shares, Splits, Table, Usd, Warning, fold_title, is_debt,
    lot_path as place, splits,
};

/// A single row that is worth more than this is held to be odd, in dollars. The largest honest one of the corpora that the
/// project was measured with is worth a tenth of it.
const MOST_VALUE: i64 = 100_000_000_000;

/// Marks the lots, and adds the warnings.
pub(super) fn figures(filing: &mut Filing, warnings: &mut Vec<Warning>) {
    debts(filing, warnings);
    moves(filing);
    after_splits(filing, warnings);
    let mut odd: Vec<usize> = Vec::new();
    prices(filing, warnings, &mut odd);
    siblings(filing, warnings, &mut odd);
    values(filing, warnings, &mut odd);
    for i in odd {
        filing.lots[i].odd_value = filing.lots[i].value().is_some();
    }
}

fn debts(filing: &mut Filing, warnings: &mut Vec<Warning>) {
    let mut first: Option<usize> = None;
    let mut noted: Option<BTreeSet<String>> = None;
    for i in 0..filing.lots.len() {
        let lot = &filing.lots[i];
        let title = lot.line.security.value.as_deref().unwrap_or_default();
        let debt = is_debt(title)
            || has_notes(lot) && may_be_debt(title) && {
                let noted = noted.get_or_insert_with(|| notes_of_principal(filing));
                !noted.is_empty() && amounts(lot).any(|id| noted.contains(id))
            };
        if debt {
            filing.lots[i].debt = true;
            first = first.or(Some(i));
        }
    }
    if let Some(first) = first {
        let message =
            "a debt security: its number is principal in dollars, which is not multiplied by its price"
                .to_owned();
        warn(warnings, "debt-security", message, &place(&filing.lots, first));
    }
}

/// Whether a title names no share, so that notes may say that it is of debt.
fn may_be_debt(title: &str) -> bool {
    const SHARES: [&str; 9] =
        ["stock", "share", "common", "ordinary", "preferred", "unit", "warrant", "option", "right"];
    let lower = title.to_ascii_lowercase();
    !SHARES.iter().any(|word| lower.contains(word))
}

fn has_notes(lot: &Lot) -> bool {
    amounts(lot).next().is_some()
}

/// The ids of the notes behind a row's number and price.
fn amounts(lot: &Lot) -> impl Iterator<Item = &String> {
    lot.shares.footnotes.iter().chain(&lot.total_value.footnotes).chain(&lot.price.footnotes)
}

/// The ids of the notes that speak of principal.
fn notes_of_principal(filing: &Filing) -> BTreeSet<String> {
    const SAYS: [&str; 6] = [
        "principal amount",
        "percentage of principal",
        "percent of principal",
        "% of principal",
        "percentage of par",
        "percent of par",
    ];
    let says = |text: &str| {
        let lower = text.to_ascii_lowercase();
        SAYS.iter().any(|words| lower.contains(words))
    };
    filing.footnotes.iter().filter(|note| says(&note.text)).map(|note| note.id.clone()).collect()
}

/// Marks rows of one code, day and security by which as much comes in as goes out: a gift to one's own trust.
fn moves(filing: &mut Filing) {
    const CODES: [char; 5] = ['G', 'J', 'W', 'Z', 'I'];
    let may = |lot: &Lot| lot.code.value.is_some_and(|code| CODES.contains(&code.letter()));
    let way = |lot: &Lot, direction: Direction| may(lot) && lot.direction.value == Some(direction);
    if ![Direction::Acquired, Direction::Disposed].iter().all(|d| filing.lots.iter().any(|lot| way(lot, *d)))
    {
        return;
    }
    type Key = (Option<Code>, Option<NaiveDate>, bool, String);
    let key = |lot: &Lot| -> Key {
        let title = fold_title(lot.line.security.value.as_deref().unwrap_or_default());
        (lot.code.value, lot.date.value, lot.line.table == Table::Derivative, title)
    };
    let mut sums: BTreeMap<Key, Option<(Decimal, Decimal)>> = BTreeMap::new();
    for lot in filing.lots.iter().filter(|lot| may(lot)) {
        let sum = sums.entry(key(lot)).or_insert(Some((Decimal::ZERO, Decimal::ZERO)));
        *sum = (|| {
            let (acquired, disposed) = (*sum)?;
            let shares = lot.shares.value?.decimal();
            Some(match lot.direction.value? {
                Direction::Acquired => (acquired.checked_add(shares)?, disposed),
                Direction::Disposed => (acquired, disposed.checked_add(shares)?),
            })
        })();
    }
    for lot in filing.lots.iter_mut().filter(|lot| may(lot)) {
        let sum = sums.get(&key(lot)).copied().flatten();
        lot.moved = sum.is_some_and(|(acquired, disposed)| acquired == disposed && !acquired.is_zero());
    }
}

fn after_splits(filing: &mut Filing, warnings: &mut Vec<Warning>) {
    let Splits { rows, before } = splits(filing);
    for (lot, count) in filing.lots.iter_mut().zip(before) {
        lot.splits_before = count;
    }
    let Some(at) = rows
        .first()
        .map(|(row, _)| *row)
        .or_else(|| filing.lots.iter().position(|lot| lot.splits_before > 0))
    else {
        return;
    };
    let ratio = rows.first().map_or_else(String::new, |(_, factor)| {
        let one = Decimal::ONE;
        let (to, from) =
            if *factor >= one { (*factor, one) } else { (one, one.checked_div(*factor).unwrap_or(one)) };
        format!(" of {} for {}", to.round_dp(4).normalize(), from.round_dp(4).normalize())
    });
    let message =
        format!("a split{ratio} lies between the rows: shares and prices of before and after are unlike");
    warn(warnings, "split-in-filing", message, &place(&filing.lots, at));
}

/// A price per share that is rather the price of all of them, or nothing.
fn prices(filing: &Filing, warnings: &mut Vec<Warning>, odd: &mut Vec<usize>) {
    // Its class A shares do cost hundreds of thousands; no other share of common stock has cost as much as `most`.
    const BERKSHIRE: u64 = 1_067_983;
    let most = Decimal::from(15_000);
    let dear = Cik::new(BERKSHIRE) == Some(filing.issuer.cik);
    for (i, lot) in filing.lots.iter().enumerate() {
        let at = || format!("{}/transactionPricePerShare", place(&filing.lots, i));
        let market = is_market(lot);
        let Some(price) = lot.price.value else { continue };
        if price.is_zero() {
            let sale = lot.code.value == Some(Code::SALE);
            // Options and deferred compensation are now and then "purchased" for nothing.
            let traded = sale || market && lot.line.table == Table::NonDerivative;
            if traded && lot.shares.value.is_some_and(|shares| !shares.is_zero()) {
                let what = if sale { "a sale" } else { "a purchase" };
                warn(warnings, "zero-price", format!("{what} at a price of zero"), &at());
                odd.push(i);
            }
            continue;
        }
        let title = lot.line.security.value.as_deref().unwrap_or_default().to_ascii_lowercase();
        let other = ["preferred", "unit", "note", "interest", "depositary", "debenture", "bond"];
        let share = !other.iter().any(|word| title.contains(word))
            && ["common", "ordinary", "class a", "class b"].iter().any(|word| title.contains(word))
            && lot.line.table == Table::NonDerivative;
        let total = lot.total_value.value == Some(price)
            || share && !dear && price.decimal() > most
            || market && is_total_beside(filing, lot, price);
        if total {
            let message = format!("{} per share looks like the price of all of them", price.exact());
            warn(warnings, "price-like-total", message, &at());
            // A stated total is no product of it.
            if lot.shares.value.is_some() {
                odd.push(i);
            }
        }
    }
}

fn is_market(lot: &Lot) -> bool {
    matches!(lot.code.value.map(Code::letter), Some('S' | 'P'))
}

/// Whether a price, spread over its shares, is about that of another lot of the security, while by itself it is not.
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
        let Some(usual) = other.price.value.filter(|usual| same && !usual.is_zero()) else { return false };
        let near = |a: Decimal, b: Decimal| !is_more(a, b, Decimal::TWO) && !is_more(b, a, Decimal::TWO);
        near(each.decimal(), usual.decimal()) && is_more(price.decimal(), usual.decimal(), Decimal::TEN)
    })
}

/// Whether a number is more than another so many times; not where that is more than can be counted.
fn is_more(number: Decimal, other: Decimal, times: Decimal) -> bool {
    other.checked_mul(times).is_some_and(|product| number > product)
}

/// Sales, or purchases, of one security within some days have prices that are near each other.
fn siblings(filing: &Filing, warnings: &mut Vec<Warning>, odd: &mut Vec<usize>) {
    const DAYS: i64 = 7;
    const FEWEST: usize = 3;
    let traded = |lot: &Lot| lot.line.table == Table::NonDerivative && is_market(lot) && !lot.debt;
    for (i, lot) in filing.lots.iter().enumerate().filter(|(_, lot)| traded(lot)) {
        let (Some(price), Some(date)) = (lot.price.value.filter(|price| !price.is_zero()), lot.date.value)
        else {
            continue;
        };
        let mut near: Vec<Usd> = filing
            .lots
            .iter()
            .filter(|other| {
                traded(other)
                    && other.code.value == lot.code.value
                    && other.splits_before == lot.splits_before
                    && other.line.security.value == lot.line.security.value
                    && other.date.value.is_some_and(|day| (day - date).num_days().abs() <= DAYS)
            })
            .filter_map(|other| other.price.value)
            .collect();
        near.sort_unstable();
        let Some(median) = near.get(near.len() / 2).filter(|_| near.len() >= FEWEST) else { continue };
        let (price, usual) = (price.decimal(), median.decimal());
        let far = |times: Decimal| is_more(price, usual, times) || is_more(usual, price, times);
        if far(Decimal::TWO) {
            let message = format!(
                "the price {} is far from {}, that of the lots beside it",
                Usd::from(price).exact(),
                median.exact()
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

/// Values that no row has had, and totals that contradict the price.
fn values(filing: &Filing, warnings: &mut Vec<Warning>, odd: &mut Vec<usize>) {
    for (i, lot) in filing.lots.iter().enumerate() {
        let Some(value) = lot.value() else { continue };
        if let (Some(price), Some(range)) = (lot.price.value.map(Usd::decimal), &lot.actual_prices)
            && (is_more(price, range.high.decimal(), Decimal::TEN)
                || is_more(range.low.decimal(), price, Decimal::TEN))
        {
            odd.push(i);
        }
        if value.decimal() > Decimal::from(MOST_VALUE) && !odd.contains(&i) {
            let message = format!("{value} is more than any row of a filing was ever worth");
            warn(warnings, "value-too-large", message, &place(&filing.lots, i));
            odd.push(i);
        }
        let product = lot.shares.value.filter(|_| !lot.debt).zip(lot.price.value);
        let product = product.and_then(|(shares, price): (Shares, Usd)| Usd::of(shares, price));
        if let (Some(product), Some(total)) = (product, lot.total_value.value)
            && (is_more(product.decimal(), total.decimal(), Decimal::new(101, 2))
                || is_more(total.decimal(), product.decimal(), Decimal::new(101, 2)))
        {
            let message = format!("shares times price are {product}, the stated total is {total}");
            warn(
                warnings,
                "total-against-price",
                message,
                &format!("{}/transactionTotalValue", place(&filing.lots, i)),
            );
        }
    }
}
