//! The stake in a security before and after a filing, over all its lines, and how it came about.

use std::collections::{HashMap, HashSet};

use rust_decimal::Decimal;

use super::line::{self, LineKey, Security, lines};
use super::{Amount, Direction, Filing, Lot, Shares, Table, Usd, splits};

/// The stake in one security of the filing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stake {
    /// Which table it is in.
    pub table: Table,
    /// The security's title, as its first row has it.
    pub security: Option<String>,
    /// Owned before the filing's first row and after its last, over all lines; `None` if the rows do not say,
    /// or contradict each other.
    pub ends: Option<(Shares, Shares)>,
    /// (after − before) ÷ before, to 28 digits: −0.1 if a tenth less is owned. What was owned before a split
    /// counts as what it became. `None` if that is not known, or nothing was owned before.
    pub change: Option<Decimal>,
    /// How it came about, in the order of the rows.
    pub sources: Vec<StakeSource>,
}

/// A kind of change to a stake, which may have happened several times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StakeSource {
    /// The kind of change.
    pub deed: Deed,
    /// The total number of shares; `None` if a row states no number.
    pub shares: Option<Shares>,
    /// The price, if all rows have the same one and it is not zero.
    pub price: Option<Usd>,
}

/// The kind of change that a row makes to a stake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Options or warrants were exercised at a price.
    Exercised,
    /// Units vested, or a derivative was converted, for nothing.
    Vested,
    /// A derivative was converted (C).
    Converted,
    /// A grant or award.
    Granted,
    /// A purchase.
    Bought,
    /// A gift was received.
    Received,
    /// An inheritance.
    Inherited,
    /// A sale.
    Sold,
    /// Shares were withheld for tax or an exercise price.
    Withheld,
    /// A gift was made.
    GaveAway,
    /// Shares went back to the issuer.
    Returned,
    /// Shares were tendered in a change of control.
    Tendered,
    /// Shares moved between lines of the filing.
    Moved,
    /// A stock split.
    Split,
    /// A split that turns many shares into fewer.
    ReverseSplit,
    /// Anything else that adds to the stake.
    Acquired,
    /// Anything else that reduces the stake.
    Disposed,
}

impl Deed {
    /// As written in our JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Exercised => "exercised",
            Self::Vested => "vested",
            Self::Converted => "converted",
            Self::Granted => "granted",
            Self::Bought => "bought",
            Self::Received => "received as a gift",
            Self::Inherited => "inherited",
            Self::Sold => "sold",
            Self::Withheld => "withheld",
            Self::GaveAway => "given away",
            Self::Returned => "returned to the issuer",
            Self::Tendered => "tendered",
            Self::Moved => "moved",
            Self::Split => "split",
            Self::ReverseSplit => "reverse split",
            Self::Acquired => "acquired",
            Self::Disposed => "disposed of",
        }
    }

    /// In words with a number: `sold 300`, `had 300 withheld`.
    pub fn phrase(self, number: &str) -> String {
        match self {
            Self::Exercised => format!("exercised {number} options"),
            Self::Vested => format!("got {number} by vesting or conversion"),
            Self::Converted => format!("got {number} by conversion"),
            Self::Granted => format!("was granted {number}"),
            Self::Bought => format!("bought {number}"),
            Self::Received => format!("received {number} as a gift"),
            Self::Inherited => format!("inherited {number}"),
            Self::Sold => format!("sold {number}"),
            Self::Withheld => format!("had {number} withheld"),
            Self::GaveAway => format!("gave away {number}"),
            Self::Returned => format!("returned {number} to the issuer"),
            Self::Tendered => format!("tendered {number}"),
            Self::Moved => format!("moved {number} within their holdings"),
            Self::Split => format!("got {number} by a split"),
            Self::ReverseSplit => format!("has {number} fewer by a reverse split"),
            Self::Acquired => format!("acquired {number}"),
            Self::Disposed => format!("disposed of {number}"),
        }
    }

    fn of(lot: &Lot) -> Option<Self> {
        use Direction::{Acquired, Disposed};
        let direction = lot.direction.value?;
        let priced = lot.price.value.is_some_and(|price| !price.is_zero());
        if lot.moved {
            return Some(Self::Moved);
        }
        Some(match (lot.code.value.map(super::Code::letter), direction) {
            (Some('M' | 'X' | 'O'), Acquired) if priced => Self::Exercised,
            (Some('M' | 'X' | 'O'), Acquired) => Self::Vested,
            (Some('M' | 'X' | 'O'), Disposed) if lot.line.table == Table::Derivative => Self::Exercised,
            (Some('C'), Acquired) => Self::Converted,
            (Some('A'), Acquired) => Self::Granted,
            (Some('P' | 'L'), Acquired) => Self::Bought,
            (Some('G'), Acquired) => Self::Received,
            (Some('W'), Acquired) => Self::Inherited,
            (Some('S'), Disposed) => Self::Sold,
            (Some('F'), Disposed) => Self::Withheld,
            (Some('G'), Disposed) => Self::GaveAway,
            (Some('D'), Disposed) => Self::Returned,
            (Some('U'), Disposed) => Self::Tendered,
            (_, Acquired) => Self::Acquired,
            (_, Disposed) => Self::Disposed,
        })
    }
}

