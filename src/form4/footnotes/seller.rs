//! Who made a sale and what was behind it, if neither alone says that it was forced: a bank that sold, a loan
//! that was not repaid. They may be in several sentences, or in several notes of one row.

use std::sync::{Arc, LazyLock};

use super::happened::is_denied;
use super::pattern::{Pattern, pairs, pattern, start_in};
use super::text::excerpt;

/// Names of firms that lend, hold or trade: recognized by a word in them, or by a well-known name.
pub(super) const FIRM: &str = r"(?-i:(?:[A-Z][\w&.'*-]*,?\s+){0,4}(?:Bank|BANK|Banc|Bancorp|N\.A\.?|Securities|Brokerage|Brokers|Clearing|Lending|Trust\s+Company|Wealth\s+Management|Wealth\s+Advisors|Financial\s+(?:Services|Advisors|Group)|Private\s+Wealth|Capital\s+Markets|Credit\s+[A-Z]\w+|Lend(?:ing|ers?)|UBS|Barclays|Citi(?:bank|group)?|JPMorgan|J\.\s?P\.\s+Morgan|Morgan\s+Stanley|Goldman|Merrill|Schwab|Fidelity|E\*?T(?:RADE|rade)|Wells\s+Fargo|Credit\s+Suisse|BNP\s+Paribas|HSBC|Nomura|Macquarie|Jefferies|Stifel|Raymond\s+James|Pershing|Robinhood|Northern\s+Trust|State\s+Street|RBC|Ameritrade|Oppenheimer|Mizuho|Santander|Natixis|Cantor|LPL|Edward\s+Jones|Ameriprise|Vanguard|Julius\s+Baer|Pictet|Standard\s+Chartered|First\s+Republic|BMO|Scotia\w*|CIBC|Piper|Baird|Evercore|Lazard|Janney|Canaccord|Wedbush)\b(?:[,.]?\s+(?:[A-Z&][\w&.*-]*|of|and)){0,4}(?:'s)?(?:,?\s+(?:LLC|Inc\.?|L\.?P\.?|N\.A\.?|AG|PLC|plc|Ltd\.?|S\.A\.?))?)";
/// Unnamed lenders, holders and traders, and whoever acts for a debt.
const AGENT: &str = r"(?:(?:\w+\s+)?banks?|(?:stock)?brokers?|broker-?\s?dealers?|brokerage(?:\s+(?:firm|house|company))?|(?:clearing|securities|financial|lending|margin)\s+(?:firms?|institutions?|intermediar(?:y|ies)|compan(?:y|ies)|desk|department|brokers?)|custodians?|counterpart(?:y|ies)|(?:administrative|security|collateral)\s+(?:agents?|trustees?)|note\s?holders?|lenders?|pledgees?|chargees?|secured\s+part(?:y|ies)|creditors?|receivers?|liquidators?|(?:bankruptcy\s+|chapter\s+\d+\s+)trustees?|assignees?\s+for\s+the\s+benefit|(?:public\s+|estate's\s+)administrators?|guardians?(?:\s+ad\s+litem)?|courts?(?:\s+(?:officers?|officials?|clerks?))?|clerks?\s+of\s+(?:the\s+)?court|sheriffs?|marshals?|bailiffs?|special\s+masters?|commissioners?|(?:state|federal|government|tax|support|enforcement)\s+(?:\w+\s+){0,2}(?:agenc(?:y|ies)|authorit(?:y|ies)|officers?)|risk\s+(?:department|desk|management)|intruders?|holders?\s+of\s+(?:the|a)\s+(?:notes?|loans?|liens?|pledges?|security\s+interests?)|financ(?:ier|ing\s+part(?:y|ies)))";
const SALE: &str = r"\b(?:sold|sales?|sell(?:ing)?|dispos(?:ed?|als?|itions?|ing)|liquidat\w+|auction\w*|closed\s+out|transactions?|trades?)\b";

