//! Stock splits within a filing: shares and prices of before and after are unlike.

use rust_decimal::Decimal;

use super::line::{LineKey, change};
use super::{Filing, Lot, Shares, Table, Usd};

/// The splits within a filing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Splits {
    /// Rows that report one, with what one share becomes: 10 of a split of ten for one, 0.1 of a reverse split.
    pub(crate) rows: Vec<(usize, Decimal)>,
    /// For each lot, how many come before it; empty where there are none.
    pub(crate) before: Vec<u8>,
}

/// Finds them: a row at no price that multiplies what is held of its line, where a note speaks of a split or the prices on its
/// two sides differ by as much; or lots whose prices jump, where a note of theirs speaks of one.
pub(crate) fn splits(filing: &Filing) -> Splits {
    let rows: Vec<(usize, Decimal)> =
        (0..filing.lots.len()).filter_map(|i| Some((i, split_row(filing, i)?))).collect();
    let mut before: Vec<u8> = vec![0; filing.lots.len()];
    if rows.is_empty() {
        by_prices(filing, &mut before);
    }
    for &(row, _) in &rows {
        for (i, count) in before.iter_mut().enumerate() {
            if i != row && of_one_security(filing, i, row) && order(filing, i) > order(filing, row) {
                *count = count.saturating_add(1);
            }
        }
    }
    // One split reported by a row for each line is one.
    if rows.len() > 1 {
        let most = before.iter().copied().max().unwrap_or(0);
        let days: std::collections::BTreeSet<_> =
            rows.iter().map(|(i, _)| filing.lots[*i].date.value).collect();
        if days.len() == 1 && most > 1 {
            before.iter_mut().for_each(|count| *count = (*count).min(1));
        }
    }
    if before.iter().all(|count| *count == 0) {
        before.clear();
    }
    Splits { rows, before }
}

fn order(filing: &Filing, lot: usize) -> (Option<chrono::NaiveDate>, usize) {
    (filing.lots[lot].date.value, lot)
}

fn of_one_security(filing: &Filing, one: usize, other: usize) -> bool {
    let (one, other) = (&filing.lots[one].line, &filing.lots[other].line);
    LineKey::of(one).same_security(&LineKey::of(other))
}

/// What one share becomes by a row; `None` where it reports no split.
fn split_row(filing: &Filing, row: usize) -> Option<Decimal> {
    let lot = &filing.lots[row];
    let may = lot.line.table == Table::NonDerivative
        && matches!(lot.code.value?.letter(), 'J' | 'A' | 'D' | 'H')
        && lot.price.value.is_none_or(Usd::is_zero);
    if !may {
        return None;
    }
    let after = lot.line.shares_after.value.map(Shares::decimal)?;
    let before = after.checked_sub(change(lot)?)?;
    if before <= Decimal::ZERO || after.is_zero() {
        return None;
    }
    let factor = after.checked_div(before)?;
    let ratio =
        |most: i64| simple(factor, most) || Decimal::ONE.checked_div(factor).is_some_and(|f| simple(f, most));
    if !ratio(20) {
        return None;
    }
    let of_prices = || {
        let near = jump_beside(filing, row)?.checked_div(factor)?;
        Some(near > Decimal::new(66, 2) && near < Decimal::new(15, 1))
    };
    let is = speaks_of_split(filing, lot) || ratio(4) && jumps(factor) && of_prices() == Some(true);
    is.then_some(factor)
}

/// Whether it is a ratio of small numbers, the lower at most `most`: ten for one, three for two, 21 for 20.
fn simple(factor: Decimal, most: i64) -> bool {
    let whole = |times: i64| {
        let product = factor.checked_mul(Decimal::from(times))?;
        Some((product.checked_sub(product.round())?).abs() < Decimal::new(1, 3))
    };
    factor > Decimal::new(1001, 3) && (1..=most).any(|times| whole(times) == Some(true))
}

/// The price of the last market lot before a row ÷ that of the first one after it.
fn jump_beside(filing: &Filing, row: usize) -> Option<Decimal> {
    let at = order(filing, row);
    let market: Vec<usize> = market(filing).filter(|&i| of_one_security(filing, i, row)).collect();
    let before =
        market.iter().copied().filter(|&i| order(filing, i) < at).max_by_key(|&i| order(filing, i))?;
    let after =
        market.iter().copied().filter(|&i| order(filing, i) > at).min_by_key(|&i| order(filing, i))?;
    let price = |i: usize| filing.lots[i].price.value.map(Usd::decimal);
    price(before)?.checked_div(price(after)?)
}

/// Lots whose price is the market's.
fn market(filing: &Filing) -> impl Iterator<Item = usize> {
    let lots = filing.lots.iter().enumerate();
    lots.filter(|(_, lot)| {
        lot.line.table == Table::NonDerivative
            && matches!(lot.code.value.map(|code| code.letter()), Some('S' | 'P' | 'F'))
            && lot.price.value.is_some_and(|price| !price.is_zero())
    })
    .map(|(i, _)| i)
}

/// Whether a factor between prices is that of a split rather than of a market.
fn jumps(factor: Decimal) -> bool {
    factor >= Decimal::new(18, 1) || factor <= Decimal::new(56, 2)
}

fn speaks_of_split(filing: &Filing, lot: &Lot) -> bool {
    let own: Vec<&String> = lot.footnote_lists().flatten().collect();
    let notes = filing.footnotes.iter().filter(|note| own.contains(&&note.id)).map(|note| note.text.as_str());
    notes.chain(filing.remarks.as_deref()).any(names_split)
}

/// Whether a text speaks of a stock split or dividend in shares.
fn names_split(text: &str) -> bool {
    let lower = text.to_lowercase();
    lower.match_indices("split").any(|(at, _)| {
        let rest = &lower[at + "split".len()..];
        // Split-dollar insurance is none.
        !rest.trim_start_matches(['-', ' ']).starts_with("dollar")
    }) || lower.contains("stock dividend")
        || lower.contains("dividend in shares")
}

/// Splits that no row reports: market prices jump once, and a note of one of the lots speaks of a split.
fn by_prices(filing: &Filing, before: &mut [u8]) {
    let mut market: Vec<usize> = market(filing).collect();
    market.sort_by_key(|&i| order(filing, i));
    let jump = |pair: &[usize]| {
        let price = |i: usize| filing.lots[i].price.value.map(Usd::decimal);
        let factor = price(pair[0])?.checked_div(price(pair[1])?)?;
        (jumps(factor) && of_one_security(filing, pair[0], pair[1])).then_some(pair[1])
    };
    let mut found = market.windows(2).filter_map(jump);
    let (Some(first), None) = (found.next(), found.next()) else { return };
    if !market.iter().any(|&i| speaks_of_split(filing, &filing.lots[i])) {
        return;
    }
    for (i, count) in before.iter_mut().enumerate() {
        if of_one_security(filing, i, first) && order(filing, i) >= order(filing, first) {
            *count = 1;
        }
    }
}
