//! What history adds to an alert: amendments, and other filings that tell the same trade.

use chrono::{DateTime, Utc};

use super::{Alert, Key, MOST_CHANGES, MOST_OWNERS};
use crate::filing::record::LotRecord;
use crate::filing::{Filing, Link, Relation, RowChange, Trade};
use crate::rules::{Match, Rule};

impl Alert {
    /// What history adds: what the filing amends and changes, and which others tell the same trade. An alert whose lots an
    /// earlier filing told for this rule has that alert's key: it is the same alert, which is not told again.
    pub fn relate(&mut self, rule: &Rule, relation: &Relation) {
        match &relation.link {
            Link::To(original) => self.amends = Some(*original),
            Link::Unclear(candidates) => self.may_amend = candidates.clone(),
            Link::Unknown => {}
        }
        self.follows = relation.follows;
        self.amended_by = relation.amended_by.as_ref().map(|(amendment, _)| *amendment);
        let mut told_as = None;
        if let Some(changes) = &relation.changes {
            self.changes = changes.rows.iter().take(MOST_CHANGES).map(RowChange::to_string).collect();
            let own = self.lot_numbers.iter().copied();
            self.restated = own.filter(|lot| changes.restated.contains(lot)).collect();
            self.replaces = changes.replaced.iter().copied().collect();
            let touches = |row: &RowChange| match row {
                RowChange::Changed { row, .. } | RowChange::Added { row, .. } => {
                    self.lot_numbers.contains(row)
                }
                // It changes the sum of those that stay, if it was in it.
                RowChange::Removed { table, code, .. } => {
                    code.is_some_and(|code| rule.conditions.may_count(*table, code))
                }
            };
            if !changes.rows.iter().any(touches) {
                told_as = relation.follows_rang.get(&rule.name);
            }
        }
        for told in &relation.told {
            let shared = self.lot_numbers.iter().filter(|lot| told.lots.contains(lot)).count();
            if shared > 0 {
                self.also_in.push(told.accession);
            }
            if told.rang.contains_key(&rule.name) {
                self.told_before.extend(self.lot_numbers.iter().filter(|lot| told.lots.contains(lot)));
                if shared == self.lot_numbers.len() && told_as.is_none() {
                    told_as = told.rang.get(&rule.name);
                }
            }
        }
        self.told_before.sort_unstable();
        self.told_before.dedup();
        self.supersedes = relation.follows_rang.get(&rule.name).map(|rang| Key(rang.key.clone()));
        if let Some(rang) = told_as {
            self.key = Key(rang.key.clone());
            self.supersedes = None;
        }
    }

    /// Where an amendment no longer meets a rule that its former version met: the alert that takes that back. `None` where
    /// nothing was told, or what was told stands as it was.
    pub fn withdrawn(
        rule: &Rule,
        filing: &Filing,
        relation: &Relation,
        seen_at: DateTime<Utc>,
    ) -> Option<Self> {
        let rang = relation.follows_rang.get(&rule.name)?;
        let changes = relation.changes.as_ref().filter(|changes| !changes.rows.is_empty())?;
        let told: Vec<LotRecord> =
            rang.lots.iter().filter_map(|&i| relation.follows_lots.get(i)).cloned().collect();
        if told.is_empty() || !rang.lots.iter().all(|lot| changes.replaced.contains(lot)) {
            return None;
        }
        let matched = Match { lots: Vec::new(), trade: Trade::of(told.iter().map(LotRecord::figures)) };
        let mut alert = Self::new(rule, filing, &matched, seen_at)?;
        alert.lots = told;
        alert.lot_numbers = rang.lots.clone();
        alert.relate(rule, relation);
        alert.key = Key::of(&["withdrawn", &rang.key, &alert.accession.to_string()]);
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
