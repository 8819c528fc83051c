//! Rows of a line whose numbers do not lead from the holding before them to the holding after.

use rust_decimal::Decimal;

use super::line::{self, change};
use super::{Lot, Shares};

/// A row that does not add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    /// Its position.
    pub(crate) row: usize,
    /// Held after the row before it.
    pub(crate) before: Shares,
    /// Held after it.
    pub(crate) after: Shares,
    /// The number that follows from the two.
    pub(crate) makes: Shares,
}

/// The one row of each line that does not add up, if all others do. If several do not, the rows may be in
/// another order, or belong to several lines.
pub(crate) fn missteps(lots: &[Lot]) -> Vec<Step> {
    let of_line = |held: line::Held| {
        if held.ends.is_some() || held.lots.len() < 2 {
            return None;
        }
        let steps = held.lots.windows(2).map(|pair| step(lots, pair[0], pair[1]));
        let mut wrong = steps.collect::<Option<Vec<_>>>()?.into_iter().flatten();
        let first = wrong.next()?;
        wrong.next().is_none().then_some(first)
    };
    if may_contradict(lots) {
        line::lines(lots).into_iter().filter_map(of_line).collect()
    } else {
        Vec::new()
    }
}

/// True if some rows with the same words may contradict each other: a quick check before lines are
/// distinguished.
fn may_contradict(lots: &[Lot]) -> bool {
    const MOST: usize = 100;
    let mut last: Vec<&Lot> = Vec::new();
    for lot in lots {
        let same = |other: &&Lot| {
            let (one, other) = (&lot.line, &other.line);
            one.table == other.table
                && one.ownership.value == other.ownership.value
                && one.security.value == other.security.value
                && one.nature.value == other.nature.value
        };
        let Some(known) = last.iter_mut().find(|other| same(other)) else {
            if last.len() >= MOST {
                return true;
            }
            last.push(lot);
            continue;
        };
        if made_and_stated(known, lot).is_some_and(|(made, stated)| !adds_up(made, stated)) {
            return true;
        }
        *known = lot;
    }
    false
}

/// The later of two rows, if it does not add up; `Some(None)` if it does. `None` if a row does not state a
/// number.
fn step(lots: &[Lot], earlier: usize, row: usize) -> Option<Option<Step>> {
    let before = lots[earlier].line.shares_after.value?;
    let after = lots[row].line.shares_after.value?;
    let (made, stated) = made_and_stated(&lots[earlier], &lots[row])?;
    let against = made.is_sign_negative() != stated.is_sign_negative();
    Some((!adds_up(made, stated) && !against && !made.is_zero()).then(|| Step {
        row,
        before,
        after,
        makes: made.abs().into(),
    }))
}

/// The change that follows from what is held after two rows, and the change that the later row states.
fn made_and_stated(earlier: &Lot, later: &Lot) -> Option<(Decimal, Decimal)> {
    let (before, after) = (earlier.line.shares_after.value?, later.line.shares_after.value?);
    Some((after.decimal().checked_sub(before.decimal())?, change(later)?))
}

/// Fractions of a share are sometimes rounded away.
fn adds_up(made: Decimal, stated: Decimal) -> bool {
    made.checked_sub(stated).is_none_or(|off| off.abs() <= Decimal::ONE)
}
