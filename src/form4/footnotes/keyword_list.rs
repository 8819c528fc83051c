//! The keywords that notes are searched for, each with what it may indicate.

use super::keywords::Keywords;

/// Each mark with its words, separated by `|`.
pub(super) const KEYWORDS: [(u32, &str); 21] = [
    (
        Keywords::PLAN,
        "10b|10 b|10(b|10-b|105b|10 5b|l0b|1ob|trading plan|sales plan|sale plan|selling plan|disposition plan|\
         diversification plan|prearranged|pre-arranged|pre arranged|written plan|adopted plan",
    ),
    (Keywords::PLAN_KIND, "arranged|established|existing|determined|pre-set|written stock|automatic"),
    (Keywords::ANY_PLAN, "plan|instruction|arrangement|program"),
    (Keywords::BOX, "box|checkmark|check-mark|check mark|indicator"),
    (
        Keywords::COVER,
        "to cover|to-cover|tax|withh|exercise price|exercise cost|option cost|cost of|costs of|transaction cost|\
         paye|national insurance",
    ),
    (Keywords::OFFERING, "underwr|offering|prospectus|registration|allot|ipo|greenshoe|green shoe"),
    (
        Keywords::NEGOTIATED,
        "negotiat| spa |neg'd|private|block|agreement|agreed|off-market|arm's|of sale|purchaser|buyer|investor|\
         affiliate|forward|child",
    ),
    (Keywords::ISSUER, "issuer|company|registrant|corporation|repurchas|redeem|redem"),
    (
        Keywords::HANDED,
        "repurchas| put |redeem|redem|sold|sale|sell|dispos|transfer|tender|bought|purchase|buy|returned|acquired",
    ),
    (Keywords::DISCRETION, "discretion"),
    (
        Keywords::FORCED,
        "foreclos| irs|margin|lender|pledge|collateral|creditor|secured|mortgagee|lien|default|remed|enforce|\
         ce call|ce-call|se call|receiver|bankrupt|chapter|special master|sheriff|marshal|bailiff|court|judg|\
         internal revenue|decree|domestic relation|qdro|writ |levy|levied|garnish|seiz|forfeiture|judicial|\
         dissolution|unbeknown|forced|forcib|against h|against t|accelerat|demand|tax authorit|separation order|\
         matrimonial|unauthor|unsanction|error|mistak|inadvert|accident|miscommun|misunderst|unintend|unintent|\
         erron|improper|wrongful|without|not author|not approv|not instruct|not request|not aware|did not|had not|\
         does not|never |no author|no instruct|lacked|involuntar|voluntar|compel|divorc|violation of|contrary|\
         despite|exceed|-initiated|insufficient|shortfall|shortage|beyond|unaware|no knowledge|no prior knowledge|\
         loan|of credit|credit facil|credit line|credit support|unpaid|not repaid|not paid|owed|indebted|\
         equity requirement|minimum equity|requirement|auction|forfeit|identity|fraud|theft|stolen|hack|misapprop|\
         embezz|forged|forgery|compromis|advance notice|prior notice|misread|misinter|mishear|misconstr|misrout|\
         glitch|malfunction|cancel|neither|volition|contacting|consulting|closed out|close-out|sold out|sell-out|\
         liquidat|deficien|deficit|breach|fell below|loan-to|ltv|confiscat|attach|alimony|own initiative|trigger|\
         charge|repossess|government|facilit|outstanding under|amounts due|regulation t|debit|decline in|drop in|\
         arrears|support agenc|assignee|liquidator|guardian|nevertheless|wrong|keyed|more shares than|financing|\
         intruder|administrator|force-|unable to|demand for|impersonat",
    ),
    (
        Keywords::OTHERWISE,
        "automatic| son | alone |forward|discretion|unauthor|unsanction|error|mistak|inadvert|accident|miscommun|\
         misunderst|unintend|unintent|erron|improper|wrongful|without|not author|not approv|not instruct|\
         not request|not aware|did not|had not|does not|never |no author|no instruct|lacked|involuntar|voluntar|\
         compel|divorc|mandat|compuls|obligat|requir|spouse|wife|husband|independent|third party|third-party|\
         -affiliated|unaffiliated|outside |external|professional|corporate |institution|manager|advis|blind trust|\
         has no |have no |had no |having no |exercises no |exercised no |with no |not initiat|not direct|not made|\
         not decid|not control|not effect|not order|not consult|not involv|called away|assign|call option|drag|\
         squeeze|fraction|right to receive|merger|dissol|winding|wind-|wind |liquidation of|termination of|swap|\
         collar|marital|nevertheless|wrong|oblig|bound to|to comply|divest|had to|condition of|condition to|\
         control|mother|father|sister|brother|daughter|trustee|not the trust|who is not|order to|managed account",
    ),
    (
        Keywords::AGENT,
        "bank|credit|lending|broker|custodian|counterpart|securities|clearing|schwab|fidelity|merrill|morgan|\
         goldman|ubs|barclays|citi|wells fargo|suisse|paribas|hsbc|nomura|macquarie|jefferies|stifel|\
         raymond james|pershing|robinhood|etrade|e*trade|ameritrade|northern trust|state street|oppenheimer|\
         financial|intermediar|noteholder|note holder",
    ),
    (Keywords::UNDERTAKING, "undertakes|undertake to|full information"),
    (Keywords::RANGE, "rang"),
    (Keywords::BETWEEN, "between|b/w|from $"),
    (Keywords::HIGH, "high|above|less than|minimum"),
    (Keywords::AVERAGE, "averag|avg|vwap"),
    (Keywords::DOLLAR, "from $|$"),
    // And all names of currencies, except dollars.
    (Keywords::MONEY, "dollar|local currency|lawful money|jse|johannesburg|london stock|lse"),
    (Keywords::ADS, "ads|adr|gds|gdr|american depos|global depos|new york registered|european depos"),
];
