//! The changes of an amendment, row by row.

use std::collections::BTreeSet;
use std::fmt;

use super::record::LotRecord;
use super::{Code, Direction, Intent, Ownership, Plan, Table};

/// An amendment's rows compared with those of the filing it amends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Rows that differ from before, in the amendment's order, then the rows that it leaves out.
    pub rows: Vec<RowChange>,
    /// How many rows are unchanged.
    pub unchanged: usize,
    /// Positions of earlier rows that the amendment replaces, whether it repeats or changes them.
    pub replaced: BTreeSet<usize>,
    /// Positions of the amendment's rows that repeat or change an earlier row.
    pub restated: BTreeSet<usize>,
}

/// One row that differs. Positions count from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowChange {
    /// A row says something else.
    Changed {
        /// Its position in the amendment.
        row: usize,
        /// The new value, beside the old one.
        fields: Vec<FieldChange>,
    },
    /// A row is new.
    Added {
        /// Its position in the amendment.
        row: usize,
        /// A short form of the row.
        what: String,
    },
    /// A row is left out of an amendment that repeats others.
    Removed {
        /// Its position before.
        row: usize,
        /// A short form of the row.
        what: String,
        /// Its table.
        table: Table,
        /// Its code.
        code: Option<Code>,
    },
}

/// One field of a row before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// Its name, for people.
    pub name: &'static str,
    /// The old value.
    pub from: String,
    /// The new value.
    pub to: String,
}

impl RowChange {
    /// The row's position in the amendment; `None` for one that is left out.
    pub fn row(&self) -> Option<usize> {
        match self {
            Self::Changed { row, .. } | Self::Added { row, .. } => Some(*row),
            Self::Removed { .. } => None,
        }
    }
}

impl fmt::Display for RowChange {
    /// `row 2: shares 1,000 → 1,200, price $10.00 → $10.20`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { row, fields } => {
                write!(f, "row {}: ", row + 1)?;
                for (i, field) in fields.iter().enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    write!(f, "{comma}{} {} → {}", field.name, field.from, field.to)?;
                }
                Ok(())
            }
            Self::Added { row, what } => write!(f, "row {} is new: {what}", row + 1),
            Self::Removed { row, what, .. } => write!(f, "row {} of before is left out: {what}", row + 1),
        }
    }
}

/// Compares an amendment's rows with the earlier ones. Equal rows are paired first, then rows that may be the
/// same trade, the most alike first.
///
/// If the amendment repeats or changes no row, all of its rows are new and the earlier rows stay: it
/// completes them, or reports holdings only. If it repeats some, the rows that it leaves out are removed.
pub fn changes(before: &[LotRecord], after: &[LotRecord]) -> Changes {
    let (was, is): (Vec<Shown>, Vec<Shown>) =
        (before.iter().map(shown).collect(), after.iter().map(shown).collect());
    let mut pairs: Vec<Option<usize>> = vec![None; after.len()];
    let mut free: BTreeSet<usize> = (0..before.len()).collect();
    for (row, pair) in pairs.iter_mut().enumerate() {
        *pair =
            free.iter().copied().find(|&old| was[old] == is[row] && before[old].table == after[row].table);
        free.retain(|old| Some(*old) != *pair);
    }
    for (row, pair) in pairs.iter_mut().enumerate().filter(|(_, pair)| pair.is_none()) {
        let alike = |&old: &usize| {
            (before[old].table == after[row].table && is_same_trade(&before[old], &after[row]))
                .then(|| (common(&was[old], &is[row]), std::cmp::Reverse(old)))
        };
        *pair = free.iter().filter_map(alike).max().map(|(_, std::cmp::Reverse(old))| old);
        free.retain(|old| Some(*old) != *pair);
    }
    // If others are repeated, a row at its old position is the same row, however much of it was corrected.
    if pairs.iter().any(Option::is_some) {
        for (row, pair) in pairs.iter_mut().enumerate().filter(|(_, pair)| pair.is_none()) {
            let stays = |old: &LotRecord, new: &LotRecord| {
                (&old.security, old.table, old.code, old.date)
                    == (&new.security, new.table, new.code, new.date)
            };
            if free.contains(&row) && stays(&before[row], &after[row]) {
                free.remove(&row);
                *pair = Some(row);
            }
        }
    }
    let mut found = Changes::default();
    for (row, pair) in pairs.into_iter().enumerate() {
        let Some(old) = pair else {
            found.rows.push(RowChange::Added { row, what: short(&after[row]) });
            continue;
        };
        found.replaced.insert(old);
        found.restated.insert(row);
        let fields = differences(&was[old], &is[row]);
        if fields.is_empty() {
            found.unchanged += 1;
        } else {
            found.rows.push(RowChange::Changed { row, fields });
        }
    }
    let restates_all = found.unchanged > 0 || after.len() >= before.len();
    if restates_all && !found.restated.is_empty() {
        found.rows.extend(free.iter().map(|&row| RowChange::Removed {
            row,
            what: short(&before[row]),
            table: before[row].table,
            code: before[row].code,
        }));
        found.replaced.extend(free);
    }
    found
}

