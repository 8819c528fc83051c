//! What a footnote says, read by rules of language: prices, plans, and why something was sold.
//!
//! A note is looked through once for words; only where some stand are the patterns of their kind tried, sentence by sentence.

mod adoption;
mod date;
mod plan;
mod price;
mod purpose;

use std::ops::Range;
use std::sync::{Arc, LazyLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use chrono::NaiveDate;
use regex::Regex;

use crate::filing::PlanDate;

pub(super) use price::PriceRange;

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
}

/// A statement and the words that make it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) kind: Kind,
    pub(super) words: Arc<str>,
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
    pub(super) adopted: Vec<(PlanDate, Arc<str>)>,
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
        let denied = self.statement(Kind::NoPlan).is_some();
        let no_named = self.statement(Kind::NoNamedPlan).is_some();
        let not_offered = sentences.iter().any(|sentence| purpose::denies_offering(sentence));
        self.statements.retain(|said| match said.kind {
            Kind::Plan => !denied,
            Kind::NamedPlan => !denied && !no_named,
            Kind::Offering => !not_offered,
            _ => true,
        });
    }

    /// The first statement of a kind.
    pub(super) fn statement(&self, kind: Kind) -> Option<&Statement> {
        self.statements.iter().find(|statement| statement.kind == kind)
    }
}

/// Reads a note.
pub(super) fn read(text: &str) -> Said {
    let marks = Marks::of(text);
    let mut said = Said {
        ranges: if marks.has(Marks::PRICE | Marks::AVERAGE) {
            price::ranges(text, marks)
        } else {
            Vec::new()
        },
        average: marks.has(Marks::AVERAGE) && price::says_average(text),
        ..Said::default()
    };
    if !marks.has(Marks::STATEMENT) {
        return said;
    }
    let sentences = sentences(text);
    for sentence in &sentences {
        statements(sentence, marks, &mut said.statements);
    }
    if marks.has(Marks::PLAN) {
        said.names_rule = plan::names_rule(text);
        let adopted = adoption::adopted(&sentences);
        said.adopted = adopted.into_iter().map(|(date, words)| (date, words.into())).collect();
    }
    said.weigh(&sentences);
    if !said.statements.is_empty() {
        said.names_sale = NAMES_SALE.is_match(text);
        said.reach = sentences.iter().map(|sentence| reach(sentence)).max().unwrap_or_default();
    }
    said
}

/// The days that a text names.
pub(super) fn days(text: &str) -> Vec<NaiveDate> {
    let named = date::dates(text).into_iter().filter_map(|found| match found.date {
        PlanDate::Day(day) => Some(day),
        PlanDate::Month(_) => None,
    });
    named.collect()
}

/// A reader of one kind of statement.
type Reader = fn(&str) -> Option<&str>;

const READERS: [(u32, Kind, Reader); 9] = [
    (Marks::PLAN, Kind::Plan, plan::says_plan),
    (Marks::PLAN, Kind::NoPlan, plan::says_no_plan),
    (Marks::PLAN, Kind::NamedPlan, plan::says_named_plan),
    (Marks::PLAN, Kind::NoNamedPlan, plan::denies_named_plan),
    (Marks::DISCRETION, Kind::Discretionary, purpose::says_discretionary),
    (Marks::COVER, Kind::Cover, purpose::says_cover),
    (Marks::OFFERING, Kind::Offering, purpose::says_offering),
    (Marks::NEGOTIATED, Kind::Negotiated, purpose::says_negotiated),
    (Marks::ISSUER, Kind::ToIssuer, purpose::says_to_issuer),
];

fn statements(sentence: &str, marks: Marks, into: &mut Vec<Statement>) {
    for (mark, kind, reader) in READERS {
        if marks.has(mark)
            && !into.iter().any(|statement| statement.kind == kind)
            && let Some(words) = reader(sentence)
        {
            into.push(Statement { kind, words: excerpt(sentence, words) });
        }
    }
}

