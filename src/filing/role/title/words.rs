//! The words of a title, however they are written.

use crate::filing::line::note_number;

/// EDGAR's form cuts a title at thirty characters and does not keep a trailing blank.
const CUT: usize = 29;

/// Words in lower case, and the signs that separate them: `,` for commas, dashes and slashes, `&` for and.
pub(super) fn words(title: &str) -> Vec<String> {
    let lower = parted(&without_marks(title))
        .to_ascii_lowercase()
        .replace("c.e.o", "ceo")
        .replace("c.f.o", "cfo")
        .replace("c.o.o", "coo")
        .replace("v.p", "vp")
        .replace("m.d", "md")
        .replace("j.d", "jd")
        .replace("ph. d", "phd")
        .replace("ph.d", "phd");
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for c in lower.chars().chain([' ']) {
        if c.is_alphanumeric() || c == '\'' {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            add(&word, &mut words);
            word.clear();
        }
        match c {
            '&' | '+' => words.push("&".to_owned()),
            // Two dashes separate no more than one does.
            ',' | ';' | ':' | '/' | '\\' | '-' | '–' | '—' | '(' | '|'
                if words.last().is_none_or(|last| last != ",") =>
            {
                words.push(",".to_owned());
            }
            _ => {}
        }
    }
    // `Ex. VP` is an executive one, `ex-VP` was one.
    for i in 1..words.len() {
        if words[i - 1] == "ex" && matches!(words[i].as_str(), "vp" | "vice" | "v") {
            words[i - 1] = "exec".to_owned();
        }
    }
    // `co-ceo` is the same office as `ceo`; `vice-president` is not a president.
    let mut i = 0;
    while i + 1 < words.len() {
        let joins = matches!(
            words[i].as_str(),
            "co" | "vice"
                | "v"
                | "ex"
                | "non"
                | "former"
                | "deputy"
                | "assistant"
                | "asst"
                | "group"
                | "to"
                | "of"
        );
        if words[i + 1] == "," && joins {
            words.remove(i + 1);
        }
        i += 1;
    }
    let cut = title.trim().chars().count() >= CUT;
    uncut(&mut words, cut);
    words
}

/// A title without note marks: `CEO (1)`, `CFO [2]`, `President (FN3)`.
fn without_marks(title: &str) -> String {
    let mut left = String::with_capacity(title.len());
    let mut rest = title;
    while let Some(open) = rest.find(['(', '[']) {
        let (before, inner) = rest.split_at(open);
        let close = if inner.starts_with('(') { ')' } else { ']' };
        let mark = inner[1..].split_once(close).filter(|(mark, _)| note_number(mark).is_some());
        left.push_str(before);
        match mark {
            Some((_, behind)) => {
                left.push(' ');
                rest = behind;
            }
            None => {
                left.push_str(&inner[..1]);
                rest = &inner[1..];
            }
        }
    }
    left + rest
}

/// `InterimChief`, `PresidentCEO` and `VicePresident` as two words.
fn parted(title: &str) -> String {
    let mut parted = String::with_capacity(title.len() + 8);
    let mut before = ' ';
    for c in title.chars() {
        if before.is_lowercase() && c.is_uppercase() {
            parted.push(' ');
        }
        parted.push(c);
        before = c;
    }
    parted
}

/// Adds a word, or the words that are run together in it: `INTERIMCHIEF`, `officerand`.
fn add(word: &str, words: &mut Vec<String>) {
    const FIRST: [&str; 19] = [
        "svp",
        "evp",
        "vp",
        "interim",
        "acting",
        "former",
        "vice",
        "deputy",
        "chief",
        "principal",
        "president",
        "chairman",
        "executive",
        "financial",
        "operating",
        "legal",
        "officer",
        "general",
        "co",
    ];
    const NEXT: [&str; 15] = [
        "chief",
        "president",
        "ceo",
        "cfo",
        "coo",
        "chair",
        "executive",
        "financial",
        "operating",
        "operations",
        "legal",
        "officer",
        "counsel",
        "and",
        "&",
    ];
    let mut rest = word;
    while let Some(first) = FIRST.iter().find(|first| {
        rest.strip_prefix(**first).is_some_and(|next| NEXT.iter().any(|start| next.starts_with(start)))
    }) {
        words.push((*first).to_owned());
        rest = &rest[first.len()..];
    }
    // `CEO1` refers to a note, and `CO2` is a gas.
    let letters = rest.trim_end_matches(|c: char| c.is_ascii_digit());
    let rest = if letters.len() > 2 { letters } else { rest };
    words.push(if rest == "and" { "&".to_owned() } else { spelt(rest).to_owned() });
    // `C E O`, `M.B.A.`
    if let [.., a, b, c] = words.as_slice()
        && matches!(
            (a.as_str(), b.as_str(), c.as_str()),
            ("c", "e" | "f" | "o", "o") | ("m", "b", "a") | ("c", "p" | "f", "a")
        )
    {
        let initials = format!("{a}{b}{c}");
        words.truncate(words.len() - 3);
        words.push(initials);
    }
}

