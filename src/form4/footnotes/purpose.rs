//! What a note says of why and to whom something was sold. Each function takes one sentence.

use std::sync::LazyLock;

use super::{Pattern, pattern};

const SALE: &str = r"\b(?:sold|sales?|sell(?:s|ing|ers?)?|dispos\w+|liquidat\w+|placed)\b";

static SOLD: LazyLock<Pattern> = LazyLock::new(|| pattern(SALE));
static NO_SALE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:not|never)\s+(?:\w+\s+){0,3}(?:a\s+)?(?:sale|sold|disposition)\b(?:\s+to\s+cover)?|\bshort\s+(?:sale|position)",
    )
});

// Sales to cover.

static SELL_TO_COVER: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:sell|sells|selling|sold|sale|sales)[\s\-‐‑–]+to[\s\-‐‑–]+cover\b"));
const TAX: &str =
    r"(?:tax(?:es|ation)?|withholdings?|PAYE|national\s+insurance|social\s+(?:security|insurance)|payroll)";
/// "to satisfy tax withholding obligations", "to pay the exercise price".
static TO_PAY: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?:cover(?:s|ed|ing)?|satisf(?:y|ies|ied|ying|action)|pay(?:s|ing|ments?)?|paid|fund(?:s|ed|ing)?|meet(?:ing)?|discharge|settle|offset|defray|financ(?:e|ing)|remit\w*|reimburse\w*)\b[^;]{{0,140}}?\b(?:{TAX}|(?:exercise|strike|option|purchase)\s+(?:prices?|costs?)|costs?\s+of\s+(?:the\s+)?(?:option\s+)?exercis\w+|transaction\s+costs)\b"
    ))
});
/// "for tax liability upon the vesting", "associated with tax obligations".
static FOR_TAX: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?:for|associated\s+with|related\s+to|relating\s+to|in\s+respect\s+of|on\s+account\s+of|due\s+to|because\s+of|incident\s+to)\s+(?:[\w'’]+\s+){{0,5}}{TAX}\b"
    ))
});
/// What brings such a cost about: without it a tax is the seller's own.
static AWARD: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:vest\w*|settle\w*|release[ds]?|exercis\w*|options?|rsus?|psus?|sars?|restricted|awards?|grants?|performance|equity|withh\w+|lapse\w*|convers\w+|deliver\w+|stock\s+units?|issuance)\b",
    )
});
static DUTY: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"\b(?:tax|withholding)\w*\s+(?:withholding\s+)?(?:obligations?|liabilit(?:y|ies))")
});
static OWN_TAX: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:estate|gift|inheritance|capital\s+gains?|property|personal(?:\s+income)?)\s+tax|\btax\s+(?:planning|purposes|loss|reasons|advice|returns?|diversification)\b|\bportion\s+of\s+(?:the\s+)?proceeds\b",
    )
});
static KEPT_BACK: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:withheld|retained|surrendered|forfeited|tendered|delivered\s+(?:back\s+)?to|net\s+settle\w*|net\s+exercise\w*|cancel+ed)\b",
    )
});
static DEALT: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:transactions?|trades?|dispositions?|plan)\b"));

/// A sale that paid the tax or the price of an award.
pub(super) fn says_cover(sentence: &str) -> Option<&str> {
    if NO_SALE.is_match(sentence) {
        return None;
    }
    let paid = TO_PAY.find(sentence).or_else(|| FOR_TAX.find(sentence));
    if let Some(words) = SELL_TO_COVER.find(sentence) {
        return Some(paid.unwrap_or(words));
    }
    let words = paid?;
    let kept_back = KEPT_BACK.is_match(sentence);
    // "tax obligations of the reporting person" by itself: what an award brings about, unless it is called otherwise.
    let due = AWARD.is_match(sentence) || DUTY.is_match(sentence);
    let sold = SOLD.is_match(sentence) || DEALT.is_match(sentence) && !kept_back;
    (sold && due && !OWN_TAX.is_match(sentence)).then_some(words)
}

// Offerings.

const OFFERED: &str = r"(?:(?:public|secondary|registered|follow-?\s?on|marketed|bookbuilt|direct|resale|at-the-market|at\s+the\s+market|ATM|block|bought|overnight|global|combined|IPO)\s+(?:\w+\s+){0,2}offerings?|offering\b|initial\s+public\s+offering|IPO\b|registration\s+statement|prospectus(?:\s+supplement)?|over-?\s?allotment|green\s?shoe)";

