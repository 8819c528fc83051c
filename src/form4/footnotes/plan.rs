//! What a note says of plans by Rule 10b5-1: that a trade was made under one, that it was not, and when it was adopted.

use std::ops::Range;
use std::sync::LazyLock;


use super::date::{self, Found};
use super::{Pattern, pattern};
use crate::filing::PlanDate;

/// The rule's name as filers spell it: `10b5-1`, `10b5-l`, `10b51`, `10b-5-1`, `10(b)5-1`, `10b-51`, `105b-1`.
const RULE: &str = r"10\s?-?(?:5\s?b|\(?b\)?[\s\-‐‑–—.]{0,3}5)[\s\-‐‑–—.(]{0,3}0?[1li](?:\b|c\b)|10\(?b\)?\s?-?\s?5\s+(?:\w+\s+){0,2}(?:plan|arrangement|instruction)";

/// Plans to sell that are called so without the rule's number.
const SALES_PLAN: &str = r"(?:pre-?\s?arranged|pre-?\s?established|pre-?existing|pre-?determined|previously\s+(?:adopted|established)|written|automatic)\s+(?:(?:stock|share|securities|written|trading|sales?|selling|disposition)\s+){0,3}plans?|(?:trading|selling|sales|stock\s+sale|share\s+sale|(?:share|securities)\s+disposition|diversification)\s+plans?";

static MENTION: LazyLock<Pattern> = LazyLock::new(|| pattern(RULE));
static UNDER: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?:pursuant\s+to|under|in\s+accordance\s+with|in\s+connection\s+with|through|part\s+of|by\s+(?:a|the))\b[^.;]{{0,80}}?\b(?:{SALES_PLAN})\b"
    ))
});
static DENIAL: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?:not|never)\s+(?:been\s+)?(?:(?:made|effected|effectuated|sold|executed|conducted|undertaken|entered\s+into|carried\s+out|done|automatically|transacted)\s+){{0,2}}(?:pursuant\s+to|under|part\s+of|in\s+accordance\s+with|covered\s+by|subject\s+to|within|through)\b[^.;]{{0,60}}(?:{RULE}|{SALES_PLAN})|\b(?:no|outside(?:\s+of)?|other\s+than\s+(?:pursuant\s+to|under)|without)\s+(?:a\s+|an\s+|any\s+|the\s+|of\s+)?(?:such\s+)?(?:rule\s+)?(?:{RULE})"
    ))
});
/// What is done under some plans and is no sale.
static OTHER_ACT: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:distributions?|distributed|gifts?|gifted|donat\w+|purchase[sd]?|acquired)\b"));
static TRADE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"\b(?:s[oe]ll\w*|sold|sales?|transactions?|trad(?:es?|ed)|dispos\w+|effected|executed)\b")
});
/// A plan to reward people, not to sell.
static REWARD: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:incentive|equity|option|award|compensation|purchase|bonus|savings|401\(k\)|retirement|deferr\w+|omnibus|reinvestment|performance|stock|share)\s+(?:\w+\s+)?plans?\b",
    )
});
static ANY_PLAN: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:plans?|instructions?(?:\s+letter)?|arrangements?)\b"));

/// Whether a sentence says that something was traded under a plan: the words that say so.
pub(super) fn says_plan(sentence: &str) -> Option<&str> {
    if says_no_plan(sentence).is_some() {
        return None;
    }
    let found = MENTION.find(sentence).or_else(|| UNDER.find(sentence))?;
    let of_another_act = OTHER_ACT.is_match(sentence) && !TRADE.is_match(sentence);
    (!of_another_act).then_some(found)
}

/// Whether a sentence says that something was not traded under a plan.
pub(super) fn says_no_plan(sentence: &str) -> Option<&str> {
    DENIAL.find(sentence)
}

