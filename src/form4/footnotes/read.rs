//! Reads a note: the keywords in it decide which patterns are tried, sentence by sentence.

use std::sync::{Arc, LazyLock};

use super::keywords::Keywords;
use super::pattern::{Pattern, pattern};
use super::price::PriceRange;
use super::reach::{Reach, reach};
use super::scan::Scanned;
use super::seller::Parts;
use super::statement::{Kind, Statement};
use super::text::{excerpt, sentences};
use super::{adoption, forced, mistake, otherwise, plan, price, purpose};
use crate::filing::PlanDate;

/// How many bytes of a note are read: EDGAR accepts a thousand characters.
pub(in crate::form4) const LONGEST: usize = 10_000;

/// Everything that one note says.
#[derive(Debug, Default)]
pub(in crate::form4) struct Said {
    pub(in crate::form4) ranges: Vec<PriceRange>,
    pub(in crate::form4) average: bool,
    pub(in crate::form4) statements: Vec<Statement>,
    pub(in crate::form4) reach: Reach,
    /// True if it mentions a sale, so that it may be about one although it is tied to another row.
    pub(in crate::form4) names_sale: bool,
    /// True if it names a plan by the rule's number, so that others may mention "the plan".
    pub(in crate::form4) names_rule: bool,
}

impl Said {
    /// Removes the statements that another sentence takes back.
    fn weigh(&mut self, sentences: &[&str]) {
        if self.names_rule
            && let Some(denial) = self.statements.iter_mut().find(|said| said.kind == Kind::NoNamedPlan)
        {
            denial.kind = Kind::NoPlan;
        }
        let plain = self.statement(Kind::Plan).is_some_and(|said| said.plain);
        if let Some(ended) = self.statements.iter_mut().find(|said| said.kind == Kind::EndedPlan && !plain) {
            ended.kind = Kind::NoPlan;
        }
        let denied = self.statement(Kind::NoPlan).is_some();
        let no_named = self.statement(Kind::NoNamedPlan).is_some();
        let offered = self.statement(Kind::Offering).is_some();
        let not_offered = offered && sentences.iter().any(|sentence| purpose::denies_offering(sentence));
        self.statements.retain(|said| match said.kind {
            Kind::Plan => !denied || plain,
            Kind::NoPlan => !plain,
            Kind::EndedPlan => false,
            Kind::NamedPlan => !denied && !no_named,
            Kind::Offering => !not_offered,
            _ => true,
        });
    }

    /// True if it says something about the sale that it is tied to.
    pub(in crate::form4) fn is_of_sale(&self) -> bool {
        self.statements.iter().any(|statement| statement.kind.is_of_sale())
    }

    /// The first statement of a kind.
    pub(in crate::form4) fn statement(&self, kind: Kind) -> Option<&Statement> {
        self.statements.iter().find(|statement| statement.kind == kind)
    }
}

/// Reads a note. `owed`: whether it may say who made a forced sale; `sale`: whether the filing has sales, so
/// that their purposes matter; `named`: whether one of its notes names a plan, so that others may mention
/// "the plan".
pub(in crate::form4) fn read(note: &Scanned<'_>, owed: bool, (sale, named): (bool, bool)) -> Said {
    let (text, keywords) = (&*note.text, note.keywords);
    let mut said = Said {
        ranges: if keywords.has(Keywords::PRICE) { price::ranges(text, keywords) } else { Vec::new() },
        average: keywords.has(Keywords::AVERAGE) && price::says_average(text),
        ..Said::default()
    };
    let of_plan = keywords.has(Keywords::PLAN) || named && keywords.has(Keywords::ANY_PLAN);
    if !(of_plan || owed || sale && keywords.has(Keywords::PURPOSE) || keywords.has(Keywords::BOX)) {
        return said;
    }
    let sentences = sentences(text);
    for sentence in &sentences {
        let own = note.of(sentence);
        let against_it = own.has(Keywords::AGAINST | Keywords::BOX);
        if !(named || against_it || own.has(Keywords::PLAN | Keywords::PURPOSE)) {
            continue;
        }
        let background = BACKGROUND.is_match(sentence);
        statements(sentence, own, (sale && !background, named), &mut said.statements);
        if against_it {
            against(sentence, own, text, sale && !background, &mut said.statements);
        }
    }
    said.names_rule = keywords.has(Keywords::PLAN) && plan::names_rule(text);
    said.weigh(&sentences);
    if owed || !said.statements.is_empty() {
        said.names_sale = NAMES_SALE.is_match(text);
        said.reach = sentences.iter().map(|sentence| reach(sentence)).max().unwrap_or_default();
    }
    said
}

