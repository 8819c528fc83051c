//! The offices that a title names, however the title is written.

mod office;
mod part;
mod words;

use super::Role;
use office::{is_not_held, office_at, office_before};
use part::of_a_part;
use words::words;

/// How many offices of one list are followed, at most.
const MOST_OF_A_LIST: usize = 10;
/// The number of words in "Chief Technology and Operating Officer".
const JOINED_OFFICE: usize = 5;

/// The offices that a title names.
pub(super) fn offices(title: &str) -> Vec<Role> {
    let words = words(title);
    let mut roles: Vec<Role> = Vec::new();
    for i in 0..words.len() {
        let (first, second) = (office_at(&words[i..]), second_chief(&words[i..]));
        let Some((role, length)) = first.or(second.map(|role| (role, JOINED_OFFICE))) else { continue };
        let before = if i == 0 { "" } else { words[i - 1].as_str() };
        let held = !(LESSER.contains(&before)
            || is_not_held(&words, i + length)
            || former(&words[..i])
            || of_another(&words, i)
            || of_a_part(&words, i, i + length, role));
        let named = first.map(|(role, _)| role).into_iter().chain(second);
        for role in named.filter(|_| held) {
            if !roles.contains(&role) {
                roles.push(role);
            }
        }
    }
    roles.sort_unstable();
    roles
}

/// Words before an office that make it another office, or one that is not held.
const LESSER: [&str; 20] = [
    "former",
    "retired",
    "past",
    "ex",
    "vice",
    "v",
    "deputy",
    "dep",
    "prior",
    "previous",
    "late",
    "fmr",
    "frmr",
    "dpty",
    "assistant",
    "asst",
    "associate",
    "assoc",
    "incoming",
    "honorary",
];

/// True if an office is somebody else's, or a former one: "Advisor to the CEO", "Chief of Staff to the
/// President and CEO", "EVP, former CEO and President".
fn of_another(words: &[String], at: usize) -> bool {
    const SMALL: [&str; 7] = ["the", "our", "its", "co", "group", "interim", "acting"];
    let mut first = at;
    for _ in 0..MOST_OF_A_LIST {
        let Some(before) = listed_before(words, first) else { break };
        first = before;
    }
    let mut leading = words[..first].iter().rev().map(String::as_str).peekable();
    while leading.next_if(|word| SMALL.contains(word)).is_some() {}
    match leading.next() {
        Some("to" | "for" | "former" | "retired" | "formerly") => true,
        Some("of") => !leading.next().is_some_and(|word| DUTIES.contains(&word)),
        _ => false,
    }
}

/// Where the office begins that is in one list with the office here: "Chairman, President and CEO". A comma
/// alone separates two titles.
fn listed_before(words: &[String], at: usize) -> Option<usize> {
    let sign = words.get(at.checked_sub(1)?)?;
    let joined = sign == "&" || sign == "," && goes_on(words, at);
    if joined { office_before(words, at - 1) } else { None }
}

/// True if offices follow this one, the last after an "and".
fn goes_on(words: &[String], at: usize) -> bool {
    let mut at = at;
    for _ in 0..MOST_OF_A_LIST {
        let Some((_, length)) = office_at(&words[at..]) else { return false };
        let end = at + length;
        let is_office = words.get(end + 1..).is_some_and(|rest| office_at(rest).is_some());
        match words.get(end).map(String::as_str) {
            Some("&") => return is_office,
            Some(",") if is_office => at = end + 1,
            _ => return false,
        }
    }
    false
}

/// Whoever has the duties of an office has the office.
const DUTIES: [&str; 6] = ["duties", "functions", "role", "capacity", "position", "title"];

/// The second of "Chief Financial and Operating Officer".
fn second_chief(words: &[String]) -> Option<Role> {
    let joined = words.first().is_some_and(|word| matches!(word.as_str(), "chief" | "principal"))
        && words.get(2).is_some_and(|word| matches!(word.as_str(), "&" | ","))
        && words.get(4).is_some_and(|word| word.starts_with("off") || word.starts_with("ofc"));
    match words.get(3).filter(|_| joined)?.as_str() {
        word if word.starts_with("exec") => Some(Role::Ceo),
        word if word.starts_with("fin") => Some(Role::Cfo),
        word if word.starts_with("operati") => Some(Role::Coo),
        _ => None,
    }
}