static NAMES_SALE: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\b(?:sold|sales?|selling|sell)\b"));
static WHOLE_SALES: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:sales?|shares\s+sold|dispositions?)\b[^.;]{0,40}?\b(?:reported|made|disclosed|reflected|described|listed|shown|set\s+forth|effected)\s+(?:(?:on|in|by|above)\s+)?(?:(?:this|the)\s+(?:form|report|filing|statement|table)|herein|hereon|hereby)|\b(?:all|each)\s+(?:of\s+)?(?:the\s+)?(?:(?:open\s+market|above|foregoing|reported)\s+)?(?:sales|shares\s+sold)\b",
    )
});
static WHOLE_TRANSACTIONS: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:transactions?|trades?|exercises?|exercise\s+and\s+sales?)\b[^.;]{0,40}?\b(?:reported|made|disclosed|reflected|described|listed|shown|set\s+forth|effected)\s+(?:(?:on|in|by|above)\s+)?(?:(?:this|the)\s+(?:form|report|filing|statement)|herein|hereon|hereby)|\b(?:all|each)\s+(?:of\s+)?(?:the\s+)?(?:(?:above|foregoing|reported)\s+)?(?:transactions|trades)\b",
    )
});
static AFTERWARDS: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:following|after|before|prior\s+to|giving\s+effect\s+to|as\s+a\s+result\s+of|addition\s+to|upon)\s+(?:\w+\s+){0,3}(?:transactions?|sales?|trades?|dispositions?)",
    )
});

fn reach(sentence: &str) -> Reach {
    if AFTERWARDS.is_match(sentence) {
        Reach::Row
    } else if WHOLE_TRANSACTIONS.is_match(sentence) {
        Reach::Transactions
    } else if WHOLE_SALES.is_match(sentence) {
        Reach::Sales
    } else {
        Reach::Row
    }
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
    let mut found = Vec::new();
    let mut start = 0;
    for (point, _) in text.match_indices(['.', ';']) {
        let rest = &text[point + 1..];
        let ends = rest.starts_with(' ')
            && rest.trim_start().starts_with(|c: char| c.is_uppercase() || matches!(c, '(' | '"' | '“'));
        let word = text[start..point].rsplit(' ').next().unwrap_or_default();
        let word = word.trim_start_matches(['(', '"', '“']).to_ascii_lowercase();
        let abbreviated = word.chars().count() == 1 || ABBREVIATIONS.contains(&word.as_str());
        if ends && !abbreviated {
            found.push(text[start..=point].trim());
            start = point + 1;
        }
    }
    found.push(text[start..].trim());
    found.retain(|sentence| !sentence.is_empty());
    found
}

/// Which kinds of words stand in a text.
#[derive(Debug, Clone, Copy, Default)]
struct Marks(u32);

impl Marks {
    const PLAN: u32 = 1;
    const COVER: u32 = 1 << 1;
    const OFFERING: u32 = 1 << 2;
    const NEGOTIATED: u32 = 1 << 3;
    const ISSUER: u32 = 1 << 4;
    const DISCRETION: u32 = 1 << 5;
    const RANGE: u32 = 1 << 6;
    const BETWEEN: u32 = 1 << 7;
    const HIGH: u32 = 1 << 8;
    const AVERAGE: u32 = 1 << 9;
    const DOLLAR: u32 = 1 << 10;
    const PRICE: u32 = Self::RANGE | Self::BETWEEN | Self::HIGH | Self::DOLLAR;
    const STATEMENT: u32 =
        Self::PLAN | Self::COVER | Self::OFFERING | Self::NEGOTIATED | Self::ISSUER | Self::DISCRETION;

    fn has(self, any: u32) -> bool {
        self.0 & any != 0
    }

    fn of(text: &str) -> Self {
        let Some(words) = WORDS.as_ref() else { return Self(u32::MAX) };
        let found = words.find_iter(text).map(|word| MARKED[word.pattern().as_usize()].1);
        Self(found.fold(0, |marks, mark| marks | mark))
    }
}