static SALES: LazyLock<Pattern> = LazyLock::new(|| pattern(SALE));
static AGENTS: LazyLock<Pattern> = LazyLock::new(|| pattern(&format!(r"\b(?:{FIRM}|{AGENT})(?:'s)?")));
static BY_AGENT: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?:by|at\s+the\s+(?:direction|instance|behest|insistence|instructions?|demand|request)\s+of|on\s+(?:the\s+)?(?:instructions?|orders?|demand)\s+of|demanded\s+by)\s+(?:(?:the|an?|his|her|their|its|such|that|one|reporting\s+persons?'?s?'?|\w+'s|securities|exchange|commission's|and|of|for|united|states|county|state|u\.s\.|court-?\s?appointed|appointed|independent|internal|local|federal|bankruptcy|margin|senior|junior|previous|former)\s+){{0,8}}(?:{FIRM}|{AGENT})"
    ))
});
static DID: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:sold|sells|liquidated|auctioned|disposed|closed\s+out|took\s+possession|caused|forced|compelled|effected|executed|initiated|exercised|enforced|reali[sz]ed?|elected\s+to|proceeded\s+to|decided\s+to|elected|instructed|directed|issued|demanded|required|applied|did,?\s+(?:so|sell)|authori[sz]ed\s+(?:\w+\s+){0,3}(?:trustee|sale)|terminated|made\s+(?:the|these|this|all)|began\s+(?:to\s+sell|selling))\b",
    )
});
/// Between a firm and an act: the act is somebody else's, or did not happen.
static NOT_ITS: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:(?-i:may)|might|could|would|can|will|shall|if|unless|not|never|no|right\s+to|entitled|permitted|agree[ds]?|consent\w*|was|were|been|be|being|is|are|under|issuer|company|before|after|prior|since|until|who|whom|he|she|they|by|through)\b|\breporting\s+persons?(?:[\s,]|$)",
    )
});
static CAME: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:acquir\w+|receiv(?:ed|es|ing)|purchas\w+|bought|remain\w*|report(?:ed)?\s+by|held|pledged|commissions?|charged|prior\s+to|before|released)\b",
    )
});
static UNREAL: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:not|no|never|neither|none|(?-i:may)|might|could|would|can|if|unless|avoid\w*|prevent\w*|in\s+the\s+event|in\s+case|future)\b",
    )
});
/// A sale that its owner would not describe this way.
static LIQUIDATED: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:(?:was|were|been|being|shares|stock|position|securities|collateral)\s+(?:\w+\s+)?(?:liquidated|closed\s+out|sold\s+out|auctioned)|(?:liquidation|auction|close-?\s?out|sell-?\s?out)\b)",
    )
});
static DEBT: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:pledg\w+|collateral\w*|margin|loans?|lombard|credit\s+(?:facilit\w+|lines?|agreements?|support)|lines?\s+of\s+credit|indebtedness|debts?|borrow\w*|lend\w*|security\s+(?:for|interests?|agreements?)|secur(?:ed|ing)|liens?|(?:share|stock|fixed|floating)\s+charge|minimum\s+equity|maintenance|owed|owing|creditors?|defaults?|defaulted|(?:right|rights)\s+to\s+(?:sell|liquidate)|facilit(?:y|ies)|amounts?\s+(?:outstanding|due)|(?:obligations?|guarant\w+)|regulation\s+t|debit\s+(?:position|balance)|(?:decline|drop|fall|decrease|reduction)\s+in\s+(?:the\s+)?(?:\w+\s+)?(?:value|price|equity)|financing|arrears|courts?|bankruptcy|judge?ments?|writ|estate's|receivers?|levy|levied|seiz\w+|assignee\s+for\s+the\s+benefit)\b",
    )
});
/// The debt is gone, concerns other shares, or is only possible.
static NO_DEBT: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:releas\w+|remain\w*|other\s+shares|unrelated|no\s+(?:event|connection|relation|margin|loan|lender|default)|not\s+(?:\w+\s+)?(?:subject|pledged|connected|related|in\s+default)|none|never|(?-i:may)|might|could\s+(?:be|have|only|also|then|later|sell|force|require|demand|lead|result)|(?:use[ds]?|apply|applied|intends?)\s+(?:\w+\s+){0,3}proceeds|proceeds\s+(?:\w+\s+){0,3}(?:to\s+repay|to\s+pay|will|may)|(?:was|were|been)\s+(?:fully\s+)?(?:repaid|terminated|discharged)|repaid\s+in\s+full|lender\s+to|(?:issuer's|company's)\s+(?:\w+\s+){0,2}(?:loans?|credit|debt|lenders?|indebtedness|facility|default)|loans?\s+(?:made\s+)?to\s+(?:the\s+)?(?:issuer|company)|before|avoid\w*|prevent\w*)\b",
    )
});
/// The debt is called, or its collateral is not enough.
static SHORTFALL: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:short-?\s?fall\w*|deficien\w+|deficit|under-?\s?collaterali[sz]ed|insufficient|inadequate|unable\s+to\s+(?:\w+\s+)?(?:repay|pay|meet|deliver|post|cure|satisfy|maintain|provide|deposit|honou?r)|demands?\s+for\s+(?:additional|more|further)\s+(?:funds|collateral|margin|equity|cash|security)|failed\s+to\s+(?:\w+\s+)?(?:repay|pay|meet|deliver|post|cure|satisfy|maintain|provide|deposit|honou?r)|failure\s+to\s+(?:\w+\s+)?(?:repay|pay|meet|deliver|post|cure|satisfy|maintain|provide|deposit|honou?r)|(?:not|un)\s?(?:been\s+)?(?:re)?paid\b|overdue|past\s+due|defaulted|events?\s+of\s+default|in\s+default|upon\s+(?:\w+\s+)?default|margin\s+calls?|maintenance\s+(?:calls?|requirements?)|mandatory\s+prepayment|(?:minimum|required|restore)\s+(?:\w+\s+){0,3}equity|house\s+requirements?|enforce\w*|foreclos\w+|accelerat\w+|remed(?:y|ies))",
    )
});
/// Things that a lender measures, and that they were not enough.
static MEASURE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"\b(?:loan[\s-]to[\s-]value|LTV|equity|account|collateral|coverage|value|price)\b")
});
static FELL: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:fell|fallen|falling|dropped|drop|declin\w+|decreas\w+|exceed\w*|breach\w*|below|under\s+the)\b",
    )
});
static CALL: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\bcalls?\b"));
static UNMET: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:not\s+(?:\w+\s+)?(?:meet|met|satisf\w+|answer\w*|cured?)|unable\s+to|unmet|unanswered|unsatisfied)\b",
    )
});
/// The owner's own act.
static OWN_ACT: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:(?:at|on|upon|per|following|with|under|by|to|in\s+accordance\s+with|pursuant\s+to)\s+(?:the\s+)?(?:reporting\s+persons?'?s?'?|his|her|their|mr\.?\s+\w+'s|ms\.?\s+\w+'s)\s+(?:own\s+|express\s+|prior\s+|specific\s+)?(?:directions?|instructions?|orders?|requests?|election|discretion|initiative|consent|approval)|(?:directions?|instructions?|orders?|requests?|discretion|behalf|initiative|election)\s+(?:of|by|from|given\s+by|placed\s+by)\s+(?:the\s+)?reporting\s+persons?|(?:reporting\s+persons?|and|has|had)\s+(?:has\s+|had\s+|have\s+|voluntarily\s+|then\s+|therefore\s+)?(?:decided|elected|chose|opted|determined)\s+to\s+(?:sell|liquidate|dispose|make|effect)|(?:reporting\s+persons?|^(?:he|she))\s+(?:has\s+|had\s+|have\s+|voluntarily\s+|then\s+|also\s+|himself\s+|herself\s+)?(?:sold|disposed|liquidated|directed|instructed|requested|ordered|authori[sz]ed|asked|(?:effected|executed|made|placed|entered|initiated)\s+(?:[\w-]+\s+){0,6}(?:sales?|transactions?|trades?|orders?))|by\s+(?:the\s+)?reporting\s+persons?(?:\s+(?:in|on|at|through|under|for|to|and)\b|[.,;]|$)|(?:^|\s)voluntar(?:y|ily)|\b(?:for|of)\s+which\s+(?:the\s+)?(?:reporting\s+persons?|he|she)\s+(?:is|are|was|were|serves?|acts?)\b|as\s+(?:instructed|directed|ordered|requested|authori[sz]ed)\s+by)",
    )
});
static NOT_OWN: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:not|no|without|neither|nor|never|contrary\s+to|against|despite|instead|owed|made\s+(?:available|to)|incurred|guarant\w+|granted|borrowed|issued|executed|signed|defaults?|pledged|pledge|default)\b",
    )
});

