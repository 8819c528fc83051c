//! A note's statements that somebody else made or forced a sale: a lender, a broker or a court.

use std::sync::LazyLock;

use super::happened::{BANK, HOUSE, SALES, UNREAL, before, clause, happened, is_denied, is_real};
use super::mistake;
use super::pattern::{Pattern, pairs, pattern, start_in};
use super::text::start;

/// Whoever acts for a debt or a court, which is enough to make them the seller against the owner's will.
const LENDER: &str = r"(?:(?:margin\s+|senior\s+)?lenders?|pledgees?|chargees?|secured\s+(?:part(?:y|ies)|creditors?|lenders?)|(?:judge?ment\s+)?creditors?|lien-?\s?holders?|mortgagees?|collateral\s+agent|receivers?|(?:bankruptcy|chapter\s+(?:7|11|13))\s+(?:trustee|estate)|trustee\s+in\s+bankruptcy|special\s+master|sheriff|marshals?|bailiff|(?:\w+\s+)?courts?|judge|IRS|internal\s+revenue\s+service|tax\s+authorit(?:y|ies))";
const WHOSE: &str = r"(?:(?:the|an?|his|her|their|its|one|certain|third-?\s?party|such|that|this|unaffiliated|independent|commercial|institutional|loan|court-?\s?appointed|(?:reporting\s+persons?'?s?'?|\w+'s?))\s+){0,4}";
static BY_LENDER: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"\bby\s+{WHOSE}{LENDER}\b|\bas\s+(?:the\s+)?(?:(?:secured\s+)?lender|pledgee|secured\s+party|collateral\s+agent|administrative\s+agent)\b"
    ))
});
static BY_BANK: LazyLock<Pattern> = LazyLock::new(|| pattern(&format!(r"\bby\s+{WHOSE}{BANK}\b")));
static LENDERS: LazyLock<Pattern> = LazyLock::new(|| pattern(&format!(r"\b{LENDER}(?:'s?)?\b")));
static BANKS: LazyLock<Pattern> = LazyLock::new(|| pattern(&format!(r"\b{BANK}\b")));
static DID: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:sold|liquidated|auctioned|closed\s+out|foreclosed|seized|levied|caused|forced|compelled|required|ordered|directed|mandated|exercised|enforced|took\s+possession|called|demanded|accelerated|disposed|effected|executed|realized|initiated|issued|designated\s+an\s+early\s+termination|sale|demand|liquidation|foreclosure|order|exercise)\b",
    )
});
/// Between an actor and the act: the act is somebody else's, or has not happened.
static NOT_DONE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:(?-i:may)|might|could|would|can|will|shall|if|unless|not|never|no|spouse|wife|husband|lawyer|counsel|has\s+the\s+right|had\s+the\s+right|entitled|permitted|able|agree\w*|consent\w*|was|were|been|be|being|is|are|reporting\s+persons?|pursuant|under|issuer|company|before|after|prior|since|until|who|whom|by|and\s+(?:i|he|she|they|mr|ms)|(?:mr|ms|mrs|dr)\.?)\b",
    )
});
/// A debt that somebody enforces, in any sentence of the note.
static ENFORCED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:foreclos\w+|margin\s+(?:calls?|maintenance|defici\w+|requirements?|agreements?|loans?|debt|debit|balance|liquidation)|pledge[ds]?|collateral|default(?:s|ed|ing)?|enforc\w+|remed(?:y|ies)|accelerat\w+|called\s+(?:the|a|his|her|its)\s+loans?|loan\s+(?:was|were)\s+called)\b",
    )
});
static MARGIN: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\bmargin\b"));
static LIQUIDATED: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\bliquidat(?:ed|ion)\b"));

/// "By Harbor Trust, the lender".
static BY_NAMED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\bby\s+(?u:[^;(]){1,60}?,\s+(?:the|an?|his|her|their)\s+(?:\w+\s+)?(?:lender|pledgee|creditor)\b",
    )
});
/// Shares that go to a lender who takes them over.
static TO_LENDER: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?:transfer\w*|deliver\w*|surrender\w*|convey\w*|taken|ceded)\s+(?:\w+\s+){{0,5}}(?:to|by)\s+{WHOSE}(?:{LENDER}|{BANK})\b"
    ))
});
static TAKEN: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"\b(?:foreclosures?|foreclosed|defaults?|defaulted|enforcement|remed(?:y|ies))\b")
});
static FELL_SHORT: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"\b(?:fell|fallen|dropped|declined)\s+(?:\w+\s+)?(?:below|under)\b|\binsufficient\b")
});

