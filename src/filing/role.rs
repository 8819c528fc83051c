//! What an owner is to the issuer, read off boxes and title.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Owner;

/// A role, in the order in which a headline names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Chief executive officer.
    #[serde(rename = "ceo")]
    Ceo,
    /// Chief financial officer.
    #[serde(rename = "cfo")]
    Cfo,
    /// Chief operating officer.
    #[serde(rename = "coo")]
    Coo,
    /// President of the issuer, not of a part of it.
    #[serde(rename = "president")]
    President,
    /// Chair of the board.
    #[serde(rename = "chair")]
    Chair,
    /// General counsel or chief legal officer.
    #[serde(rename = "general counsel")]
    GeneralCounsel,
    /// An officer whose title says none of these.
    #[serde(rename = "other officer")]
    OtherOfficer,
    /// The director's box.
    #[serde(rename = "director")]
    Director,
    /// The ten percent owner's box.
    #[serde(rename = "10% owner")]
    TenPercentOwner,
    /// The box "other".
    #[serde(rename = "other")]
    Other,
}

impl Role {
    /// As rules and JSON name it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ceo => "ceo",
            Self::Cfo => "cfo",
            Self::Coo => "coo",
            Self::President => "president",
            Self::Chair => "chair",
            Self::GeneralCounsel => "general counsel",
            Self::OtherOfficer => "other officer",
            Self::Director => "director",
            Self::TenPercentOwner => "10% owner",
            Self::Other => "other",
        }
    }

    /// Whether it is an office that a title names.
    pub fn is_office(self) -> bool {
        self <= Self::OtherOfficer
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The roles of an owner whose title, "See Remarks" followed, is `title`: what boxes and title say, in order, each once.
pub(super) fn roles(owner: &Owner, title: Option<&str>) -> Vec<Role> {
    let mut roles = title.map(offices).unwrap_or_default();
    if owner.officer && roles.is_empty() {
        roles.push(Role::OtherOfficer);
    }
    roles.extend(owner.director.then_some(Role::Director));
    roles.extend(owner.ten_percent_owner.then_some(Role::TenPercentOwner));
    roles.extend(owner.other.then_some(Role::Other));
    roles
}

/// The title itself, unless it only points at remarks or a footnote: then what stands there.
pub(super) fn follow<'a>(
    title: &'a str,
    remarks: Option<&'a str>,
    footnotes: &'a [super::Footnote],
) -> &'a str {
    let words = title.to_ascii_lowercase();
    let refers =
        words.contains("see ") || words.contains("refer to") || words.trim_start().starts_with("remarks");
    if refers && (words.contains("remark") || words.contains("below") || words.contains("comment")) {
        return remarks.and_then(|remarks| title_in(marked(remarks, &words))).unwrap_or(title);
    }
    if refers && words.contains("note") {
        let number: String = words.chars().filter(char::is_ascii_digit).collect();
        let id = format!("F{number}");
        let note = footnotes.iter().find(|note| note.id == id);
        let only = || footnotes.first().filter(|_| footnotes.len() == 1 && number.is_empty());
        return note.or_else(only).and_then(|note| title_in(&note.text)).unwrap_or(title);
    }
    title
}

/// Of remarks in numbered parts, the one that "See Remarks (3)" means.
fn marked<'a>(remarks: &'a str, title: &str) -> &'a str {
    let number: String = title.chars().filter(char::is_ascii_digit).collect();
    let mark = format!("({number})");
    match remarks.find(&mark).filter(|_| !number.is_empty()) {
        None => remarks,
        Some(at) => {
            let rest = &remarks[at + mark.len()..];
            rest[..rest.find(" (").unwrap_or(rest.len())].trim()
        }
    }
}

/// Of remarks, the part that is a title: `Title: …`, or all of it where it is short and tells no story.
fn title_in(text: &str) -> Option<&str> {
    const LONGEST: usize = 160;
    const STORY: [&str; 6] = ["resign", "power of attorney", "appointed", "ceased", "effective", "pursuant"];
    let start = ["title:", "titles:", "title of the reporting person:", "officer title:"]
        .iter()
        .filter_map(|label| Some(text.to_ascii_lowercase().find(label)? + label.len()))
        .max();
    let rest = text[start.unwrap_or(0)..].trim();
    let end = rest.find(". ").unwrap_or(rest.len());
    let part = rest[..end].trim_end_matches('.').trim();
    let told = part.to_ascii_lowercase();
    (part.len() <= LONGEST && !STORY.iter().any(|word| told.contains(word))).then_some(part)
}

/// The offices that a title names.
fn offices(title: &str) -> Vec<Role> {
    let words = words(title);
    let mut roles: Vec<Role> = Vec::new();
    for i in 0..words.len() {
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
            ',' | ';' | ':' | '/' | '-' | '–' | '—' | '(' | '|' => words.push(",".to_owned()),
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
        // A title is cut at thirty characters in the form's field.
        (officer(i + 2) || i + 2 >= words.len()).then_some((role, if officer(i + 2) { 3 } else { 2 }))
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
    const PARTS: [&str; 8] =
        ["group", "division", "divisional", "regional", "segment", "sector", "bank", "unit"];
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
    const OFFICES: [&str; 34] = [
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

    #[test]
    fn a_title_in_the_remarks_is_followed() {
        let notes = [super::super::Footnote { id: "F2".into(), text: "Chief Executive Officer.".into() }];
        assert_eq!(follow("See Remarks", Some("CEO & Founder"), &[]), "CEO & Founder");
        assert_eq!(
            follow("SEE REMARKS", Some("Exhibit 24. Title: President and COO."), &[]),
            "President and COO"
        );
        assert_eq!(follow("See Remarks", None, &[]), "See Remarks");
        assert_eq!(follow("See footnote (2)", None, &notes), "Chief Executive Officer");
        let parts = "(3) Chief Investment Officer and Vice President. (4) Signed by power of attorney.";
        assert_eq!(
            follow("See Remarks (3)", Some(parts), &[]),
            "Chief Investment Officer and Vice President"
        );
        let story =
            "On June 2, 2023, Jo Doe resigned from his role as Chief Executive Officer of the Issuer.";
        assert_eq!(follow("See Remarks", Some(story), &[]), "See Remarks");
        assert_eq!(follow("See footnote 3", None, &notes), "See footnote 3");
        assert_eq!(follow("Overseer", Some("x"), &[]), "Overseer");
    }
}
