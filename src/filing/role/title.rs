//! The offices that a title names, in the many ways in which titles are written.

mod words;

use super::Role;
use words::words;

/// More offices of one list are not followed.
const MOST_OF_A_LIST: usize = 10;
/// The words of the longest name of an office: "Chief Legal, HR, IT and Administrative Officer".
const LONGEST_OFFICE: usize = 9;
/// Those of "Chief Technology and Operating Officer".
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

/// Before an office that is another one, or that is not held.
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

/// Behind an office that is not held yet, or no more.
const NOT_YET: [&str; 6] = ["elect", "designate", "designee", "nominee", "emeritus", "retired"];

/// Whether a word behind an office says that it is not held: "CEO-elect", "President Emeritus".
fn is_not_held(words: &[String], end: usize) -> bool {
    let comma = words.get(end).is_some_and(|word| word == ",");
    words.get(end + usize::from(comma)).is_some_and(|word| NOT_YET.contains(&word.as_str()))
}

/// Whether an office is somebody else's, or a former one: "Advisor to the CEO", "Chief of Staff to the President and CEO", "EVP,
/// former CEO and President".
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

/// Where the office begins that is in one list with the office here: "Chairman, President and CEO". A comma alone parts two titles.
fn listed_before(words: &[String], at: usize) -> Option<usize> {
    let sign = words.get(at.checked_sub(1)?)?;
    let joined = sign == "&" || sign == "," && goes_on(words, at);
    if joined { office_before(words, at - 1) } else { None }
}

/// Whether offices follow this one, the last behind an "and".
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

/// Where the office begins that ends here.
fn office_before(words: &[String], end: usize) -> Option<usize> {
    let starts = end.saturating_sub(LONGEST_OFFICE)..end;
    starts.rev().find(|&i| office_at(&words[i..]).is_some_and(|(_, length)| i + length == end))
}

/// Who has the duties of an office has it.
const DUTIES: [&str; 6] = ["duties", "functions", "role", "capacity", "position", "title"];

/// The office that a title's words begin with, and in how many words.
fn office_at(words: &[String]) -> Option<(Role, usize)> {
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
        // "Chief Financial and Accounting Officer"; and a title is cut at thirty characters in the form's field.
        // "Chief Legal, HR and Admin Officer".
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
    // "Former President, CEO and CIO": the word holds for the whole list.
    before.first().is_some_and(|word| matches!(word.as_str(), "former" | "retired" | "formerly" | "ex"))
}

/// Whether an office is only of a part of the issuer: "President, Digital Media", "CEO of a subsidiary", "Group President".
fn of_a_part(words: &[String], start: usize, end: usize, role: Role) -> bool {
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
    const LEADS: [&str; 12] = [
        "",
        "&",
        ",",
        "interim",
        "acting",
        "global",
        "the",
        "our",
        "company",
        "corporate",
        "current",
        "office",
    ];
    if role == Role::GeneralCounsel {
        return false;
    }
    let before = if start == 0 { "" } else { words[start - 1].as_str() };
    let led = role != Role::President || LEADS.contains(&before) || is_office_word(before);
    // "Group CFO" is that of the whole, "Medical Group CFO" is not; a group's president or chair is of a part.
    let of_all = before == "group"
        && !matches!(role, Role::President | Role::Chair)
        && (start < 2 || LEADS.contains(&words[start - 2].as_str()) || is_office_word(&words[start - 2]));
    if PARTS.contains(&before) && !of_all || !led {
        return true;
    }
    let listed = before == "&" && office_before(words, start - 1).is_some();
    let Some(next) = words.get(end) else { return false };
    match next.as_str() {
        // "President & COO, CEO of a bank": the part is that of the last alone.
        "," if listed && office_at(&words[end + 1..]).is_some() => false,
        // "COO, CEO CIB" and "CFO, President of Acme Bank" as well, but for a president, who may be the part's.
        "," if role != Role::President
            && office_at(&words[end + 1..]).is_some_and(|(_, length)| {
                let behind = end + 1 + length;
                names_part(words, behind) || words.get(behind).is_some_and(|word| word == "of")
            }) =>
        {
            false
        }
        // "President & CEO of a subsidiary": the part is that of both.
        "&" | "," if office_at(&words[end + 1..]).is_some() => {
            let joined = office_at(&words[end + 1..]);
            role != Role::Chair
                && joined.is_some_and(|(role, length)| {
                    let behind = end + 1 + length;
                    !is_not_held(words, behind) && of_a_part(words, end + 1, behind, role)
                })
        }
        "&" => false,
        "of" => {
            let named: Vec<&String> = words[end + 1..]
                .iter()
                .filter(|word| !matches!(word.as_str(), "the" | "a" | "our"))
                .collect();
            let committee =
                role == Role::Chair && words[end + 1..].iter().any(|word| word.starts_with("comm"));
            committee || named.first().is_some_and(|word| !WHOLE.contains(&word.as_str()))
        }
        // "Chairman, Audit & Risk Committee", "Chairman, Acme Bank".
        "," if role == Role::Chair => {
            let behind = words[end + 1..].iter().enumerate().take_while(|(i, word)| {
                *word != "," && !is_office_word(word) && office_at(&words[end + 1 + i..]).is_none()
            });
            behind
                .skip(1)
                .any(|(_, word)| word.starts_with("comm") || word == "bank" || word.starts_with("subsid"))
        }
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

/// Whether the word behind an office names a part at once: "CEO CIB".
fn names_part(words: &[String], at: usize) -> bool {
    words.get(at).is_some_and(|word| {
        !matches!(word.as_str(), "," | "&" | "of" | "for" | "at") && !opens_office(words, at, word)
    })
}

/// Whether a word begins another office or function rather than naming a part.
fn opens_office(words: &[String], at: usize, word: &str) -> bool {
    const ENDS: [&str; 6] = ["issuer", "company", "inc", "corp", "&", ","];
    is_office_word(word) || is_initials(word) || ENDS.contains(&word) || office_at(&words[at..]).is_some()
}

/// The initials of an office: "CHRO", "CRO"; or of a degree.
fn is_initials(word: &str) -> bool {
    const OTHERS: [&str; 13] =
        ["md", "cs", "cpa", "cfa", "mba", "esq", "jd", "phd", "avp", "fvp", "gevp", "pao", "gc"];
    OTHERS.contains(&word) || matches!(word.len(), 3 | 4) && word.starts_with('c') && word.ends_with('o')
}

/// Whether a word is of offices in general.
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