/// Events that force a sale by themselves.
static CALLED_IN: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?:demands?\s+(?:for\s+\w+\s+)?(?:from|by|of)\s+{WHOSE}(?:{LENDER}|{BANK})|foreclos(?:ed|ures?|ing)|(?:broker|lender|bank)-initiated|force-?(?:sold|selling|sales?|liquidat\w+)|(?:collateral|pledge|lien|creditors?'?s?)\s+(?:\w+\s+)?(?:enforcement|liquidation)|insufficient\s+(?:equity|margin|collateral)|(?:collateral|margin)\s+short(?:fall|age)s?|(?:margin|maintenance|collateral|house)[\s-]+calls?|margin\s+(?:maintenance|defici\w+|requirements?|liquidations?|sales?|sell-?outs?)|exercis\w+\s+(?:of\s+)?(?:(?:its|their|the|such|certain|all)\s+)?(?:\w+\s+){{0,3}}remed(?:y|ies)|enforce(?:d|ment)\s+(?:of|against|its|their)\s+(?:\w+\s+){{0,4}}(?:pledge|charge|security|collateral|lien|guarant\w+|judge?ment)|reali[sz](?:e|ed|ing|ation)\s+(?:up)?on\s+(?:\w+\s+){{0,2}}(?:collateral|shares|pledge))\b"
    ))
});
static DEFAULTED: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:events?\s+of\s+default|defaults?|defaulted)\b"));
static OWED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"\b(?:pledge[ds]?|collateral|loans?|secured|notes?|margin|prepaid|lenders?)\b")
});
static BY_ORDER: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:court[\s-]+approved\s+(?:\w+\s+)?(?:divorce|marital|property|settlement)|court's\s+(?:\w+\s+)?(?:order|decree|judge?ment|ruling)|court[\s-]+(?:ordered|orders?|directed|mandated|supervised|judge?ment|decree|ruling|appointed\s+(?:receiver|trustee|custodian|special\s+master))|orders?\s+(?:of|by|from|(?:issued|entered)\s+by)\s+(?:[\w.,]+\s+){0,6}(?:court|judge)|(?:judge?ments?|rulings?|decrees?)\s+(?:of|by|from)\s+(?:[\w.]+\s+){0,6}court|order(?:ed)?\s+by\s+(?:a|the)\s+(?:[\w.]+\s+){0,4}(?:court|judge)|(?:divorce|dissolution|separation|matrimonial)\s+(?:decrees?|orders?|judge?ments?|rulings?)|(?:decrees?|judge?ments?|orders?)\s+(?:of|for|in)\s+(?:[\w']+\s+){0,3}(?:divorce|dissolution|separation|foreclosure|forfeiture)|(?:qualified\s+)?domestic\s+relations?\s+orders?|QDROs?|judicial\s+(?:orders?|sales?|decrees?|foreclosures?)|(?:final|consent|court)\s+decrees?|writs?\s+of\s+\w+|(?:tax\s+|IRS\s+)?levy\s+(?:of|on|upon|by|against|and)|(?:under|to|by|a|an|tax|irs)\s+levy|levied\s+(?:on|upon|against|by)|garnish\w+|bankruptcy\s+(?:case|proceedings?)|trustee's\s+sale|seized|seizure|sheriff'?s?\s+sale|receivership|(?:entered|enforced|obtained)\s+(?:a\s+)?judge?ment|judge?ment\s+(?:creditors?|liens?|against|entered)|(?:satisf\w+|enforc\w+|collect\w*|pursuant\s+to|under|comply\w*|execution)\s+(?:(?:an?|the|on|of|with|court|final|money|civil)\s+){0,4}judge?ments?|court[\s-]+appointed\s+\w+|court\s+(?:officers?|officials?)|clerk\s+of\s+(?:the\s+)?court|(?:surrogate's|probate|family|district|bankruptcy|superior)\s+court\b|(?:under|by|pursuant\s+to)\s+an?\s+order\s+(?:approving|authori[sz]ing|directing|requiring|for)|forfeiture\s+orders?|forfeited\s+to|(?:civil|criminal)\s+forfeiture|confiscat\w+|sold\s+(?:\w+\s+)?(?:at|by|in)\s+(?:an?\s+)?(?:\w+\s+)?(?:public|judicial|sheriff's|marshal's)\s+(?:auction|sale)|attached\s+by|tax\s+liens?)\b",
    )
});
/// How shares came, not how they went.
static CAME: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:transfer\w*|acquir\w+|receiv(?:ed|es|ing)|return(?:ed|s)|released|obtain\w*|awarded|held|own(?:s|ed|ership)?|beneficial\w*|includ\w+|exclud\w+|reflect\w*|purchased|bought|remain\w*|retain\w*|distribut\w+|pending|proceeds)\b",
    )
});
static LENDER_HERSELF: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"(?:^|\b(?:that|which|when|where|and|since|because)\s+|,\s+)(?:the\s+)?reporting\s+persons?\s+(?:\w+\s+)?(?:foreclosed|,?\s*as\s+(?:the\s+)?(?:lender|secured|pledgee))|\breporting\s+persons?(?:'s\s+\w+)?,?\s+(?:(?:is|was)\s+)?an?\s+(?:former\s+|retired\s+)?(?:\w+\s+)?(?:courts?|judges?|bankruptcy|lender|receiver|marshal|sheriff|banker|broker)\b",
    )
});

