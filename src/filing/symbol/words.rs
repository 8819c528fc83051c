//! The words of a symbol, and how they are separated.

use std::borrow::Cow;

use super::spelling::{is_class, is_ticker};
use super::table::{KINDS, Kind, PHRASES, is, is_alone, is_market_behind};

/// How many characters of a symbol are examined, at most.
const LONGEST: usize = 400;

/// How a word is separated from the one before it.
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
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '~' => Some('-'),
        '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' => None,
        '\u{2018}'..='\u{201f}' | '\u{ab}' | '\u{bb}' => Some('"'),
        '\u{3001}' => Some(','),
        '\u{b7}' | '\u{2022}' | '\u{2219}' | '\u{22c5}' => Some('.'),
        '\u{ae}' | '\u{2122}' | '\u{2020}' | '*' => None,
        c if c.is_whitespace() => Some(' '),
        c => Some(c.to_ascii_uppercase()),
    };
    let text: String = typed.chars().take(LONGEST).filter_map(plain).collect();
    text.trim_matches(|c: char| c != '\\' && !c.is_alphanumeric()).to_ascii_uppercase()
}

pub(super) fn words(text: &str) -> Vec<Word> {
    let text = &markets(&spelt_out(whole_words(&initials(text))));
    let mut words: Vec<Word> = Vec::new();
    let mut before = Before::Blank;
    let mut rest = text.as_str();
    while let Some(start) = rest.find(|c| parts(c).is_none()) {
        before = rest[..start].chars().filter_map(parts).max().map_or(before, |own| own.max(before));
        let end = rest[start..].find(|c| parts(c).is_some()).map_or(rest.len(), |end| start + end);
        let typed = &rest[start..end];
        let word = typed.trim_start_matches(['$', '#', '^', '-', '.']).trim_end_matches(['.', '-', '^']);
        rest = &rest[end..];
        if word.is_empty() {
            // `Acme Gold Corp - XYZ`
            before = before.max(Before::Bracket);
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

/// `N.Y.S.E.` as one word, even if something is joined to it; but `T.A` may be a class.
fn initials(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let pairs = |from: usize| {
        let pair = |at: &usize| {
            bytes.get(*at).is_some_and(u8::is_ascii_alphanumeric) && bytes.get(at + 1) == Some(&b'.')
        };
        (from..).step_by(2).take_while(pair).count()
    };
    let mut whole = String::new();
    let mut kept = 0;
    let mut at = 0;
    while at < bytes.len() {
        let starts = at == 0 || !bytes[at - 1].is_ascii_alphanumeric() && bytes[at - 1] != b'.';
        let count = if starts { pairs(at) } else { 0 };
        let end = at + 2 * count;
        // The last letter may lack its point, and no longer word begins with it.
        let last = bytes.get(end).is_some_and(u8::is_ascii_alphanumeric);
        let longer = last && bytes.get(end + 1).is_some_and(u8::is_ascii_alphanumeric);
        if !longer && count + usize::from(last) > 2 {
            whole.push_str(&text[kept..at]);
            whole.extend(text[at..end].chars().filter(|c| *c != '.'));
            (kept, at) = (end, end);
        }
        at += 1;
    }
    match kept {
        0 => Cow::Borrowed(text),
        _ => Cow::Owned(whole + &text[kept..]),
    }
}

/// The part of a text that is examined.
pub(super) fn bounded(typed: &str) -> &str {
    typed.char_indices().nth(LONGEST).map_or(typed, |(end, _)| &typed[..end])
}

/// Writes a preferred series that is marked by a sign or a small letter as one in words: `XYZ^A`, `XYZ$A`,
/// `XYZpA`, `XYZprA`.
pub(super) fn series(typed: &str) -> Cow<'_, str> {
    let bytes = typed.as_bytes();
    let ends = |at: usize| {
        bytes.get(at).is_some_and(u8::is_ascii_uppercase)
            && !bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric)
    };
    let marked = (1..bytes.len()).find_map(|at| {
        let behind = match &bytes[at..] {
            [b'^' | b'$', ..] if bytes[at - 1].is_ascii_alphanumeric() => at + 1,
            [b'p', b'r', ..] if bytes[at - 1].is_ascii_uppercase() => at + 2,
            [b'p', ..] if bytes[at - 1].is_ascii_uppercase() => at + 1,
            _ => return None,
        };
        ends(behind).then_some((at, behind))
    });
    match marked {
        None => Cow::Borrowed(typed),
        Some((at, behind)) => {
            let rest = series(&typed[behind..]);
            Cow::Owned(format!("{} PR {rest}", &typed[..at]))
        }
    }
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

/// True if no letter is next to a part of a text.
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

/// Finds a phrase, whichever blanks and signs separate its words: `OTC: Pink`; but `NASDAQ: GM` alone is a
/// symbol.
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

/// How a sign separates words; `None` for one that belongs to a word.
fn parts(c: char) -> Option<Before> {
    match c {
        ' ' | '@' => Some(Before::Blank),
        '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | '"' | '\'' => Some(Before::Bracket),
        '/' | '\\' => Some(Before::Slash),
        ',' | ';' | '|' | '+' => Some(Before::List),
        ':' | '=' => Some(Before::Colon),
        _ => None,
    }
}

/// A word, or the symbol and the market that a dash or point joins: `NYSE-XYZ`, `XYZ.US`, `TSX.XYZ`.
fn split_word(word: &str, before: Before, words: &mut Vec<Word>) {
    let add = |text: &str, before, words: &mut Vec<Word>| {
        words.push(Word { text: text.replace('_', "-"), before });
    };
    // `BRK-B.N`, `BRK.B.US`
    if let Some((classed, market)) = word.rsplit_once('.')
        && classed.split_once(['.', '-']).is_some_and(|(base, class)| is_ticker(base) && is_class(class))
        && is_market_behind(market)
    {
        return add(classed, before, words);
    }
    let whole = KINDS.contains_key(word);
    if ["U.S", "U.K"].contains(&word) {
        return add(&word.replace('.', ""), before, words);
    }
    // `CSE-XYZ`, and `SIX-WT` is a warrant.
    let market = |part: &str| is(part, Kind::Market) && (!is_alone(part) || part.len() > 2);
    // `B3-XYZ`, and `MX.A` is a class.
    let short = |part: &str, other: &str| {
        is(part, Kind::Market) && other.len() > 2 && is_alone(other) && !is_class(other)
    };
    if let (false, Some((left, right))) = (whole, word.split_once(['-', '.'])) {
        let class = is_class(&right.replace(['.', '-'], ""));
        if class && (is(left, Kind::Class) || is(left, Kind::Preferred)) && !words.is_empty() {
            add(left, before, words);
            return add(right, Before::Blank, words);
        }
        let market = |part: &str| market(part) || part == "US" || is(part, Kind::Plain) && !is_alone(part);
        if market(left) && !(class && is_alone(left)) || short(left, right) {
            add(left, before, words);
            let joined = if is(right, Kind::Tier) { Before::Blank } else { Before::Colon };
            return add(right, joined, words);
        }
        let behind = !is_market_behind(right) && short(right, left);
        if market(right) && !(class && is_ticker(left)) || behind {
            add(left, before, words);
            return add(right, Before::Blank, words);
        }
    }
    // `XYZ-XYZW`
    if let Some((left, right)) = word.split_once(['-', '.'])
        && left.len() > 1
        && right.len() > left.len()
        && right.starts_with(left)
    {
        add(left, before, words);
        return add(right, Before::List, words);
    }
    // `XYZ&XYZW` are two, `AT&T` is not.
    match word.split_once('&') {
        Some((left, right)) if left.len() > 1 && right.starts_with(left.get(..2).unwrap_or(left)) => {
            add(left, before, words);
            add(right, Before::List, words);
        }
        _ => add(word, before, words),
    }
}