static UNDERWRITTEN: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\bunderwrit\w+"));
static OFFERING_WORD: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:underwrit\w+|offering|prospectus|over-?\s?allotment)"));
/// A sale in an offering or to its underwriters.
static IN_OFFERING: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"(?:{SALE})(?P<gap>[^;]{{0,160}}?)\b(?:{OFFERED}|to\s+(?:the\s+|certain\s+|several\s+)?(?:\w+\s+)?underwriters?)"
    ))
});
static OFFERING_TERMS: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:offering\s+price|underwriting\s+(?:discount|agreement|commission)|over-?\s?allotment|option\s+to\s+purchase\s+additional\s+shares)",
    )
});
/// What an offering only dates or prices.
static ONLY_DATES: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:prior\s+to|following|before|after|since|upon|until|acquired|received|purchased|bought|convert\w*|held|owned|issued|subject\s+to|lock-?\s?up|file[ds]?|plan|concurrent\w*|same\s+(?:per[\s-]share\s+)?price|proceeds|price\s+(?:per\s+share\s+)?(?:paid|at\s+which))\b",
    )
});
static NOT_SOLD_THERE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\block-?\s?up\b|\bnot\s+(?:to\s+)?(?:sell|offer|participat\w+|sold)\b|\bno\s+shares\b[^;]{0,60}\bsold\b",
    )
});
static ACQUIRED_THERE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"\b(?:bought|acquired|received|purchased)\b[^;]{0,140}?\b(?:underwrit|offering|prospectus)")
});
static BY_UNDERWRITERS: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\bunderwriters?['’]?\s+(?:\w+\s+){0,4}(?:purchased?|bought|acquired)\b|\b(?:purchased?|bought|acquired)\s+by\s+(?:the\s+)?(?:several\s+)?underwriters?",
    )
});
static TRADED: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:block\s+trades?|transactions?|trades?|discount|price)\b"));

/// A sale in an underwritten or registered offering.
pub(super) fn says_offering(sentence: &str) -> Option<&str> {
    let elsewhere = NOT_SOLD_THERE.is_match(sentence) || ACQUIRED_THERE.is_match(sentence);
    if elsewhere && !BY_UNDERWRITERS.is_match(sentence) {
        return None;
    }
    if let Some((words, gap)) = IN_OFFERING.find_with(sentence, "gap")
        && !ONLY_DATES.is_match(gap)
    {
        return Some(words);
    }
    // The issuer's repurchase beside an offering is no sale in it.
    if says_to_issuer(sentence).is_some() {
        return None;
    }
    if let Some(words) = UNDERWRITTEN.find(sentence) {
        return (SOLD.is_match(sentence) || OFFERING_TERMS.is_match(sentence) || TRADED.is_match(sentence))
            .then_some(words);
    }
    OFFERING_TERMS.find(sentence).filter(|_| !ONLY_DATES.is_match(sentence))
}

/// Whether a sentence says that the seller took no part in an offering, which makes the note's other words of it background.
pub(super) fn denies_offering(sentence: &str) -> bool {
    OFFERING_WORD.is_match(sentence)
        && NOT_SOLD_THERE.is_match(sentence)
        && !BY_UNDERWRITERS.is_match(sentence)
}

// Negotiated sales.

static NEGOTIATED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:(?:re)?negotiated|private(?:ly)?\s+(?:block\s+)?(?:sales?|transactions?|sold|resales?|transfers?|secondary|trades?|share\s+transfer)|(?:stock|shares?|securit(?:y|ies)|units?|equity|interests?|secondary|note|block\s+trade)\s+(?:(?:purchase|sale|transfer|assignment)\s+)?agreements?|purchase\s+(?:and\s+sale\s+)?agreements?|put\s?/\s?call\s+agreement|SPA\b|off-?market\s+(?:trade|sale|transaction)|at\s+arm['’]?s[\s-]length|bills?\s+of\s+sale|single\s+(?:purchaser|buyer)|agreed\s+between|exercised\s+its\s+(?:right|option)\s+to\s+(?:buy|purchase)|agreed\s+to\s+(?:sell|transfer)|neg'd)\b",
    )
});
static NOT_NEGOTIATED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:acquired|received|issued|originally|purchased\s+(?:from|by\s+the\s+reporting)|employee\s+stock|note\s+purchase|repurchase|right\s+of|none\s+of|not\s+(?:\w+\s+){0,3}(?:private\w*|negotiated)|commissions?\s+negotiated|underwriters?)\b",
    )
});
static HANDED_OVER: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:transfer\w*|trades?|transactions?|purchased|buy|price)\b"));
/// A block may be worked through the market; with these words it went to one buyer.
static BLOCK: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\bblock\s+(?:trades?|sales?|transactions?)\b"));
static ONE_BUYER: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:dealers?|principal|banks?|purchasers?|buyers?|registered|institution\w*|144A|counterpart\w+|off-?market)\b",
    )
});
/// Who buys outside the market.
static TO_SOMEBODY: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:sold|sale\s+of|sells)\b[^;]{0,80}?\bto\s+(?:(?:his|her|their|an?|one|two|three|each|of|certain|the|other|its|adult|independent|accredited|institutional|unaffiliated)\s+){1,4}(?:brother|sister|spouse|wife|husband|children|sons?|daughters?|parents?|family|trust|purchasers?|buyers?|investors?|third\s+part\w+|directors?|affiliates?|employees?|co-investors?|shareholders?|stockholders?|limited\s+partners?)\b",
    )
});

