//! What a note says of why and to whom something was sold.

use std::sync::LazyLock;

use super::{Pattern, pattern};

const SALE: &str = r"\b(?:sold|sales?|sell(?:s|ing|ers?)?|dispos\w+|liquidat\w+)\b";

static SALE_WORD: LazyLock<Pattern> = LazyLock::new(|| pattern(SALE));

static SELL_TO_COVER: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:sell|sells|selling|sold|sale|sales)[\s\-‐‑–]+to[\s\-‐‑–]+cover\b"));
/// "to satisfy tax withholding obligations", "to pay the exercise price".
static TO_PAY: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:cover(?:s|ed|ing)?|satisf(?:y|ies|ied|ying|action)|pay(?:s|ing|ments?)?|paid|fund(?:s|ed|ing)?|meet(?:ing)?|discharge|settle|offset|defray|financ(?:e|ing))\b[^.;]{0,140}?\b(?:tax(?:es|ation)?|withholding|(?:exercise|strike|option|purchase)\s+(?:price|cost)s?|costs?\s+of\s+(?:the\s+)?(?:option\s+)?exercis\w+|transaction\s+costs)\b",
    )
});
/// "for tax liability upon the vesting", "associated with tax obligations".
static FOR_TAX: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:for|associated\s+with|related\s+to|relating\s+to|in\s+respect\s+of|on\s+account\s+of|due\s+to|because\s+of|incident\s+to)\s+(?:[\w'’]+\s+){0,5}(?:tax(?:es)?|withholding)\b(?:\s+(?:purposes|planning|reasons|advice|returns?)\b)?",
    )
});
/// What brings such a cost about: without it a tax is the seller's own.
static AWARD: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:vest\w*|settle\w*|release[ds]?|exercis\w*|options?|rsus?|psus?|sars?|restricted|awards?|grants?|performance|equity|withh\w+|lapse\w*|convers\w+|deliver\w+|stock\s+units?|delivered|issuance)\b",
    )
});
static OWN_TAX: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:estate|gift|inheritance|capital\s+gains?|property|personal\s+income)\s+tax|\btax\s+(?:planning|purposes|loss|reasons|advice)\b"));
static ISSUER_KEPT: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"\b(?:withheld|retained|surrendered|forfeited|tendered|delivered|net\s+settle\w*)\b")
});
static SOLD: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:sold|sales?|sell(?:ing)?|dispos(?:ed|ition|ing)\w*|liquidat\w+)\b"));
static NO_SALE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"\b(?:not|never)\s+(?:\w+\s+){0,3}(?:a\s+)?(?:sale|sold|disposition)\b(?:\s+to\s+cover)?|\bshort\s+(?:sale|position)")
});

/// Whether a sentence says that a sale paid the tax or the price of an award.
pub(super) fn says_cover(sentence: &str) -> Option<&str> {
    if let Some(words) = SELL_TO_COVER.find(sentence)
        && !NO_SALE.is_match(sentence)
    {
        return Some(TO_PAY.find(sentence).unwrap_or(words));
    }
    let words = TO_PAY.find(sentence).or_else(|| {
        FOR_TAX.find(sentence).filter(|words| !OWN_TAX.is_match(words))
    })?;
    let of_award = AWARD.is_match(sentence) && !OWN_TAX.is_match(sentence);
    let of_duty = sentence_has_obligation(words, sentence);
    let sold = SOLD.is_match(sentence) && !NO_SALE.is_match(sentence);
    (sold && (of_award || of_duty)).then_some(words)
}

/// "tax obligations of the reporting person" by itself: what an award brings about, unless it is called otherwise.
fn sentence_has_obligation(words: &str, sentence: &str) -> bool {
    static DUTY: LazyLock<Pattern> =
        LazyLock::new(|| pattern(r"\b(?:tax|withholding)\w*\s+(?:withholding\s+)?(?:obligations?|liabilit(?:y|ies))"));
    DUTY.is_match(sentence) && !OWN_TAX.is_match(sentence) && !ISSUER_KEPT.is_match(words)
}

static UNDERWRITTEN: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\bunderwrit\w+"));
static LOCK_UP: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\block-?\s?up\b|\b(?:purchased|acquired|bought|received)\s+(?:[\w.,$]+\s+){0,6}in\s+(?:an?|the)\s+underwritten"));
/// A sale in, or by way of, an offering. What stands between may not be another event that the offering only dates.
static IN_OFFERING: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"(?:{SALE})(?P<gap>[^.;]{{0,140}}?)\b(?:(?:public|secondary|registered|follow-?\s?on|marketed|primary|equity|direct|resale|at-the-market|at\s+the\s+market|ATM|block|bought|overnight|global|combined|IPO)\s+(?:\w+\s+){{0,2}}offerings?|offering\b|initial\s+public\s+offering|IPO|registration\s+statement|prospectus(?:\s+supplement)?|over-?\s?allotment|green\s?shoe|selling\s+(?:stock|share|security)\s?-?holders?)"
    ))
});
static OFFERING_SOLD: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"\b(?:offering\s+price|underwriting\s+(?:discount|agreement|commission)|over-?\s?allotment|option\s+to\s+purchase\s+additional\s+shares)")
});
static ONLY_DATES: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"\b(?:prior\s+to|following|before|after|since|upon|until|acquired|received|purchased|convert\w*|held|owned|issued|subject\s+to|lock-?\s?up|file[ds]?|plan)\b")
});
static NEGOTIATED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:(?:privately|individually|directly|separately)[\s-]+negotiated|negotiated\s+(?:block|sale|transaction|purchase|trade|price)|private(?:ly)?\s+(?:block\s+)?(?:sales?|transactions?|sold|resales?|transfers?|secondary|trades?|share\s+transfer)|(?:stock|shares?|securit(?:y|ies)|units?|equity|interests?|secondary|note|unit)\s+(?:purchase|sale|transfer)\s+agreements?|purchase\s+(?:and\s+sale\s+)?agreements?|negotiated\s+with)\b",
    )
});
static NOT_NEGOTIATED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"\b(?:acquired|received|issued|originally|purchased\s+(?:from|by\s+the\s+reporting)|employee\s+stock|note\s+purchase|repurchase|right\s+of|none\s+of|not\s+in\s+a)\b")
});

