//! How many shares an ADS represents, as notes and titles state it.

use std::ops::Range;
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use regex::{Captures, Regex};
use rust_decimal::Decimal;

use super::super::pattern::pattern;
use super::super::text::{end, excerpt};
use super::ADS;

/// A number in digits, as a fraction or in words, each optionally followed by another form in brackets.
const NUMBER: &str = r"(?:(?:one\s+|an?\s+)?half\s+of\s+(?:one|an?)|(?:one|a)[\s-]+(?:half|third|fourth|quarter|fifth|sixth|eighth|tenth|twentieth|twenty-fifth|fiftieth|hundredth)|two[\s-]+(?:thirds|fifths)|three[\s-]+(?:quarters|fifths|tenths)|\d+\s*/\s*\d+(?:ths?)?|\d{1,6}(?:,\d{3})*(?:\.\d{1,6})?|\.\d{1,6}|(?:a\s+)?dozen|(?:(?:an?[\s-]+)?(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand)(?:[\s-]+(?:and[\s-]+)?(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand)\b)*(?:[\s-]+and[\s-]+(?:a|one)[\s-]half)?)|an?|single)(?:\s*\((?u:[^)]){1,12}\))?";
/// The shares that an ADS represents.
const SHARES: &str = r"(?:(?:of\s+)?(?:an?\s+|one\s+|the\s+|our\s+|its\s+|fully[\s-]+paid\s+|new\s+|issuer'?s?\s+|company'?s?\s+|underlying\s+)*(?:(?:class|series)\s+[\x22']?\w{1,2}[\x22']?\s+)?(?:[\w'-]+\s+){0,3}?(?:shares?|stock|CPOs?|certificates?|units?|interests?)\b)";

struct Form {
    regex: Option<Regex>,
    /// True if the number of shares is named before that of ADS.
    shares_first: bool,
}

