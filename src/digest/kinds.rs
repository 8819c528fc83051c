//! The totals of a digest by kind of trade: sales and purchases apart from grants, gifts and the rest.

use serde::{Deserialize, Serialize};

use super::entry::Entry;
use crate::alert::Alert;
use crate::filing::record::LotRecord;
use crate::filing::{Amount, Code, Currency, Direction, Money, SecuritySums, Sums, Trade, Usd};

/// A kind of trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Code S.
    Sale,
    /// Code P.
    Purchase,
    /// Any other code, and which way the shares went; `None` if the filing does not say.
    Other(Option<Direction>),
}

/// The total of one kind of trade. Odd values, and lots that are already counted elsewhere, are left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KindTotal {
    /// The kind.
    pub kind: Kind,
    /// How many filings report such trades.
    pub filings: usize,
    /// The sum of their values in dollars; `None` if none is known.
    pub usd: Option<Usd>,
    /// True if a value is missing, so that the true sum is higher.
    pub is_at_least: bool,
    /// The sums in other currencies, which are never converted.
    pub foreign: Vec<Money>,
}

impl KindTotal {
    /// The totals of these entries by kind, each kind once.
    pub fn of<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Vec<Self> {
        let mut totals: Vec<Self> = Vec::new();
        for entry in entries {
            // Lots that only move are neither acquired nor disposed of.
            let lots: Vec<&LotRecord> = entry.counted_lots().filter(|lot| !lot.moved).collect();
            let mut kinds: Vec<Kind> = lots.iter().map(|lot| Kind::of(lot)).collect();
            kinds.sort_unstable();
            kinds.dedup();
            for kind in kinds {
                let own = lots.iter().filter(|lot| Kind::of(lot) == kind);
                let trade = Trade::of(own.map(|lot| lot.figures()));
                let total = Self::in_place(&mut totals, kind);
                total.filings += 1;
                trade.ways().for_each(|sums| total.add(sums));
            }
        }
        totals.sort_by_key(|total| total.kind);
        totals
    }

    fn in_place(totals: &mut Vec<Self>, kind: Kind) -> &mut Self {
        let place = totals.iter().position(|total| total.kind == kind).unwrap_or_else(|| {
            totals.push(Self { kind, filings: 0, usd: None, is_at_least: false, foreign: Vec::new() });
            totals.len() - 1
        });
        &mut totals[place]
    }

    fn add(&mut self, sums: &Sums) {
        if let Some(value) = sums.sound_value.filter(|value| !value.is_zero()) {
            match self.usd.unwrap_or_default().plus(value) {
                Some(sum) => self.usd = Some(sum),
                None => self.is_at_least = true,
            }
        }
        for security in &sums.securities {
            let foreign: Vec<&Money> = foreign(security).collect();
            self.is_at_least |=
                if foreign.is_empty() { security.value_is_at_least } else { security.amounts_are_at_least };
            for money in foreign.into_iter().filter(|_| !security.value_is_odd) {
                self.add_foreign(money);
            }
        }
    }

    fn add_foreign(&mut self, money: &Money) {
        let known = self.foreign.iter_mut().find(|own| own.currency == money.currency);
        match known {
            None => self.foreign.push(*money),
            Some(own) => match own.amount.dollars().plus(money.amount.dollars()) {
                Some(sum) => own.amount = Amount::from(sum.decimal()),
                None => self.is_at_least = true,
            },
        }
    }
}

/// The amounts of a security that have no value in dollars.
fn foreign(security: &SecuritySums) -> impl Iterator<Item = &Money> {
    let unvalued = security.value_usd.is_none();
    security.amounts.iter().filter(move |money| unvalued && money.currency != Currency::USD)
}

impl Kind {
    /// The kind of a lot.
    fn of(lot: &LotRecord) -> Self {
        match lot.code {
            Some(Code::SALE) => Self::Sale,
            Some(Code::PURCHASE) => Self::Purchase,
            _ => Self::Other(lot.acquired_disposed),
        }
    }

    /// The kind of an alert's lots, if they are of one.
    pub fn of_alert(alert: &Alert) -> Option<Self> {
        let mut kinds = alert.lots.iter().filter(|lot| !lot.moved).map(Self::of);
        let first = kinds.next()?;
        kinds.all(|other| other == first).then_some(first)
    }
}
