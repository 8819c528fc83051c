//! The words of a symbol, and how they are parted.

use super::table::{KINDS, Kind, is, is_alone};

/// More of a symbol is not looked at.
const LONGEST: usize = 400;

/// How a word is parted from the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Before {
    Blank,
    Bracket,
    Slash,
    List,
    Colon,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) before: Before,
}

/// Upper case, with the signs of a plain keyboard.
pub(super) fn straight(typed: &str) -> String {
    let plain = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Some('-'),
        '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' => None,
        '\u{2018}'..='\u{201f}' | '\u{ab}' | '\u{bb}' => Some('"'),
        '\u{3001}' => Some(','),
        '\u{ae}' | '\u{2122}' | '\u{2020}' | '*' => None,
        c if c.is_whitespace() => Some(' '),
        c => Some(c.to_ascii_uppercase()),
    };
    let text: String = typed.chars().take(LONGEST).filter_map(plain).collect();
    text.trim_matches(|c: char| c != '\\' && !c.is_alphanumeric()).to_ascii_uppercase()
}

pub(super) fn words(text: &str) -> Vec<Word> {
    let text = &whole_words(text);
    let mut words: Vec<Word> = Vec::new();
    let mut before = Before::Blank;
    let mut rest = text.as_str();
    while let Some(start) = rest.find(|c| parts(c).is_none()) {
        before = rest[..start].chars().filter_map(parts).max().map_or(before, |own| own.max(before));
        let end = rest[start..].find(|c| parts(c).is_some()).map_or(rest.len(), |end| start + end);
        let word =
            rest[start..end].trim_start_matches(['$', '#', '^', '-', '.']).trim_end_matches(['.', '-']);
        rest = &rest[end..];
        if word.is_empty() {
            continue;
        }
        if is(word, Kind::And) {
            before = Before::List;
            continue;
        }
        // `Qualys, Inc.` is one name.
        let names = words.last().is_some_and(|_| is(word, Kind::Company)) && before == Before::List;
        split_word(word, if names { Before::Blank } else { before }, &mut words);
        before = Before::Blank;
    }
    words
}

/// `N/A`, `F/K/A` and the like as one word.
fn whole_words(text: &str) -> String {
    const WORDS: [(&str, &str); 5] =
        [("N/A", "N.A"), ("F/K/A", "FKA"), ("N/K/A", "NKA"), ("A/K/A", "AKA"), ("T/B/D", "TBD")];
    let letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let mut whole = text.to_owned();
    for (typed, word) in WORDS {
        while let Some(at) = whole.match_indices(typed).map(|(at, _)| at).find(|&at| {
            !letter(whole[..at].chars().next_back()) && !letter(whole[at + typed.len()..].chars().next())
        }) {
            whole.replace_range(at..at + typed.len(), word);
        }
    }
    whole
}

/// How a sign parts words; `None` for one that is within them.
fn parts(c: char) -> Option<Before> {
    match c {
        ' ' => Some(Before::Blank),
        '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | '"' | '\'' => Some(Before::Bracket),
        '/' => Some(Before::Slash),
        ',' | ';' | '|' => Some(Before::List),
        ':' | '=' => Some(Before::Colon),
        _ => None,
    }
}

/// A word, or the symbol and the market that a dash or point joins: `NYSE-XYZ`, `XYZ.US`, `TSX.XYZ`.
fn split_word(word: &str, before: Before, words: &mut Vec<Word>) {
    let add = |text: &str, before, words: &mut Vec<Word>| {
        words.push(Word { text: text.replace('_', "-"), before });
    };
    let whole = KINDS.contains_key(word);
    let market = |part: &str| is(part, Kind::Market) && !is_alone(part);
    if let (false, Some((left, right))) = (whole, word.split_once(['-', '.'])) {
        if market(left) {
            add(left, before, words);
            let joined = if is(right, Kind::Tier) { Before::Blank } else { Before::Colon };
            return add(right, joined, words);
        }
        if right == "US" || market(right) {
            add(left, before, words);
            return add(right, Before::Blank, words);
        }
    }
    // `XYZ&XYZW` are two, `AT&T` is not.
    match word.split_once('&') {
        Some((left, right)) if left.len() > 1 && right.starts_with(&left[..left.len().min(2)]) => {
            add(left, before, words);
            add(right, Before::List, words);
        }
        _ => add(word, before, words),
    }
}
