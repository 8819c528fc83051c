//! Decides whether words of a sentence are about a sale that happened, rather than one that is denied or only
//! possible.

use std::sync::LazyLock;

use super::pattern::{Pattern, pattern, start_in};

/// Those who count only if a debt is mentioned: each also sells for owners who asked for it.
pub(super) const BANK: &str = r"(?:banks?|(?:stock)?brokers?|broker-?\s?dealers?|brokerage(?:\s+(?:firm|house|company))?|financial\s+institutions?|custodian|counterpart(?:y|ies)|prime\s+broker|administrative\s+agent|dealer|note\s?holders?)";

/// A sale, and the words that mean one in a note of a sale's row.
const SALE: &str = r"\b(?:sold|sales?|sell(?:ing)?|dispos(?:ed?|als?|itions?)|liquidat\w+|foreclosed|seized|auction\w*|closed\s+out|transactions?|trades?)\b|^(?:it|they|this|these)\s+(?:was|were)\b";

pub(super) static SALES: LazyLock<Pattern> = LazyLock::new(|| pattern(SALE));

/// Words that say that it did not happen, or is only possible.
pub(super) static UNREAL: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:not|no|never|nor|neither|none|avoid\w*|prevent\w*|avert\w*|forestall\w*|pre-?empt\w*|(?:head|stave)\s+off|ahead\s+of|fear\w*|expect\w*|anticipat\w+|potential|possible|possibility|threat\w*|future|(?-i:may)|might|could|would|can|will|if|unless|prior\s+to|before|in\s+the\s+event|in\s+case|subject\s+to|absent|other\s+than|risk|without\s+(?:an?|any)|until|unrelated)\b",
    )
});

static RIGHT: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\brights?\b"));

static RIGHT_USED: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:exercis\w+|assert\w+|invok\w+|enforc\w+)\b"));

static MAY_SELL: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:(?-i:may)|might|could|would|can|will|shall)\s+(?:\w+\s+){0,3}(?:sold|sell|liquidated?|foreclosed?|dispose[ds]?|seized?|require[ds]?|exercise[ds]?|force[ds]?|cause[ds]?|order(?:ed)?)\b",
    )
});

static HAS_SOLD: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"\b(?:was|were|been|has|have|had)\s+(?:\w+\s+)?(?:sold|foreclosed|liquidated|seized)\b")
});

static LISTED: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r",?\s*(?:\b(?:or|nor|and)\s+)?(?:\b(?:an?|any|the)\s+){0,2}$"));

/// The part of a sentence before a place, at most `most` bytes: a sentence may have thousands of words to
/// examine.
pub(super) fn before(sentence: &str, at: usize, most: usize) -> &str {
    let mut from = at.saturating_sub(most);
    while !sentence.is_char_boundary(from) {
        from += 1;
    }
    &sentence[from..at]
}

/// The part of a clause before a place; a comma right before the place is that of a list.
pub(super) fn clause(sentence: &str, at: usize) -> &str {
    const LONGEST: usize = 90;
    let near = before(sentence, at, LONGEST);
    let near = LISTED.find(near).map_or(near, |joint| &near[..start_in(near, joint)]);
    let cut = [",", ";", ":", "(", " but ", " rather ", " instead "];
    let starts = |text: &str| cut.iter().filter_map(|mark| Some(text.rfind(mark)? + mark.len())).max();
    let mut start = starts(near).unwrap_or(0);
    // So is a comma two or three words before it.
    while start > 0 && near[..start].ends_with(',') && near[start..].split_whitespace().count() <= 3 {
        start = starts(&near[..start - 1]).unwrap_or(0);
    }
    &near[start..]
}

/// "The sale was not voluntary, but …": the choice is denied, not the sale.
static NO_CHOICE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:not|never)\s+(?:\w+\s+){0,2}(?:voluntar\w*|discretionary|initiated|authori[sz]ed|directed|approved|decided|controlled|requested|at\s+the|at\s+his|at\s+her)|\b(?:was|were|became)\s+subject\s+to|\b(?:could|did|was|were)\s+not\s+(?:able\s+to\s+)?(?:meet|satisf\w+|cover|cure|post|re-?pay|answer)",
    )
});

/// Somebody's house was foreclosed on.
pub(super) static HOUSE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:(?:his|her|their|a|the|whose)\s+(?:house|home)\s+(?:had|was|which|that|is|has)|(?:his|her|their|a)\s+(?:house|home)\b|residence|condominium|apartment|building|real\s+estate|farm\b)",
    )
});

/// A call that was met without these shares.
static PAID: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:calls?|deficiency|shortfall|judge?ment)\s+(?:\w+\s+){0,2}(?:in|with)\s+cash\b|\bby\s+(?:depositing|wiring)\b",
    )
});

/// True if words of a sentence are about something that happened.
pub(super) fn is_real(sentence: &str, words: &str) -> bool {
    let at = start_in(sentence, words);
    let around = before(sentence, at + words.len(), words.len() + 200);
    let before = clause(sentence, at);
    let unreal = UNREAL.is_match(before) && !NO_CHOICE.is_match(before);
    let house = HOUSE.is_match(self::before(sentence, at, 40)) || PAID.is_match(sentence);
    !unreal && !house && (!RIGHT.is_match(before) || RIGHT_USED.is_match(around))
}

/// The part of a sentence about what happened, before what may happen.
pub(super) fn happened(sentence: &str) -> Option<&str> {
    if HAS_SOLD.is_match(sentence) {
        return Some(sentence);
    }
    let may = MAY_SELL.ranges(sentence).first().map_or(sentence.len(), |may| may.start);
    let before = &sentence[..may];
    (may == sentence.len() || DONE.is_match(before)).then_some(before)
}

static DONE: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:sold|liquidated|foreclosed|seized|disposed)\b"));

/// "Not ordered by a court and not made by a creditor".
pub(super) fn is_denied(gap: &str) -> bool {
    NOT_MADE.is_match(gap) && !gap.contains("but ")
}

static NOT_MADE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:not|never|neither)\s+(?:made|effected|caused|executed|initiated|sold|ordered|required|forced|requested|(?:the\s+|an?\s+)?(?:result|consequence|product)\s+of|due\s+to)\b",
    )
});