/// A row's fields as shown to people, in the order of [`FIELDS`].
type Shown = Vec<Option<String>>;
type Field = fn(&LotRecord) -> Option<String>;

/// The identity of a row and its values, each as shown to people.
const FIELDS: [(&str, Field); 12] = [
    ("security", |lot| lot.security.clone()),
    ("date", |lot| lot.date.map(|date| date.to_string())),
    ("code", |lot| lot.code.map(|code| code.to_string())),
    ("direction", |lot| {
        lot.acquired_disposed.map(|direction| match direction {
            Direction::Acquired => "acquired".to_owned(),
            Direction::Disposed => "disposed".to_owned(),
        })
    }),
    ("shares", |lot| lot.shares.map(|shares| shares.to_string())),
    ("price", |lot| lot.price.map(|price| price.exact_in(lot.pricing.currency))),
    ("held after", |lot| lot.shares_after.map(|shares| shares.to_string())),
    ("ownership", |lot| {
        lot.ownership.map(|ownership| match ownership {
            Ownership::Direct => "direct".to_owned(),
            Ownership::Indirect => "indirect".to_owned(),
        })
    }),
    ("nature", |lot| lot.nature.clone()),
    ("actual prices", |lot| {
        let (low, high) = lot.price_evidence.as_ref().and(lot.price_low.zip(lot.price_high))?;
        Some(format!("{} to {}", low.exact(), high.exact()))
    }),
    ("10b5-1 plan", |lot| lot.plan.map(Plan::word).map(str::to_owned)),
    ("intent", |lot| lot.intent.map(Intent::word).map(str::to_owned)),
];

fn shown(lot: &LotRecord) -> Shown {
    FIELDS.iter().map(|(_, field)| field(lot)).collect()
}

/// True if two rows may be one trade before and after a correction: they are of the same security and alike
/// in at least two of date, number, price and holding afterwards.
fn is_same_trade(before: &LotRecord, after: &LotRecord) -> bool {
    let alike = [
        before.date == after.date,
        before.shares == after.shares,
        before.price == after.price && before.price.is_some(),
        before.shares_after == after.shares_after && before.shares_after.is_some(),
    ];
    let code_and_number = before.code == after.code || before.shares == after.shares;
    before.security == after.security && code_and_number && alike.iter().filter(|alike| **alike).count() >= 2
}

fn common(was: &Shown, is: &Shown) -> usize {
    was.iter().zip(is).filter(|(was, is)| was == is).count()
}

fn differences(was: &Shown, is: &Shown) -> Vec<FieldChange> {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
    let fields = FIELDS.iter().zip(was.iter().zip(is)).filter(|(_, (was, is))| was != is);
    fields.map(|((name, _), (was, is))| FieldChange { name, from: text(was), to: text(is) }).collect()
}

/// `2023-03-01 S 500 at $3.00`.
fn short(lot: &LotRecord) -> String {
    let part = |text: Option<String>| text.unwrap_or_else(|| "?".to_owned());
    format!(
        "{} {} {} at {}",
        part(lot.date.map(|date| date.to_string())),
        part(lot.code.map(|code| code.to_string())),
        part(lot.shares.map(|shares| shares.to_string())),
        part(lot.price.map(|price| price.exact_in(lot.pricing.currency))),
    )
}