fn former(before: &[String]) -> bool {
    // "Former President, CEO and CIO": the word applies to the whole list.
    before.first().is_some_and(|word| matches!(word.as_str(), "former" | "retired" | "formerly" | "ex"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(title: &str, expected: &[&str]) {
        let named: Vec<&str> = offices(title).into_iter().map(Role::word).collect();
        assert_eq!(named, expected, "{title}");
    }

    #[test]
    fn each_title_of_the_table_names_its_offices() {
        let table: Vec<(&str, &str)> =
            include_str!("title/titles.tsv").lines().filter_map(|line| line.split_once('\t')).collect();
        assert!(table.len() > 200, "{}", table.len());
        let read = |title: &str| offices(title).into_iter().map(Role::word).collect::<Vec<_>>().join(", ");
        let wrong: Vec<String> = table
            .iter()
            .filter(|(title, named)| read(title) != *named)
            .map(|(title, named)| format!("{title}: {named:?}, read {:?}", read(title)))
            .collect();
        assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), table.len(), wrong.join("\n"));
    }

    #[test]
    fn titles_name_their_offices() {
        check("Chief Executive Officer", &["ceo"]);
        check("CHIEF FINANCIAL OFFICER", &["cfo"]);
        check("Co-CEO, Co-Founder", &["ceo"]);
        check("Co-Chief Executive Officer", &["ceo"]);
        check("President & CEO", &["ceo", "president"]);
        check("Pres., Chief Executive Officer", &["ceo", "president"]);
        check("President, CEO & Director", &["ceo", "president"]);
        check("CEO, CHAIRMAN OF BOARD", &["ceo", "chair"]);
        check("Chairman of the Board and CEO", &["ceo", "chair"]);
        check("COB, CEO and President", &["ceo", "president", "chair"]);
        check("Executive Chairman", &["chair"]);
        check("EVP, Chief Operations Officer", &["coo"]);
        check("President & COO", &["coo", "president"]);
        check("PRESIDENT & CHIEF OPERATING", &["coo", "president"]);
        check("Chairman & Chief Executive Off", &["ceo", "chair"]);
        check("Sr. Exec. VP and Gen. Counsel", &["general counsel"]);
        check("VP/GENERAL COUNSEL & SECRETARY", &["general counsel"]);
        check("EVP & CHIEF LEGAL OFFICER", &["general counsel"]);
        check("CFO, Secretary and Treasurer", &["cfo"]);
        check("Interim CEO and CFO", &["ceo", "cfo"]);
        check("C.E.O.", &["ceo"]);
        check("Principal Financial Officer", &["cfo"]);
        check("InterimChief Operating Officer", &["coo"]);
        check("Chief Financial and Accounting Officer", &["cfo"]);
        check("Chief Financial & Operating Officer", &["cfo", "coo"]);
        check("EVP, Chief Technology and Operating Officer", &["coo"]);
        check("Chief Executive and President", &["ceo", "president"]);
        check("CFO, Assistant Secretary", &["cfo"]);
        check("President, CEO, Trustee", &["ceo", "president"]);
        check("Chief Executive Officer (PEO)", &["ceo"]);
        check("Chief Financial Officer, PAO", &["cfo"]);
        check("CEO, 10% Owner", &["ceo"]);
        check("President, General Manager", &["president"]);
        check("Chief Legal & Regulatory Ofcr", &["general counsel"]);
        check("Chairman, President & CEO", &["ceo", "president", "chair"]);
        check("President and Chief Executive Officer of the Company", &["ceo", "president"]);
        check("Vice Chairman and Co-CEO", &["ceo"]);
    }

    #[test]
    fn what_is_less_or_of_a_part_is_no_such_office() {
        for title in [
            "Vice President",
            "Executive Vice President",
            "Senior Vice-President",
            "V.P. Operations",
            "Vice Chairman",
            "Vice Chair",
            "Former President, CEO and CIO",
            "Former Chief Financial Officer",
            "Deputy Chief Financial Officer",
            "Chief Accounting Officer",
            "Chief Technology Officer",
            "President, Digital Media",
            "President-Specialty Banking",
            "EVP and President, Americas",
            "Group President",
            "President of Subsidiary",
            "President & CEO of subsidiary",
            "Pres. & CEO, Southern Nuclear",
            "Merchants Mortgage President",
            "EVP, CEO--Health & Wellness",
            "Chair, Audit Committee",
            "Audit Committee Chair",
            "CEO Amazon Web Services",
            "CEO, WEALTH MANAGEMENT",
            "CEO of PECO Energy",
            "Chairman Emeritus",
            "Chairman of Exec. Committee",
            "Assistant General Counsel",
            "Chief Executive Assistant",
            "",
        ] {
            check(title, &[]);
        }
    }
}
