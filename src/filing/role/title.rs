//! The offices that a title names, in the many ways in which titles are written.

use super::Role;

/// The offices that a title names.
pub(super) fn offices(title: &str) -> Vec<Role> {
    let words = words(title);
    let mut roles: Vec<Role> = Vec::new();
    for i in 0..words.len() {
        if let Some(role) = second_chief(&words[i..]) {
            roles.extend(Some(role).filter(|role| !roles.contains(role)));
        }
        let Some((role, length)) = office_at(&words[i..]) else { continue };
        let before = if i == 0 { "" } else { words[i - 1].as_str() };
        let once = matches!(
            before,
            "former"
                | "retired"
                | "past"
                | "ex"
                | "vice"
                | "v"
                | "deputy"
                | "assistant"
                | "asst"
                | "associate"
                | "incoming"
        );
        if !(once || former(&words[..i]) || of_a_part(&words, i, i + length, role) || roles.contains(&role)) {
            roles.push(role);
        }
    }
    roles.sort_unstable();
    roles
}

/// Words in lower case, and the signs that part them: `,` for commas, dashes and slashes, `&` for and.
fn words(title: &str) -> Vec<String> {
    let lower = title
        .to_ascii_lowercase()
        .replace("c.e.o", "ceo")
        .replace("c.f.o", "cfo")
        .replace("c.o.o", "coo")
        .replace("v.p", "vp");
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for c in lower.chars().chain([' ']) {
        if c.is_alphanumeric() || c == '\'' {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            words.push(if word == "and" { "&".to_owned() } else { word.clone() });
            word.clear();
        }
        match c {
            '&' | '+' => words.push("&".to_owned()),
            // Two dashes part no more than one.
            ',' | ';' | ':' | '/' | '-' | '–' | '—' | '(' | '|'
                if words.last().is_none_or(|last| last != ",") =>
            {
                words.push(",".to_owned());
            }
            _ => {}
        }
    }
    // `co-ceo` is the same office as `ceo`; `vice-president` is no president.
    let mut i = 0;
    while i + 1 < words.len() {
        if words[i + 1] == "," && matches!(words[i].as_str(), "co" | "vice" | "ex" | "non") {
            words.remove(i + 1);
        }
        i += 1;
    }
    words
}

/// The office that a title's words begin with, and in how many words.
fn office_at(words: &[String]) -> Option<(Role, usize)> {
    let word = |i: usize| words.get(i).map_or("", String::as_str);
    let officer =
        |i: usize| word(i).starts_with("off") || word(i).starts_with("ofc") || word(i).starts_with("ofr");
    let chief = |i: usize| {
        let role = match word(i + 1) {
            w if w.starts_with("exec") => Role::Ceo,
            w if w.starts_with("fin") => Role::Cfo,
            w if w.starts_with("operati") || w == "ops" => Role::Coo,
            w if w.starts_with("legal") => Role::GeneralCounsel,
            _ => return None,
        };
        // "Chief Financial and Accounting Officer"; and a title is cut at thirty characters in the form's field.
        let joined = usize::from(matches!(word(i + 2), "&" | ",")) * 2;
        let end = i + 2 + joined;
        match (officer(end), joined) {
            (true, _) => Some((role, end + 1 - i)),
            (false, 0) => (end >= words.len()).then_some((role, 2)),
            // "Chief Executive & President".
            (false, _) => office_at(&words[i + 3..]).map(|_| (role, 2)),
        }
    };
    match word(0) {
        "ceo" | "coceo" => Some((Role::Ceo, 1)),
        "cfo" => Some((Role::Cfo, 1)),
        "coo" => Some((Role::Coo, 1)),
        "clo" | "gc" => Some((Role::GeneralCounsel, 1)),
        "chief" => chief(0),
        "principal" if officer(2) => match word(1) {
            "executive" => Some((Role::Ceo, 3)),
            "financial" => Some((Role::Cfo, 3)),
            _ => None,
        },
        "president" | "pres" | "prez" => Some((Role::President, 1)),
        "chair" | "chairman" | "chairwoman" | "chairperson" | "chairmn" | "chmn" | "cob" => {
            let emeritus = word(1) == "emeritus" || word(1) == "," && word(2) == "emeritus";
            (!emeritus).then_some((Role::Chair, 1))
        }
        "general" | "gen" if word(1).starts_with("couns") => Some((Role::GeneralCounsel, 2)),
        _ => None,
    }
}

/// The second of "Chief Financial and Operating Officer".
fn second_chief(words: &[String]) -> Option<Role> {
    let joined = words.first().is_some_and(|word| word == "chief")
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
    const PARTS: [&str; 9] =
        ["committee", "group", "division", "divisional", "regional", "segment", "sector", "bank", "unit"];
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
    if PARTS.contains(&before) || !led {
        return true;
    }
    let Some(next) = words.get(end) else { return false };
    match next.as_str() {
        // "President & CEO of a subsidiary": the part is that of both.
        "&" | "," if office_at(&words[end + 1..]).is_some() => {
            let joined = office_at(&words[end + 1..]);
            role != Role::Chair
                && joined.is_some_and(|(role, length)| of_a_part(words, end + 1, end + 1 + length, role))
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
        "," if role == Role::Chair => words.get(end + 2).is_some_and(|word| word.starts_with("comm")),
        // "President, CEO" names two offices; "President, Americas" one, of a part.
        "," => {
            role != Role::Chair && words.get(end + 1).is_some_and(|word| !opens_office(words, end + 1, word))
        }
        _ => role != Role::Chair && !opens_office(words, end, next),
    }
}

/// Whether a word begins another office or function rather than naming a part.
fn opens_office(words: &[String], at: usize, word: &str) -> bool {
    const ENDS: [&str; 6] = ["issuer", "company", "inc", "corp", "&", ","];
    is_office_word(word) || ENDS.contains(&word) || office_at(&words[at..]).is_some()
}

/// Whether a word is of offices in general.
fn is_office_word(word: &str) -> bool {
    const OFFICES: [&str; 48] = [
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
        "through",
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
        check("InterimChief Operating Officer", &[]);
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
