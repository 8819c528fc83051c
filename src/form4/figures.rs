//! Figures of a filing that are not what they look like: odd values, principal of debt, shares that only move
//! from one line to another, and lots on both sides of a split.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::counts::counts;
use super::price_checks::{is_more, prices, siblings};
use super::warning::warn;
use crate::filing::{
    Amount, Code, Direction, Filing, Lot, Shares, Splits, Table, Usd, Warning, fold_title, is_debt,
    lot_path as place, splits,
};

/// The most dollars that a row can be worth without being odd. The largest of 3,563 recorded filings is worth
/// 1.57 billion (0000050863-23-000061).
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

/// True if a title names no share, so that notes may say that it is debt.
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

/// The ids of the notes that mention principal.
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

/// Marks rows of the same code, day and security in which as much comes in as goes out: a gift to one's own
/// trust. If more goes one way in total, only matching rows are marked: one row that has as many shares as
/// one row, or as all rows, of the other direction.
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

/// The rows of a group that only move shares.
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
    // A gift in one row that went to several trusts.
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
