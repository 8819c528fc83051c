//! What was owned before a sale, and how much of it was sold.

use rust_decimal::Decimal;

use super::{Direction, Lot, Ownership, Shares, Table};

/// How much of what was held some lots are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShareOfHoldings {
    /// Owned before, over the lines that the lots change.
    pub before: Shares,
    /// The lots' shares ÷ `before`, 0 to 1, to 28 digits.
    pub fraction: Decimal,
}

/// The share of holdings of the lots at these positions; `None` where a line does not state what is left of it, or
/// nothing was owned.
///
/// For each line (security, direct or indirect, nature) the position before is what its last lot leaves, plus what its lots
/// disposed of, less what they acquired.
pub fn share_of_holdings(lots: &[Lot], chosen: &[usize]) -> Option<ShareOfHoldings> {
    let mut lines: Vec<LineKey<'_>> = chosen.iter().filter_map(|&i| lots.get(i)).map(line_key).collect();
    lines.sort_unstable();
    lines.dedup();
    let mut before = Decimal::ZERO;
    for line in lines {
        let rows: Vec<&Lot> = lots.iter().filter(|lot| line_key(lot) == line).collect();
        let mut position = rows.last()?.line.shares_after.value?.decimal();
        for row in rows {
            let shares = row.shares.value?.decimal();
            position = match row.direction.value? {
                Direction::Disposed => position.checked_add(shares)?,
                Direction::Acquired => position.checked_sub(shares)?,
            };
        }
        before = before.checked_add(position)?;
    }
    let mut sold = Decimal::ZERO;
    for &i in chosen {
        sold = sold.checked_add(lots.get(i)?.shares.value?.decimal())?;
    }
    let sound = before > Decimal::ZERO && sold <= before;
    let fraction = sold.checked_div(before).filter(|_| sound)?;
    Some(ShareOfHoldings { before: Shares::from(before), fraction })
}

type LineKey<'a> = (bool, Option<&'a str>, bool, Option<&'a str>);

fn line_key(lot: &Lot) -> LineKey<'_> {
    let line = &lot.line;
    (
        line.table == Table::Derivative,
        line.security.value.as_deref(),
        line.ownership.value == Some(Ownership::Indirect),
        line.nature.value.as_deref(),
    )
}