/// Reads who made a sale, and any debt behind it.
pub(in crate::form4) fn parts(note: &Scanned<'_>) -> Parts {
    let mut parts = Parts::default();
    let sentences = sentences(&note.text);
    sentences
        .into_iter()
        .filter(|sentence| !BACKGROUND.is_match(sentence))
        .for_each(|sentence| parts.add(sentence));
    parts
}

/// The first date on which a plan that a note mentions was adopted, with the words that say so.
pub(in crate::form4) fn adopted(note: &Scanned<'_>) -> Option<(PlanDate, Arc<str>)> {
    let (date, words) = adoption::adopted(&sentences(&note.text))?;
    Some((date, words.into()))
}

/// A reader of one kind of statement.
type Reader = fn(&str) -> Option<&str>;

/// Each purpose of a sale, the keywords that its sentence must all have, and its reader.
const PURPOSES: [(u32, Kind, Reader); 5] = [
    (Keywords::DISCRETION, Kind::Discretionary, purpose::says_discretionary),
    (Keywords::COVER, Kind::Cover, purpose::says_cover),
    (Keywords::OFFERING, Kind::Offering, purpose::says_offering),
    (Keywords::NEGOTIATED, Kind::Negotiated, purpose::says_negotiated),
    (Keywords::ISSUER | Keywords::HANDED, Kind::ToIssuer, purpose::says_to_issuer),
];

fn statements(sentence: &str, keywords: Keywords, (sale, named): (bool, bool), into: &mut Vec<Statement>) {
    if named {
        for (kind, words) in plan::read(sentence, keywords).into_iter().flatten() {
            let plain = kind != Kind::Plan || plan::is_plain(sentence);
            add(into, Statement { kind, words: excerpt(sentence, words), plain });
        }
    }
    if !sale || keywords.has(Keywords::UNDERTAKING) {
        return;
    }
    for (needed, kind, reader) in PURPOSES {
        if keywords.has_all(needed)
            && !into.iter().any(|statement| statement.kind == kind)
            && let Some(words) = reader(sentence)
        {
            into.push(Statement { kind, words: excerpt(sentence, words), plain: true });
        }
    }
}

/// For each kind, the first statement counts, or the first plain one.
fn add(into: &mut Vec<Statement>, new: Statement) {
    let known = into.iter().position(|statement| statement.kind == new.kind);
    if known.is_none_or(|i| !into[i].plain) {
        into.retain(|statement| statement.kind != new.kind);
        into.push(new);
    }
}

/// A sentence's statements against the seller's own decision, and against the plan's box.
fn against(sentence: &str, keywords: Keywords, note: &str, sale: bool, into: &mut Vec<Statement>) {
    let mut add = |kind: Kind, reader: &dyn Fn() -> Option<Arc<str>>| {
        if !into.iter().any(|statement| statement.kind == kind)
            && let Some(words) = reader()
        {
            into.push(Statement { kind, words, plain: true });
        }
    };
    if keywords.has(Keywords::BOX) {
        add(Kind::WrongBox, &|| Some(excerpt(sentence, otherwise::says_wrong_box(sentence)?)));
    }
    if !sale || !keywords.has(Keywords::AGAINST) || keywords.has(Keywords::UNDERTAKING) {
        return;
    }
    if keywords.has(Keywords::FORCED) {
        add(Kind::Involuntary, &|| Some(excerpt(sentence, forced::says_involuntary(sentence, note)?)));
        add(Kind::Unasked, &|| Some(excerpt(sentence, mistake::says_unasked(sentence, note)?)));
    }
    if keywords.has(Keywords::OTHERWISE) {
        add(Kind::Otherwise, &|| Some(excerpt(sentence, otherwise::says_otherwise(sentence)?)));
    }
}

/// Words about holdings rather than the trade.
static BACKGROUND: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"^\s*\(?(?:includes?|excludes?|consists?\s+of|does\s+not\s+include|of\s+these\s+shares)\b")
});

static NAMES_SALE: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\b(?:sold|sales?|selling|sell)\b"));
