//! A note's statements that a sale was not the seller's own decision at the time, and that are not reasons by
//! themselves.

use std::sync::LazyLock;

use super::mistake;
use super::pattern::{Pattern, pairs, pattern, start_in};

static SALES: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:sold|sales?|sell(?:s|ing)?|dispos(?:ed|als?|itions?)|liquidat(?:ed|ion|ing)|transactions?|trades?|shares?|exchanged|transfer(?:red)?)\b",
    )
});
static SOLD: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"\b(?:sold|sales?|sell|selling|liquidated|dispose[ds]?|dispositions?|transactions?)\b")
});
/// Not discretionary, mandatory, automatic.
static NOT_CHOSEN: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:non-?\s?discretionary|not\s+(?:\w+\s+){0,4}(?:discretionary|(?:at|in)\s+(?:\w+\s+){0,3}discretion|within\s+(?:\w+\s+){0,4}(?:discretion|control)|voluntary)|(?:no|without)\s+(?:\w+\s+){0,2}discretion|mandatory|mandat(?:ed|es)|compulsory|(?:obligat(?:ed|ory)|obliged|bound)\s+to\s+(?:sell|dispose|divest)|(?:had|have|has)\s+to\s+(?:be\s+sold|sell|divest|dispose)|(?:sold|sales?|made|disposed|disposition|divested)\s+(?:\w+\s+){0,4}(?:in\s+order\s+)?to\s+comply\s+with|certificate\s+of\s+divestiture|outside\s+(?:of\s+)?(?:the\s+reporting\s+persons?'?s?'?|his|her|their)\s+control|condition\s+(?:of|to)\s+(?:the\s+|a\s+|his\s+|her\s+)?(?:\w+\s+){0,3}(?:approval|merger|clearance|appointment|employment|confirmation)|(?:was|were|is|are|been|shares)\s+(?:contractually\s+|legally\s+)?required\s+(?:to\s+(?:sell|be\s+sold|dispose|divest)|by|under|in\s+order\s+to|as\s+a\s+condition|for\s+compliance)|required\s+(?:to\s+(?:sell|divest|dispose)|divest\w+)|(?:requir(?:ed|es|ing)|oblig(?:ed|es|ated|ates))\s+(?:[\w']+\s+){1,4}to\s+(?:sell|divest|dispose)|(?:as|and|sale|sales|divestiture)\s+required\s+(?:by|under)|required\s+sales?|automatic(?:ally)?\s+(?:\w+\s+){0,3}(?:sold|sales?|liquidated|disposed)|(?:sold|sales?|liquidated|disposed|effected|executed)\s+(?:\w+\s+)?automatic(?:ally)?|(?:sales?|transactions?|dispositions?)\s+(?:was|were|is|are|occurred)\s+automatic(?:ally)?)\b",
    )
});
/// Somebody else sold, or decided.
static ANOTHER: LazyLock<Pattern> = LazyLock::new(|| {
    const WHOSE: &str = r"(?:(?:the|an?|his|her|their|reporting\s+persons?'?s?'?|\w+'s)\s+){0,3}";
    pattern(&format!(
        r"\b(?:sold|sales?|made|effected|executed|directed|initiated|decided)\s+(?:\w+\s+){{0,5}}by\s+(?:[\w.&]+(?:\s+[\w.&]+){{0,4}},\s+)?{WHOSE}(?:(?:(?:ex|former|estranged)[\s-]+)?(?:spouse|wife|husband|mother|father|parents?|brother|sister|(?:adult\s+)?(?:son|daughter|child(?:ren)?))|(?:independent|third-?\s?party|unaffiliated|non-?\s?affiliated|outside|external|professional|corporate|institutional)\s+(?:[\w-]+\s+)?(?:trustees?|managers?|advis[eo]rs?|part(?:y|ies)|fiduciar(?:y|ies)|partners?|members?|investors?|general\s+partner))\b|\b(?:spouse|wife|husband)\s+(?:sold|directed|decided|made|effected|executed)\b|\b(?:(?:ex|former|estranged)[\s-]+(?:spouse|wife|husband)|(?:independent|unaffiliated|outside|non-?\s?affiliated)\s+(?:[\w-]+\s+)?(?:trustee|manager|advis[eo]r|fiduciary)|third-?\s?party\s+(?:\w+\s+)?(?:trustee|manager|advis[eo]r)|(?:investment|portfolio|money|account)\s+(?:manager|advis[eo]r))s?,?\s+(?:who\s+|which\s+)?(?:\w+\s+){{0,3}}(?:sold|directed|decided|made|effected|executed|initiated)\b|\b(?:blind\s+trust|(?:accounts?|trusts?|trustees?|managers?|advis[eo]rs?|funds?|entit(?:y|ies)|partnerships?|partners?),?\s+over\s+(?:which|whom)\s+(?:the\s+)?(?:reporting\s+persons?|he|she|they|mr\.?\s+\w+|ms\.?\s+\w+)\s+(?:ha[sd]|have|exercise[sd]?)\s+no\s+(?:\w+\s+){{0,3}}(?:control|power|discretion|authority|influence)|(?:trustees?|managers?|advis[eo]rs?)\b(?:[\w'\s]{{0,60}}),\s+(?:who|which)\s+(?:is|was)\s+not\s+the\s+reporting|reporting\s+persons?\s+(?:is|was)\s+not\s+(?:the|a)\s+trustee\b|(?:does|did)\s+not\s+(?:exercise|have)\s+(?:\w+\s+){{0,3}}(?:control|discretion)\s+over\s+the\s+(?:account|trust|fund|sale)|(?:as|by)\s+(?:the\s+)?(?:sole\s+)?independent\s+trustees?|separately\s+managed\s+accounts?|(?:accounts?|portfolios?|funds?)\s+(?:\w+\s+)?managed\s+by\s+(?:an?\s+)?(?:independent|third-?\s?party|unaffiliated|outside|professional|external)\b|(?:trustees?|managers?|advis[eo]rs?)\s+alone\s+(?:determine|decide|select|choose|direct)\w*|trustees?\s+(?:of\s+(?:\w+\s+){{0,6}})?(?:who|which|that)\s+(?:is|was|are|were)\s+(?:\w+\s+)?(?:independent|unaffiliated|not\s+(?:\w+\s+)?(?:affiliated|related|controlled)))\b"
    ))
});
/// "The reporting person and his spouse decided".
static TOGETHER: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\band\s+(?:his|her|their|the\s+reporting\s+person's)\s*$"));
/// The seller took no part.
static NO_PART: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:without\s+(?:the\s+|any\s+|his\s+|her\s+|their\s+|prior\s+){0,3}(?:reporting\s+persons?'?s?'?\s+)?(?:participation|involvement|input|directions?|instructions?|influence|consult\w+)\b|without\s+(?:the\s+)?(?:prior\s+)?(?:reporting\s+persons?'?s?'?|his|her|their)\s+(?:\w+\s+)?(?:knowledge|action|approval|consent)|without\s+(?:the\s+|any\s+)?(?:prior\s+)?(?:knowledge|action|approval|consent)\s+(?:of|by|from)\s+(?:the\s+)?reporting|not\s+(?:\w+\s+){0,2}(?:initiated|directed|made|decided|controlled|effected|authori[sz]ed|requested|ordered|consulted|involved)\s+(?:by\s+(?:or\s+\w+\s+)?the\s+reporting|in\s+the\s+(?:sale|decision))|did\s+not\s+(?:\w+\s+){0,2}(?:direct|initiate|participate|control|influence|make|decide|exercise|consent)|(?:had|has|have|having|with)\s+no\s+(?:\w+\s+){0,3}(?:control|discretion|influence|say|involvement|input|part)\s+(?:over|of|in|with|on|as\s+to|regarding)\s+(?:\w+\s+){0,5}(?:sales?|timing|decisions?|transactions?|trades?|dispositions?))\b",
    )
});
/// Not the seller.
static ANOTHERS_PART: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"\b(?:lenders?|banks?|brokers?|issuer|company|corporation|underwriters?|court)\s+(?:\w+\s+)?$")
});
/// Other people's claims on the shares, and things that end without a decision to sell.
static CLAIMED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:called\s+away|(?:assigned|assignment)\s+(?:of|on|under|upon|against|and)\s+(?:\w+\s+){0,5}(?:calls?|options?)|(?:call|covered\s+call|put)\s+options?\s+(?:\w+\s+){0,8}(?:assigned|assignment|exercised\s+(?:against|by\s+(?:the|a)\s+(?:holder|counterpart\w+|purchaser|buyer|third)))|(?:covered|written|short)\s+(?:call|calls)\s+(?:\w+\s+){0,4}(?:exercised|assigned|assignment)|drag-?\s?along|squeeze-?\s?out|compulsory\s+acquisition|in\s+lieu\s+of\s+(?:\w+\s+){0,3}fraction\w*|fractional\s+(?:shares?|interests?)\s+(?:\w+\s+){0,6}(?:sold|cash)|(?:converted|cancel+ed)\s+(?:\w+\s+){0,6}(?:in)?to\s+the\s+right\s+to\s+receive|(?:effective\s+time|consummation|closing|completion|result)\s+of\s+(?:the\s+|a\s+)?merger|pursuant\s+to\s+(?:\w+\s+){0,6}merger(?:\s+agreement)?|merger\s+(?:agreement|consideration)|(?:dissolution|winding[\s-]+up|wind-?\s?down|liquidation|termination)\s+of\s+(?:the\s+|a\s+|its\s+|such\s+)?(?:[\w.]+\s+){0,3}(?:fund|partnership|trust|estate|entity|llc|l\.?p)|(?:in\s+(?:\w+\s+){0,2}settlement\s+of|to\s+settle)\s+(?:\w+\s+){0,5}(?:forwards?|swaps?|collars?)|(?:in\s+connection\s+with|incident\s+to|pursuant\s+to|under|part\s+of|as\s+a\s+result\s+of|due\s+to|required\s+by|to\s+fund|terms\s+of)\s+(?:\w+\s+){0,4}(?:divorce|marital|property)\s*(?:settlement|proceedings?|agreement|property)?)\b",
    )
});
static DIVORCE: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\b(?:divorce|marital)\b"));
static SETTLED: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\b(?:property)\s+(?:settlement|agreement)\b"));
static DENIED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:not|no|never|nor|neither|without\s+regard|unrelated|(?-i:may)|might|could|would|will|if|unless|until|prior\s+to|before|after|since|following)\s+(?:\w+\s+){0,4}$",
    )
});
static ACQUIRED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:acquired|received|held|issued|awarded|vest\w*|granted|convert\w*|purchased|own(?:s|ed)|includ\w+|exclud\w+|obtained|transferred|fil(?:e|ed|ing)|report|disclos\w+)\b",
    )
});

