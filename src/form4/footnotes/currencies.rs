//! How filers write currencies, and where a text names one.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;

use crate::filing::Currency;

/// A currency as a text names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// US dollars, named as such.
    Usd,
    /// Dollars, or a bare `$`.
    Dollar,
    /// Another currency.
    Other(Currency),
    /// Hundredths of another currency: pence.
    Hundredths(Currency),
    /// Another currency whose name several countries use: pesos, kroner.
    Unclear,
}

/// A place where a text names a currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) named: Named,
    pub(super) at: Range<usize>,
}

/// Spellings of each currency in any case, and codes in capitals only. A code with a `$` after it is the
/// code's.
const SPELLINGS: [(&str, &str, &str); 63] = [
    (
        "USD",
        "us$|$usd|u.s.$|u.s. $|u.s $|u. s. $|us $|u.s. dollar|u.s dollar|us dollar|united states dollar|u.s. currency|u.s. funds|us funds|\
         united states currency|american dollar|us-dollar|u.s.-dollar|dollars of the united states|u.s.d.",
        "USD|US Dollar",
    ),
    (
        "TWD",
        "nt$|nt $|n.t.$|tw$|tw $|new taiwan dollar|nt dollar|n.t. dollar|taiwan dollar|taiwanese dollar|new taiwanese dollar|新台幣|新臺幣|台幣",
        "TWD|NTD",
    ),
    (
        "HKD",
        "hk$|hk $|h.k.$|h.k. $|hong kong $|hong kong dollar|hong kong-dollar|h.k. dollar|hk dollar|港元|港幣|港币",
        "HKD",
    ),
    (
        "CAD",
        "c$|ca$|$c|$ca|$can|$cad|$cdn|cdn$|cdn. $|cdn.$|can$|can. $|can.$|can. dollar|c dollar|canadian dollar|canadian $|canadian currency|canadian funds|cad dollar|cdn. dollar|cdn dollar|\
         currency of canada|money of canada|canadian",
        "CAD|CDN|CND",
    ),
    (
        "AUD",
        "a$|au$|aus$|a.$|$a|$au|$aud|aust.$|aust. dollar|australian dollar|aussie dollar|australian currency|aud dollar",
        "AUD",
    ),
    ("NZD", "nz$|new zealand dollar", "NZD"),
    ("SGD", "s$|sg$|$sgd|sing$|singapore dollar|singaporean dollar", "SGD"),
    ("MXN", "mex$|mx$|mexican peso|pesos mexicanos|mxn$|moneda nacional|m.n.", "MXN|MXP"),
    ("BRL", "r$|r $|brazilian real|brazilian reais|brazil real|reais|reals|brl$", "BRL"),
    (
        "GBP",
        "£|pounds sterling|pound sterling|british pound|sterling|each pound|per pound|one pound|a pound|in pounds|british pounds|uk pound|u.k. pound|great britain pound|gb£|uk£",
        "GBP|UKP",
    ),
    ("GBX", "pence|british penny|penny sterling|pennies sterling", "GBX|GBp"),
    ("EUR", "€|euro|euros|(euro)", "EUR"),
    ("JPY", "¥|￥|jp¥|japanese yen|yen|円|日元", "JPY"),
    ("CNY", "rmb¥|cn¥|renminbi|yuan|chinese yuan|人民币|人民幣", "RMB|CNY|CNH"),
    (
        "ILS",
        "₪|new israeli shekel|new israel shekel|israeli shekel|israeli new shekel|new shekel|shekel|shekalim",
        "NIS|ILS",
    ),
    ("ILA", "agorot|agora|israeli agorot", "ILA"),
    ("INR", "₹|indian rupee|rupee|rs.|re.", "INR|Rs"),
    ("KRW", "₩|korean won|south korean won|republic of korea won", "KRW"),
    ("CHF", "swiss franc|sfr.|sfr|schweizer franken", "CHF|SFr"),
    ("SEK", "swedish krona|swedish kronor|swedish krone|swedish crown", "SEK"),
    ("NOK", "norwegian krone|norwegian kroner|norwegian krona|norwegian crown", "NOK"),
    ("DKK", "danish krone|danish kroner|danish krona|danish crown", "DKK"),
    ("ZAR", "south african rand|sa rand|zar rand|in rand|in rands|rands", "ZAR"),
    ("ZAC", "south african cents|sa cents|zar cents|rand cents", "ZAC"),
    ("ARS", "ar$|argentine peso|argentinian peso|argentinean peso|argentina peso", "ARS"),
    ("CLP", "clp$|chilean peso", "CLP"),
    ("COP", "col$|colombian peso", "COP"),
    ("PHP", "₱|philippine peso", "PHP"),
    ("PEN", "s/.|s/|peruvian sol|peruvian soles|nuevos soles", "PEN"),
    ("IDR", "indonesian rupiah|rupiah", "IDR"),
    ("MYR", "malaysian ringgit|ringgit", "MYR|RM"),
    ("THB", "฿|thai baht|baht", "THB"),
    ("PLN", "polish zloty|zloty|złoty|zlotys", "PLN"),
    ("TRY", "turkish lira|turkish liras|lira|liras|tl", "TRY"),
    ("AED", "uae dirham|emirati dirham|dirham", "AED"),
    ("SAR", "saudi riyal|saudi riyals|riyal", "SAR"),
    ("QAR", "qatari riyal|qatari rial", "QAR"),
    ("VND", "vietnamese dong|vietnam dong|dong", "VND"),
    ("KZT", "kazakhstani tenge|tenge", "KZT"),
    ("GEL", "georgian lari|lari", "GEL"),
    ("NGN", "nigerian naira|naira", "NGN"),
    ("RUB", "russian ruble|russian rouble|ruble|rouble|₽", "RUB"),
    ("UAH", "ukrainian hryvnia|hryvnia", "UAH"),
    ("CZK", "czech koruna|koruna", "CZK"),
    ("HUF", "hungarian forint|forint", "HUF"),
    ("RON", "romanian leu|romanian lei", "RON"),
    ("ISK", "icelandic krona", "ISK"),
    ("EGP", "egyptian pound", "EGP"),
    ("KES", "kenyan shilling", "KES"),
    ("MAD", "moroccan dirham", "MAD"),
    ("PKR", "pakistani rupee|pakistan rupee", "PKR"),
    ("LKR", "sri lankan rupee|sri lanka rupee", "LKR"),
    ("BDT", "bangladeshi taka|taka", "BDT"),
    ("JMD", "j$|jamaican dollar", "JMD"),
    ("TTD", "tt$|trinidad and tobago dollar", "TTD"),
    ("BMD", "bermuda dollar|bermudian dollar", "BMD"),
    ("UYU", "uruguayan peso", "UYU"),
    ("CRC", "costa rican colon|costa rican colones", "CRC"),
    ("KWD", "kuwaiti dinar", "KWD"),
    ("BHD", "bahraini dinar", "BHD"),
    ("JOD", "jordanian dinar", "JOD"),
    ("MOP", "macanese pataca|pataca", "MOP"),
    ("BGN", "bulgarian lev", "BGN"),
];
/// The market names for hundredths, and their currencies.
const HUNDREDTHS: [(&str, &str); 3] = [("GBX", "GBP"), ("ILA", "ILS"), ("ZAC", "ZAR")];
/// Words that, after a currency's, make a company's name of it: "Euro Pacific Capital".
const OF_NAMES: [&str; 24] = [
    "Holdings",
    "Holding",
    "Capital",
    "Trust",
    "LLC",
    "LP",
    "L.P",
    "Inc",
    "Partners",
    "Group",
    "Ltd",
    "Fund",
    "Investments",
    "Investment",
    "Pacific",
    "Ventures",
    "Corp",
    "Corporation",
    "Company",
    "Management",
    "Advisors",
    "Asia",
    "Bank",
    "Securities",
];
const DOLLARS: &str = "$|dollar";
const UNCLEAR: &str = "peso|ps.|kroner|kronor|kronur|krone";