/// Corrects a word of an office if two of its letters are swapped, or one is missing or extra: `presdient`,
/// `finacial`.
fn spelt(word: &str) -> &str {
    const OFFICES: [&str; 8] =
        ["president", "executive", "financial", "operating", "chairman", "officer", "general", "counsel"];
    let slip = |office: &&&str| {
        let (typed, right) = (word.as_bytes(), office.as_bytes());
        let ends = typed.first() == right.first() && typed.last() == right.last();
        ends && typed.len().abs_diff(right.len()) < 2 && {
            let count = |letters: &[u8], letter: u8| letters.iter().filter(|own| **own == letter).count();
            let off: usize = (b'a'..=b'z').map(|one| count(typed, one).abs_diff(count(right, one))).sum();
            off < 2 && word.is_ascii()
        }
    };
    match word.len() {
        6.. => OFFICES.iter().find(slip).map_or(word, |office| *office),
        _ => word,
    }
}

/// Removes what a cut has left of a last word, and completes a word that names an office.
fn uncut(words: &mut Vec<String>, cut: bool) {
    if let (true, [.., general, last]) = (cut, words.as_mut_slice())
        && matches!(general.as_str(), "general" | "gen")
        && "counsel".starts_with(last.as_str())
    {
        "counsel".clone_into(last);
    }
    // "CHIEF FINANCIAL OFFICER, SECRE"
    const LAST: [&str; 15] = [
        "secretary",
        "treasurer",
        "director",
        "board",
        "controller",
        "chairman",
        "executive",
        "senior",
        "interim",
        "corporate",
        "founder",
        "manager",
        "principal",
        "assistant",
        "member",
    ];
    if let (true, Some(last)) = (cut, words.last_mut().filter(|last| last.len() > 2))
        && let Some(whole) = LAST.iter().find(|whole| whole.starts_with(last.as_str()))
    {
        (*whole).clone_into(last);
    }
    // "Senior Vice President, Chief Fi"
    if let (true, [.., chief, last]) = (cut, words.as_mut_slice())
        && chief == "chief"
        && last.len() == 2
        && let Some(whole) =
            ["financial", "operating", "legal"].iter().find(|whole| whole.starts_with(last.as_str()))
    {
        (*whole).clone_into(last);
    }
    // "Interim President and Chief Ex"
    if let (true, [.., president, and, chief, last]) = (cut, words.as_mut_slice())
        && matches!(president.as_str(), "president" | "pres")
        && and == "&"
        && chief == "chief"
        && last == "ex"
    {
        "executive".clone_into(last);
    }
    const SMALL: [&str; 8] = ["a", "an", "the", "&", ",", "of", "o", "in"];
    const WHOLE: [&str; 7] = ["gc", "vp", "md", "cs", "gm", "hr", "it"];
    let is_cut = |last: &str| cut && last.chars().count() < 3 && !WHOLE.contains(&last);
    while words.last().is_some_and(|last| SMALL.contains(&last.as_str()) || is_cut(last)) {
        words.pop();
        if words.last().is_none_or(|last| !SMALL.contains(&last.as_str())) {
            break;
        }
    }
    const OFFICES: [&str; 9] = ["pres", "chair", "ceo", "cfo", "coo", "dir", "secr", "treas", "officer"];
    // "EVP, Chief Legal & Regulatory" lacks its officer.
    let chief = words.iter().rposition(|word| matches!(word.as_str(), "chief" | "principal"));
    if let (true, Some(chief)) = (cut, chief)
        && chief + 4 == words.len()
        && words[chief + 2] == "&"
        && !OFFICES.iter().any(|office| words[chief + 3].starts_with(office))
    {
        words.push("officer".to_owned());
    }
}
