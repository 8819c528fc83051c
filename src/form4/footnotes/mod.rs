//! What a footnote says, read by rules of language: prices, plans, and why something was sold.
//!
//! A note is looked through once for words; only where some stand are the patterns of their kind tried, sentence by sentence.

mod adoption;
pub(super) mod ads;
mod currencies;
mod currency;
mod date;
mod forced;
mod marks;
mod mistake;
pub(super) mod money;
mod otherwise;
mod pattern;
mod plan;
mod price;
mod purpose;
mod seller;
mod words;

use std::sync::{Arc, LazyLock};

use crate::filing::PlanDate;

pub(super) use marks::{Marked, Marks};
use pattern::{Pattern, pairs_before, pattern};
pub(super) use price::PriceRange;
pub(super) use seller::Parts;

/// So much of a note is read, in bytes: EDGAR takes a thousand characters.
pub(super) const LONGEST: usize = 10_000;
/// The longest evidence that is kept, in bytes before and behind the words that were found.
const BEFORE: usize = 80;
const BEHIND: usize = 140;

/// What a statement in a note says of the sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Made under a plan by Rule 10b5-1.
    Plan,
    /// Not made under one.
    NoPlan,
    /// Made under a plan that this or another note names.
    NamedPlan,
    /// Not made under that one.
    NoNamedPlan,
    /// A plan ended.
    EndedPlan,
    /// Called discretionary.
    Discretionary,
    /// To pay the tax or price of an award.
    Cover,
    /// In an offering.
    Offering,
    /// Negotiated with the buyer.
    Negotiated,
    /// To the issuer.
    ToIssuer,
    /// Made by a lender, a broker or a court.
    Involuntary,
    /// Made without the seller's authority, or forced, the note does not say by whom.
    Unasked,
    /// Not the seller's own decision of the day, for what is no reason by itself.
    Otherwise,
    /// The plan's box is ticked in error.
    WrongBox,
}

impl Kind {
    /// Whether it says something of the sale, so that what is said of other sales is not said of it.
    fn is_of_sale(self) -> bool {
        !matches!(self, Self::Otherwise | Self::WrongBox)
    }
}

/// A statement and the words that make it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) kind: Kind,
    pub(super) words: Arc<str>,
    /// Of a plan: whether a trade is said to be made under it, rather than that there is one.
    pub(super) plain: bool,
}

/// Of what a note speaks besides the row that it is tied to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// Of nothing else.
    #[default]
    Row,
    /// "The sales reported on this Form 4".
    Sales,
    /// "The transactions reported herein".
    Transactions,
}

/// All that one note says.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) ranges: Vec<PriceRange>,
    pub(super) average: bool,
    pub(super) statements: Vec<Statement>,
    pub(super) reach: Reach,
    /// Whether it speaks of a sale, so that it may be said of one though it is tied to another row.
    pub(super) names_sale: bool,
    /// Whether it names a plan by the rule's number, so that others may speak of "the plan".
    pub(super) names_rule: bool,
}

impl Said {
    /// What one sentence of a note takes back of another.
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

    /// Whether it says something of the sale that it is tied to.
    pub(super) fn is_of_sale(&self) -> bool {
        self.statements.iter().any(|statement| statement.kind.is_of_sale())
    }

    /// The first statement of a kind.
    pub(super) fn statement(&self, kind: Kind) -> Option<&Statement> {
        self.statements.iter().find(|statement| statement.kind == kind)
    }
}

/// Reads a note. `owed`: whether it may say who made a sale that was forced; `sale`: whether the filing has sales, so that
/// their purposes matter; `named`: whether a note of it names a plan, so that others may speak of "the plan".
pub(super) fn read(note: &Marked<'_>, owed: bool, (sale, named): (bool, bool)) -> Said {
    let (text, marks) = (&*note.text, note.marks);
    let mut said = Said {
        ranges: if marks.has(Marks::PRICE) { price::ranges(text, marks) } else { Vec::new() },
        average: marks.has(Marks::AVERAGE) && price::says_average(text),
        ..Said::default()
    };
    let of_plan = marks.has(Marks::PLAN) || named && marks.has(Marks::ANY_PLAN);
    if !(of_plan || owed || sale && marks.has(Marks::PURPOSE) || marks.has(Marks::BOX)) {
        return said;
    }
    let sentences = sentences(text);
    for sentence in &sentences {
        let own = note.of(sentence);
        let against_it = own.has(Marks::AGAINST | Marks::BOX);
        if !(named || against_it || own.has(Marks::PLAN | Marks::PURPOSE)) {
            continue;
        }
        let background = BACKGROUND.is_match(sentence);
        statements(sentence, own, (sale && !background, named), &mut said.statements);
        if against_it {
            against(sentence, own, text, sale && !background, &mut said.statements);
        }
    }
    said.names_rule = marks.has(Marks::PLAN) && plan::names_rule(text);
    said.weigh(&sentences);
    if owed || !said.statements.is_empty() {
        said.names_sale = NAMES_SALE.is_match(text);
        said.reach = sentences.iter().map(|sentence| reach(sentence)).max().unwrap_or_default();
    }
    said
}

