//! A note's statements about why and to whom something was sold. Each function reads one sentence.

use std::sync::LazyLock;

use super::pattern::{Pattern, pairs, pattern};

static SOLD: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:sold|sales?|sell(?:s|ing|ers?)?|dispos\w+|liquidat\w+|placed)\b"));
static NO_SALE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:not|never)\s+(?:\w+\s+){0,3}(?:sale|sold|disposition)\b(?:\s+to\s+cover)?|\bshort\s+(?:sale|position)",
    )
});

/// "Not a discretionary sale", "did not direct the sale": still a sale.
static CHOICE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:discretionary|voluntary|open[\s-]market|direct|initiate|control|request|authori[sz]e|order|approve)\b",
    )
});

// Sales to cover.

static SELL_TO_COVER: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:sell|sells|selling|sold|sale|sales)[\s-]+to[\s-]+cover\b"));
static PAY: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:cover(?:s|ed|ing)?|satisf(?:y|ies|ied|ying|action)|pay(?:s|ing|ments?)?|paid|fund(?:s|ed|ing)?|meet(?:ing)?|discharge|settle|offset|defray|financ(?:e|ing)|remit\w*|reimburse\w*)\b",
    )
});
const TAX: &str = r"\b(?:tax(?:es|ation)?|withholdings?|PAYE|national\s+insurance|social\s+(?:security|insurance)|payroll)\b";
static COST: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"{TAX}|\b(?:exercise|strike|option|purchase)\s+(?:prices?|costs?)\b|\bcosts?\s+of\s+(?:the\s+)?(?:option\s+)?exercis\w+|\btransaction\s+costs\b"
    ))
});
/// "for tax liability upon the vesting", "associated with tax obligations".
static ON_ACCOUNT_OF: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:for|associated\s+with|related\s+to|relating\s+to|in\s+respect\s+of|on\s+account\s+of|due\s+to|because\s+of|incident\s+to)\b",
    )
});
static TAXES: LazyLock<Pattern> = LazyLock::new(|| pattern(TAX));
/// Events that cause such a cost: without one, a tax is the seller's own.
static AWARD: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:vest\w*|settle\w*|release[ds]?|exercis\w*|options?|rsus?|psus?|sars?|restricted|awards?|grants?|performance|equity|withh\w+|lapse\w*|convers\w+|deliver\w+|stock\s+units?|issuance|(?:at\s+the\s+(?:direction|request)\s+of|(?:required|mandated|directed)\s+by)\s+(?:the\s+)?(?:issuer|company|employer))\b",
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
        r"\b(?:withheld|withholds?|retain(?:s|ed)?|surrendered|forfeited|tendered|delivered\s+(?:back\s+)?to|net\s+settle\w*|net\s+exercise\w*|cancel+ed|will|may|would)\b",
    )
});

static PURPOSE: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\bto\s+(?:cover|satisfy|pay|fund|meet|discharge|settle|defray|remit)\b"));
static NOT_FOR_IT: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:not|other\s+than)\s+(?:\w+\s+)?to\s+(?:cover|satisfy|pay)\b"));

/// A sale that paid the tax or the price of an award.
pub(super) fn says_cover(sentence: &str) -> Option<&str> {
    if NOT_FOR_IT.is_match(sentence) {
        return None;
    }
    let pay = || pairs(sentence, &PAY, &COST, 140).next().map(|pair| pair.words);
    let account = || pairs(sentence, &ON_ACCOUNT_OF, &TAXES, 50).next().map(|pair| pair.words);
    let paid = pay().or_else(account);
    let denied = NO_SALE.find(sentence).is_some_and(|denial| !CHOICE.is_match(denial));
    if let Some(words) = SELL_TO_COVER.find(sentence) {
        return (!denied).then_some(paid.unwrap_or(words));
    }
    let words = paid?;
    // "tax obligations of the reporting person" by itself: caused by an award, unless the sentence says
    // otherwise.
    let due = AWARD.is_match(sentence) || DUTY.is_match(sentence);
    // Without a word for a sale, only what is done for this purpose counts.
    let sold = SOLD.is_match(sentence) || !KEPT_BACK.is_match(sentence) && PURPOSE.is_match(sentence);
    (sold && due && !OWN_TAX.is_match(sentence) && !denied).then_some(words)
}

// Offerings.

