//! A note's statements about Rule 10b5-1 plans: that a trade was made under one, or was not.

use std::sync::LazyLock;

use super::keywords::Keywords;
use super::pattern::{Pattern, pairs, pairs_before, pattern, start_in};
use super::statement::Kind;

/// The rule's name as filers spell it: `10b5-1`, `10b5-l`, `10b51`, `10b-5-1`, `10(b)5-1`, `10b(5)-1`,
/// `105b-1`, `l0b5-1`.
pub(super) const RULE: &str = r"[1l][0o]\s?-?(?:5\s?b|\(?b\)?[\s.-]{0,3}\(?5\)?)[\s.(-]{0,3}0?[1li](?:\b|c\b|trading|plan|sales)|10\(?b\)?\s?-?\s?5\s+(?:\w+\s+){0,2}(?:plan|arrangement|instruction)";

/// Plans to sell that are named without the rule's number.
pub(super) const SALES_PLAN: &str = r"\b(?:(?:pre-?\s?arranged|pre-?\s?established|pre-?existing|pre-?determined|pre-?set|previously\s+(?:adopted|established)|written|automatic)\s+(?:(?:stock|share|securities|written|trading|sales?|selling|disposition)\s+){0,3}(?:plans?|trading\s+instructions)|(?:trading|selling|sales|stock\s+sale|share\s+sale|(?:share|securities)\s+disposition|diversification)\s+plans?)\b";

/// How a trade relates to the plan under which it is made.
const BY: &str = r"\b(?:pursuant\s+to|under|in\s+accordance\s+with|in\s+connection\s+with|in\s+compliance\s+with|through|by\s+(?:means|operation)\s+of|part\s+of|per|via|by\s+(?:a|the)|using)\b";

pub(super) static MENTION: LazyLock<Pattern> = LazyLock::new(|| pattern(RULE));
static POLICY: LazyLock<Pattern> = LazyLock::new(|| pattern(&format!(r"(?:{RULE})\s+polic(?:y|ies)")));
static SALES: LazyLock<Pattern> = LazyLock::new(|| pattern(SALES_PLAN));
static NAME: LazyLock<Pattern> = LazyLock::new(|| pattern(&format!("{RULE}|{SALES_PLAN}")));
static RELATED: LazyLock<Pattern> = LazyLock::new(|| pattern(BY));
static UNDER: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:pursuant\s+to|under|in\s+accordance\s+with|in\s+compliance\s+with|through|by\s+means\s+of|part\s+of|per|via|using)\b",
    )
});
/// For a plan that this or another note has named: "under such plan", "pursuant to the 2016 Plan".
static UNDER_NAMED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"{BY}\s+(?:the|such|that|this|said|his|her|their|same)\s+(?:[\w.']+\s+){{0,4}}(?:plan|arrangement|instructions?|program)\b"
    ))
});