/// A block may be worked through the market; with these words it went to one buyer.
static BLOCK: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\bblock\s+(?:trades?|sales?|transactions?)\b"));
static ONE_BUYER: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"\b(?:dealers?|principal|banks?|purchasers?|buyers?|registered|institution\w*|144A|counterpart\w+|off-?market)\b")
});

/// Whether a sentence says that something was sold in an underwritten or registered offering.
pub(super) fn says_offering(sentence: &str) -> Option<&str> {
    if LOCK_UP.is_match(sentence) {
        return None;
    }
    if let Some(words) = UNDERWRITTEN.find(sentence) {
        let traded = SALE_WORD.is_match(sentence) || OFFERING_SOLD.is_match(sentence);
        if traded {
            return Some(words);
        }
    }
    if let Some((words, gap)) = IN_OFFERING.find_with(sentence, "gap") {
        return (!ONLY_DATES.is_match(gap)).then_some(words);
    }
    let price = OFFERING_SOLD.find(sentence)?;
    (!ONLY_DATES.is_match(sentence)).then_some(price)
}

/// Whether a sentence says that a sale was negotiated with its buyer.
pub(super) fn says_negotiated(sentence: &str) -> Option<&str> {
    let block = || BLOCK.find(sentence).filter(|_| ONE_BUYER.is_match(sentence));
    let words = NEGOTIATED.find(sentence).or_else(block)?;
    (SOLD.is_match(sentence) && !NOT_NEGOTIATED.is_match(sentence)).then_some(words)
}

const ISSUER: &str = r"(?:issuer|company|registrant|corporation)\b";

static SOLD_TO: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r#"\b(?:sold|sales?|sells?|selling|dispos\w+|transferred|tendered|put|returned|resold)\b(?P<gap>[^.;]{{0,120}}?)\b(?:back\s+)?to\s+(?:the\s+|our\s+)?(?:{ISSUER}|[^.;]{{1,80}}?\((?:the\s+)?["“”']{{1,2}}(?:the\s+)?{ISSUER})"#
    ))
});
/// What is given to the issuer besides shares: "full information … to the issuer", "to the Company's knowledge".
static GIVEN_ELSE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"\b(?:provid\w*|furnish\w*|suppl\w*|undertak\w*|available|information|request|pursuant|subject|report\w*|relat\w*|disgorge\w*|pa(?:id|y)\w*|remit\w*|proceeds|profits?|notice|public|market|respect)\b")
});
static BOUGHT_BY: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?:repurchas\w+|re-purchas\w+|redeem\w*|redemption|bought(?:\s+back)?|purchased?|buy-?\s?back|acquired)\b[^.;]{{0,60}}?\b(?:by)\s+(?:the\s+)?{ISSUER}|\b(?:the\s+)?{ISSUER}(?:['’]s)?(?:\s+\w+){{0,3}}?\s+(?:repurchased?|redeemed|bought\s+back|share\s+repurchase|stock\s+repurchase|repurchase\s+of)\b|\b(?:share|stock|securities)\s+(?:repurchase|redemption)\s+agreement|\b(?:repurchased|redeemed|bought\s+back)\s+from\b"
    ))
});
static MAY_BUY: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"\b(?:rights?|option|may|unvested|subject\s+to|obligation|exchangeable|convertible|election|elects?|will\s+be|redeemable)\b")
});

/// Whether a sentence says that something was sold to the issuer.
pub(super) fn says_to_issuer(sentence: &str) -> Option<&str> {
    if let Some((words, gap)) = SOLD_TO.find_with(sentence, "gap")
        && !GIVEN_ELSE.is_match(gap)
        && !words_follow_with_possessive(sentence, words)
    {
        return Some(words);
    }
    let words = BOUGHT_BY.find(sentence)?;
    (!MAY_BUY.is_match(sentence)).then_some(words)
}

/// "to the Issuer's underwriters" is not to the issuer.
fn words_follow_with_possessive(sentence: &str, words: &str) -> bool {
    let end = words.as_ptr() as usize - sentence.as_ptr() as usize + words.len();
    sentence[end..].starts_with(['\'', '’'])
}

static DISCRETIONARY: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"(?P<gap>.{0,40})\bdiscretionary\s+(?:open[\s-]+market\s+)?(?:sales?|transactions?|trad(?:es?|ing)|dispositions?)\b")
});
static NEGATED: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\b(?:not|non|no|never|nor|without)\b"));

/// Whether a sentence calls a sale discretionary.
pub(super) fn says_discretionary(sentence: &str) -> Option<&str> {
    let (words, gap) = DISCRETIONARY.find_with(sentence, "gap")?;
    (!NEGATED.is_match(gap)).then_some(words)
}