/// The words that say that the sale was not the seller's own decision.
pub(super) fn says_otherwise(sentence: &str) -> Option<&str> {
    if !SALES.is_match(sentence) {
        return None;
    }
    let plain = |pattern: &Pattern| {
        let words = pattern.find(sentence)?;
        let at = start_in(sentence, words);
        (!DENIED.is_match(&sentence[..at])).then_some(words)
    };
    let chosen = || plain(&NOT_CHOSEN).filter(|_| SOLD.is_match(sentence));
    let another = || {
        let words = ANOTHER.find(sentence).filter(|_| SOLD.is_match(sentence))?;
        let end = start_in(sentence, words) + words.len();
        let possessive = sentence[end..].starts_with('\'');
        (!possessive && !TOGETHER.is_match(&sentence[..start_in(sentence, words)])).then_some(words)
    };
    let no_part = || {
        let words = NO_PART.find(sentence).filter(|_| SOLD.is_match(sentence))?;
        (!ANOTHERS_PART.is_match(&sentence[..start_in(sentence, words)])).then_some(words)
    };
    let claimed = || {
        let words = plain(&CLAIMED)?;
        let of_property = SETTLED.is_match(words) || !words.to_ascii_lowercase().contains("property");
        let came = ACQUIRED.is_match(&sentence[..start_in(sentence, words)]);
        let kept = DIVORCE.is_match(words)
            && !SOLD.is_match(sentence)
            && !sentence.to_ascii_lowercase().contains("transfer");
        (of_property && !came && !kept).then_some(words)
    };
    chosen().or_else(another).or_else(no_part).or_else(claimed).or_else(|| mistake::says_mistake(sentence))
}

