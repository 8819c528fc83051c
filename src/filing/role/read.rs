//! Reads roles from boxes and title, following "See Remarks".

use super::Role;
use super::title::offices;
use crate::filing::{Footnote, Owner};

/// The roles of an owner whose title, after following "See Remarks", is `title`: what boxes and title say, in
/// order, each once.
pub(in crate::filing) fn roles(owner: &Owner, title: Option<&str>) -> Vec<Role> {
    let mut roles = title.map(offices).unwrap_or_default();
    if owner.officer && roles.is_empty() {
        roles.push(Role::OtherOfficer);
    }
    roles.extend(owner.director.then_some(Role::Director));
    roles.extend(owner.ten_percent_owner.then_some(Role::TenPercentOwner));
    roles.extend(owner.other.then_some(Role::Other));
    roles
}

/// A title without the issuer's name at its end: "CEO of Qualys" in a filing of Qualys, Inc. A longer name is
/// that of a part.
pub(in crate::filing) fn without_issuer<'t>(title: &'t str, issuer: &str) -> &'t str {
    let own = words_of_name(issuer);
    let typed = words_of_name(title);
    let Some(at) = typed.len().checked_sub(own.len()).filter(|at| *at > 0 && !own.is_empty()) else {
        return title;
    };
    if !typed[at..].iter().zip(&own).all(|(typed, own)| typed.1.eq_ignore_ascii_case(own.1)) {
        return title;
    }
    let (start, word) = typed[at - 1];
    if word.eq_ignore_ascii_case("of") || word.eq_ignore_ascii_case("at") {
        return title[..start].trim_end();
    }
    title
}

/// The words of a name and where they begin, without "Inc." and the like at its end.
fn words_of_name(name: &str) -> Vec<(usize, &str)> {
    const KINDS: [&str; 10] =
        ["inc", "incorporated", "corp", "corporation", "co", "company", "ltd", "limited", "plc", "llc"];
    let (mut words, mut at) = (Vec::new(), 0);
    for word in name.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let plain = word.trim_end_matches(|c: char| !c.is_alphanumeric());
        if !plain.is_empty() {
            words.push((at, plain));
        }
        at += word.len();
    }
    while words.len() > 1
        && words.last().is_some_and(|(_, last)| KINDS.iter().any(|kind| last.eq_ignore_ascii_case(kind)))
    {
        words.pop();
    }
    words
}

/// The title itself, unless it only points to remarks or a footnote: then the text there.
pub(in crate::filing) fn follow<'a>(
    title: &'a str,
    remarks: Option<&'a str>,
    footnotes: &'a [Footnote],
) -> &'a str {
    let words = title.to_ascii_lowercase();
    if !offices(title).is_empty() {
        return title;
    }
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

/// In remarks with numbered parts, the one that "See Remarks (3)" means.
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

/// The part of the remarks that is a title: `Title: …`, or all of it if it is short and tells no story.
fn title_in(text: &str) -> Option<&str> {
    const LONGEST: usize = 160;
    const STORY: [&str; 6] = ["resign", "power of attorney", "appointed", "ceased", "effective", "pursuant"];
    let start = ["title:", "titles:", "title of the reporting person:", "officer title:"]
        .iter()
        .filter_map(|label| Some(text.to_ascii_lowercase().find(label)? + label.len()))
        .max();
    let rest = text[start.unwrap_or(0)..].trim();
    // "Sr. Vice President" continues after its point.
    let ends = |&(at, _): &(usize, &str)| {
        let word = rest[..at].rsplit([' ', '.']).next().unwrap_or_default();
        word.chars().count() >= 4
    };
    let end = rest.match_indices(". ").find(ends).map_or(rest.len(), |(at, _)| at);
    let part = rest[..end].trim_end_matches('.').trim();
    let lower = part.to_ascii_lowercase();
    (part.len() <= LONGEST && !STORY.iter().any(|word| lower.contains(word))).then_some(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_issuers_own_name_is_no_part_of_it() {
        for (title, left) in [
            ("CEO of Qualys", "CEO"),
            ("President & CEO of Qualys, Inc.", "President & CEO"),
            ("CFO at QUALYS", "CFO"),
            // A brand may have the same name as the whole company.
            ("President, Qualys", "President, Qualys"),
            ("CEO of Qualys Europe", "CEO of Qualys Europe"),
            ("CEO of Acme Qualys", "CEO of Acme Qualys"),
            ("Qualys", "Qualys"),
            ("CEO", "CEO"),
            ("", ""),
        ] {
            assert_eq!(without_issuer(title, "QUALYS, INC."), left, "{title}");
        }
        assert_eq!(without_issuer("CEO of Acme Bank", "Acme Bancorp, Inc."), "CEO of Acme Bank");
        assert_eq!(without_issuer("CEO", ""), "CEO");
    }

    #[test]
    fn a_title_in_the_remarks_is_followed() {
        let notes = [Footnote { id: "F2".into(), text: "Chief Executive Officer.".into() }];
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
        let senior = "Sr. Vice President and Chief Financial Officer";
        assert_eq!(follow("See Remarks", Some(senior), &[]), senior);
        assert_eq!(follow("CFO (see remarks)", Some("Exhibit 24"), &[]), "CFO (see remarks)");
        assert_eq!(follow("See footnote 3", None, &notes), "See footnote 3");
        assert_eq!(follow("Overseer", Some("x"), &[]), "Overseer");
    }
}
