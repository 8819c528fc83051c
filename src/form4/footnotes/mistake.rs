//! Sales that nobody asked for: unauthorised, by mistake, by fraud, or without the seller's knowledge.

use std::sync::LazyLock;

use super::happened::{BANK, SALES, before, happened, is_real};
use super::pattern::{Pattern, pairs, pattern, start_in};
use super::seller::FIRM;

static UNAUTHORISED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:un-?authori[sz]ed|unsanctioned|fraud(?:ulent(?:ly)?|sters?)?|identity\s+theft|stolen|theft|thie(?:f|ves)|hack(?:ed|ers?|ing)|cyber\w*|forg(?:ed|ery)|embezzl\w+|misappropriat\w+|impersonat\w+|phishing|compromised|gained\s+access|took\s+over\s+the\s+account)\b",
    )
});
/// It is about a court case, not this sale.
static LAWSUIT: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:suit|lawsuit|class\s+action|litigation|claims?|arbitration|allegations?|alleg\w+|settlement)\b",
    )
});
static MISTAKEN: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:in\s+error|by\s+mistake|by\s+accident|erroneous(?:ly)?|mistaken(?:ly)?|inadvertent(?:ly)?|accidental(?:ly)?|unintended|unintentional(?:ly)?|improper(?:ly)?|wrongful(?:ly)?|(?:\w+\s+)?(?:error|errors|mistake|miscommunication|misunderstanding)\s+(?:by|of|on\s+the\s+part\s+of|made\s+by)|(?:broker(?:age)?|dealer|bank|trading|execution|clerical|administrative|operational|custodian|(?:order|data)[\s-]entry|systems?|computer|technical|technology|software|processing|communication)(?:'s)?\s+(?:\w+\s+)?(?:errors?|mistakes?|glitch(?:es)?|failure|malfunction)|mis(?:read|interpret\w*|heard|construed|routed|handled|applied|directed|coded|keyed)|(?:nevertheless|nonetheless|anyway)\s+(?:executed|sold|effected)|(?:executed|sold|effected)\s+(?:\w+\s+){0,4}(?:nevertheless|nonetheless|anyway)|(?:orders?|trades?|sales?)\s+(?:was|were)\s+intended\s+for|wrong\s+(?:\w+\s+)?(?:account|ticker|symbol|security|securities|client|customer|order|quantity|number|stock|shares)|more\s+shares\s+than\s+(?:\w+\s+){0,5}(?:authori[sz]ed|instructed|ordered|directed|requested))\b",
    )
});
static AGENTS: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?:{BANK}|(?:financial|investment|wealth)\s+(?:advis[eo]rs?|managers?|firm)|advis[eo]rs?|plan\s+administrator|stock\s+plan\s+administrator|administrator|transfer\s+agent|(?:money|portfolio|account|relationship)\s+managers?|(?:account|registered)\s+(?:executive|representative)s?|clearing\s+firm|{FIRM})\b"
    ))
});
/// The report was wrong, not the sale.
static REPORTED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:reported|unreported|misreported|report|filed|files?|filings?|late|timely|omitted|omits|omission|overstated|understated|overreported|amend\w*|disclos\w+|stated|listed|unable|confirmations?|included|includes|box|checkbox|footnote)\b",
    )
});
static THIS_FORM: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:reported|disclosed|described|reflected|listed|set\s+forth)\s+(?:(?:on|in|by|above)\s+)?(?:(?:this|the|above)\s+(?:form\s+4|form|report|filing|statement|table|row|line)|herein|hereon|hereby|here|above)\b",
    )
});
const OWNER: &str = r"(?:reporting\s+persons?|insider|owner|undersigned|director|officer|executive|seller|filer|him|her|them|mr|ms|mrs|dr)\b";
static UNASKED: LazyLock<Pattern> = LazyLock::new(|| {
    const SAY: &str = r"(?:knowledge|awareness|authori[sz]ation|authority|consent|permission|approval|instructions?|notice|notification|direction)";
    const KIND: &str =
        r"(?:(?:prior|express|advance|actual|specific|proper|written|explicit|any|the)\s+){0,3}";
    pattern(&format!(
        r"\bwithout\s+{KIND}(?:reporting\s+persons?'?s?'?|his|her|their|(?:\w+\.?\s+){{0,2}}\w+'s?)\s+{KIND}{SAY}\b|\bwithout\s+{KIND}{SAY}(?:\s*(?:,|,?\s*or|,?\s*and|,?\s*nor)\s*{KIND}{SAY}){{0,3}}\s+(?:of|from|by)\s+(?:the\s+)?{OWNER}|\bunbeknownst\s+to\b|\bunaware\s+of\s+(?:the|this|these)\s+(?:sales?|transactions?|trades?)|\bhad\s+no\s+(?:\w+\s+)?knowledge(?:\s*,|\s+of\s+(?:the|this|these)\s+(?:sales?|transactions?|trades?))|\bdid\s+not\s+place\s+(?:the|this|an?|any)\s+(?:\w+\s+)?order|\b(?:not|never)\s+(?:\w+\s+){{0,2}}(?:authori[sz]ed|approved|instructed|requested)\s+by\s+(?:the\s+)?{OWNER}|\b(?:did|had|does)\s+not\s+(?:\w+\s+)?(?:authori[sz]ed?|approved?|consent(?:ed)?(?:\s+to)?|instruct(?:ed)?|request(?:ed)?|order(?:ed)?)\b|\b(?:no|lacked)\s+(?:\w+\s+)?(?:authori[sz]ation|authority|instructions?)\s+(?:was\s+given|from|by|to\s+sell)\b|\b(?:in\s+violation\s+of|contrary\s+to|against|despite|beyond|exceed\w+)\s+(?:the\s+)?(?:reporting\s+persons?'?s?'?|his|her|their)\s+(?:\w+\s+)?(?:instructions?|orders?|directions?|wishes|authority)|\bnot\s+authori[sz]ed\s+to\s+(?:do|sell|trade|make|execute|effect)\b|\bwithout\s+(?:first\s+|prior\s+)?(?:contacting|consulting|notifying|asking|informing)\s+(?:with\s+)?(?:the\s+)?(?:{OWNER}|customer|client|account\s+holder)|\bwithout\s+(?:any\s+)?(?:prior|advance)\s+notice\b|\b(?:no|not\s+(?:given|receive|received)\s+(?:any\s+)?)\s*(?:advance|prior)\s+(?:notice|warning)\b|\bneither\s+(?:initiated|directed|authori[sz]ed|approved|requested|ordered|instructed)|\bnot\s+(?:a\s+)?volitional|\bnot\s+aware\s+of\s+(?:the|this|these)\s+(?:sales?|transactions?|trades?)\b"
    ))
});
static UNASKED_AGENT: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\bwithout\s+(?:(?:prior|express|proper|any|written|the|due)\s+){0,3}(?:authori[sz]ation|authority|permission|instructions?|notice)\b|\b(?:contrary\s+to|against)\s+(?:\w+\s+)?instructions\b",
    )
});
/// The lender did not ask for it.
static OF_LENDER: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:lenders?|banks?|creditors?|pledgees?|issuer|company)\s+(?:(?:has|had|holds?)\s+(?:no\s+(?u:[^.,;]){0,60}\s+and\s+)?)?$",
    )
});
/// The note says nothing else.
static ERROR_ALONE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r#"^["'(]*(?:(?:a|an|the|due|to|by|result|of)\s+){0,4}(?:broker(?:age)?|trading|execution|custodian|bank)(?:'s)?\s+(?:\w+\s+)?(?:error|mistake)[.)"']*$|^(?:the|his|her|their)\s+(?:\w+\s+){0,2}(?:broker(?:age)?|bank|custodian|trad(?:er|ing\s+desk)|advis[eo]r)(?:\s+firm)?\s+(?:\w+\s+)?(?:entered|used|keyed|typed|selected)\s+(?:the|a|an)\s+(?:wrong|incorrect)\s+\w+"#,
    )
});
static ANOTHERS: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"\b(?:material|inside|non-?\s?public|MNPI|underwriters?|lock-?\s?up|tax(?:es)?|withholding)\b")
});
/// Those who manage an account at their own discretion need no authority for a sale.
static MANAGED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:(?:managed|discretionary|blind)\s+(?:\w+\s+)?(?:accounts?|trusts?|funds?|portfolios?|basis)|(?:full|sole|complete|absolute|exclusive|investment|trading)\s+(?:\w+\s+)?(?:discretion|authority|power)|discretion(?:ary)?\s+(?:authority|over|to))\b",
    )
});
static FORCED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:forced|forcibly|involuntar(?:y|ily)|compelled|(?:not|non)[\s-]+(?:a\s+)?voluntar(?:y|ily)|against\s+(?:his|her|their|the\s+reporting\s+person's)\s+(?:will|wishes))\b",
    )
});

