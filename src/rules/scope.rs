//! The reach of a group: which issuers, tables and codes can meet it, how far back it looks, and which of its
//! conditions are about lots alone.

use std::collections::BTreeSet;

use super::condition::Group;
use super::span::Span;
use crate::filing::{Cik, Code, Table};

impl Group {
    /// How many days back its longest condition looks into history; 0 if none does.
    pub fn reach_days(&self) -> u32 {
        let own = [
            self.cluster.map(|cluster| cluster.within),
            self.cumulative.map(|cumulative| cumulative.within),
            self.first_in,
            self.largest_in,
            self.reversal_after,
        ];
        let own = own.into_iter().flatten().map(Span::most_days);
        own.chain(self.nested().map(Self::reach_days)).max().unwrap_or(0)
    }

    /// Its conditions on owners and lots, without those on the form, lateness and history.
    #[must_use]
    pub fn of_lots_alone(&self) -> Self {
        let any: Vec<Self> = self.any.iter().map(Self::of_lots_alone).collect();
        // Branches with fewer conditions may contribute more lots.
        let max_value = self.max_value.filter(|_| any == self.any);
        Self {
            max_value,
            forms: Vec::new(),
            amendments: None,
            filed_late: None,
            cluster: None,
            cumulative: None,
            first_in: None,
            largest_in: None,
            reversal_after: None,
            when: None,
            any,
            // An exclusion may depend on one of the removed conditions.
            not: self.not.as_ref().filter(|not| **not == Box::new(not.of_lots_alone())).cloned(),
            ..self.clone()
        }
    }

    /// The groups nested in it.
    pub fn nested(&self) -> impl Iterator<Item = &Group> {
        self.any.iter().chain(self.not.as_deref())
    }

    /// The only issuers that can meet it, if it names any.
    pub fn issuers(&self) -> Option<(BTreeSet<&str>, BTreeSet<Cik>)> {
        if !self.ciks.is_empty() {
            return Some((BTreeSet::new(), self.ciks.clone()));
        }
        if !self.tickers.is_empty() {
            return Some((self.tickers.iter().map(String::as_str).collect(), BTreeSet::new()));
        }
        let mut all = (BTreeSet::new(), BTreeSet::new());
        for branch in &self.any {
            let (tickers, ciks) = branch.issuers()?;
            all.0.extend(tickers);
            all.1.extend(ciks);
        }
        (!self.any.is_empty()).then_some(all)
    }

    /// True if a row of this table and code can be among the lots that count.
    pub fn may_count(&self, table: Table, code: Code) -> bool {
        if self.any.is_empty() {
            let selection = &self.selection;
            return selection.codes.contains(&code) && selection.table.is_none_or(|wanted| wanted == table);
        }
        self.any.iter().any(|branch| branch.may_count(table, code))
    }

    /// The codes that a filing must have a lot of to meet it.
    pub fn codes(&self) -> BTreeSet<Code> {
        if self.any.is_empty() {
            return self.selection.codes.clone();
        }
        self.any.iter().flat_map(Group::codes).collect()
    }
}