/// Reads who made a sale, and any debt behind it.
pub(super) fn parts(note: &Marked<'_>) -> Parts {
    let mut parts = Parts::default();
    let sentences = sentences(&note.text);
    sentences
        .into_iter()
        .filter(|sentence| !BACKGROUND.is_match(sentence))
        .for_each(|sentence| parts.add(sentence));
    parts
}

/// The first date on which a plan that a note speaks of was adopted, with the words that say so.
pub(super) fn adopted(note: &Marked<'_>) -> Option<(PlanDate, Arc<str>)> {
    let (date, words) = adoption::adopted(&sentences(&note.text))?;
    Some((date, words.into()))
}

/// The beginning of a text, whole characters.
pub(super) fn start(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The end of a text, whole characters.
pub(super) fn end(text: &str, most: usize) -> &str {
    let mut from = text.len().saturating_sub(most);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
}

/// A reader of one kind of statement.
type Reader = fn(&str) -> Option<&str>;

/// Each purpose of a sale, the marks that its sentence must all have, and its reader.
const PURPOSES: [(u32, Kind, Reader); 5] = [
    (Marks::DISCRETION, Kind::Discretionary, purpose::says_discretionary),
    (Marks::COVER, Kind::Cover, purpose::says_cover),
    (Marks::OFFERING, Kind::Offering, purpose::says_offering),
    (Marks::NEGOTIATED, Kind::Negotiated, purpose::says_negotiated),
    (Marks::ISSUER | Marks::HANDED, Kind::ToIssuer, purpose::says_to_issuer),
];

fn statements(sentence: &str, marks: Marks, (sale, named): (bool, bool), into: &mut Vec<Statement>) {
    if named {
        for (kind, words) in plan::read(sentence, marks).into_iter().flatten() {
            let plain = kind != Kind::Plan || plan::is_plain(sentence);
            add(into, Statement { kind, words: excerpt(sentence, words), plain });
        }
    }
    if !sale || marks.has(Marks::UNDERTAKING) {
        return;
    }
    for (needed, kind, reader) in PURPOSES {
        if marks.has_all(needed)
            && !into.iter().any(|statement| statement.kind == kind)
            && let Some(words) = reader(sentence)
        {
            into.push(Statement { kind, words: excerpt(sentence, words), plain: true });
        }
    }
}

/// Of each kind the first statement counts, or the first plain one.
fn add(into: &mut Vec<Statement>, new: Statement) {
    let known = into.iter().position(|statement| statement.kind == new.kind);
    if known.is_none_or(|i| !into[i].plain) {
        into.retain(|statement| statement.kind != new.kind);
        into.push(new);
    }
}

/// What a sentence of a note says against the seller's own decision, and against the plan's box.
fn against(sentence: &str, marks: Marks, note: &str, sale: bool, into: &mut Vec<Statement>) {
    let mut add = |kind: Kind, reader: &dyn Fn() -> Option<Arc<str>>| {
        if !into.iter().any(|statement| statement.kind == kind)
            && let Some(words) = reader()
        {
            into.push(Statement { kind, words, plain: true });
        }
    };
    if marks.has(Marks::BOX) {
        add(Kind::WrongBox, &|| Some(excerpt(sentence, otherwise::says_wrong_box(sentence)?)));
    }
    if !sale || !marks.has(Marks::AGAINST) || marks.has(Marks::UNDERTAKING) {
        return;
    }
    if marks.has(Marks::FORCED) {
        add(Kind::Involuntary, &|| Some(excerpt(sentence, forced::says_involuntary(sentence, note)?)));
        add(Kind::Unasked, &|| Some(excerpt(sentence, mistake::says_unasked(sentence, note)?)));
    }
    if marks.has(Marks::OTHERWISE) {
        add(Kind::Otherwise, &|| Some(excerpt(sentence, otherwise::says_otherwise(sentence)?)));
    }
}

/// What tells of holdings, not of the trade.
static BACKGROUND: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"^\s*\(?(?:includes?|excludes?|consists?\s+of|does\s+not\s+include|of\s+these\s+shares)\b")
});
static NAMES_SALE: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\b(?:sold|sales?|selling|sell)\b"));
static SALES: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\b(?:sales?|shares\s+sold|dispositions?)\b"));
static TRANSACTIONS: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:transactions?|trades?|exercises?)\b"));
/// "reported on this Form 4".
static IN_THIS_FORM: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:reported|made|disclosed|reflected|described|listed|shown|set\s+forth|effected)\s+(?:(?:on|in|by|above)\s+)?(?:(?:this|the)\s+(?:form|report|filing|statement|table)|herein|hereon|hereby)",
    )
});
static ALL_SALES: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:all|each)\s+(?:of\s+)?(?:the\s+)?(?:(?:open\s+market|above|foregoing|reported)\s+)?(?:sales|shares\s+sold)\b",
    )
});
static ALL_TRANSACTIONS: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:all|each)\s+(?:of\s+)?(?:the\s+)?(?:(?:above|foregoing|reported)\s+)?(?:transactions|trades)\b",
    )
});
static AFTERWARDS: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:following|after|before|prior\s+to|giving\s+effect\s+to|as\s+a\s+result\s+of|addition\s+to|upon)\s+(?:\w+\s+){0,3}(?:transactions?|sales?|trades?|dispositions?)",
    )
});

