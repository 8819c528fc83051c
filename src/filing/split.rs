//! Stock splits within a filing: shares and prices before and after one do not compare.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::line::{Security, change};
use super::{Amount, Filing, Lot, Shares, Table};

/// How many split rows of one filing are examined, at most.
const MOST_SPLITS: usize = 20;

/// The splits within a filing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Splits {
    /// Rows that report one, with what one share becomes: 10 for a ten-for-one split, 0.1 for a reverse
    /// split.
    pub(crate) rows: Vec<(usize, Decimal)>,
    /// For each lot, how many come before it; empty if there are none.
    pub(crate) before: Vec<u8>,
}

/// Finds them: a row at no price that multiplies its line's holding, if a note mentions a split or the prices
/// on its two sides differ by as much; or lots whose prices jump, if one of their notes mentions a split.
pub(crate) fn splits(filing: &Filing) -> Splits {
    let facts = Facts { filing, noted: OnceCell::new(), securities: OnceCell::new() };
    let rows = (0..filing.lots.len()).filter_map(|i| Some((i, facts.split_row(i)?)));
    let rows: Vec<(usize, Decimal)> = rows.take(MOST_SPLITS).collect();
    let mut before: Vec<u8> = vec![0; filing.lots.len()];
    if rows.is_empty() {
        facts.by_prices(&mut before);
    }
    // One split that is reported by a row for each line counts once.
    let mut counted: BTreeSet<(&Security, Option<NaiveDate>)> = BTreeSet::new();
    for &(row, _) in &rows {
        let security = &facts.securities()[row];
        if counted.insert((security, filing.lots[row].date.value)) {
            for (i, count) in before.iter_mut().enumerate() {
                let after = facts.securities()[i] == *security && facts.order(i) > facts.order(row);
                *count = count.saturating_add(u8::from(after));
            }
        }
    }
    rows.iter().for_each(|(row, _)| before[*row] = 0);
    if before.iter().all(|count| *count == 0) {
        before.clear();
    }
    Splits { rows, before }
}

/// A filing, with facts that are computed once, and only if they matter.
struct Facts<'f> {
    filing: &'f Filing,
    /// The ids of the notes that mention a split, and whether the remarks do.
    noted: OnceCell<(BTreeSet<&'f str>, bool)>,
    securities: OnceCell<Vec<Security>>,
}

