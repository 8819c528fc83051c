//! When a plan was adopted, as distinct from its end or amendment, and from the dates of trusts, awards and
//! trades.

use std::ops::Range;
use std::sync::LazyLock;

use super::date::{self, DateFound};
use super::pattern::{Pattern, pattern};
use super::plan::{MENTION, REWARD, RULE, SALES_PLAN};
use super::text::start;
use crate::filing::PlanDate;

static OWN: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"^(?:adopt\w*|enter(?:ed|ing)?\s+into|enrol+ed\s+in)$"));
/// Words that are used for trusts and trades as well: the noun decides.
static OF_ITS_NOUN: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"^(?:establish\w*|execut\w*|institut\w*|implement\w*|put\s+in(?:to)?\s+place|set\s+up|created|signed|dated|dtd|initiated|made|delivered)$",
    )
});
/// Words that govern a date beside them.
static GOVERNOR: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:adopt\w*|enter(?:ed|ing)?\s+into|enrol+ed\s+in|establish\w*|execut\w*|institut\w*|implement\w*|put\s+in(?:to)?\s+place|set\s+up|created|signed|dated|dtd|initiated|made|given|gave|delivered|amend\w*|modif\w*|restat\w*|renew\w*|replac\w*|expir\w*|terminat\w*|ends?|ended|ending|through|until|effective(?:ness)?|vest\w*|grant\w*|filed|filing\s+(?:date|of)|disclosed|reported|announc\w*|press\s+release|approved|began|begin\w*|start\w*|commenc\w*|s[oe]ll\w*|sold|exercis\w*|acquired|purchased|after|before|prior\s+to|between|since|appointed|resign\w*|cooling-off|first\s+trade|u/?a/?d|u/?t/?[ad]|u/?d/?t|of)\b",
    )
});
/// Nouns that have dates; the group marks those that mean the plan.
static NOUN: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:(?P<plan>plans?|1[0o]\s?\(?b\)?[\w().-]{0,6}|arrangements?|instructions?|program|letter|contract|elections?)|\w*trust|u/a|partnership|foundation|sales?|transactions?|trades?|shares|stock|options?|awards?|grants?|orders?|agreement|units?|rsus?|note|form|power|price)\b",
    )
});
/// A plan that came before the one in force.
static EARLIER: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:prior|previous|earlier|former|expired|old|predecessor|terminated|replac(?:ed|es|ing)|supersed\w+|last)\s+(?:[\w.'-]+\s+){0,5}(?:plan|adopted|arrangement)\b",
    )
});
static BY: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:pursuant\s+to|under|in\s+accordance\s+with|through)\b"));
static ANY_PLAN: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:plans?|instructions?(?:\s+letter)?|arrangements?|elections?)\b"));
/// "Agreement and Plan of Merger".
static OF_MERGER: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"\bplans?\s+of\s+(?:merger|reorgani[sz]ation|liquidation|dissolution|conversion|arrangement)\b")
});
static NAMED: LazyLock<Pattern> = LazyLock::new(|| pattern(&format!(r"(?:{RULE})|\b(?:{SALES_PLAN})\b")));
static BARE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"^\(?(?:date\s+)?(?:of\s+)?(?:adopt\w*|plan)\b|\bdate\s+of\s+(?:the\s+)?plan\b|\bplan\s+date\b")
});
/// The most bytes between a word and the date that it governs.
const REACH: usize = 160;
/// The most dates of one sentence that are examined.
const MOST_DATES: usize = 20;

/// The first date on which a plan that a note mentions was adopted, and the words that say so.
pub(super) fn adopted<'a>(sentences: &[&'a str]) -> Option<(PlanDate, &'a str)> {
    let named = sentences.iter().any(|sentence| NAMED.is_match(sentence));
    let of_plan = |sentence: &&&str| {
        MENTION.is_match(sentence)
            || ANY_PLAN.is_match(sentence)
                && (named || !REWARD.is_match(sentence) && !OF_MERGER.is_match(sentence))
            || named && BARE.is_match(sentence)
    };
    sentences.iter().filter(of_plan).find_map(|sentence| in_sentence(sentence).into_iter().next())
}