/// An offering, or its underwriters as buyers.
static OFFERED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:offerings?|IPO|registration\s+statement|prospectus(?:\s+supplement)?|over-?\s?allotment|green\s?shoe|to\s+(?:(?:the|certain|several)\s+)?(?:\w+\s+)?underwriters?)\b",
    )
});
static UNDERWRITTEN: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\bunderwrit\w+"));
static OFFERING_WORD: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:underwrit\w+|offering|prospectus|over-?\s?allotment)"));
static OFFERING_TERMS: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:offering\s+price|underwriting\s+(?:discount|agreement|commission)|over-?\s?allotment|option\s+to\s+purchase\s+additional\s+shares)",
    )
});
/// Things for which an offering only sets the date or price.
static ONLY_DATES: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:prior\s+to|following|before|after|since|upon\s+(?:the\s+)?(?:closing|completion|consummation|pricing)|until|not|acquired|received|purchased|bought|convert\w*|held|owned|issued|subject\s+to|lock-?\s?up|file[ds]?|plan|concurrent\w*|equals?|pre|same\s+(?:per[\s-]share\s+)?price|proceeds|price\s+(?:per\s+share\s+)?(?:paid|at\s+which))\b",
    )
});
static NOT_SOLD_THERE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\block-?\s?up\b|\bnot\s+(?:to\s+)?(?:sell|offer|participat\w+|sold)\b|\bno\s+shares\s+(?:\w+\s+){0,6}sold\b|\bnot\s+exercised\b|\bforfeit\w*",
    )
});
static ACQUIRED: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\b(?:bought|acquired|received|purchased)\b"));
static BY_UNDERWRITERS: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\bunderwriters?'?\s+(?:\w+\s+){0,4}(?:purchased?|bought|acquired)\b|\b(?:purchased?|bought|acquired)\s+by\s+(?:the\s+)?(?:several\s+)?underwriters?",
    )
});
static TRADED: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:block\s+trades?|transactions?|trades?|discount|price)\b"));

/// A sale in an underwritten or registered offering.
pub(super) fn says_offering(sentence: &str) -> Option<&str> {
    let elsewhere =
        NOT_SOLD_THERE.is_match(sentence) || pairs(sentence, &ACQUIRED, &OFFERING_WORD, 140).next().is_some();
    if elsewhere && !BY_UNDERWRITERS.is_match(sentence) {
        return None;
    }
    let mut sold = pairs(sentence, &SOLD, &OFFERED, 170);
    if let Some(pair) = sold.find(|pair| !ONLY_DATES.is_match(pair.gap)) {
        return Some(pair.words);
    }
    let underwritten = UNDERWRITTEN.find(sentence);
    let terms = OFFERING_TERMS.find(sentence);
    // The issuer's repurchase beside an offering is not a sale in it.
    if underwritten.or(terms).is_none() || says_to_issuer(sentence).is_some() {
        return None;
    }
    match underwritten {
        Some(words) => {
            let traded = SOLD.is_match(sentence) || terms.is_some() || TRADED.is_match(sentence);
            traded.then_some(words)
        }
        None => terms.filter(|_| !ONLY_DATES.is_match(sentence)),
    }
}

/// True if a sentence says that the seller took no part in an offering, which makes the note's other words
/// about it background.
pub(super) fn denies_offering(sentence: &str) -> bool {
    NOT_SOLD_THERE.is_match(sentence)
        && OFFERING_WORD.is_match(sentence)
        && !BY_UNDERWRITERS.is_match(sentence)
}

// Negotiated sales.

