//! Adds what history knows to an alert: amendments, and other filings that report the same trade.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::key::Key;
use super::record::{Alert, EarlierFigures, ReplacedLots};
use crate::filing::record::LotRecord;
use crate::filing::{Alerted, Filing, Link, Relation, RowChange, Trade, say_the_same};
use crate::rules::{Match, Rule};

/// The most entries in lists of an alert.
const MOST_CHANGES: usize = 30;
const MOST_OWNERS: usize = 100;

impl Alert {
    /// Adds what history knows: what the filing amends and changes, and which others report the same trade.
    /// An alert whose lots an earlier filing reported for this rule has that alert's key: it is the same
    /// alert and is not sent again.
    pub fn relate(&mut self, rule: &Rule, relation: &Relation) {
        match &relation.link {
            Link::To(original) => self.amends = Some(*original),
            Link::Unclear(candidates) => self.may_amend = candidates.clone(),
            Link::Unknown => {}
        }
        self.follows = relation.follows;
        self.amended_by = relation.amended_by;
        let alerted = relation.alerted.get(&rule.name);
        let mut reported_as = None;
        if let Some(changes) = &relation.changes {
            self.changes = changes.rows.iter().take(MOST_CHANGES).map(RowChange::to_string).collect();
            let own = self.lot_numbers.iter().copied();
            self.restated = own.filter(|lot| changes.restated.contains(lot)).collect();
            for (version, lots) in &relation.replaces {
                let lots = lots.iter().copied().collect();
                if Some(*version) == relation.follows {
                    self.replaces = lots;
                } else {
                    self.replaces_earlier.push(ReplacedLots { accession: *version, lots });
                }
            }
            let is_news = |alerted: &&Alerted| {
                if Some(alerted.version) != relation.follows {
                    return !say_the_same(&alerted.lots, &self.lots);
                }
                changes.rows.iter().any(|row| match row {
                    RowChange::Changed { row, .. } | RowChange::Added { row, .. } => {
                        self.lot_numbers.contains(row)
                    }
                    // It changes the sum of the remaining rows, if it was part of it.
                    RowChange::Removed { table, code, .. } => {
                        code.is_some_and(|code| rule.conditions.may_count(*table, code))
                    }
                })
            };
            reported_as = alerted.filter(|alerted| !alerted.alert.withdrawn && !is_news(alerted));
        }
        // A version that came before this one, but was accepted after it, is in force.
        let later = relation.alerted_later.get(&rule.name);
        if later.is_some() {
            reported_as =
                later.filter(|later| !later.alert.withdrawn && say_the_same(&later.lots, &self.lots));
        }
        let mut reported_as = reported_as.map(|alerted| &alerted.alert);
        for other in &relation.also_reported {
            let shared = self.lot_numbers.iter().filter(|lot| other.lots.contains(lot)).count();
            if shared > 0 {
                self.also_in.push(other.accession);
            }
            if other.alerts.contains_key(&rule.name) {
                self.reported_before.extend(self.lot_numbers.iter().filter(|lot| other.lots.contains(lot)));
                if shared == self.lot_numbers.len() && reported_as.is_none() {
                    reported_as = other.alerts.get(&rule.name);
                }
            }
        }
        self.reported_before.sort_unstable();
        self.reported_before.dedup();
        self.supersedes = alerted.filter(|_| later.is_none()).map(|alerted| Key(alerted.alert.key.clone()));
        self.replaced_figures =
            self.supersedes.as_ref().and(alerted).map(|alerted| earlier_figures(&alerted.lots));
        if let Some(alert) = reported_as {
            self.key = Key(alert.key.clone());
            self.supersedes = None;
            self.replaced_figures = None;
        }
    }

    /// The alert that withdraws an earlier one, if an amendment no longer meets a rule that a former version
    /// met. `None` if nothing was reported, what was reported is unchanged, or a later version came before
    /// this one.
    pub fn withdrawn(
        rule: &Rule,
        filing: &Filing,
        relation: &Relation,
        seen_at: DateTime<Utc>,
    ) -> Option<Self> {
        let alerted = relation.alerted.get(&rule.name).filter(|alerted| !alerted.alert.withdrawn)?;
        let changed = relation.changes.as_ref().is_some_and(|changes| !changes.rows.is_empty());
        if alerted.lots.is_empty() || !alerted.is_replaced || relation.amended_by.is_some() || !changed {
            return None;
        }
        let trade = Trade::of(alerted.lots.iter().map(LotRecord::figures));
        let matched = Match { lots: Vec::new(), trade, sums: Vec::new() };
        let mut alert = Self::new(rule, filing, &matched, seen_at)?;
        alert.lots = alerted.lots.clone();
        alert.lot_numbers = alerted.alert.lots.clone();
        alert.relate(rule, relation);
        alert.supersedes = Some(Key(alerted.alert.key.clone()));
        alert.key = Key::of(&["withdrawn", &alerted.alert.key, &alert.accession.to_string()]);
        alert.withdrawn = true;
        alert.filed_late = None;
        // The rows before it are those of another filing.
        alert.stakes.clear();
        alert.take_stakes([]);
        alert.refigure();
        Some(alert)
    }

    /// True if this alert withdraws the one that it replaces, or its value, or number of shares, differs by a
    /// tenth or more.
    pub fn changes_a_lot(&self) -> bool {
        let differs = |before: Decimal, after: Decimal| {
            let tenfold = (before - after).abs().checked_mul(Decimal::TEN);
            before != after && tenfold.is_none_or(|tenfold| tenfold >= before.abs())
        };
        match &self.replaced_figures {
            _ if self.withdrawn => true,
            None => false,
            Some(EarlierFigures { shares, value_usd }) => {
                let values = value_usd.zip(self.sound_value());
                let values = values.map(|(before, after)| differs(before.decimal(), after.decimal()));
                let shares = shares.zip(self.shares);
                let shares = shares.map(|(before, after)| differs(before.decimal(), after.decimal()));
                value_usd.is_some() != self.sound_value().is_some()
                    || values.unwrap_or(false)
                    || shares.unwrap_or(false)
            }
        }
    }

    /// Adds another filing's alert of the same trade, so that its owners are named, too.
    pub fn join(&mut self, other: &Alert) {
        if other.accession == self.accession || self.also_in.contains(&other.accession) {
            return;
        }
        for owner in &other.owners {
            let known = self
                .owners
                .iter()
                .any(|own| if owner.cik.is_some() { own.cik == owner.cik } else { own.name == owner.name });
            if !known && self.owners.len() < MOST_OWNERS {
                self.owners.push(owner.clone());
            }
        }
        if self.also_in.len() < MOST_OWNERS {
            self.also_in.push(other.accession);
        }
        self.text = self.line();
    }
}

/// The figures of the lots of an earlier alert.
fn earlier_figures(lots: &[LotRecord]) -> EarlierFigures {
    let sums = Trade::of(lots.iter().map(LotRecord::figures)).sums;
    EarlierFigures {
        shares: sums.only().and_then(|only| only.shares),
        value_usd: sums.value.filter(|_| !sums.value_is_odd),
    }
}