static BOX: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\b(?:box|checkbox|check-?\s?mark|indicator)\b"));
static WRONGLY: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:(?:inadvertently|erroneously|mistakenly|incorrectly|wrongly|improperly|accidentally)\s+(?:been\s+)?(?:checked|ticked|marked|selected|indicated)|(?:checked|ticked|marked|selected|indicated)\s+(?:\w+\s+){0,2}(?:in\s+error|by\s+mistake|inadvertently|erroneously|mistakenly|incorrectly|by\s+accident)|(?:is|was)\s+(?:an?\s+)?(?:\w+\s+)?(?:error|mistake|oversight)|(?:checked|ticked|marked|selected|indicated|completed)\s+(?:due\s+to|because\s+of|owing\s+to|as\s+a\s+result\s+of|through|by)\s+(?:an?\s+)?(?:\w+\s+)?(?:error|mistake|oversight|inadvertence)|should\s+(?:be\s+)?(?:disregarded|ignored|unchecked|(?:left\s+)?blank)|(?:should|is\s+to|must|may)\s+be\s+(?:disregarded|ignored)|should\s+have\s+been\s+(?:left\s+)?(?:blank|unchecked|unmarked)|(?:disregard|ignore)|should\s+not\s+(?:have\s+been|be)\s+(?:checked|ticked|marked|selected))\b",
    )
});
static TICKED: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\b(?:checked|ticked|marked|selected)\b"));
static NOT: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\b(?:not|never|left)\b"));
static BY_ERROR: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:due\s+to|because\s+of|owing\s+to|through|by|as\s+a\s+result\s+of)\s+(?:an?\s+)?(?:\w+\s+)?(?:error|mistake|oversight)\b",
    )
});
static OTHER_BOX: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:section\s+16|form\s+5|no\s+longer\s+subject|director|officer|ten\s+percent|10%|joint|original\w*|previous\w*|prior)\b",
    )
});

/// Returns the words with which a sentence says that the plan's box is ticked in error.
pub(super) fn says_wrong_box(sentence: &str) -> Option<&str> {
    let near =
        pairs(sentence, &BOX, &WRONGLY, 160).next().or_else(|| pairs(sentence, &WRONGLY, &BOX, 60).next());
    let by_error = || {
        let ticked = pairs(sentence, &BOX, &TICKED, 80).find(|pair| !NOT.is_match(pair.gap))?;
        pairs(sentence, &BY_ERROR, &BOX, 80).next().map(|_| ticked.words)
    };
    near.map(|pair| pair.words).or_else(by_error).filter(|_| !OTHER_BOX.is_match(sentence))
}