pub(super) fn in_error(sentence: &str) -> Option<&str> {
    let real = |words: &&str| is_real(sentence, words);
    let ahead = pairs(sentence, &UNAUTHORISED, &SALES, 90).next();
    let near = ahead.or_else(|| pairs(sentence, &SALES, &UNAUTHORISED, 60).next());
    let sued = |words: &&str| LAWSUIT.is_match(before(sentence, start_in(sentence, words), 120));
    let unauthorised = near.map(|pair| pair.words).filter(real).filter(|words| !sued(words));
    let alone = || ERROR_ALONE.find(sentence);
    unauthorised.or_else(alone).or_else(|| says_mistake(sentence).filter(|_| AGENTS.is_match(sentence)))
}

/// Things that a broker carries out.
static ORDERS: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\b(?:orders?|order\s+tickets?)\b"));
/// A sale that was a mistake, whoever made it.
pub(super) fn says_mistake(sentence: &str) -> Option<&str> {
    if !(SALES.is_match(sentence) || ORDERS.is_match(sentence)) {
        return None;
    }
    let words = MISTAKEN.find(sentence).filter(|words| is_real(sentence, words))?;
    let rest = THIS_FORM.0.as_ref()?.replace_all(sentence, "");
    (!REPORTED.is_match(&rest)).then_some(words)
}

