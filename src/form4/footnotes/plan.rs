//! What a note says of plans by Rule 10b5-1: that a trade was made under one, or was not.

use std::sync::LazyLock;

use super::{Pattern, pattern};

/// The rule's name as filers spell it: `10b5-1`, `10b5-l`, `10b51`, `10b-5-1`, `10(b)5-1`, `10b(5)-1`, `105b-1`, `l0b5-1`.
pub(super) const RULE: &str = r"[1l][0o]\s?-?(?:5\s?b|\(?b\)?[\s\-‐‑–—.]{0,3}\(?5\)?)[\s\-‐‑–—.(]{0,3}0?[1li](?:\b|c\b|trading|plan|sales)|10\(?b\)?\s?-?\s?5\s+(?:\w+\s+){0,2}(?:plan|arrangement|instruction)";

/// Plans to sell that are called so without the rule's number.
pub(super) const SALES_PLAN: &str = r"(?:pre-?\s?arranged|pre-?\s?established|pre-?existing|pre-?determined|pre-?set|previously\s+(?:adopted|established)|written|automatic)\s+(?:(?:stock|share|securities|written|trading|sales?|selling|disposition)\s+){0,3}(?:plans?|trading\s+instructions)|(?:trading|selling|sales|stock\s+sale|share\s+sale|(?:share|securities)\s+disposition|diversification)\s+plans?";

/// How a trade relates to the plan that it is made under.
const BY: &str = r"(?:pursuant\s+to|under|in\s+accordance\s+with|in\s+connection\s+with|in\s+compliance\s+with|through|by\s+means\s+of|part\s+of|per|via|by\s+(?:a|the)|using)";

pub(super) static MENTION: LazyLock<Pattern> = LazyLock::new(|| pattern(&format!(r"(?:{RULE})")));
static POLICY: LazyLock<Pattern> = LazyLock::new(|| pattern(&format!(r"(?:{RULE})\s+polic(?:y|ies)")));
static UNDER_RULE: LazyLock<Pattern> =
    LazyLock::new(|| pattern(&format!(r"\b{BY}\b[^;]{{0,160}}?(?:{RULE})")));
static UNDER_SALES_PLAN: LazyLock<Pattern> =
    LazyLock::new(|| pattern(&format!(r"\b{BY}\b[^;]{{0,80}}?\b(?:{SALES_PLAN})\b")));
/// Of a plan that the note, or another, has named: "under such plan", "pursuant to the 2016 Plan".
static UNDER_NAMED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"\b{BY}\s+(?:the|such|that|this|said|his|her|their|same)\s+(?:(?:same|said|above|aforementioned|foregoing|[\w.'’]+)\s+){{0,4}}(?:plan|arrangement|instructions?|program)\b"
    ))
});

static DENIAL: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?:not|never|none|neither|nor)\b(?P<gap>[^;]{{0,80}}?)\b(?:{BY}|covered\s+by|subject\s+to|within|adopted|have|entered\s+into|used)\b[^;]{{0,60}}?(?:{RULE}|{SALES_PLAN})|\b(?:outside(?:\s+of)?|other\s+than(?:\s+{BY})?|apart\s+from|separate\s+from|independent(?:ly)?\s+of|not\s+a\s+party\s+to)\b(?P<apart>[^;]{{0,60}}?)(?:{RULE}|{SALES_PLAN})|\b(?:no|without)\b(?P<away>[^;]{{0,60}}?)(?:{RULE}|{SALES_PLAN})|\bnon-?(?:rule\s+)?(?:{RULE})|\bnot\s+pre-?\s?(?:arranged|planned|scheduled)"
    ))
});
static NAMED_DENIAL: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?:not|never|none|neither)\b(?P<gap>[^;]{{0,80}}?)\b(?:{BY}|covered\s+by|subject\s+to|within|used\s+for)\s+(?:(?:any|such|that|the|this|said|his|her|their)\s+(?:[\w.'’-]+\s+){{0,3}}(?:plans?|arrangements?|program)|it|them)\b|\b(?:outside(?:\s+of)?|other\s+than\s+{BY}|apart\s+from|independent(?:ly)?\s+of)\s+(?:any|such|that|the|this|said|his|her|their)\s+(?:[\w.'’-]+\s+){{0,3}}(?:plan|arrangement|program)\b"
    ))
});
/// "All sales, other than the one in line 3, were made under a plan".
static EXCEPTED: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\b(?:was|were|is|are|one|lines?|rows?)\b"));
/// What is not, though a plan is: discretion, knowledge.
static NOT_OF_PLAN: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:discretion\w*|represent\w*|possess\w*|aware|knowledge|limited|later|influence|control|only|inside|material|directed?)\b",
    )
});