static NEGOTIATED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:(?:re)?negotiated|private(?:ly)?\s+(?:block\s+)?(?:sales?|transactions?|sold|resales?|transfers?|secondary|trades?|share\s+transfer)|(?:stock|shares?|securit(?:y|ies)|units?|equity|interests?|secondary|note|block\s+trade)\s+(?:(?:purchase|sale|transfer|assignment)\s+)?agreements?|purchase\s+(?:and\s+sale\s+)?agreements?|put\s?/\s?call\s+agreement|SPA|off-?market\s+(?:trade|sale|transaction)|at\s+arm'?s[\s-]length|bills?\s+of\s+sale|single\s+(?:purchaser|buyer)|agreed\s+between|exercised\s+its\s+(?:right|option)\s+to\s+(?:buy|purchase)|agreed\s+to\s+(?:sell|transfer)|neg'd|(?:forward|variable)\s+(?:prepaid\s+)?(?:forward\s+)?(?:sale|purchase|contract|transaction)s?(?:\s+agreements?)?)\b",
    )
});
static NOT_NEGOTIATED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:acquired|received|issued|originally|purchased\s+(?:from|by\s+the\s+reporting)|employee\s+stock|note\s+purchase|repurchase|right\s+of|none\s+of|not\s+(?:\w+\s+){0,3}(?:private\w*|negotiated)|commissions?|underwriters?|subject\s+to|open[\s-]+market|brokerage\s+transactions?|(?:restricted|performance|deferred|phantom)\s+(?:stock|shares?))\b",
    )
});
static HANDED_OVER: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:transfer\w*|trades?|transactions?|purchased|buy|price)\b"));
/// A block may be worked through the market; these words mean that it went to one buyer.
static BLOCK: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\bblock\s+(?:trades?|sales?|transactions?)\b(?:\s+to\b)?"));
static ONE_BUYER: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:dealers?|principal|banks?|purchasers?|buyers?|registered|institution\w*|144A|counterpart\w+|off-?market)\b",
    )
});
static SOLD_SHARES: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\b(?:sold|sale\s+of|sells)\b"));
static SHARED: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\b(?:proceeds|interest)\b"));
/// Buyers outside the market.
static TO_SOMEBODY: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\bto\s+(?:(?:his|her|their|an?|one|two|three|each|of|certain|the|other|its|adult|independent|accredited|institutional|unaffiliated)\s+){1,4}(?:brother|sister|spouse|wife|husband|children|sons?|daughters?|parents?|family|trust|purchasers?|buyers?|investors?|third\s+part\w+|directors?|affiliates?|employees?|co-investors?|shareholders?|stockholders?|limited\s+partners?)\b",
    )
});

/// A sale that was negotiated with its buyer.
pub(super) fn says_negotiated(sentence: &str) -> Option<&str> {
    let block =
        || BLOCK.find(sentence).filter(|words| words.ends_with(" to") || ONE_BUYER.is_match(sentence));
    let buyer = || {
        pairs(sentence, &SOLD_SHARES, &TO_SOMEBODY, 80)
            .find(|pair| !SHARED.is_match(pair.gap))
            .map(|pair| pair.words)
    };
    let words = NEGOTIATED.find(sentence).or_else(block).or_else(buyer)?;
    let dealt = SOLD.is_match(sentence) || HANDED_OVER.is_match(sentence);
    (dealt && !NOT_NEGOTIATED.is_match(sentence)).then_some(words)
}

// Sales to the issuer.

const ISSUER: &str = r"(?:issuer|(?:holding\s+)?company|registrant|corporation)\b";
/// Its full name with the name used from there on: `Granite Loop Bancorp, Inc. (the "Corporation")`.
const CALLED: &str = r#"\((?:the\s+)?["']{1,2}(?:the\s+)?(?:issuer|company|registrant|corporation)\b"#;

static HANDED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"\b(?:sold|sales?|sells?|selling|dispos\w+|transferred|tendered|put|returned|resold)\b")
});
static TO_ISSUER: LazyLock<Pattern> =
    LazyLock::new(|| pattern(&format!(r"\b(?:back\s+)?to\s+(?:the\s+|our\s+)?{ISSUER}(?:'s\b)?")));
static TO_NAMED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(r"\bto\s+(?u:[^;(]){{1,80}}?(?:{CALLED}|,\s+the\s+{ISSUER})(?:'s\b)?"))
});
/// A quick check that one is named, before the slower [`TO_NAMED`] is tried.
static NAMED: LazyLock<Pattern> = LazyLock::new(|| pattern(&format!(r"{CALLED}|,\s+the\s+{ISSUER}")));
/// Things other than shares that are given to the issuer: "full information … to the issuer".
static GIVEN_ELSE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:provid\w*|furnish\w*|suppl\w*|undertak\w*|available|information|request|pursuant|subject|report\w*|relat\w*|disgorge\w*|pa(?:id|y)\w*|remit\w*|proceeds|profits?|notice|public|market|respect|according|services?|owed|due|loans?|debts?|indebted\w*|advis[eo]rs?|consultants?|lenders?|directors?|party|transition|becoming|to\s+(?:fund|satisfy|cover|re-?pay|pay|meet)|affiliates?|chairman|chief|trusts?\s+for)\b",
    )
});
static BOUGHT_BACK: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"\b(?:repurchas\w+|re-purchas\w+|redeem\w*|redemption|bought\s+back|buy-?\s?back)\b")
});
static BOUGHT: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\b(?:purchased|bought)\b"));
/// Another participle in between would be the issuer's own act: "acquired upon exercise of options granted by
/// the Issuer".
static DIRECTLY: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"^\s*(?:directly\s*|for\s+cash\s*|at\s+\$[\d.,]+\s*(?:per\s+(?:share|unit)\s*)?)?$")
});
static BY_ISSUER: LazyLock<Pattern> =
    LazyLock::new(|| pattern(&format!(r"\bby\s+(?:the\s+)?{ISSUER}|\bby\s+(?u:[^;(]){{1,80}}{CALLED}")));