static ADOPTION: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"^(?:adopt\w*|enter(?:ed|ing)?\s+into)$"));
static OF_ITS_NOUN: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"^(?:establish\w*|execut\w*|institut\w*|implement\w*|put\s+in(?:to)?\s+place|set\s+up|created|signed|dated|initiated)$")
});
static SENSE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:adopt\w*|enter(?:ed|ing)?\s+into|establish\w*|execut\w*|institut\w*|implement\w*|put\s+in(?:to)?\s+place|set\s+up|created|signed|dated|initiated|amend\w*|modif\w*|restat\w*|renew\w*|replac\w*|expir\w*|terminat\w*|ends?|ended|ending|through|until|effective(?:ness)?|vest\w*|grant\w*|filed|filing|disclosed|began|begin\w*|start\w*|commenc\w*|s[oe]ll\w*|sold|exercis\w*|acquired|purchased|after|before|prior\s+to|between|appointed|resign\w*)\b",
    )
});
static NOUN: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:(?P<plan>plans?|10\s?\(?b\)?\S{0,6}|arrangements?|instructions?|program|letter|contract)|trust|partnership|sales?|transactions?|trades?|shares|stock|options?|awards?|grants?|orders?|agreement|units?|rsus?|note|form)\b",
    )
});
/// Between a word and the date that it governs there are at most so many bytes.
const REACH: usize = 160;

/// The dates on which the plans that a note speaks of were adopted, as against those of their end or amendment, of trusts,
/// awards and trades.
pub(super) fn adopted<'a>(sentences: &[&'a str]) -> Vec<(PlanDate, &'a str)> {
    let named = sentences.iter().any(|sentence| MENTION.is_match(sentence) || UNDER.is_match(sentence));
    sentences
        .iter()
        .filter(|sentence| {
            MENTION.is_match(sentence)
                || ANY_PLAN.is_match(sentence) && (named || !REWARD.is_match(sentence))
        })
        .flat_map(|sentence| in_sentence(sentence))
        .collect()
}

fn in_sentence(sentence: &str) -> Vec<(PlanDate, &str)> {
    let dates = date::dates(sentence);
    if dates.is_empty() {
        return Vec::new();
    }
    let words: Vec<(Range<usize>, bool)> =
        SENSE.ranges(sentence).into_iter().map(|at| (at.clone(), means_adoption(sentence, &at))).collect();
    let mut used = vec![false; words.len()];
    let mut adoption: Vec<Option<bool>> = vec![None; dates.len()];
    // A word before a date governs it, each word one date.
    for (i, found) in dates.iter().enumerate() {
        let near = |at: &Range<usize>| at.end <= found.at.start && found.at.start - at.end <= REACH;
        let before = (0..words.len()).rev().find(|&w| !used[w] && near(&words[w].0));
        if let Some(word) = before {
            used[word] = true;
            adoption[i] = Some(words[word].1);
        } else if i > 0 && is_and(&sentence[dates[i - 1].at.end..found.at.start]) {
            adoption[i] = adoption[i - 1];
        }
    }
    // "On March 4, 2022, she adopted a plan"; "his March 2022 Rule 10b5-1 plan".
    for (i, found) in dates.iter().enumerate() {
        let until = dates.get(i + 1).map_or(sentence.len(), |next| next.at.start);
        let after = &sentence[found.at.end..until];
        let names_plan = MENTION.ranges(after).first().is_some_and(|at| after[..at.start].trim().len() <= 5);
        let behind = (0..words.len()).find(|&w| words[w].0.start >= found.at.end && words[w].0.start < until);
        let leads = adoption[i].is_none()
            && behind.is_some_and(|w| !used[w] && words[w].1 && words[w].0.start - found.at.end <= REACH);
        if names_plan && adoption[i] != Some(false) || leads {
            adoption[i] = Some(true);
        }
    }
    let adopted = dates.iter().zip(adoption).filter(|(_, adoption)| *adoption == Some(true));
    adopted.map(|(Found { at, date }, _)| (*date, around(sentence, at))).collect()
}

/// Whether a word makes the date beside it one of adoption: by itself, or for words that are said of trusts and trades too,
/// by the noun that it is said of.
fn means_adoption(sentence: &str, at: &Range<usize>) -> bool {
    let word = &sentence[at.clone()];
    if ADOPTION.is_match(word) {
        return true;
    }
    OF_ITS_NOUN.is_match(word)
        && NOUN
            .last_has(&sentence[..at.start], "plan")
            .or_else(|| NOUN.first_has(&sentence[at.end..], "plan"))
            .unwrap_or(false)
}

fn is_and(between: &str) -> bool {
    matches!(between.trim().trim_matches(',').trim(), "and" | "and on" | "" | "&" | "or" | "and as of")
}

/// The words around a date, whole ones, as evidence.
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