static NOT: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\b(?:not|never|none|neither|nor|cannot)\b|n't\b"));
static APPLIES: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"{BY}|\b(?:covered\s+by|subject\s+to|within|adopted|have|entered\s+into|used|a\s+party\s+to)\b"
    ))
});
static APART: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:outside(?:\s+of)?|other(?:wise)?\s+than|rather\s+than|apart\s+from|separate(?:ly)?\s+from|in\s+the\s+absence\s+of|independent(?:ly)?\s+of)\b",
    )
});
/// "He terminated his Rule 10b5-1 plan": later sales are not under it.
static ENDED: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:terminated|cancel+ed|revoked)\s+(?:a|an|any|his|her|their|its|the)\b"));
static ENDED_BEFORE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:terminated|cancel+ed|revoked|expired|ended)\s+(?:[\w,]+\s+){0,5}?(?:before|prior\s+to)\s+(?:this|the|these)\s+(?:\w+\s+)?(?:sales?|transactions?|trades?)\b",
    )
});
/// "The shares that were not sold under the plan": shares other than these.
static UNSOLD: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"\bshares\s+(?:that|which)\s+(?:were|are|have|had)\s+not\s+(?:yet\s+)?(?:been\s+)?sold\b")
});
static BOX: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\b(?:box|checkbox)\b"));
static LOCK_UP: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\block-?\s?up\b"));
static COVERS_NOT: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:did|does|do)(?:\s+not|n't)\s+(?:cover|include|apply)\b"));
static WITHOUT: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\b(?:no|without)\b"));
/// "No shares were sold under the plan".
static NO_TRADE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"^no\s+(?:shares|such\s+(?:sales?|transactions?)|sales?|transactions?|trades?|part|portion)\b")
});
static DENIED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?:non-?\s?|not\s+(?:an?\s+)?)(?:rule\s+)?(?:{RULE})|(?:{RULE})(?:\s+(?:trading\s+)?plan)?(?:\s*:\s*(?:n/?a|none|no|not\s+applicable)\b|\s+(?:is|was)\s+not\s+applicable)|\bnot\s+pre-?\s?(?:arranged|planned|scheduled)"
    ))
});
static NAMED_OBJECT: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"(?:{BY}|\b(?:covered\s+by|subject\s+to|within|used\s+for)\b)\s+(?:(?:any|such|that|the|this|said|his|her|their)\s+(?:[\w.'-]+\s+){{0,3}}(?:plans?|arrangements?|program)|it|them)\b"
    ))
});
static NAMED_APART: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?:outside(?:\s+of)?|other\s+than\s+(?:{BY})|apart\s+from|independent(?:ly)?\s+of)\s+(?:any|such|that|the|this|said|his|her|their)\s+(?:[\w.'-]+\s+){{0,3}}(?:plan|arrangement|program)\b|\boutside\s+(?:of\s+)?(?:it|them)\b"
    ))
});
/// "All sales, other than the one in line 3, were made under a plan".
static EXCEPTED: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\b(?:was|were|is|are|one|lines?|rows?)\b"));
/// Things that are absent although there is a plan: discretion, knowledge.
static NOT_OF_PLAN: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:discretion\w*|represent\w*|possess\w*|aware|knowledge|limited|later|influence|control|only|inside|material|directed?|includ\w*|exclud\w*|ability|able|yet|marked|checked|box|checkbox|amended|new|conditions|required\s*,|timely|registered|notice|previously)\b|^\s*required\s*,",
    )
});

/// A plan that is not this trade's: of the future, of the past, of somebody else.
static NOT_THIS: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\bmay\s+(?:\w+\s+)?(?:sell|enter|adopt|be\s+(?:sold|made|effected))\b|\bintends?\s+to\b|\bexpects?\s+to\b|\bfuture\s+sales?\b|\bany\s+future\b|\bremain\w*\s+(?:subject|available|covered|to\s+be)\b|\bwill\s+be\b|\b(?:terminated|cancel+ed|revoked)\s+(?:[\w.']+\s+){0,4}$|^\s*\(?(?:excludes|does\s+not\s+include)\b|\bpower\s+of\s+attorney\b|\bexceptions?\b|\bafter\s+the\s+(?:sale|transaction)s?\b|\bhave\s+yet\s+to\b|\bdisclaims\s+any\s+interest\s+in\s+shares\s+sold\b",
    )
});
/// Only the plan is mentioned: its purpose, when it begins, whose it is.
static OF_A_PLAN: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:commenc\w*|begin|begins|beginning|scheduled|expired|to\s+be\s+sold|remaining|future|spouse|has\s+been\s+amended|(?:are|is)\s+(?:subject\s+to|covered\s+by)|may\s+(?:be\s+sold|sell)|former\s+employer)\b",
    )
});
/// Things that are done under some plans and are not sales.
static OTHER_ACT: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:distributions?|distributed|gifts?|gifted|donat\w+|purchase[sd]?|acquired|repurchas\w+|buy-?\s?back)\b",
    )
});
static TRADE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:s[oe]ll\w*|sold|sales?|transactions?|trad(?:es?|ed)|dispos\w+|effected|executed|exercis\w+|orders?|carried\s+out)\b",
    )
});
/// A plan to reward people, not to sell.
pub(super) static REWARD: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:incentive|equity|options?|award|compensation|purchase|bonus|savings|401\(k\)|retirement|deferr\w+|omnibus|(?:re)?investment|performance|ownership|stock|share|employee|benefit|severance|pension|thrift)\s+(?:\w+\s+)?plans?\b",
    )
});

