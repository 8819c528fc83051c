//! Adds to an alert what history knows: amendments, and other filings that report the same trade.

use chrono::{DateTime, Utc};

use super::key::Key;
use super::record::{Alert, ReplacedLots};
use crate::filing::record::LotRecord;
use crate::filing::{Alerted, Filing, Link, Relation, RowChange, Trade, say_the_same};
use crate::rules::{Match, Rule};

/// The lists of an alert have these bounds.
const MOST_CHANGES: usize = 30;
const MOST_OWNERS: usize = 100;

impl Alert {
    /// Adds what history knows: what the filing amends and changes, and which others report the same trade. An alert whose lots an
    /// earlier filing told for this rule has that alert's key: it is the same alert, which is not sent again.
    pub fn relate(&mut self, rule: &Rule, relation: &Relation) {
        match &relation.link {
            Link::To(original) => self.amends = Some(*original),
            Link::Unclear(candidates) => self.may_amend = candidates.clone(),
            Link::Unknown => {}
        }
        self.follows = relation.follows;
        self.amended_by = relation.amended_by;
        let alerted = relation.alerted.get(&rule.name);
        let mut told_as = None;
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
                    // It changes the sum of those that stay, if it was in it.
                    RowChange::Removed { table, code, .. } => {
                        code.is_some_and(|code| rule.conditions.may_count(*table, code))
                    }
                })
            };
            told_as = alerted.filter(|alerted| !alerted.rang.withdrawn && !is_news(alerted));
        }
        // A version that came before this one, but was accepted after it, is what holds.
        let later = relation.alerted_later.get(&rule.name);
        if later.is_some() {
            told_as = later.filter(|later| !later.rang.withdrawn && say_the_same(&later.lots, &self.lots));
        }
        let mut told_as = told_as.map(|alerted| &alerted.rang);
        for told in &relation.told {
            let shared = self.lot_numbers.iter().filter(|lot| told.lots.contains(lot)).count();
            if shared > 0 {
                self.also_in.push(told.accession);
            }
            if told.rang.contains_key(&rule.name) {
                self.reported_before.extend(self.lot_numbers.iter().filter(|lot| told.lots.contains(lot)));
                if shared == self.lot_numbers.len() && told_as.is_none() {
                    told_as = told.rang.get(&rule.name);
                }
            }
        }
        self.reported_before.sort_unstable();
        self.reported_before.dedup();
        self.supersedes = alerted.filter(|_| later.is_none()).map(|alerted| Key(alerted.rang.key.clone()));
        if let Some(rang) = told_as {
            self.key = Key(rang.key.clone());
            self.supersedes = None;
        }
    }

    /// Where an amendment no longer meets a rule that a former version met: the alert that takes that back. `None` where
    /// nothing was reported, what was reported is unchanged, or a later version came before this one.
    pub fn withdrawn(
        rule: &Rule,
        filing: &Filing,
        relation: &Relation,
        seen_at: DateTime<Utc>,
    ) -> Option<Self> {
        let alerted = relation.alerted.get(&rule.name).filter(|alerted| !alerted.rang.withdrawn)?;
        let changed = relation.changes.as_ref().is_some_and(|changes| !changes.rows.is_empty());
        if alerted.lots.is_empty() || !alerted.is_replaced || relation.amended_by.is_some() || !changed {
            return None;
        }
        let trade = Trade::of(alerted.lots.iter().map(LotRecord::figures));
        let matched = Match { lots: Vec::new(), trade, sums: Vec::new() };
        let mut alert = Self::new(rule, filing, &matched, seen_at)?;
        alert.lots = alerted.lots.clone();
        alert.lot_numbers = alerted.rang.lots.clone();
        alert.relate(rule, relation);
        alert.supersedes = Some(Key(alerted.rang.key.clone()));
        alert.key = Key::of(&["withdrawn", &alerted.rang.key, &alert.accession.to_string()]);
        alert.withdrawn = true;
        alert.filed_late = None;
        // The rows before it are another filing's.
        alert.stakes.clear();
        alert.take_stakes([]);
        alert.refigure();
        Some(alert)
    }

    /// Takes in another filing's alert of the same trade: its owners are named too.
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
