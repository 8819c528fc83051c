//! Sums of lots, some of which may lack a price or number: the least that they are, and the most, if that is
//! known.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::phrases::list;
use super::truth::Truth;
use crate::filing::{Filing, Shares, Stake, Sums, Trade, Usd};

/// The lots of a group: those that certainly count, and those that may count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Counted {
    /// Positions, ascending.
    pub(super) sure: Vec<usize>,
    /// Positions, ascending; none of them is in `sure`.
    pub(super) doubtful: Vec<usize>,
}

impl Counted {
    /// True if no lot counts, nor may.
    pub(super) fn is_empty(&self) -> bool {
        self.sure.is_empty() && self.doubtful.is_empty()
    }

    /// The lots of two groups together.
    pub(super) fn join(&mut self, other: Self) {
        self.sure.extend(other.sure);
        self.sure.sort_unstable();
        self.sure.dedup();
        self.doubtful.extend(other.doubtful);
        self.doubtful.sort_unstable();
        self.doubtful.dedup();
        self.doubtful.retain(|lot| !self.sure.contains(lot));
    }

    /// These lots without some others.
    pub(super) fn without(&self, others: &BTreeSet<usize>) -> Self {
        let rest = |lots: &[usize]| lots.iter().copied().filter(|lot| !others.contains(lot)).collect();
        Self { sure: rest(&self.sure), doubtful: rest(&self.doubtful) }
    }

    /// All lots as uncertain.
    pub(super) fn doubted(mut self) -> Self {
        let sure = std::mem::take(&mut self.sure);
        self.join(Self { sure: Vec::new(), doubtful: sure });
        self
    }

    /// All lots that may count.
    pub(super) fn all(&self) -> Vec<usize> {
        let mut all: Vec<usize> = self.sure.iter().chain(&self.doubtful).copied().collect();
        all.sort_unstable();
        all
    }

    pub(super) fn holds(&self) -> Truth {
        match (self.sure.is_empty(), self.doubtful.is_empty()) {
            (false, _) => Truth::Yes,
            (true, true) => Truth::No,
            (true, false) => Truth::Unknown,
        }
    }

    /// `rows 1, 2 of 5`, followed by those that may count.
    pub(super) fn rows(&self, all: usize) -> String {
        let numbers = |lots: &[usize]| list(lots.iter().map(|lot| lot + 1));
        let sure = match self.sure.len() {
            0 => format!("none of {all} row{}", if all == 1 { "" } else { "s" }),
            1 => format!("row {} of {all}", numbers(&self.sure)),
            _ => format!("rows {} of {all}", numbers(&self.sure)),
        };
        if self.doubtful.is_empty() {
            return sure;
        }
        format!("{sure}; unknown for {}", numbers(&self.doubtful))
    }

    /// The figures of the lots that certainly count.
    pub(super) fn trade(&self, filing: &Filing) -> Trade {
        trade(filing, self.sure.iter().copied())
    }

    /// The figures of all lots that may count.
    pub(super) fn most(&self, filing: &Filing) -> Trade {
        trade(filing, self.sure.iter().chain(&self.doubtful).copied())
    }
}

fn trade(filing: &Filing, lots: impl Iterator<Item = usize>) -> Trade {
    Trade::of_lots(lots.filter_map(|lot| filing.lots.get(lot)))
}

/// True if the lots that go one way are worth at least this. `least` is for those that certainly count,
/// `most` for all that may.
pub(super) fn worth_at_least(least: &Trade, most: &Trade, wanted: Usd) -> Truth {
    let each = |most: &Sums| {
        let value = way(least, most).and_then(|sums| sums.value).unwrap_or_default();
        let bound = (!most.value_is_at_least).then_some(most.value.unwrap_or_default());
        reaches(value, bound, wanted)
    };
    most.ways().map(each).fold(Truth::No, Truth::or)
}

/// True if neither way has lots worth more than this.
pub(super) fn worth_at_most(least: &Trade, most: &Trade, wanted: Usd) -> Truth {
    let each = |most: &Sums| {
        let value = way(least, most).and_then(|sums| sums.value).unwrap_or_default();
        let bound = (!most.value_is_at_least).then_some(most.value.unwrap_or_default());
        stays_below(value, bound, wanted)
    };
    most.ways().map(each).fold(Truth::Yes, Truth::and)
}

/// True if the lots of one security that go one way have at least this many shares. Shares of different
/// securities are not added.
pub(super) fn shares_at_least(least: &Trade, most: &Trade, wanted: Shares) -> Truth {
    let each = |most: &Sums| {
        let surely = way(least, most).and_then(Sums::most_shares).unwrap_or_default();
        let of_each = most.securities.iter().map(|security| {
            let bound = (!security.shares_is_at_least).then_some(security.shares.unwrap_or_default());
            reaches(surely, bound, wanted)
        });
        of_each.fold(Truth::No, Truth::or)
    };
    most.ways().map(each).fold(Truth::No, Truth::or)
}

/// True if the stake in one of the securities falls by at least this fraction.
pub(super) fn falls_by(stakes: &[Stake], wanted: Decimal) -> Truth {
    let each = stakes.iter().map(|stake| match (stake.ends, stake.change) {
        (_, Some(change)) => Truth::from(-change >= wanted),
        // Nothing was held before, so nothing fell.
        (Some(_), None) => Truth::No,
        (None, _) => Truth::Unknown,
    });
    each.fold(Truth::No, Truth::or)
}

/// The sums of a trade that go the same way.
fn way<'t>(trade: &'t Trade, same: &Sums) -> Option<&'t Sums> {
    trade.ways().find(|sums| sums.direction == same.direction)
}

/// True if a figure between `least` and `most`, if the latter is known, reaches a threshold.
fn reaches<T: PartialOrd>(least: T, most: Option<T>, threshold: T) -> Truth {
    if least >= threshold {
        return Truth::Yes;
    }
    match most {
        Some(most) if most < threshold => Truth::No,
        _ => Truth::Unknown,
    }
}

/// True if such a figure stays at or below a threshold.
fn stays_below<T: PartialOrd>(least: T, most: Option<T>, threshold: T) -> Truth {
    if least > threshold {
        return Truth::No;
    }
    match most {
        Some(most) if most <= threshold => Truth::Yes,
        _ => Truth::Unknown,
    }
}
