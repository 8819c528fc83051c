//! The words of a symbol, and how they are parted.

use super::table::{KINDS, Kind, PHRASES, is, is_alone};
use super::{is_class, is_ticker};

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
    let text = &markets(&spelt_out(whole_words(text)));
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
        // `NYSE: OR` is a symbol.
        let between = before != Before::Colon && !words.is_empty() && rest.contains(char::is_alphanumeric);
        if is(word, Kind::And) && between {
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
    const WORDS: [(&str, &str); 8] = [
        ("N/A", "N.A"),
        ("N / A", "N.A"),
        ("N A", "N.A"),
        ("N\\A", "N.A"),
        ("F/K/A", "FKA"),
        ("N/K/A", "NKA"),
        ("A/K/A", "AKA"),
        ("T/B/D", "TBD"),
    ];
    let mut whole = text.to_owned();
    for (typed, word) in WORDS {
        let mut from = 0;
        while let Some(at) = whole[from..].find(typed).map(|at| from + at) {
            let end = at + typed.len();
            from = if stands_alone(&whole, at, end) {
                whole.replace_range(at..end, word);
                at + word.len()
            } else {
                end
            };
        }
    }
    whole
}

/// Whether no letter is beside a part of a text.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    !letter(text[..start].chars().next_back()) && !letter(text[end..].chars().next())
}

/// `X Y Z` as one word.
fn spelt_out(text: String) -> String {
    let spelt = text.len() > 4 && text.split(' ').all(|word| word.len() == 1);
    if spelt { text.replace(' ', "") } else { text }
}

/// The names of markets as one word each: `NYSE American`, `OTC-Pink`, `Ghana Stock Exchange`.
fn markets(text: &str) -> String {
    let mut text = text.to_owned();
    for (word, phrases) in PHRASES {
        for phrase in phrases.split('|') {
            let mut from = 0;
            while let Some((start, end)) = find_phrase(&text, phrase, from) {
                let start = text[..start].strip_suffix("THE ").map_or(start, str::len);
                let behind = [" LLC", " INC", " ATS", " MARKET", " EXCHANGE"];
                let longer = behind.iter().find(|more| {
                    text[end..].starts_with(**more) && stands_alone(&text[end..], 0, more.len())
                });
                text.replace_range(start..end + longer.map_or(0, |more| more.len()), word);
                from = start + word.len();
            }
        }
    }
    // One word before it is the market's place.
    for ends in [" STOCK EXCHANGE", " STOCK MARKET", " EXCHANGE", " BOURSE"] {
        while let Some(at) = text.find(ends).filter(|&at| stands_alone(&text[at..], 0, ends.len())) {
            let start = text[..at]
                .rfind(|c: char| !c.is_alphanumeric())
                .map_or(0, |sign| sign + text[sign..].chars().next().map_or(1, char::len_utf8));
            text.replace_range(start..at + ends.len(), "NYSE");
        }
    }
    text
}

/// Where a phrase is, whichever blanks and signs part its words: `OTC: Pink`, and `NASDAQ: GM` alone is a symbol.
fn find_phrase(text: &str, phrase: &str, from: usize) -> Option<(usize, usize)> {
    let mut words = phrase.split(' ');
    let first = words.next()?;
    text[from..].match_indices(first).find_map(|(at, _)| {
        let start = from + at;
        let mut end = start + first.len();
        for word in words.clone() {
            let rest = text[end..].trim_start_matches([' ', '-', '.', '/', ':', '(']);
            if rest.len() == text.len() - end || !rest.starts_with(word) {
                return None;
            }
            end = text.len() - rest.len() + word.len();
        }
        let only = text[start..end].contains(':') && (start, end) == (0, text.len());
        (stands_alone(text, start, end) && !only).then_some((start, end))
    })
}

/// How a sign parts words; `None` for one that is within them.
fn parts(c: char) -> Option<Before> {
    match c {
        ' ' => Some(Before::Blank),
        '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | '"' | '\'' => Some(Before::Bracket),
        '/' | '\\' => Some(Before::Slash),
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
    // `N.Y.S.E`, `U.S`; and `T.A` may be a class.
    let letters: String = word.split('.').collect();
    let apart = word.split('.').all(|part| part.len() == 1);
    if !whole && apart && (letters.len() > 2 || ["US", "UK"].contains(&letters.as_str())) {
        return add(&letters, before, words);
    }
    // `CSE-XYZ`, and `SIX-WT` is a warrant.
    let market = |part: &str| is(part, Kind::Market) && (!is_alone(part) || part.len() > 2);
    if let (false, Some((left, right))) = (whole, word.split_once(['-', '.'])) {
        let class = is_class(&right.replace(['.', '-'], ""));
        if class && (is(left, Kind::Class) || is(left, Kind::Preferred)) && !words.is_empty() {
            add(left, before, words);
            return add(right, Before::Blank, words);
        }
        let market = |part: &str| market(part) || part == "US" || is(part, Kind::Plain) && !is_alone(part);
        if market(left) && !(class && is_alone(left)) {
            add(left, before, words);
            let joined = if is(right, Kind::Tier) { Before::Blank } else { Before::Colon };
            return add(right, joined, words);
        }
        if market(right) && !(class && is_ticker(left)) {
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