static FORMS: LazyLock<Vec<Form>> = LazyLock::new(|| {
    let stands = r"(?:represent(?:s|ing|ed|ative\s+of)?|evidenc(?:es|ing)|equals?|equal\s+to|is\s+equal\s+to|(?:is\s+|are\s+)?equivalent\s+to|being|corresponds?\s+to|corresponding\s+to|convertible\s+into|exchangeable\s+for|entitles?\s+\w+(?:\s+\w+)?\s+to|is\s+backed\s+by|is|consists?\s+of|(?:is\s+)?comprise[sd](?:\s+of)?|stands?\s+for|for|to|=|:)";
    let form = |text: String, shares_first: bool| {
        let regex = pattern(&text).0;
        Form { regex, shares_first }
    };
    let right = r"(?:\s*(?:the\s+right\s+to\s+receive|a\s+beneficial\s+interest\s+in|an?\s+(?:ownership\s+)?interest\s+in|ownership\s+of|in\s+the\s+aggregate))?,?";
    vec![
        form(
            format!(
                r"\b(?P<shares>each|every)\s+(?:(?:ordinary|common|preferred|preference|registered|equity|class\s+[\x22']?\w[\x22']?)\s+){{1,3}}shares?\s+(?:is\s+|being\s+)?(?:represented\s+by|equal\s+to|equals)\s+(?P<ads>{NUMBER})\s*{ADS}"
            ),
            true,
        ),
        form(
            format!(
                r"\b(?P<ads>each|every|one|an?|1|1\.0+|{NUMBER})\s+(?:of\s+(?:the\s+|our\s+|its\s+)?)?(?:issuer'?s?\s+|company'?s?\s+|listed\s+|such\s+)?{ADS}(?:,(?u:[^,.;]){{1,60}},)?(?u:[^.;\w=:]){{0,4}}\s*(?:\((?u:[^)]){{1,40}}\)\s*)?(?:(?:currently|now|presently|in\s+turn)\s+)?{stands}{right}\s*(?P<shares>{NUMBER})\s+{SHARES}"
            ),
            false,
        ),
        form(
            format!(
                r"{ADS}(?u:[^.;]){{0,80}}?\beach(?:\s+of\s+which|\s+one|\s+such\s+ADS)?,?\s+(?:currently\s+)?(?:{stands}|of){right}\s*(?P<shares>{NUMBER})\s+{SHARES}"
            ),
            false,
        ),
        form(
            format!(
                r"(?P<shares>{NUMBER})\s+{SHARES}\s*(?:\((?u:[^)]){{1,40}}\)\s*)?(?:=|per|for|to|equals?|is\s+equal\s+to|are\s+equal\s+to|(?:is\s+|are\s+)?equivalent\s+to|(?:(?:are|is|being|be)\s+)?represented\s+by|being|:|/|in\s+exchange\s+for|underl(?:ie|ying)|constitute|make\s+up|form|in|for\s+each|to\s+each)\s+(?P<ads>each|every|{NUMBER})?\s*{ADS}"
            ),
            true,
        ),
        form(
            format!(
                r"\bratio\s+(?:of|between)\s+(?:the\s+|its\s+|our\s+)?(?P<first>{ADS}|(?:[\w'-]+\s+){{0,4}}?shares?)\s+(?:to|and|per|for)\s+(?:{ADS}|(?:[\w'-]+\s+){{0,4}}?(?:shares?|stock))(?u:[^.;]){{0,30}}?\b(?P<a>{NUMBER})\s*(?::|-?\s*to\s*-?|for|-for-)\s*(?P<b>{NUMBER})"
            ),
            false,
        ),
        form(
            format!(
                r"{ADS}(?u:[^.;]){{0,30}}?,?\s+(?P<ads>{NUMBER})\s+of\s+which\s+{stands}{right}\s*(?P<shares>{NUMBER})\s+{SHARES}"
            ),
            false,
        ),
        form(
            format!(
                r"(?P<first>{ADS}|shares?)(?u:[^.;]){{0,80}}?\b(?P<a>{NUMBER})\s*(?::|-?\s*to\s*-?|for|-for-)\s*(?P<b>{NUMBER})[\s-]+(?:ratio|basis)"
            ),
            false,
        ),
        form(
            format!(
                r"(?P<first>{ADS}|shares?)(?u:[^.;]){{0,60}}?\b(?:ratio|basis)\s*(?:of|is|:|at|,)?\s*(?P<a>{NUMBER})\s*(?::|-?\s*to\s*-?|for|-for-)\s*(?P<b>{NUMBER})"
            ),
            false,
        ),
        form(format!(r"{ADS}\s*\(\s*(?P<shares>{NUMBER})\s+{SHARES}\s+each\b"), false),
        form(
            format!(r"{ADS}(?u:[^.;]){{0,100}}?\bnow\s+{stands}{right}\s*(?P<shares>{NUMBER})\s+{SHARES}"),
            false,
        ),
        form(
            format!(
                r"(?P<first>ADS|share)s?(?u:[^.;]){{0,60}}?\bratio\b(?u:[^.;]){{0,40}}?\bfrom\s+{NUMBER}\s*(?::|to)\s*{NUMBER}\s+to\s+(?P<a>{NUMBER})\s*(?::|to)\s*(?P<b>{NUMBER})"
            ),
            false,
        ),
        form(
            format!(
                r"\b(?:ratio|basis)\s*(?:of|is|:|at|,)?\s*(?P<ads>{NUMBER})\s*{ADS}\s*(?::|to|for|per|=)\s*(?P<shares>{NUMBER})\s+{SHARES}"
            ),
            false,
        ),
    ]
});

/// How many shares one ADS represents, as a text states it, with the words.
pub(in crate::form4) fn ratio(text: &str) -> Option<(Decimal, Arc<str>)> {
    for form in FORMS.iter() {
        let Some(regex) = &form.regex else { continue };
        for found in regex.captures_iter(text) {
            let Some(whole) = found.get(0) else { continue };
            if is_over(text, whole.start(), whole.as_str()) || is_of_another(text, whole.range()) {
                continue;
            }
            if let Some(ratio) = ratio_of(form, &found) {
                return Some((ratio, excerpt(text, whole.as_str())));
            }
        }
    }
    None
}