/// The sentences of a note about who sold and why.
#[derive(Debug, Clone, Default)]
pub(in crate::form4) struct Parts {
    /// A firm that lends, holds or trades made the sale.
    pub(in crate::form4) sold_by: Option<Arc<str>>,
    /// Something was liquidated, closed out or auctioned.
    liquidated: Option<Arc<str>>,
    debt: bool,
    shortfall: bool,
    own_act: bool,
}

impl Parts {
    /// Finds out if the notes together say that a sale was forced; returns the note that says who sold, with
    /// its words.
    pub(in crate::form4) fn forced<'p>(
        notes: impl Iterator<Item = &'p Self> + Clone,
    ) -> Option<(usize, &'p Arc<str>)> {
        if notes.clone().any(|parts| parts.own_act) {
            return None;
        }
        let shortfall = notes.clone().any(|parts| parts.shortfall);
        let debt = shortfall || notes.clone().any(|parts| parts.debt);
        let sold_by = || notes.clone().enumerate().find_map(|(i, parts)| Some((i, parts.sold_by.as_ref()?)));
        let liquidated =
            || notes.clone().enumerate().find_map(|(i, parts)| Some((i, parts.liquidated.as_ref()?)));
        sold_by().filter(|_| debt).or_else(|| liquidated().filter(|_| shortfall))
    }

    /// Adds what a sentence says.
    pub(super) fn add(&mut self, sentence: &str) {
        if self.sold_by.is_none() {
            self.sold_by = sold_by(sentence).map(|words| excerpt(sentence, words));
        }
        if self.liquidated.is_none() && !UNREAL.is_match(sentence) {
            self.liquidated = LIQUIDATED.find(sentence).map(|words| excerpt(sentence, words));
        }
        if !NO_DEBT.is_match(sentence) {
            self.debt |= DEBT.is_match(sentence);
            self.shortfall |= SHORTFALL.is_match(sentence)
                || pairs(sentence, &CALL, &UNMET, 60).next().is_some()
                || pairs(sentence, &MEASURE, &FELL, 90).next().is_some() && self.debt;
        }
        self.own_act |= is_own_act(sentence);
    }
}