fn in_sentence(sentence: &str) -> Vec<(PlanDate, &str)> {
    let mut dates = date::dates(sentence);
    dates.truncate(MOST_DATES);
    if dates.is_empty() {
        return Vec::new();
    }
    let words: Vec<(Range<usize>, bool)> =
        GOVERNOR.ranges(sentence).into_iter().map(|at| (at.clone(), means_adoption(sentence, &at))).collect();
    let mut used = vec![false; words.len()];
    let mut adoption: Vec<Option<bool>> = vec![None; dates.len()];
    // A word before a date governs it, one date for each word.
    for (i, found) in dates.iter().enumerate() {
        let near = |at: &Range<usize>| at.end <= found.at.start && found.at.start - at.end <= REACH;
        let touches = |at: &Range<usize>| sentence[at.end..found.at.start].trim().is_empty();
        let before = (0..words.len()).rev().find(|&w| {
            let (at, _) = &words[w];
            // `of` governs only what it directly joins: "plan of August 29".
            let of = sentence[at.clone()].eq_ignore_ascii_case("of");
            !used[w] && near(at) && (!of || words[w].1 && touches(at))
        });
        if let Some(word) = before {
            used[word] = true;
            adoption[i] = Some(words[word].1);
        } else if i > 0 && is_and(&sentence[dates[i - 1].at.end..found.at.start]) {
            adoption[i] = adoption[i - 1];
        } else if DATE_OF_PLAN.is_match(&sentence[..found.at.start]) {
            adoption[i] = Some(true);
        }
    }
    // "On March 4, 2022, she adopted a plan"; "his March 2022 Rule 10b5-1 plan".
    for (i, found) in dates.iter().enumerate() {
        let until = dates.get(i + 1).map_or(sentence.len(), |next| next.at.start);
        let after = &sentence[found.at.end..until];
        let names_plan = MENTION.ranges(after).first().is_some_and(|at| after[..at.start].trim().len() <= 5);
        let behind = (0..words.len()).find(|&w| words[w].0.start >= found.at.end && words[w].0.start < until);
        let leads = adoption[i].is_none()
            && behind.is_some_and(|w| {
                let between = &sentence[found.at.end..words[w].0.start];
                // "On May 6, 2024, pursuant to a plan adopted by her, she sold" dates the sale.
                !used[w] && words[w].1 && between.len() <= REACH && !BY.is_match(between)
            });
        if names_plan && adoption[i] != Some(false) || leads {
            adoption[i] = Some(true);
        }
    }
    let mut from = 0;
    let mut adopted = Vec::new();
    for (DateFound { at, date }, adoption) in dates.iter().zip(adoption) {
        let of_earlier = EARLIER.is_match(&sentence[from..at.start]);
        if adoption == Some(true) && !of_earlier {
            adopted.push((*date, around(sentence, at)));
        }
        from = at.end;
    }
    adopted
}

static DATE_OF_PLAN: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"(?:\bdate\s+of\s+(?:the\s+)?plan|\bplan\s+date|\bplan)\s*[:(,-]?\s*$"));

/// True if a word makes the date beside it an adoption date: by itself, or through its noun.
fn means_adoption(sentence: &str, at: &Range<usize>) -> bool {
    let word = &sentence[at.clone()];
    if OWN.is_match(word) {
        return true;
    }
    let mut from = at.start.saturating_sub(REACH);
    while !sentence.is_char_boundary(from) {
        from -= 1;
    }
    let before = &sentence[from..at.start];
    match word.to_ascii_lowercase().as_str() {
        "of" => PLAN_RIGHT_BEFORE.is_match(before),
        "given" | "gave" => ANY_PLAN.is_match(before),
        _ => {
            OF_ITS_NOUN.is_match(word)
                && NOUN
                    .last_has(before, "plan")
                    .or_else(|| NOUN.first_has(start(&sentence[at.end..], REACH), "plan"))
                    .unwrap_or(false)
        }
    }
}

static PLAN_RIGHT_BEFORE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"\b(?:plan|arrangement|elections?|instructions?|letter|1[0o]\s?\(?b[\w().-]{0,6})\s*$")
});

fn is_and(between: &str) -> bool {
    matches!(between.trim().trim_matches(',').trim(), "and" | "and on" | "" | "&" | "or" | "and as of")
}

/// The words around a date, without cutting any, as evidence.
fn around<'a>(sentence: &'a str, at: &Range<usize>) -> &'a str {
    const BEFORE: usize = 90;
    let mut start = at.start.saturating_sub(BEFORE);
    while !sentence.is_char_boundary(start) {
        start -= 1;
    }
    if start > 0 {
        start += sentence[start..at.start].find(' ').map_or(0, |space| space + 1);
    }
    &sentence[start..at.end]
}