/// Shares that were acquired in this way.
static BOUGHT_AT: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:purchased|acquired|bought|received|obtained)\s+(?:\w+\s+){0,4}(?:at|in|from|through|upon|by)\s+(?:an?\s+|the\s+)?$",
    )
});

/// True if a sentence is about a sale, or so short that it can only be about its row.
fn is_of_sale(sentence: &str) -> bool {
    const SHORT: usize = 90;
    SALES.is_match(sentence) || sentence.len() <= SHORT && !CAME.is_match(sentence)
}

/// Returns the words with which a sentence says that a lender, a broker or a court made the sale. `note` is
/// the whole note, for the debt behind it.
pub(super) fn says_involuntary<'a>(sentence: &'a str, note: &str) -> Option<&'a str> {
    let sentence = happened(sentence)?;
    if LENDER_HERSELF.is_match(sentence) {
        return None;
    }
    by_lender(sentence, note)
        .or_else(|| called_in(sentence))
        .or_else(|| by_order(sentence))
        .or_else(|| mistake::in_error(sentence))
}

fn by_lender<'a>(sentence: &'a str, note: &str) -> Option<&'a str> {
    let passive = |by: &Pattern| {
        pairs(sentence, &SALES, by, 90)
            .find(|pair| {
                !CAME.is_match(pair.gap)
                    && !HOUSE.is_match(pair.gap)
                    && !is_denied(pair.gap)
                    && !NOT_DONE_BY.is_match(pair.gap)
                    && is_real(sentence, pair.words)
            })
            .map(|pair| pair.words)
    };
    let active = |who: &Pattern| {
        let found = pairs(sentence, who, &DID, 90).find(|pair| {
            !is_undone(pair.gap)
                && !is_object(sentence, pair.words)
                && !is_none(pair.words)
                && !BOUGHT_AT.is_match(before(sentence, start_in(sentence, pair.words), 80))
                && is_real(sentence, pair.words)
        });
        found.map(|pair| pair.words).filter(|_| is_of_sale(sentence))
    };
    let short = LIQUIDATED.is_match(sentence) || FELL_SHORT.is_match(note);
    let owed = ENFORCED.is_match(note) || MARGIN.is_match(note) && short;
    let named = || {
        let mut pairs = pairs(sentence, &SALES, &BY_NAMED, 40);
        pairs
            .find(|pair| !NOT_DONE_BY.is_match(pair.words) && is_real(sentence, pair.words))
            .map(|pair| pair.words)
    };
    let taken = || {
        let came_before = CAME_BEFORE.is_match(sentence);
        let mut pairs = pairs(sentence, &TO_LENDER, &TAKEN, 60);
        pairs.find(|pair| !came_before && is_real(sentence, pair.words)).map(|pair| pair.words)
    };
    passive(&BY_LENDER)
        .or_else(named)
        .or_else(taken)
        .or_else(|| active(&LENDERS))
        .or_else(|| if owed { passive(&BY_BANK).or_else(|| active(&BANKS)) } else { None })
}