fn reach(sentence: &str) -> Reach {
    let here = IN_THIS_FORM.ranges(sentence);
    let said = |what: &Pattern, all: &Pattern| {
        pairs_before(sentence, what, here.clone(), 40).next().is_some() || all.is_match(sentence)
    };
    let reach = if said(&TRANSACTIONS, &ALL_TRANSACTIONS) {
        Reach::Transactions
    } else if said(&SALES, &ALL_SALES) {
        Reach::Sales
    } else {
        return Reach::Row;
    };
    if AFTERWARDS.is_match(sentence) { Reach::Row } else { reach }
}

/// Some words of a sentence with what stands around them, cut between words.
fn excerpt(sentence: &str, words: &str) -> Arc<str> {
    let from = (words.as_ptr() as usize).saturating_sub(sentence.as_ptr() as usize);
    let until = from + words.len();
    let mut start = from.saturating_sub(BEFORE);
    while !sentence.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = until.min(from + BEHIND).max(from) + BEHIND;
    end = end.min(sentence.len());
    while !sentence.is_char_boundary(end) {
        end += 1;
    }
    if start > 0 {
        start += sentence[start..from].find(' ').map_or(0, |space| space + 1);
    }
    if end < sentence.len() {
        end = sentence[..end].rfind(' ').filter(|&space| space > from).unwrap_or(end);
    }
    sentence[start..end].into()
}

/// Sentences of a text: they end at a point before a space and a capital, unless the point ends an abbreviation.
fn sentences(text: &str) -> Vec<&str> {
    const ABBREVIATIONS: [&str; 20] = [
        "mr", "mrs", "ms", "dr", "inc", "corp", "co", "ltd", "no", "jr", "sr", "st", "vs", "approx", "sec",
        "sept", "l.p", "u.s", "messrs", "dec",
    ];
    const LONGEST_WORD: usize = 16;
    let mut found = Vec::new();
    let mut start = 0;
    for point in memchr::memchr2_iter(b'.', b';', text.as_bytes()) {
        let rest = &text[point + 1..];
        let ends = rest.starts_with(' ')
            && rest.trim_start().starts_with(|c: char| c.is_uppercase() || matches!(c, '(' | '"' | '“'));
        if !ends {
            continue;
        }
        let mut from = point.saturating_sub(LONGEST_WORD).max(start);
        while !text.is_char_boundary(from) {
            from -= 1;
        }
        let word = text[from..point].rsplit(' ').next().unwrap_or_default();
        let word = word.trim_start_matches(['(', '"', '“']).to_ascii_lowercase();
        let initial = word.rsplit('.').next().is_some_and(|last| last.chars().count() == 1);
        let abbreviated = initial || ABBREVIATIONS.contains(&word.as_str());
        if !abbreviated {
            found.push(text[start..=point].trim());
            start = point + 1;
        }
    }
    found.push(text[start..].trim());
    found.retain(|sentence| !sentence.is_empty());
    found
}