/// True if words before a ratio say that it no longer holds: "changed from one ADS representing five shares".
fn is_over(text: &str, at: usize, whole: &str) -> bool {
    const OVER: [&str; 6] = ["from", "previously", "formerly", "prior", "instead of", "rather than"];
    const NEAR: usize = 60;
    let lower = whole.to_ascii_lowercase();
    // "Each ADS represented 5 shares until January"; "are represented by" is present.
    let past = lower.contains("represented") && !lower.contains("represented by");
    let sentence = end(&text[..at], NEAR).to_ascii_lowercase();
    let sentence = sentence.rsplit(". ").next().unwrap_or_default();
    // A future ratio.
    let future = sentence.contains(" will ") || lower.contains(" will ");
    let from = sentence.trim_end().ends_with("from");
    if past || future && !from {
        return true;
    }
    if future {
        return false;
    }
    let before = text[..at].trim_end_matches([' ', ':', ',', '(']).to_ascii_lowercase();
    // The last digits of a date are not a number: "2026-04-15 the ratio".
    text[..at].ends_with(['-', '/']) || OVER.iter().any(|word| before.ends_with(word))
}

/// True if the ADS are another company's: "ADSs of Brightwater plc, each of which".
fn is_of_another(text: &str, found: Range<usize>) -> bool {
    const BEFORE: usize = 80;
    const OWN: [&str; 14] = [
        "Issuer",
        "Company",
        "Registrant",
        "Class",
        "Series",
        "Ordinary",
        "Common",
        "American",
        "Global",
        "The",
        "Preferred",
        "ADS",
        "ADR",
        "GDS",
    ];
    static OF_COMPANY: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"\bof\s+(?P<name>[A-Z][\w&.'-]+(?:\s+[\w&.')-]+){0,5}?),?\s*(?:whose\b|each\b)").ok()
    });
    let Some(regex) = &*OF_COMPANY else { return false };
    let from = found.start.saturating_sub(BEFORE);
    let near = text.get(from..found.end).unwrap_or(&text[found]);
    let is_other = |name: &str| !OWN.iter().any(|own| name.starts_with(own));
    regex.captures_iter(near).any(|found| found.name("name").is_some_and(|name| is_other(name.as_str())))
}

fn ratio_of(form: &Form, found: &Captures<'_>) -> Option<Decimal> {
    const MOST: u32 = 1_000_000;
    let named = |name: &str| found.name(name).map(|number| number.as_str());
    let (shares, ads) = match (named("a"), named("b")) {
        (Some(a), Some(b)) => {
            let first = named("first")?.to_ascii_lowercase();
            let ads_first = !first.contains("share") || first.contains("depos");
            let (a, b) = (read_number(a)?, read_number(b)?);
            if ads_first { (b, a) } else { (a, b) }
        }
        _ => {
            let ads = named("ads")
                .filter(|ads| !["each", "every"].iter().any(|each| ads.eq_ignore_ascii_case(each)));
            (read_number(named("shares")?)?, ads.map_or(Some(Decimal::ONE), read_number)?)
        }
    };
    // "10 ordinary shares to an ADS" names neither one share nor many ADS by chance.
    let whole = found.get(0)?.as_str();
    // "The ratio of ordinary shares to ADS is 12:1" says it with the two numbers alone.
    if whole.contains("ratio of") && named("a").is_none() && !whole.starts_with("ratio") {
        return None;
    }
    let loose = [" to ", " for "].iter().any(|word| whole.contains(word)) && named("a").is_none();
    if loose
        && ads > Decimal::ONE
        && (form.shares_first && shares > Decimal::ONE || !form.shares_first && !whole.contains("ratio"))
    {
        return None;
    }
    // "A number of ordinary shares", "a pair of".
    const VAGUE: [&str; 8] = [
        "number of",
        "pair of",
        "couple of",
        "portion of",
        "fraction of",
        "percentage",
        "some of",
        "majority",
    ];
    if VAGUE.iter().any(|vague| whole.contains(vague)) {
        return None;
    }
    let ratio = shares.checked_div(ads)?.normalize();
    (ratio > Decimal::ZERO && ratio <= Decimal::from(MOST)).then_some(ratio)
}