static REPURCHASE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"\b{ISSUER}(?:\s+\w+){{0,3}}?\s+(?:repurchased|redeemed|bought\s+back)\b|\b(?:share|stock|securities)\s+(?:repurchase|redemption)\s+agreement|\b(?:repurchased|redeemed|bought\s+back)\s+from\b|\baccepted\s+for\s+(?:purchase|payment)\s+by\s+(?:the\s+)?{ISSUER}"
    ))
});
/// The issuer as the buyer: "the Issuer purchased these shares from".
static ISSUER_BUYS: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r#"\b(?:issuer|company|registrant|corporation)"?\)?,?\s+(?:\w+\s+){0,4}?(?:(?:re)?purchased|bought|redeemed|acquired|agreed\s+to\s+(?:(?:re)?purchase|buy)|used\s+(?:[\w.,']+\s+){0,14}?to\s+(?:(?:re)?purchase|buy|acquire|redeem))\b"#,
    )
});
/// "shares of the Company acquired from": the company is not the buyer.
static OF_IT: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\b(?:of|in|by)\s+(?:the\s+)?$"));
static FROM: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\bfrom\b"));
static TENDERED: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\b(?:tendered|sold|accepted)\b"));
static ISSUERS_OFFER: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r#"\b(?:issuer|company|corporation|registrant)'s\s+(?:[\w"-]+\s+){0,5}?(?:tender\s+offer|buy-?\s?back|repurchase\s+program)"#,
    )
});
static MAY_BUY: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:repurchase\s+rights?|rights?\s+(?:of|to)|option\s+to|may\s+(?:be|elect|re\w+|purchase|buy)|from\s+the\s+(?:several\s+)?underwriters|unvested|subject\s+to|obligation|exchangeable|convertible|election|elects?|will\s+be|redeemable|originally)\b",
    )
});

/// A sale to the issuer.
pub(super) fn says_to_issuer(sentence: &str) -> Option<&str> {
    let handed = |to: &Pattern| {
        let mut pairs = pairs(sentence, &HANDED, to, 120);
        pairs
            .find(|pair| !GIVEN_ELSE.is_match(pair.gap) && !pair.words.ends_with("'s"))
            .map(|pair| pair.words)
    };
    let named = || NAMED.is_match(sentence).then(|| handed(&TO_NAMED)).flatten();
    if let Some(words) = handed(&TO_ISSUER).or_else(named) {
        return Some(words);
    }
    let near = |first: &Pattern, second: &Pattern, most: usize| {
        pairs(sentence, first, second, most).next().map(|pair| pair.words)
    };
    let directly = || {
        let mut pairs = pairs(sentence, &BOUGHT, &BY_ISSUER, 40);
        pairs.find(|pair| DIRECTLY.is_match(pair.gap)).map(|pair| pair.words)
    };
    let buys = near(&ISSUER_BUYS, &FROM, 160)
        .filter(|words| !OF_IT.is_match(&sentence[..super::pattern::start_in(sentence, words)]));
    let words = buys
        .or_else(|| near(&BOUGHT_BACK, &BY_ISSUER, 60))
        .or_else(directly)
        .or_else(|| REPURCHASE.find(sentence))
        .or_else(|| near(&TENDERED, &ISSUERS_OFFER, 60))?;
    (!MAY_BUY.is_match(sentence)).then_some(words)
}

// Discretion.

static DISCRETIONARY: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:discretionary\s+(?:open[\s-]+market\s+)?(?:sales?|transactions?|trad(?:es?|ing)|dispositions?)|(?:at|in)\s+(?:his|her|their|the\s+reporting\s+person's)\s+(?:own\s+|sole\s+)?discretion)\b",
    )
});
static NEGATED: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\b(?:not|non|no|never|nor|without)\b"));

/// A sale that is called discretionary.
pub(super) fn says_discretionary(sentence: &str) -> Option<&str> {
    if !SOLD.is_match(sentence) {
        return None;
    }
    let negated = pairs(sentence, &NEGATED, &DISCRETIONARY, 40).next().is_some();
    DISCRETIONARY.find(sentence).filter(|_| !negated)
}