/// No word is the beginning of another: the search takes the first that it meets.
const MARKED: [(&str, u32); 60] = [
    ("10b", Marks::PLAN),
    ("10 b", Marks::PLAN),
    ("10(b", Marks::PLAN),
    ("10-b", Marks::PLAN),
    ("105b", Marks::PLAN),
    ("10 5b", Marks::PLAN),
    ("l0b", Marks::PLAN),
    ("1ob", Marks::PLAN),
    ("plan", Marks::PLAN),
    ("instruction", Marks::PLAN),
    ("pre-arranged", Marks::PLAN),
    ("cover", Marks::COVER),
    ("tax", Marks::COVER),
    ("withh", Marks::COVER),
    ("exercise price", Marks::COVER),
    ("exercise cost", Marks::COVER),
    ("option cost", Marks::COVER),
    ("cost of", Marks::COVER),
    ("transaction cost", Marks::COVER),
    ("paye", Marks::COVER),
    ("underwr", Marks::OFFERING),
    ("offering", Marks::OFFERING),
    ("prospectus", Marks::OFFERING),
    ("registration", Marks::OFFERING),
    ("allot", Marks::OFFERING),
    ("ipo", Marks::OFFERING),
    ("greenshoe", Marks::OFFERING),
    ("green shoe", Marks::OFFERING),
    ("negotiat", Marks::NEGOTIATED),
    ("neg'd", Marks::NEGOTIATED),
    ("private", Marks::NEGOTIATED),
    ("block", Marks::NEGOTIATED),
    ("agreement", Marks::NEGOTIATED),
    ("agreed", Marks::NEGOTIATED),
    ("off-market", Marks::NEGOTIATED),
    ("arm's", Marks::NEGOTIATED),
    ("bill of sale", Marks::NEGOTIATED),
    ("bills of sale", Marks::NEGOTIATED),
    ("purchaser", Marks::NEGOTIATED),
    ("buyer", Marks::NEGOTIATED),
    ("investor", Marks::NEGOTIATED),
    ("sold to ", Marks::NEGOTIATED | Marks::ISSUER),
    ("issuer", Marks::ISSUER),
    ("company", Marks::ISSUER),
    ("registrant", Marks::ISSUER),
    ("corporation", Marks::ISSUER),
    ("repurchas", Marks::ISSUER),
    ("redem", Marks::ISSUER),
    ("redeem", Marks::ISSUER),
    ("discretion", Marks::DISCRETION),
    ("rang", Marks::RANGE),
    ("between", Marks::BETWEEN),
    ("b/w", Marks::BETWEEN),
    ("from $", Marks::BETWEEN | Marks::DOLLAR),
    ("from a low", Marks::BETWEEN),
    ("high", Marks::HIGH),
    ("above $", Marks::HIGH | Marks::DOLLAR),
    ("averag", Marks::AVERAGE),
    ("vwap", Marks::AVERAGE),
    ("$", Marks::DOLLAR),
];

static WORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .build(MARKED.iter().map(|(word, _)| word))
        .ok()
});

/// A pattern in any case of letters. One that does not compile finds nothing; the tests meet each.
struct Pattern(Option<Regex>);

fn pattern(text: &str) -> Pattern {
    Pattern(Regex::new(&format!("(?i){text}")).ok())
}

impl Pattern {
    fn is_match(&self, text: &str) -> bool {
        self.0.as_ref().is_some_and(|regex| regex.is_match(text))
    }

    fn find<'a>(&self, text: &'a str) -> Option<&'a str> {
        self.0.as_ref()?.find(text).map(|found| found.as_str())
    }

    /// The first match and what its group of that name holds.
    fn find_with<'a>(&self, text: &'a str, group: &str) -> Option<(&'a str, &'a str)> {
        let found = self.0.as_ref()?.captures(text)?;
        Some((found.get(0)?.as_str(), found.name(group).map_or("", |held| held.as_str())))
    }

    fn ranges(&self, text: &str) -> Vec<Range<usize>> {
        self.0.iter().flat_map(|regex| regex.find_iter(text)).map(|found| found.range()).collect()
    }

    /// Whether the last match has a group of that name; `None` without a match.
    fn last_has(&self, text: &str, group: &str) -> Option<bool> {
        self.0.as_ref()?.captures_iter(text).last().map(|found| found.name(group).is_some())
    }

    /// Whether the first match has it.
    fn first_has(&self, text: &str, group: &str) -> Option<bool> {
        self.0.as_ref()?.captures(text).map(|found| found.name(group).is_some())
    }
}