/// No sentence denies a plan without one of these words.
static DENIAL: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"n't\b|\b(?:n(?:ot?|on|one|or|ever|either)\b|n/a|cannot|non|before|prior\s+to|otherwise|rather|absence|lapsed|without|outside|other\s+than|apart|separate|independent|after|following|since|subsequent|upon\s+[tec])",
    )
});
static ENDING: LazyLock<Pattern> = LazyLock::new(|| pattern(r"terminated|cancel|revoked|expired|ended"));

/// Reads a sentence's statements about plans, each with its words.
pub(super) fn read(sentence: &str, keywords: Keywords) -> [Option<(Kind, &str)>; 4] {
    let when = |there: bool, reader: fn(&str) -> Option<&str>| if there { reader(sentence) } else { None };
    let by_rule = keywords.has(Keywords::PLAN);
    let denies = DENIAL.is_match(sentence);
    let no_plan = when(by_rule && denies, says_no_plan);
    let no_named = when(denies, denies_named_plan);
    let denied = no_plan.is_some() || no_named.is_some();
    let said = |kind: Kind, words: Option<_>| words.map(|words| (kind, words));
    [
        said(Kind::NoPlan, no_plan).or_else(|| said(Kind::Plan, when(by_rule && !denied, says_plan))),
        said(Kind::EndedPlan, when(by_rule && ENDING.is_match(sentence), says_ended)),
        said(Kind::NamedPlan, when(keywords.has(Keywords::ANY_PLAN), says_named_plan)),
        said(Kind::NoNamedPlan, no_named),
    ]
}

/// Returns the words with which a sentence that denies no plan says that something was traded under one, by
/// the rule's number or a plan's usual name.
fn says_plan(sentence: &str) -> Option<&str> {
    let mentions = MENTION.ranges(sentence);
    let mention = mentions.first().cloned();
    let by_rule = || {
        let mention = mention.clone()?;
        Some(
            pairs_before(sentence, &RELATED, mentions, 160)
                .next()
                .map_or(&sentence[mention], |pair| pair.words),
        )
    };
    let by_name = || pairs(sentence, &RELATED, &SALES, 80).next().map(|pair| pair.words);
    let found = by_rule().or_else(by_name)?;
    if POLICY.is_match(sentence) {
        return None;
    }
    let named = mention.map_or(start_in(sentence, found) + found.len(), |mention| mention.start);
    let related = pairs(sentence, &UNDER, &NAME, 160).next().is_some();
    let of_another_act =
        !related && OF_A_PLAN.is_match(sentence) || OTHER_ACT.is_match(sentence) && !TRADE.is_match(sentence);
    (!of_another_act && !NOT_THIS.is_match(&sentence[..named])).then_some(found)
}

static OF_AN_AWARD: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:granted|acquired|issued|awarded|held|vested|company's|issuer's|corporation's|401\(k\)|trustee|terms\s+of\s+the\s+plan)",
    )
});

/// Returns the words with which a sentence mentions a plan by a name that this or another note gave it.
fn says_named_plan(sentence: &str) -> Option<&str> {
    let governed = pairs(sentence, &TRADE, &UNDER_NAMED, 80).find(|pair| !OF_AN_AWARD.is_match(pair.words));
    let found = governed.map(|pair| pair.words).or_else(|| {
        let found = UNDER_NAMED.find(sentence)?;
        sentence[..start_in(sentence, found)].trim().is_empty().then_some(found)
    })?;
    (!REWARD.is_match(found)
        && !OF_AN_AWARD.is_match(found)
        && !NOT_THIS.is_match(&sentence[..start_in(sentence, found)]))
    .then_some(found)
}

/// Returns the words with which a sentence says that something was not traded under a plan.
fn says_no_plan(sentence: &str) -> Option<&str> {
    if let Some(words) = DENIED.find(sentence) {
        return Some(words);
    }
    let names = NAME.ranges(sentence);
    if names.is_empty() {
        return None;
    }
    let negated = || {
        pairs_before(sentence, &NOT, names.clone(), 140)
            .filter(|pair| !BOX.is_match(&sentence[..start_in(sentence, pair.words)]))
            .filter(|_| !UNSOLD.is_match(sentence))
            .find(|pair| APPLIES.is_match(pair.gap) && !NOT_OF_PLAN.is_match(pair.gap))
            .map(|pair| pair.words)
    };
    let apart = || {
        pairs_before(sentence, &APART, names.clone(), 70)
            .find(|pair| !EXCEPTED.is_match(pair.gap))
            .filter(|_| !LOCK_UP.is_match(sentence))
            .map(|pair| pair.words)
    };
    let without = || {
        pairs_before(sentence, &WITHOUT, names.clone(), 60)
            .find(|pair| {
                let bare = !TRADE.is_match(pair.gap) && !RELATED.is_match(pair.gap);
                bare || NO_TRADE.is_match(pair.words) && !APART.is_match(pair.gap)
            })
            .map(|pair| pair.words)
    };
    let uncovered = || pairs(sentence, &NAME, &COVERS_NOT, 40).next().map(|pair| pair.words);
    negated()
        .or_else(|| after_end(sentence))
        .or_else(|| LEFT_OUT.find(sentence))
        .or_else(apart)
        .or_else(without)
        .or_else(uncovered)
}