/// A plan that is not this trade's: of the future, of the past, of somebody else.
static NOT_THIS: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\bmay\s+(?:\w+\s+)?(?:sell|enter|adopt|be\s+(?:sold|made|effected))\b|\bintends?\s+to\b|\bexpects?\s+to\b|\bfuture\s+sales?\b|\bany\s+future\b|\bremain\w*\s+(?:subject|available|covered|to\s+be)\b|\bwill\s+be\b|\b(?:terminated|cancel+ed|revoked)\s+(?:[\w.'’]+\s+){0,4}$|^\W*(?:excludes|does\s+not\s+include)\b|\bpower\s+of\s+attorney\b|\bexceptions?\b|\bafter\s+the\s+(?:sale|transaction)s?\b|\bhave\s+yet\s+to\b|\bdisclaims\s+any\s+interest\s+in\s+shares\s+sold\b",
    )
});
/// What is done under some plans and is no sale.
static OTHER_ACT: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:distributions?|distributed|gifts?|gifted|donat\w+|purchase[sd]?|acquired|repurchas\w+|buy-?\s?back)\b",
    )
});
static TRADE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:s[oe]ll\w*|sold|sales?|transactions?|trad(?:es?|ed)|dispos\w+|effected|executed|exercis\w+)\b",
    )
});
/// A plan to reward people, not to sell.
pub(super) static REWARD: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:incentive|equity|options?|award|compensation|purchase|bonus|savings|401\(k\)|retirement|deferr\w+|omnibus|(?:re)?investment|performance|ownership|stock|share|employee|benefit|severance|pension|thrift)\s+(?:\w+\s+)?plans?\b",
    )
});

/// Whether a sentence says that something was traded under a plan, by the rule's number or a plan's usual name: the words
/// that say so.
pub(super) fn says_plan(sentence: &str) -> Option<&str> {
    if POLICY.is_match(sentence) {
        return None;
    }
    let found = UNDER_RULE
        .find(sentence)
        .or_else(|| MENTION.find(sentence))
        .or_else(|| UNDER_SALES_PLAN.find(sentence))?;
    let named = MENTION
        .find(sentence)
        .map_or(start_in(sentence, found) + found.len(), |words| start_in(sentence, words));
    let before = &sentence[..named];
    let of_another_act = OTHER_ACT.is_match(sentence) && !TRADE.is_match(sentence);
    (!of_another_act && !NOT_THIS.is_match(before)).then_some(found)
}

/// Whether a sentence speaks of a plan by a name that it, or another note, gave it.
pub(super) fn says_named_plan(sentence: &str) -> Option<&str> {
    let found = UNDER_NAMED.find(sentence)?;
    (!REWARD.is_match(found) && !NOT_THIS.is_match(&sentence[..start_in(sentence, found)])).then_some(found)
}

/// Whether a sentence says that something was not traded under a plan.
pub(super) fn says_no_plan(sentence: &str) -> Option<&str> {
    let (found, gap) = DENIAL.find_with(sentence, "gap")?;
    let (_, away) = DENIAL.find_with(sentence, "away")?;
    let (_, apart) = DENIAL.find_with(sentence, "apart")?;
    let denies = !NOT_OF_PLAN.is_match(gap) && !TRADE.is_match(away) && !EXCEPTED.is_match(apart);
    denies.then_some(found)
}

/// Likewise of a plan that was named before.
pub(super) fn denies_named_plan(sentence: &str) -> Option<&str> {
    let (found, gap) = NAMED_DENIAL.find_with(sentence, "gap")?;
    (!NOT_OF_PLAN.is_match(gap) && !REWARD.is_match(found)).then_some(found)
}

/// Whether a note names a plan by the rule's number.
pub(super) fn names_rule(text: &str) -> bool {
    MENTION.is_match(text)
}

fn start_in(sentence: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(sentence.as_ptr() as usize).min(sentence.len())
}