static NOT_AUTHORISED: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\bnot\s+(?:\w+\s+)?authori[sz]ed\s+to\s+(?:sell|trade)\b"));

fn is_managed(note: &str) -> bool {
    if NOT_AUTHORISED.is_match(note) {
        return false;
    }
    let denied = |at: usize| before(note, at, 12).trim_end().ends_with("no");
    MANAGED.ranges(note).into_iter().any(|range| !denied(range.start))
}

/// Returns the words with which a sentence says that the seller was not asked, or was forced, without saying
/// by whom: an award's taxes or a plan may be the reason.
pub(super) fn says_unasked<'a>(sentence: &'a str, note: &str) -> Option<&'a str> {
    let sentence = happened(sentence)?;
    let of_sale = SALES.is_match(sentence) || ORDERS.is_match(sentence);
    if !of_sale || ANOTHERS.is_match(sentence) {
        return None;
    }
    let by_agent = || UNASKED_AGENT.find(sentence).filter(|_| AGENTS.is_match(sentence));
    let unasked = UNASKED.find(sentence).or_else(by_agent).filter(|_| !is_managed(note));
    let unasked =
        unasked.filter(|words| !OF_LENDER.is_match(before(sentence, start_in(sentence, words), 90)));
    unasked.or_else(|| FORCED.find(sentence).filter(|words| is_real(sentence, words)))
}