impl Facts<'_> {
    fn securities(&self) -> &[Security] {
        self.securities.get_or_init(|| self.filing.lots.iter().map(|lot| Security::of(&lot.line)).collect())
    }

    fn order(&self, lot: usize) -> (Option<NaiveDate>, usize) {
        (self.filing.lots[lot].date.value, lot)
    }

    fn speaks_of_split(&self, lot: &Lot) -> bool {
        let (ids, remarks) = self.noted.get_or_init(|| {
            let notes = self.filing.footnotes.iter().filter(|note| names_split(&note.text));
            let remarks = self.filing.remarks.as_deref().is_some_and(names_split);
            (notes.map(|note| note.id.as_str()).collect(), remarks)
        });
        *remarks || lot.footnote_lists().flatten().any(|id| ids.contains(id.as_str()))
    }

    /// How many shares one becomes through a row; `None` if it reports no split.
    fn split_row(&self, row: usize) -> Option<Decimal> {
        let lot = &self.filing.lots[row];
        let unpriced = lot.price.value.is_none_or(Amount::is_zero);
        let noted = || self.speaks_of_split(lot);
        // Some state the market price beside it; and options are split along with their shares.
        let plain = unpriced && lot.line.table == Table::NonDerivative;
        if !matches!(lot.code.value?.letter(), 'J' | 'A' | 'D' | 'H') {
            return None;
        }
        let after = lot.line.shares_after.value.map(Shares::decimal)?;
        let before = after.checked_sub(change(lot)?)?;
        if before <= Decimal::ZERO || after.is_zero() {
            return None;
        }
        if !is_ratio(before, after, 20) || !plain && !noted() {
            return None;
        }
        let factor = after.checked_div(before)?;
        let of_prices = || {
            let near = self.jump_beside(row)?.checked_div(factor)?;
            Some(near > Decimal::new(66, 2) && near < Decimal::new(15, 1))
        };
        let priced = || is_ratio(before, after, 4) && jumps(factor) && of_prices() == Some(true);
        // If prices stay the same, a note's split was another one.
        let split = if noted() { of_prices() != Some(false) } else { priced() };
        split.then_some(factor)
    }

    /// The price of the last market lot before a row ÷ that of the first one after it.
    fn jump_beside(&self, row: usize) -> Option<Decimal> {
        let at = self.order(row);
        let of = self.securities();
        let market = || self.market().filter(|&i| of[i] == of[row]);
        let before = market().filter(|&i| self.order(i) < at).max_by_key(|&i| self.order(i))?;
        let after = market().filter(|&i| self.order(i) > at).min_by_key(|&i| self.order(i))?;
        self.jump(before, after)
    }

    /// Lots at the market price.
    fn market(&self) -> impl Iterator<Item = usize> {
        let lots = self.filing.lots.iter().enumerate();
        lots.filter(|(_, lot)| {
            lot.line.table == Table::NonDerivative
                && matches!(lot.code.value.map(|code| code.letter()), Some('S' | 'P' | 'F'))
                && lot.price.value.is_some_and(|price| !price.is_zero())
        })
        .map(|(i, _)| i)
    }

    /// The price of a lot ÷ that of another.
    fn jump(&self, one: usize, other: usize) -> Option<Decimal> {
        let price = |i: usize| self.filing.lots[i].price.value.map(Amount::decimal);
        price(one)?.checked_div(price(other)?)
    }

    /// Splits that no row reports: market prices jump once, and a note of one of the lots mentions a split.
    fn by_prices(&self, before: &mut [u8]) {
        let mut market: Vec<usize> = self.market().collect();
        market.sort_by_key(|&i| self.order(i));
        let jump = |pair: &[usize]| {
            let jumped = self.jump(pair[0], pair[1]).is_some_and(jumps);
            (jumped && self.securities()[pair[0]] == self.securities()[pair[1]]).then_some(pair[1])
        };
        let mut found = market.windows(2).filter_map(jump);
        let (Some(first), None) = (found.next(), found.next()) else { return };
        if !market.iter().any(|&i| self.speaks_of_split(&self.filing.lots[i])) {
            return;
        }
        for (i, count) in before.iter_mut().enumerate() {
            let after =
                self.securities()[i] == self.securities()[first] && self.order(i) >= self.order(first);
            *count = u8::from(after);
        }
    }
}

/// True if two numbers are in a ratio of small numbers, the lower at most `most`, to within a thousandth: ten
/// for one, three for two, 21 for 20. It compares whole numbers, which is cheap, because it runs for each
/// grant.
fn is_ratio(one: Decimal, other: Decimal, most: u64) -> bool {
    let (low, high) = (one.min(other).normalize(), one.max(other).normalize());
    let scale = low.scale().max(high.scale());
    let whole = |number: Decimal| {
        let units = u64::try_from(number.mantissa()).ok()?;
        units.checked_mul(10_u64.checked_pow(scale - number.scale())?).filter(|units| *units < 1 << 50)
    };
    let (Some(low), Some(high)) = (whole(low), whole(high)) else { return false };
    let near = |times: u64| {
        let rest = (high * times) % low;
        rest.min(low - rest) * 1_000 < low
    };
    low > 0 && high > low + low / 1_000 && (1..=most).any(near)
}

/// True if a factor between prices is that of a split rather than of a market.
fn jumps(factor: Decimal) -> bool {
    factor >= Decimal::new(18, 1) || factor <= Decimal::new(56, 2)
}

/// True if a text mentions a stock split or dividend in shares.
fn names_split(text: &str) -> bool {
    let lower = text.to_lowercase();
    let split = |(at, word): (usize, &str)| {
        let rest = lower[at + word.len()..].trim_start_matches(['-', ' ']);
        // Split-dollar insurance is not one.
        !rest.starts_with("dollar")
    };
    lower.match_indices("split").any(split)
        || lower.contains("stock dividend")
        || lower.contains("dividend in shares")
}