/// The stakes in the securities of some lots, in the lots' order.
///
/// A line is a security held directly or through somebody. The stake after is the sum over its lines of what
/// the last row of each leaves, including holdings without a transaction; the stake before is that, plus what
/// all rows disposed of, less what they acquired.
pub fn stakes(filing: &Filing, chosen: &[usize]) -> Vec<Stake> {
    let of: Vec<Security> = filing.lots.iter().map(|lot| Security::of(&lot.line)).collect();
    let mut seen: HashSet<&Security> = HashSet::new();
    let firsts: Vec<usize> =
        chosen.iter().copied().filter(|&i| i < of.len() && seen.insert(&of[i])).collect();
    if firsts.is_empty() {
        return Vec::new();
    }
    let splits = splits(filing).rows;
    let mut ends: HashMap<Security, Option<Held>> = HashMap::new();
    for line in lines(&filing.lots) {
        let sum = ends.entry(line.key.security.clone()).or_insert_with(|| Some(Held::default()));
        *sum = sum.take().and_then(|sum| sum.with_line(&line, &splits));
    }
    for holding in &filing.holdings {
        let key = LineKey::of(&holding.line);
        if let Some(sum) = ends.get_mut(&key.security) {
            *sum = sum.take().and_then(|sum| sum.with_holding(key, holding.line.shares_after.value));
        }
    }
    let mut sources = sources(filing, &of, &splits);
    let stake = |first: usize| {
        let line = &filing.lots[first].line;
        let ends = ends.get(&of[first]).and_then(Option::as_ref);
        Stake {
            table: line.table,
            security: line.security.value.clone(),
            ends: ends.map(|ends| (ends.before, ends.after)),
            change: ends
                .and_then(|ends| ends.after.decimal().checked_sub(ends.scaled)?.checked_div(ends.scaled)),
            sources: sources.remove(&of[first]).unwrap_or_default(),
        }
    };
    firsts.into_iter().map(stake).collect()
}

/// The holding of a security, over its lines.
#[derive(Default)]
struct Held {
    before: Shares,
    after: Shares,
    /// The holding before, adjusted for splits within the filing.
    scaled: Decimal,
    /// The holding after the last row of each line.
    known: HashSet<(LineKey, Shares)>,
}

impl Held {
    fn with_line(mut self, line: &line::Held, splits: &[(usize, Decimal)]) -> Option<Self> {
        let ends = line.ends?;
        self.before = self.before.plus(ends.before)?;
        self.after = self.after.plus(ends.after)?;
        let own = splits.iter().filter(|(row, _)| line.lots.binary_search(row).is_ok());
        let factor = own.map(|(_, factor)| *factor).try_fold(Decimal::ONE, Decimal::checked_mul)?;
        self.scaled = self.scaled.checked_add(ends.before.decimal().checked_mul(factor)?)?;
        self.known.insert((line.key.clone(), ends.after));
        Some(self)
    }

    /// A holding may repeat what the last row of its line leaves.
    fn with_holding(mut self, key: LineKey, held: Option<Shares>) -> Option<Self> {
        let held = held?;
        if !self.known.contains(&(key, held)) {
            self.before = self.before.plus(held)?;
            self.after = self.after.plus(held)?;
            self.scaled = self.scaled.checked_add(held.decimal())?;
        }
        Some(self)
    }
}

fn sources(
    filing: &Filing,
    of: &[Security],
    splits: &[(usize, Decimal)],
) -> HashMap<Security, Vec<StakeSource>> {
    let mut all: HashMap<Security, Vec<StakeSource>> = HashMap::new();
    for (i, lot) in filing.lots.iter().enumerate() {
        let is_split = splits.binary_search_by_key(&i, |(row, _)| *row).is_ok();
        let split = match lot.direction.value {
            Some(Direction::Disposed) => Deed::ReverseSplit,
            _ => Deed::Split,
        };
        let Some(deed) = (if is_split { Some(split) } else { Deed::of(lot) }) else { continue };
        // Moved shares enter one line and leave another: they count once.
        if deed == Deed::Moved && lot.direction.value == Some(Direction::Acquired) {
            continue;
        }
        let sources = all.entry(of[i].clone()).or_default();
        let price = lot.price.value.filter(|price| !price.is_zero() && lot.is_in_dollars());
        let price = price.map(Amount::dollars);
        match sources.iter_mut().find(|source| source.deed == deed) {
            Some(source) => {
                source.shares = source.shares.zip(lot.shares.value).and_then(|(sum, more)| sum.plus(more));
                source.price = source.price.filter(|own| Some(*own) == price);
            }
            None => sources.push(StakeSource { deed, shares: lot.shares.value, price }),
        }
    }
    all
}
