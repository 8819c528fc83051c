//! Parts of a note's text: its beginning and end, its sentences, and the words that are kept as evidence.

use std::sync::Arc;

/// The longest evidence that is kept, in bytes before and after the words that were found.
const BEFORE: usize = 80;
const BEHIND: usize = 140;

/// The beginning of a text, without cutting a character.
pub(in crate::form4) fn start(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The end of a text, without cutting a character.
pub(in crate::form4) fn end(text: &str, most: usize) -> &str {
    let mut from = text.len().saturating_sub(most);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
}

/// Some words of a sentence with their surroundings, cut between words.
pub(super) fn excerpt(sentence: &str, words: &str) -> Arc<str> {
    let from = (words.as_ptr() as usize).saturating_sub(sentence.as_ptr() as usize);
    let until = from + words.len();
    let mut start = from.saturating_sub(BEFORE);
    while !sentence.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = until.min(from + BEHIND).max(from) + BEHIND;
    end = end.min(sentence.len());
    while !sentence.is_char_boundary(end) {
        end += 1;
    }
    if start > 0 {
        start += sentence[start..from].find(' ').map_or(0, |space| space + 1);
    }
    if end < sentence.len() {
        end = sentence[..end].rfind(' ').filter(|&space| space > from).unwrap_or(end);
    }
    sentence[start..end].into()
}

/// The sentences of a text: they end at a point before a space and a capital, unless the point ends an
/// abbreviation.
pub(super) fn sentences(text: &str) -> Vec<&str> {
    const ABBREVIATIONS: [&str; 20] = [
        "mr", "mrs", "ms", "dr", "inc", "corp", "co", "ltd", "no", "jr", "sr", "st", "vs", "approx", "sec",
        "sept", "l.p", "u.s", "messrs", "dec",
    ];
    const LONGEST_WORD: usize = 16;
    let mut found = Vec::new();
    let mut start = 0;
    for point in memchr::memchr2_iter(b'.', b';', text.as_bytes()) {
        let rest = &text[point + 1..];
        let ends = rest.starts_with(' ')
            && rest.trim_start().starts_with(|c: char| c.is_uppercase() || matches!(c, '(' | '"' | '“'));
        if !ends {
            continue;
        }
        let mut from = point.saturating_sub(LONGEST_WORD).max(start);
        while !text.is_char_boundary(from) {
            from -= 1;
        }
        let word = text[from..point].rsplit(' ').next().unwrap_or_default();
        let word = word.trim_start_matches(['(', '"', '“']).to_ascii_lowercase();
        let initial = word.rsplit('.').next().is_some_and(|last| last.chars().count() == 1);
        let abbreviated = initial || ABBREVIATIONS.contains(&word.as_str());
        if !abbreviated {
            found.push(text[start..=point].trim());
            start = point + 1;
        }
    }
    found.push(text[start..].trim());
    found.retain(|sentence| !sentence.is_empty());
    found
}