fn read_number(text: &str) -> Option<Decimal> {
    const PARTS: [(&str, i64, i64); 16] = [
        ("half", 1, 2),
        ("third", 1, 3),
        ("fourth", 1, 4),
        ("quarter", 1, 4),
        ("fifth", 1, 5),
        ("sixth", 1, 6),
        ("eighth", 1, 8),
        ("tenth", 1, 10),
        ("twentieth", 1, 20),
        ("twenty fifth", 1, 25),
        ("fiftieth", 1, 50),
        ("hundredth", 1, 100),
        ("two thirds", 2, 3),
        ("two fifths", 2, 5),
        ("three quarters", 3, 4),
        ("three fifths", 3, 5),
    ];
    let lower = text.to_ascii_lowercase();
    let (bare, bracketed) =
        lower.split_once('(').map_or((lower.as_str(), ""), |(bare, rest)| (bare, rest.trim_end_matches(')')));
    // "Two hundred (200)": the digits are reliable.
    if let Ok(number) = Decimal::from_str(&bracketed.trim().replace(',', "")) {
        return Some(number);
    }
    let bare = bare.trim().replace('-', " ");
    let bare = bare.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((above, below)) = bare.split_once('/') {
        let below = below.trim().trim_end_matches("ths").trim_end_matches("th");
        return Decimal::from_str(above.trim()).ok()?.checked_div(Decimal::from_str(below).ok()?);
    }
    if bare.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return Decimal::from_str(&bare.replace(',', "")).ok();
    }
    if bare.contains("half of") {
        return Some(Decimal::new(5, 1));
    }
    if bare.ends_with("dozen") {
        return Some(Decimal::from(12));
    }
    let part = bare.strip_prefix("one ").or_else(|| bare.strip_prefix("a ")).unwrap_or(&bare);
    if let Some((_, above, below)) = PARTS.iter().find(|(name, ..)| *name == part) {
        return Decimal::from(*above).checked_div(Decimal::from(*below));
    }
    if matches!(bare.as_str(), "a" | "an" | "single" | "each" | "every") {
        return Some(Decimal::ONE);
    }
    let (whole, half) = ["and a half", "and one half"]
        .iter()
        .find_map(|half| Some((bare.strip_suffix(half)?.trim_end(), true)))
        .unwrap_or((&bare, false));
    let number = in_words(whole)?;
    number.checked_add(if half { Decimal::new(5, 1) } else { Decimal::ZERO })
}

/// "one hundred and twenty".
fn in_words(text: &str) -> Option<Decimal> {
    const WORDS: [&str; 20] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    let (mut sum, mut last) = (0_u32, 0_u32);
    let place = |words: &[&str], word: &str| {
        words.iter().position(|known| *known == word).and_then(|at| u32::try_from(at).ok())
    };
    for word in text.split(' ').filter(|word| !matches!(*word, "and" | "a" | "an")) {
        if let Some(number) = place(&WORDS, word) {
            last = last.checked_add(number)?;
        } else if let Some(tens) = place(&TENS, word) {
            last = last.checked_add((tens + 2) * 10)?;
        } else {
            match word {
                "hundred" => last = last.max(1).checked_mul(100)?,
                "thousand" => (sum, last) = (sum.checked_add(last.max(1).checked_mul(1_000)?)?, 0),
                _ => return None,
            }
        }
    }
    let number = sum.checked_add(last)?;
    (number > 0).then(|| Decimal::from(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_read_in_the_words_that_filers_use() {
        for (text, expected) in [
            ("Each American Depositary Share represents five (5) Common Shares.", "5"),
            ("Each ADS represents 10 Ordinary Participation Certificates.", "10"),
            (
                "are held in the form of American depositary shares (\"ADS\"). Each ADS represents sixty Class A ordinary shares.",
                "60",
            ),
            ("One American Depositary Share represents five Ordinary Shares, par value five cents", "5"),
            ("American Depositary Shares, each representing two Class A ordinary shares", "2"),
            ("ADSs, each of which represents the right to receive one-tenth of an ordinary share", "0.1"),
            ("Every two ADSs represent one ordinary share", "0.5"),
            ("reported on the basis of 20 ordinary shares per ADS", "20"),
            ("1 ADS = 8 ordinary shares", "8"),
            ("at the ADS-to-ordinary share ratio of 1:20", "20"),
            ("each ADS equal to 1/2 of a common share", "0.5"),
            ("Each ADS represents 1 Ordinary Share.", "1"),
            ("five ordinary shares are represented by one ADS", "5"),
        ] {
            let found = ratio(text).map(|(ratio, _)| ratio.normalize().to_string());
            assert_eq!(found.as_deref(), Some(expected), "{text}");
        }
        for text in [
            "Depositary Shares, each representing a 1/40th interest in a share of preferred stock",
            "Each ADS may be exchanged at the option of the holder.",
            "Each RSU represents the right to receive one ADS",
            "sold 500 ADSs to 10 holders of ordinary shares",
        ] {
            assert_eq!(ratio(text).map(|found| found.0), None, "{text}");
        }
    }
}