fn is_own_act(sentence: &str) -> bool {
    OWN_ACT.ranges(sentence).into_iter().any(|range| {
        let mut from = range.start.saturating_sub(60);
        while !sentence.is_char_boundary(from) {
            from += 1;
        }
        !NOT_OWN.is_match(&sentence[from..range.start]) && !NOT_OWN.is_match(&sentence[range])
    })
}

/// Returns the words that say that a firm that lends, holds or trades made or caused the sale.
fn sold_by(sentence: &str) -> Option<&str> {
    let real = |words: &str| !UNREAL.is_match(ahead(sentence, words));
    let passive = pairs(sentence, &SALES, &BY_AGENT, 110)
        .find(|pair| !CAME.is_match(pair.gap) && !is_denied(pair.gap) && real(pair.words))
        .map(|pair| pair.words);
    passive.or_else(|| {
        if !SALES.is_match(sentence) {
            return None;
        }
        pairs(sentence, &AGENTS, &DID, 120)
            .find(|pair| !is_undone(pair.gap) && !is_object(sentence, pair.words) && real(pair.words))
            .map(|pair| pair.words)
    })
}

/// True if the words between a firm and its act, except those set off by a pair of commas, mean that the act
/// is not its own.
fn is_undone(gap: &str) -> bool {
    if gap.trim_end().ends_with("and") && gap.contains("entitled") {
        return false;
    }
    let apart = gap.strip_prefix(',').and_then(|rest| Some(&rest[rest.rfind(',')? + 1..]));
    NOT_ITS.is_match(apart.unwrap_or(gap))
}

/// The words just before some words of a sentence.
fn ahead<'a>(sentence: &'a str, words: &str) -> &'a str {
    const NEAR: usize = 40;
    let at = start_in(sentence, words);
    let mut from = at.saturating_sub(NEAR);
    while !sentence.is_char_boundary(from) {
        from += 1;
    }
    let near = &sentence[from..at];
    near.rfind([',', ';']).map_or(near, |cut| &near[cut + 1..])
}

/// "Pledged to the bank": the firm is the object, or an intermediary.
fn is_object(sentence: &str, words: &str) -> bool {
    static OBJECT: LazyLock<Pattern> = LazyLock::new(|| {
        pattern(r"\b(?:to|with|from|of|against|for|through|via|at|using|in)(?:\s+[\w.&']+){0,2}\s*$")
    });
    OBJECT.is_match(ahead(sentence, words))
}