/// All names of currencies.
pub(super) fn spellings() -> impl Iterator<Item = &'static str> {
    let lists = SPELLINGS.iter().flat_map(|(_, words, codes)| [*words, *codes]).chain([UNCLEAR]);
    lists.flat_map(|list| list.split('|')).filter(|word| !word.is_empty())
}

struct Spellings {
    automaton: Option<AhoCorasick>,
    /// For each pattern: its currency, and whether it is a code, in capitals only.
    meant: Vec<(Named, bool)>,
}

static ALL: LazyLock<Spellings> = LazyLock::new(|| {
    let mut spelt: Vec<&str> = Vec::new();
    let mut meant: Vec<(Named, bool)> = Vec::new();
    for (code, words, codes) in SPELLINGS {
        let Some(currency) = Currency::new(code) else { continue };
        let whole =
            HUNDREDTHS.iter().find(|(part, _)| *part == code).and_then(|(_, whole)| Currency::new(whole));
        let named = match whole {
            Some(whole) => Named::Hundredths(whole),
            None if currency == Currency::USD => Named::Usd,
            None => Named::Other(currency),
        };
        for (list, exact) in [(words, false), (codes, true)] {
            for word in list.split('|').filter(|word| !word.is_empty()) {
                spelt.push(word);
                meant.push((named, exact));
            }
        }
    }
    for (list, named) in [(DOLLARS, Named::Dollar), (UNCLEAR, Named::Unclear)] {
        for word in list.split('|') {
            spelt.push(word);
            meant.push((named, false));
        }
    }
    let automaton = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::LeftmostLongest)
        .build(spelt)
        .ok();
    Spellings { automaton, meant }
});

