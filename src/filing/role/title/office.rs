//! The office that words name, and where it ends.

use super::super::Role;

/// The number of words in the longest name of an office: "Chief Legal, HR, IT and Administrative Officer".
const LONGEST_OFFICE: usize = 9;

/// The office that a title's words begin with, and how many words it takes.
pub(super) fn office_at(words: &[String]) -> Option<(Role, usize)> {
    let word = |i: usize| words.get(i).map_or("", String::as_str);
    let officer = |i: usize| ["off", "ofc", "ofr", "ofi"].iter().any(|start| word(i).starts_with(start));
    let chief = |i: usize| {
        let role = match word(i + 1) {
            w if w.starts_with("exe") || w == "ex" && officer(i + 2) => Role::Ceo,
            w if w.starts_with("fin") || w == "fncl" => Role::Cfo,
            w if w.starts_with("oper") || matches!(w, "ops" | "opr" | "opg" | "optg" | "op") => Role::Coo,
            w if w.starts_with("leg") || w == "lgl" => Role::GeneralCounsel,
            _ => return None,
        };
        // "Chief Financial and Accounting Officer", "Chief Legal, HR and Admin Officer"; and the form's field
        // cuts a title at thirty characters.
        let sign = |i: usize| matches!(word(i), "&" | ",");
        let listed = (0..3).take_while(|n| sign(i + 2 + 2 * n) && !sign(i + 3 + 2 * n)).count();
        let joined = (1..=listed).find(|n| officer(i + 2 + 2 * n)).unwrap_or(listed.min(1)) * 2;
        let end = i + 2 + joined;
        match (officer(end), joined) {
            (true, _) => Some((role, end + 1 - i)),
            // "Chief Legal Counsel".
            _ if role == Role::GeneralCounsel && word(i + 2).starts_with("coun") => Some((role, 3)),
            (false, 0) => (end >= words.len()).then_some((role, 2)),
            // "Chief Executive & President".
            (false, _) => office_at(&words[i + 3..]).map(|_| (role, 2)),
        }
    };
    match word(0) {
        "ceo" | "coceo" | "peo" => Some((Role::Ceo, 1)),
        "cfo" | "pfo" => Some((Role::Cfo, 1)),
        "coo" => Some((Role::Coo, 1)),
        "clo" | "gc" => Some((Role::GeneralCounsel, 1)),
        "chief" | "cheif" | "cheef" | "chf" | "ch" => chief(0),
        "principal" | "princ" | "prin" => chief(0).filter(|(role, _)| matches!(role, Role::Ceo | Role::Cfo)),
        "pres" | "prez" | "presi" | "presid" | "preside" | "presiden" | "president" => {
            Some((Role::President, 1))
        }
        "chair" | "chairm" | "chairma" | "chairman" | "chairwoman" | "chairperson" | "chairmen"
        | "chairmn" | "chmn" | "cob" => {
            let emeritus = word(1) == "emeritus" || word(1) == "," && word(2) == "emeritus";
            (!emeritus).then_some((Role::Chair, 1))
        }
        "general" | "gen" | "genl" | "gen'l" if word(1).starts_with("cou") || word(1) == "cnsl" => {
            Some((Role::GeneralCounsel, 2))
        }
        _ => None,
    }
}

/// Where the office that ends here begins.
pub(super) fn office_before(words: &[String], end: usize) -> Option<usize> {
    let starts = end.saturating_sub(LONGEST_OFFICE)..end;
    starts.rev().find(|&i| office_at(&words[i..]).is_some_and(|(_, length)| i + length == end))
}

/// Words after an office that is not held yet, or no longer.
const NOT_YET: [&str; 6] = ["elect", "designate", "designee", "nominee", "emeritus", "retired"];

/// True if a word after an office says that it is not held: "CEO-elect", "President Emeritus".
pub(super) fn is_not_held(words: &[String], end: usize) -> bool {
    let comma = words.get(end).is_some_and(|word| word == ",");
    words.get(end + usize::from(comma)).is_some_and(|word| NOT_YET.contains(&word.as_str()))
}
