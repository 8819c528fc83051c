//! Decides whether an office is only that of a part of the issuer.

use super::super::Role;
use super::office::{is_not_held, office_at, office_before};

/// Words for all of the issuer.
const WHOLE: [&str; 14] = [
    "company",
    "issuer",
    "corporation",
    "board",
    "directors",
    "the",
    "inc",
    "corp",
    "registrant",
    "bod",
    "co",
    "firm",
    "executive",
    "holding",
];

/// Words for a part of it.
const PARTS: [&str; 14] = [
    "div",
    "bu",
    "sub",
    "subsidiary",
    "brand",
    "committee",
    "group",
    "division",
    "divisional",
    "regional",
    "segment",
    "sector",
    "bank",
    "unit",
];

/// Words that may come before a president of all of it.
const LEADS: [&str; 12] =
    ["", "&", ",", "interim", "acting", "global", "the", "our", "company", "corporate", "current", "office"];

/// True if an office is only that of a part of the issuer: "President, Digital Media", "CEO of a subsidiary",
/// "Group President".
pub(super) fn of_a_part(words: &[String], start: usize, end: usize, role: Role) -> bool {
    if role == Role::GeneralCounsel {
        return false;
    }
    if is_named_before(words, start, role) {
        return true;
    }
    let before = if start == 0 { "" } else { words[start - 1].as_str() };
    let listed = before == "&" && office_before(words, start - 1).is_some();
    let Some(next) = words.get(end) else { return false };
    match next.as_str() {
        // "President & COO, CEO of a bank": the part belongs to the last office alone.
        "," if listed && office_at(&words[end + 1..]).is_some() => false,
        // Likewise "COO, CEO CIB" and "CFO, President of Acme Bank", except for a president, who may be the
        // part's.
        "," if role != Role::President
            && office_at(&words[end + 1..]).is_some_and(|(_, length)| {
                let behind = end + 1 + length;
                names_part(words, behind) || words.get(behind).is_some_and(|word| word == "of")
            }) =>
        {
            false
        }
        // "President & CEO of a subsidiary": the part belongs to both offices.
        "&" | "," if office_at(&words[end + 1..]).is_some() => {
            let joined = office_at(&words[end + 1..]);
            role != Role::Chair
                && joined.is_some_and(|(role, length)| {
                    let behind = end + 1 + length;
                    !is_not_held(words, behind) && of_a_part(words, end + 1, behind, role)
                })
        }
        "&" => false,
        "of" => is_named_behind_of(&words[end + 1..], role),
        "," if role == Role::Chair => is_of_committee(&words[end + 1..]),
        // "President, CEO" names two offices; "President, Americas" one, of a part.
        "," => {
            let opens = |word: &str| {
                matches!(word, "advisor" | "adviser" | "consultant") || opens_office(words, end + 1, word)
            };
            role != Role::Chair && words.get(end + 1).is_some_and(|word| !opens(word))
        }
        _ => role != Role::Chair && !opens_office(words, end, next),
    }
}

/// True if a part is named before the office: "Group President", "Digital Media President".
fn is_named_before(words: &[String], start: usize, role: Role) -> bool {
    let before = if start == 0 { "" } else { words[start - 1].as_str() };
    let led = role != Role::President || LEADS.contains(&before) || is_office_word(before);
    // "Group CFO" is an office of the whole, "Medical Group CFO" is not; a group's president or chair is one
    // of a part.
    let of_all = before == "group"
        && !matches!(role, Role::President | Role::Chair)
        && (start < 2 || LEADS.contains(&words[start - 2].as_str()) || is_office_word(&words[start - 2]));
    PARTS.contains(&before) && !of_all || !led
}

/// True if words after "of" name a part: "CEO of a subsidiary", "Chairman of the Audit Committee".
fn is_named_behind_of(behind: &[String], role: Role) -> bool {
    let named: Vec<&String> =
        behind.iter().filter(|word| !matches!(word.as_str(), "the" | "a" | "our")).collect();
    let committee = role == Role::Chair && behind.iter().any(|word| word.starts_with("comm"));
    committee || named.first().is_some_and(|word| !WHOLE.contains(&word.as_str()))
}

/// "Chairman, Audit & Risk Committee", "Chairman, Acme Bank".
fn is_of_committee(behind: &[String]) -> bool {
    let own = behind
        .iter()
        .enumerate()
        .take_while(|(i, word)| *word != "," && !is_office_word(word) && office_at(&behind[*i..]).is_none());
    own.skip(1).any(|(_, word)| word.starts_with("comm") || word == "bank" || word.starts_with("subsid"))
}

/// True if the word right after an office names a part: "CEO CIB".
fn names_part(words: &[String], at: usize) -> bool {
    words.get(at).is_some_and(|word| {
        !matches!(word.as_str(), "," | "&" | "of" | "for" | "at") && !opens_office(words, at, word)
    })
}

/// True if a word begins another office or function rather than naming a part.
fn opens_office(words: &[String], at: usize, word: &str) -> bool {
    const ENDS: [&str; 6] = ["issuer", "company", "inc", "corp", "&", ","];
    is_office_word(word) || is_initials(word) || ENDS.contains(&word) || office_at(&words[at..]).is_some()
}

/// The initials of an office ("CHRO", "CRO") or of a degree.
fn is_initials(word: &str) -> bool {
    const OTHERS: [&str; 13] =
        ["md", "cs", "cpa", "cfa", "mba", "esq", "jd", "phd", "avp", "fvp", "gevp", "pao", "gc"];
    OTHERS.contains(&word) || matches!(word.len(), 3 | 4) && word.starts_with('c') && word.ends_with('o')
}

/// True if a word is about offices in general.
fn is_office_word(word: &str) -> bool {
    const OFFICES: [&str; 54] = [
        "vice",
        "vp",
        "evp",
        "svp",
        "sevp",
        "exec",
        "executive",
        "senior",
        "sr",
        "treasurer",
        "treas",
        "secretary",
        "secy",
        "sec",
        "director",
        "dir",
        "founder",
        "cofounder",
        "co",
        "controller",
        "member",
        "head",
        "interim",
        "acting",
        "cio",
        "cto",
        "cao",
        "cmo",
        "cso",
        "cro",
        "chief",
        "corporate",
        "finance",
        "principal",
        "pao",
        "peo",
        "pfo",
        "assistant",
        "asst",
        "trustee",
        "owner",
        "board",
        "manager",
        "general",
        "effective",
        "eff",
        "efft",
        "through",
        "until",
        "since",
        "as",
        "from",
        "10",
        "see",
    ];
    OFFICES.contains(&word) || word.starts_with("secret") || word.starts_with("chair")
}
