//! Which figures of a filing are not what they look like: values that are odd, principal of debt, shares that only move from one
//! line to another, and lots on both sides of a split.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::counts::counts;
use super::review::warn;
use crate::filing::{
    Amount, Cik, Code, Currency, Direction, Filing, Lot, PricedBy, Shares, Splits, Table, Usd, Warning,
    fold_title, is_debt, lot_path as place, splits,
};

/// A row that is worth more than this is odd, in dollars. The largest of 3,563 recorded filings is worth 1.57 billion
/// (0000050863-23-000061).
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
    counts(filing, warnings, &mut odd);
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

/// Marks rows of one code, day and security by which as much comes in as goes out: a gift to one's own trust. Where in all
/// more goes one way, those rows are meant of which one has as many shares as one, or as all, of the other way.
fn moves(filing: &mut Filing) {
    const CODES: [char; 5] = ['G', 'J', 'W', 'Z', 'I'];
    type Key = (Option<Code>, Option<NaiveDate>, bool, String);
    let mut groups: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
    for (i, lot) in filing.lots.iter().enumerate() {
        if lot.code.value.is_some_and(|code| CODES.contains(&code.letter())) {
            let title = fold_title(lot.line.security.value.as_deref().unwrap_or_default());
            let key = (lot.code.value, lot.date.value, lot.line.table == Table::Derivative, title);
            groups.entry(key).or_default().push(i);
        }
    }
    for row in groups.values().flat_map(|rows| moved(filing, rows)).collect::<Vec<usize>>() {
        filing.lots[row].moved = true;
    }
}

/// Which rows of a group only move shares.
fn moved(filing: &Filing, rows: &[usize]) -> Vec<usize> {
    let shares = |row: &usize| filing.lots[*row].shares.value.map(Shares::decimal);
    let of = |direction: Direction| -> Vec<usize> {
        rows.iter().copied().filter(|&row| filing.lots[row].direction.value == Some(direction)).collect()
    };
    let (acquired, disposed) = (of(Direction::Acquired), of(Direction::Disposed));
    if acquired.is_empty() || disposed.is_empty() || acquired.len() + disposed.len() < rows.len() {
        return Vec::new();
    }
    let sum = |rows: &[usize]| {
        rows.iter().map(shares).try_fold(Decimal::ZERO, |sum: Decimal, shares| sum.checked_add(shares?))
    };
    let (Some(inward), Some(outward)) = (sum(&acquired), sum(&disposed)) else { return Vec::new() };
    if inward == outward {
        return if inward.is_zero() { Vec::new() } else { rows.to_vec() };
    }
    let (fewer, all, more) =
        if inward < outward { (&acquired, inward, &disposed) } else { (&disposed, outward, &acquired) };
    let line = |row: usize| {
        let line = &filing.lots[row].line;
        (line.ownership.value, line.nature.value.as_deref())
    };
    let other_line = |row: usize| fewer.iter().all(|&own| line(own) != line(row));
    // A gift in one row that several trusts received.
    if let Some(&whole) = more.iter().find(|row| shares(row) == Some(all) && other_line(**row)) {
        return fewer.iter().copied().chain([whole]).filter(|_| !all.is_zero()).collect();
    }
    let mut free: BTreeMap<Decimal, Vec<usize>> = BTreeMap::new();
    for &row in more.iter().rev() {
        if let Some(number) = shares(&row).filter(|number| !number.is_zero()) {
            free.entry(number).or_default().push(row);
        }
    }
    let mut pairs = Vec::new();
    for &row in fewer {
        let Some(rows) = shares(&row).and_then(|number| free.get_mut(&number)) else { continue };
        if rows.last().is_some_and(|&other| line(other) != line(row))
            && let Some(other) = rows.pop()
        {
            pairs.extend([row, other]);
        }
    }
    pairs
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
            // By a total alone a share costs so much.
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
            // Options and deferred compensation are now and then "purchased" for nothing.
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
            // A stated total is no product of it.
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

/// Whether a total makes a share cost what none does: more than common stock costs, or ten times what another lot of the security
/// was traded at.
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
        let Some(usual) = other.dollar_price().filter(|usual| same && !usual.is_zero()) else { return false };
        let near = |a: Decimal, b: Decimal| !is_more(a, b, Decimal::TWO) && !is_more(b, a, Decimal::TWO);
        near(each.decimal(), usual.decimal()) && is_more(price.decimal(), usual.decimal(), Decimal::TEN)
    })
}

/// Whether a number is more than another so many times; not where that is more than can be counted.
fn is_more(number: Decimal, other: Decimal, times: Decimal) -> bool {
    other.checked_mul(times).is_some_and(|product| number > product)
}

/// Lots whose prices are to be near each other: sales, or purchases, of one security on one side of a split.
type Kind<'f> = (Option<Code>, u8, Option<&'f str>, Option<Currency>, PricedBy);

/// The market prices of table I, with their days, by kind.
fn market_prices(filing: &Filing) -> BTreeMap<Kind<'_>, BTreeMap<NaiveDate, Vec<Amount>>> {
    let mut prices: BTreeMap<Kind<'_>, BTreeMap<NaiveDate, Vec<Amount>>> = BTreeMap::new();
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

fn kind(lot: &Lot) -> Kind<'_> {
    (
        lot.code.value,
        lot.splits_before,
        lot.line.security.value.as_deref(),
        lot.currency.value,
        lot.units.priced_by,
    )
}

/// Sales, or purchases, of one security within some days have prices that are near each other.
fn siblings(filing: &Filing, warnings: &mut Vec<Warning>, odd: &mut Vec<usize>) {
    const DAYS: chrono::Days = chrono::Days::new(7);
    const FEWEST: usize = 3;
    let prices = market_prices(filing);
    let mut medians: BTreeMap<(Kind<'_>, NaiveDate), Option<Amount>> = BTreeMap::new();
    let median_at = |kind: &Kind<'_>, date: NaiveDate| {
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

/// Values that no row has had, and totals that contradict the price.
fn values(filing: &Filing, warnings: &mut Vec<Warning>, odd: &mut Vec<usize>) {
    for (i, lot) in filing.lots.iter().enumerate() {
        let Some(value) = lot.value() else { continue };
        if let (Some(price), Some(range)) = (lot.dollar_price().map(Usd::decimal), &lot.actual_prices)
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
        let priced = lot.shares.value.filter(|_| !lot.debt).and_then(|shares| lot.units.priced(shares));
        let product = priced.zip(lot.price.value).and_then(|(units, price)| Amount::of(units, price));
        if let (Some(product), Some(total)) =
            (product.map(Amount::dollars), lot.total_value.value.map(Amount::dollars))
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