/// "Sold after the termination of the plan", "not intended to satisfy Rule 10b5-1(c)".
fn after_end(sentence: &str) -> Option<&str> {
    let under = |words: &str| UNDER.is_match(&sentence[..start_in(sentence, words)]);
    let apart = |words: &&str| TRADE.is_match(&sentence[..start_in(sentence, words)]) && !under(words);
    let ended = pairs(sentence, &AFTER_END, &NAME, 40).next();
    let after = || pairs(sentence, &AFTER, &NAME_ENDED, 30).next();
    let unintended = || pairs(sentence, &UNINTENDED, &NAME, 80).next();
    ended.or_else(after).or_else(unintended).map(|pair| pair.words).filter(apart)
}
static AFTER: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\b(?:after|following|since|subsequent\s+to)\b"));
static AFTER_END: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:after|following|since|subsequent\s+to|upon)\s+(?:the\s+|an?\s+)?(?:early\s+)?(?:termination|expiration|expiry|cancel+ation|end|completion)\s+of\b|\b(?:before|prior\s+to)\s+(?:(?:he|she|they|the\s+reporting\s+persons?)\s+(?:had\s+)?(?:adopted|entered\s+into)|(?:the\s+)?adoption\s+of)\b",
    )
});
static NAME_ENDED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"(?:{RULE}|{SALES_PLAN})(?:\s+(?:trading|sales)?\s*plan)?\s+(?:(?:had|has|was|been)\s+){{0,2}}(?:terminated|cancel+ed|expired|ended|lapsed)\b"
    ))
});
static UNINTENDED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"\bnot\s+(?:intended\s+to\s+)?(?:satisfy|satisfied|qualify|comply|rely|made\s+in\s+reliance)\b")
});
/// "The sales in the first row were made under the plan; this sale was not."
static LEFT_OUT: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:this|these|the\s+(?:present|reported))\s+(?:(?:row|sale|transaction|trade|disposition)s?\s+)?(?:was|were|is|are)\s+not\s*[.;)]*$",
    )
});

/// Returns the words with which a sentence says that a plan ended: later sales are not under it, unless the
/// note says so.
fn says_ended(sentence: &str) -> Option<&str> {
    let ended = pairs(sentence, &ENDED, &NAME, 30).next();
    ended.or_else(|| pairs(sentence, &NAME, &ENDED_BEFORE, 60).next()).map(|pair| pair.words)
}

/// True if a sentence says that a trade was made under a plan, rather than that there is one.
pub(super) fn is_plain(sentence: &str) -> bool {
    const SHORT: usize = 60;
    let under = pairs(sentence, &UNDER, &NAME, 160).next();
    sentence.len() <= SHORT
        || under.is_some_and(|pair| {
            let before = &sentence[..start_in(sentence, pair.words)];
            TRADE.is_match(before) || TRADE.is_match(pair.gap) || before.trim().is_empty()
        })
}

/// Likewise for a plan that was named before.
fn denies_named_plan(sentence: &str) -> Option<&str> {
    let negated = pairs(sentence, &NOT, &NAMED_OBJECT, 80)
        .find(|pair| !NOT_OF_PLAN.is_match(pair.gap) && !REWARD.is_match(pair.words))
        .map(|pair| pair.words);
    let denied = negated.or_else(|| NAMED_APART.find(sentence).filter(|words| !REWARD.is_match(words)));
    denied.filter(|_| !UNSOLD.is_match(sentence))
}

/// True if a note names a plan by the rule's number.
pub(super) fn names_rule(text: &str) -> bool {
    MENTION.is_match(text)
}