/// The places where a text names a currency, in order. A code and its name beside each other,
/// `Mexican Pesos (MXN)`, are two.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let Some(automaton) = &ALL.automaton else { return Vec::new() };
    let mut tokens: Vec<Token> = Vec::new();
    for found in automaton.find_iter(text) {
        let (named, exact) = ALL.meant[found.pattern().as_usize()];
        let (start, mut end) = (found.start(), found.end());
        if tokens.last().is_some_and(|last| last.at.end > start) {
            continue;
        }
        let word = &text[start..end];
        // GBp and ZAc are hundredths.
        let named = match word {
            "GBp" => Currency::new("GBP").map_or(named, Named::Hundredths),
            "ZAc" => Currency::new("ZAR").map_or(named, Named::Hundredths),
            _ => named,
        };
        let is_code = exact
            && word.bytes().any(|b| b.is_ascii_uppercase())
            && !word.bytes().any(|b| b.is_ascii_lowercase());
        // `GBp`, `Rs`, `SFr` are spelled like this.
        let is_written_so = exact && matches!(word, "GBp" | "ZAc" | "Rs" | "SFr" | "Cdn");
        if exact && !is_code && !is_written_so && word.len() <= 3 {
            continue;
        }
        let before = text[..start].chars().next_back();
        let begins_word = word.starts_with(|c: char| c.is_ascii_alphabetic());
        if begins_word && before.is_some_and(|c| c.is_alphabetic()) {
            continue;
        }
        let rest = &text[end..];
        let ends_word = word.ends_with(|c: char| c.is_ascii_alphabetic());
        if ends_word {
            // The plural is the same word.
            let plural = rest.strip_prefix(['s', 'S']).unwrap_or(rest);
            let plural = if exact { rest } else { plural };
            if plural.starts_with(|c: char| c.is_alphabetic()) {
                continue;
            }
            end = text.len() - plural.len();
            if exact && let Some(signed) = plural.strip_prefix('$').or_else(|| plural.strip_prefix(" $")) {
                end = text.len() - signed.len();
            }
        }
        let next = text[end..]
            .trim_start_matches([' ', ','])
            .split(|c: char| !c.is_alphanumeric() && c != '.')
            .next();
        if ends_word && next.is_some_and(|next| OF_NAMES.contains(&next.trim_end_matches('.'))) {
            continue;
        }
        tokens.push(Token { named, at: start..end });
    }
    of_markets(text, &mut tokens);
    tokens
}

