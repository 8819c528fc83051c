//! What was owned before a sale, and how much of it was sold.

use rust_decimal::Decimal;

use super::{Direction, Lot, Ownership, Shares, Table};

/// How much of what was held some lots are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareOfHoldings {
    /// Owned before, over the lines that the lots change.
    pub before: Shares,
    /// The lots' shares ÷ `before`, to 28 digits; above 1 where what was sold came in within the same filing.
    pub fraction: Decimal,
}

/// One line that lots change: a security, held directly or through somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineShare {
    /// Title of the security.
    pub security: Option<String>,
    /// Direct or indirect.
    pub ownership: Option<Ownership>,
    /// Nature of indirect ownership.
    pub nature: Option<String>,
    /// The shares of the lots; `None` where one states no number.
    pub shares: Option<Shares>,
    /// Owned before; `None` where the line does not state what is left of it, or its rows contradict each other.
    pub before: Option<Shares>,
    /// `shares` ÷ `before`, likewise; `None` where nothing was owned.
    pub fraction: Option<Decimal>,
}

/// The lines that the lots at these positions change, each with its position before and the share of it that they are, in
/// the lots' order.
///
/// For each line (security, direct or indirect, nature) the position before is what its last lot leaves, plus what its lots
/// disposed of, less what they acquired.
pub fn lines(lots: &[Lot], chosen: &[usize]) -> Vec<LineShare> {
    let mut keys: Vec<LineKey<'_>> = Vec::new();
    for lot in chosen.iter().filter_map(|&i| lots.get(i)) {
        let key = line_key(lot);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let share = |key: LineKey<'_>| {
        let own = chosen.iter().filter_map(|&i| lots.get(i)).filter(|lot| line_key(lot) == key);
        let shares = own.map(|lot| lot.shares.value).try_fold(Shares::ZERO, |sum, shares| sum.plus(shares?));
        let before = before(lots, key);
        let fraction = shares
            .zip(before)
            .filter(|(_, before)| !before.is_zero())
            .and_then(|(shares, before)| shares.decimal().checked_div(before.decimal()));
        LineShare {
            security: key.1.map(str::to_owned),
            ownership: lots.iter().find(|lot| line_key(lot) == key).and_then(|lot| lot.line.ownership.value),
            nature: key.3.map(str::to_owned),
            shares,
            before,
            fraction,
        }
    };
    keys.into_iter().map(share).collect()
}

/// The share of holdings of the lots at these positions over all their lines; `None` where a line does not state what is
/// left of it, or nothing was owned.
pub fn share_of_holdings(lots: &[Lot], chosen: &[usize]) -> Option<ShareOfHoldings> {
    let mut sold = Shares::ZERO;
    let mut before = Shares::ZERO;
    for line in lines(lots, chosen) {
        sold = sold.plus(line.shares?)?;
        before = before.plus(line.before?)?;
    }
    let fraction = sold.decimal().checked_div(before.decimal()).filter(|_| !before.is_zero())?;
    Some(ShareOfHoldings { before, fraction })
}

fn before(lots: &[Lot], key: LineKey<'_>) -> Option<Shares> {
    let rows: Vec<&Lot> = lots.iter().filter(|lot| line_key(lot) == key).collect();
    let mut position = rows.last()?.line.shares_after.value?.decimal();
    for row in rows {
        let shares = row.shares.value?.decimal();
        position = match row.direction.value? {
            Direction::Disposed => position.checked_add(shares)?,
            Direction::Acquired => position.checked_sub(shares)?,
        };
    }
    (position >= Decimal::ZERO).then(|| Shares::from(position))
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
