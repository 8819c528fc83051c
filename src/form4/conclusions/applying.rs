//! Which notes apply to a row, and what each says about it.

use super::notes::{Note, Notes, is_sale};
use crate::filing::{Adopted, Lot};
use crate::form4::footnotes::{Kind, Reach, Statement};

/// A note that applies to a row.
pub(super) struct Applying<'a> {
    pub(super) notes: &'a Notes<'a>,
    pub(super) note: &'a Note<'a>,
    /// True if the row refers to it.
    pub(super) tied: bool,
    /// True if everything that it says applies, or only that a sale was made under a plan.
    pub(super) whole: bool,
}

impl Applying<'_> {
    pub(super) fn statement(&self, kind: Kind) -> Option<&Statement> {
        let said = self.notes.said(self.note);
        let by_name = |kind: Kind| said.statement(kind).filter(|_| self.notes.naming().is_some());
        // The existence of a plan matters only to the row whose note mentions it.
        let here = |found: &&Statement| self.tied || found.plain;
        let found = said.statement(kind).filter(here).or_else(|| match kind {
            Kind::Plan => by_name(Kind::NamedPlan),
            Kind::NoPlan => by_name(Kind::NoNamedPlan),
            _ => None,
        })?;
        (self.whole || kind == Kind::Plan && said.names_sale).then_some(found)
    }

    pub(super) fn adopted(&self) -> Option<Adopted> {
        let stated = self.statement(Kind::Plan);
        let own = self.note.adopted(self.notes).filter(|_| self.whole || stated.is_some());
        // "Sold under the plan": the plan's date is in the note that names it.
        let by_name = stated.is_some_and(|stated| stated.kind == Kind::NamedPlan);
        own.or_else(|| self.notes.naming().filter(|_| by_name)?.adopted(self.notes))
    }
}

impl Notes<'_> {
    /// The notes that apply to a row: its own, then those from elsewhere that are about it.
    pub(super) fn applying(&self, lot: &Lot, own: Vec<usize>) -> Vec<Applying<'_>> {
        let sale = is_sale(lot);
        let mut applying: Vec<Applying<'_>> = own
            .iter()
            .map(|&i| Applying { notes: self, note: &self.all[i], tied: true, whole: true })
            .collect();
        let says_something = applying.iter().any(|own| self.said(own.note).is_of_sale());
        let mut is_own = vec![false; self.all.len()];
        own.iter().for_each(|&i| is_own[i] = true);
        let others = self.all.iter().zip(is_own).filter(|(_, is_own)| !is_own);
        for (note, _) in others {
            // What is said about other sales applies to this one only if nothing is said about this one.
            if note.tied_to_sale && says_something {
                continue;
            }
            let wide = match self.said(note).reach {
                Reach::Transactions => true,
                Reach::Sales => sale,
                Reach::Row => !note.tied,
            };
            // An exercise's note may be about the sale that follows it.
            if wide || sale && note.tied_to_exercise && !note.tied_to_sale {
                applying.push(Applying { notes: self, note, tied: false, whole: wide });
            }
        }
        applying
    }
}