/// A sale that was negotiated with its buyer.
pub(super) fn says_negotiated(sentence: &str) -> Option<&str> {
    let block = || BLOCK.find(sentence).filter(|_| ONE_BUYER.is_match(sentence));
    let words = NEGOTIATED.find(sentence).or_else(block).or_else(|| TO_SOMEBODY.find(sentence))?;
    let dealt = SOLD.is_match(sentence) || HANDED_OVER.is_match(sentence);
    (dealt && !NOT_NEGOTIATED.is_match(sentence)).then_some(words)
}

// Sales to the issuer.

const ISSUER: &str = r"(?:issuer|company|registrant|corporation)\b";

static SOLD_TO: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r#"\b(?:sold|sales?|sells?|selling|dispos\w+|transferred|tendered|put|returned|resold)\b(?P<gap>[^;]{{0,120}}?)\b(?:back\s+)?to\s+(?:the\s+|our\s+)?(?:{ISSUER}|[^;]{{1,80}}?\((?:the\s+)?["“”']{{1,2}}(?:the\s+)?{ISSUER})(?:['’]s)?"#
    ))
});
/// What is given to the issuer besides shares: "full information … to the issuer".
static GIVEN_ELSE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:provid\w*|furnish\w*|suppl\w*|undertak\w*|available|information|request|pursuant|subject|report\w*|relat\w*|disgorge\w*|pa(?:id|y)\w*|remit\w*|proceeds|profits?|notice|public|market|respect|according|services?)\b",
    )
});
static BOUGHT_BY: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r#"\b(?:repurchas\w+|re-purchas\w+|redeem\w*|redemption|bought(?:\s+back)?|purchased?|buy-?\s?back|acquired)\b[^;]{{0,60}}?\bby\s+(?:the\s+)?(?:{ISSUER}|[^;]{{1,80}}?\((?:the\s+)?["“”']{{1,2}}(?:the\s+)?{ISSUER})|\b(?:the\s+)?{ISSUER}(?:['’]s)?(?:\s+\w+){{0,3}}?\s+(?:repurchased?|redeemed|bought\s+back|share\s+repurchase|stock\s+repurchase|repurchase\s+of)\b|\b(?:share|stock|securities)\s+(?:repurchase|redemption)\s+agreement|\b(?:repurchased|redeemed|bought\s+back)\s+from\b"#
    ))
});
/// The issuer as the buyer: "the Issuer purchased these shares from".
static BUYS_FROM: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r#"\b(?:issuer|company|registrant|corporation)["”]?\)?,?\s+(?:\w+\s+){0,4}?(?:(?:re)?purchased|bought|redeemed|acquired|agreed\s+to\s+(?:(?:re)?purchase|buy)|used\s+[^;]{0,80}?\bto\s+(?:(?:re)?purchase|buy|acquire|redeem))\b[^;]{0,160}?\bfrom\b"#,
    )
});
static TENDERED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r#"\b(?:tendered|sold|accepted)\b[^;]{0,60}?\b(?:issuer|company|corporation|registrant)['’]s\s+(?:[\w"“”-]+\s+){0,5}?(?:tender\s+offer|buy-?\s?back|repurchase\s+program)"#,
    )
});
static MAY_BUY: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:repurchase\s+rights?|rights?\s+(?:of|to)|option\s+to|may\s+(?:be|elect|re\w+|purchase|buy)|from\s+the\s+(?:several\s+)?underwriters|unvested|subject\s+to|obligation|exchangeable|convertible|election|elects?|will\s+be|redeemable|originally)\b",
    )
});

/// A sale to the issuer.
pub(super) fn says_to_issuer(sentence: &str) -> Option<&str> {
    if let Some((words, gap)) = SOLD_TO.find_with(sentence, "gap")
        && !GIVEN_ELSE.is_match(gap)
        && !words.ends_with("'s")
        && !words.ends_with("’s")
    {
        return Some(words);
    }
    let words =
        BUYS_FROM.find(sentence).or_else(|| BOUGHT_BY.find(sentence)).or_else(|| TENDERED.find(sentence))?;
    (!MAY_BUY.is_match(sentence)).then_some(words)
}

// Discretion.

static DISCRETIONARY: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"(?P<gap>.{0,40})\b(?:discretionary\s+(?:open[\s-]+market\s+)?(?:sales?|transactions?|trad(?:es?|ing)|dispositions?)|(?:at|in)\s+(?:his|her|their|its|the\s+reporting\s+person['’]s)\s+(?:own\s+|sole\s+)?discretion)\b",
    )
});
static NEGATED: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\b(?:not|non|no|never|nor|without)\b"));

/// A sale that is called discretionary.
pub(super) fn says_discretionary(sentence: &str) -> Option<&str> {
    let (words, gap) = DISCRETIONARY.find_with(sentence, "gap")?;
    (SOLD.is_match(sentence) && !NEGATED.is_match(gap)).then_some(words)
}