/// Signs that are plain letters, if the text mentions their market: `R812.00` on the JSE, `2,103p` in London.
fn of_markets(text: &str, tokens: &mut Vec<Token>) {
    static SIGNS: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"\b(?P<rand>R)\s?\d|\d(?P<pence>p)\b|\d\s(?P<cents>cents)\b").ok());
    let lower = text.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let (rand, pence) =
        (has(&["jse", "johannesburg", " rand", "zar"]), has(&["london", "lse", "pence", "gbx", "sterling"]));
    let (Some(regex), true) = (&*SIGNS, rand || pence) else { return };
    let of = |code: &str| Currency::new(code);
    for found in regex.captures_iter(text) {
        let sign = |name: &str| found.name(name).map(|sign| sign.range());
        let token = match (sign("rand"), sign("pence"), sign("cents")) {
            (Some(at), ..) if rand => of("ZAR").map(|zar| Token { named: Named::Other(zar), at }),
            (_, Some(at), _) if pence => of("GBP").map(|gbp| Token { named: Named::Hundredths(gbp), at }),
            (.., Some(at)) if rand => of("ZAR").map(|zar| Token { named: Named::Hundredths(zar), at }),
            _ => None,
        };
        let known =
            |at: &Range<usize>| tokens.iter().any(|token| token.at.start < at.end && at.start < token.at.end);
        if let Some(token) = token.filter(|token| !known(&token.at)) {
            let place = tokens.partition_point(|other| other.at.start < token.at.start);
            tokens.insert(place, token);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Keywords, Scanned};
    use super::*;

    #[test]
    fn each_spelling_is_among_the_words_that_notes_are_looked_through_for() {
        for (code, words, codes) in SPELLINGS {
            for word in words.split('|').chain(codes.split('|')).filter(|word| !word.is_empty()) {
                let text = format!("in {word} 41.10 each");
                assert!(Scanned::new(&text, false).keywords.has(Keywords::MONEY), "{code}: {word}");
            }
        }
    }

    fn codes(text: &str) -> Vec<String> {
        let shown = |token: Token| match token.named {
            Named::Usd => "USD".to_owned(),
            Named::Dollar => "$".to_owned(),
            Named::Other(currency) => currency.to_string(),
            Named::Hundredths(currency) => format!("{currency}/100"),
            Named::Unclear => "?".to_owned(),
        };
        tokens(text).into_iter().map(shown).collect()
    }

    #[test]
    fn currencies_are_found_as_filers_write_them() {
        for (text, expected) in [
            ("NT$2,215, at the rate of NT$31.650 to US$1", "TWD TWD USD"),
            ("46.89 BRL per share into U.S. dollars", "BRL USD"),
            ("Price in Mexican Pesos (MXN)", "MXN MXN"),
            ("CAD$0.34 (approximately US$0.249)", "CAD USD"),
            ("In Canadian Dollars", "CAD"),
            (
                "from British pounds sterling to United States dollars at GBP1.0000 to $1.3498",
                "GBP GBP USD GBP $",
            ),
            ("R$5.1017 per US$1.00", "BRL USD"),
            ("HK$7.8412", "HKD"),
            ("nominal value 0.001 GBP", "GBP"),
            ("five cents of euro ((euro)0.05)", "EUR EUR"),
            ("¥1,250 and €5", "JPY EUR"),
            ("1234.5 pence", "GBP/100"),
            ("paid in pesos", "?"),
            ("a cadre of nisei won real rand; an AUDIT; Barclays; the Chair sold his S corporation", ""),
        ] {
            assert_eq!(codes(text).join(" "), expected, "{text}");
        }
    }
}