/// True if it has not happened, or is somebody else's act: "the lender, the reporting person sold", but not
/// "the lender of his sold".
fn is_undone(gap: &str) -> bool {
    let whose = WHOSE_LENDER.find(gap).map_or(0, str::len);
    NOT_DONE.is_match(&gap[whose..])
}
static WHOSE_LENDER: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"^\s+(?:of|to|for)\s+(?:the\s+)?(?:reporting\s+persons?|his|her|(?:mr|mrs|ms|dr)\.?\s+\w+)|^\s+under\s+(?:(?:an?|the|his|her|its|their|certain)\s+)?(?:[\w-]+\s+){0,5}?(?:loans?|agreements?|facilit(?:y|ies)|notes?|contracts?)\b(?:\s+(?:to|with)\s+(?:an?|the)\s+(?:[\w-]+\s+){0,3}(?:controlled|owned)\s+by\s+(?:the\s+)?reporting\s+persons?)?",
    )
});
/// "No court".
fn is_none(words: &str) -> bool {
    words.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("no "))
}
/// Somebody else's act comes in between.
static NOT_DONE_BY: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"\b(?:by\s+(?:the\s+)?reporting|loans?\s+made|made\s+to|owed|incurred|issued|required)\b")
});

/// About other shares, or another day.
static CAME_BEFORE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:previously|earlier|other|remain\w*|exclud\w*|includ\w*|acquir\w*|receiv\w*|own(?:s|ed|ership))\b",
    )
});

/// True if words that name a lender follow somebody who deals with it: "pledged to the lender".
fn is_object(sentence: &str, words: &str) -> bool {
    let near = clause(sentence, start_in(sentence, words));
    let raw = before(sentence, start_in(sentence, words), 60);
    OBJECT.is_match(near) || OWNER_AS.is_match(raw)
}
/// "The reporting person, a lender to the issuer".
static OWNER_AS: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\breporting\s+persons?\s*,?\s+(?:an?|the|as|is|who\s+is|which\s+is|was)(?:\s+an?|\s+the)?(?:\s+\w+)?\s*$|\bformer\s*$",
    )
});
static OBJECT: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:to|with|from|of|against|for|through|via)(?:\s+[\w.&']+){0,3}\s*$"));

fn called_in(sentence: &str) -> Option<&str> {
    let stated = |pattern: &Pattern| {
        pattern.ranges(sentence).into_iter().find_map(|range| {
            let words = &sentence[range];
            let own = words.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("foreclos"));
            let came = own && CAME.is_match(clause(sentence, start_in(sentence, words)));
            (!came && is_real(sentence, words)).then_some(words)
        })
    };
    let found = stated(&CALLED_IN).filter(|_| is_of_sale(sentence));
    found.or_else(|| {
        let owed = OWED.is_match(sentence) && SALES.is_match(sentence);
        stated(&DEFAULTED).filter(|_| owed)
    })
}

fn by_order(sentence: &str) -> Option<&str> {
    let before = pairs(sentence, &SALES, &BY_ORDER, 110)
        .find(|pair| {
            // "Transferred in a transaction under an order".
            let start = start_in(sentence, pair.words);
            let came = OF_ANY_KIND.is_match(pair.words) && CAME.is_match(clause(sentence, start));
            !came && !CAME.is_match(pair.gap) && is_ordered(sentence, pair.words)
        })
        .map(|pair| pair.words);
    let behind = || {
        let of_row = !SALES.is_match(sentence) && is_of_sale(sentence);
        BY_ORDER.ranges(sentence).into_iter().find_map(|range| {
            let words = &sentence[range.clone()];
            let came = CAME.is_match(clause(sentence, range.start));
            let rest = start(&sentence[range.end..], 250);
            let sold = SALES.ranges(rest).first().map(|sale| &rest[..sale.start]);
            let of_sale = match sold {
                Some(gap) => !CAME.is_match(gap),
                None => SALES.is_match(words) || of_row,
            };
            (!came && of_sale && is_ordered(sentence, words)).then_some(words)
        })
    };
    before.or_else(behind)
}

static OF_ANY_KIND: LazyLock<Pattern> = LazyLock::new(|| pattern(r"^(?:transactions?|trades?)\b"));

fn is_ordered(sentence: &str, words: &str) -> bool {
    let inner = UNREAL.find(words).is_none_or(|found| start_in(words, found) == 0);
    inner && is_real(sentence, words)
}
