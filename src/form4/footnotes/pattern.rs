//! Patterns of words, and pairs of them that are near each other.

use std::borrow::Cow;
use std::ops::Range;

use regex::Regex;

/// A case-insensitive pattern over [`plain`] text. One that does not compile matches nothing, and fails a
/// test.
///
/// Gaps between words are not written as patterns but found as [`pairs`]: a counted gap gives the automaton
/// many states and makes it slow.
pub(super) struct Pattern(pub(super) Option<Regex>);

pub(super) fn pattern(text: &str) -> Pattern {
    let regex = Regex::new(&format!("(?i-u){text}"));
    debug_assert!(regex.is_ok(), "{text}");
    Pattern(regex.ok())
}

/// A text with typographic quotes, dashes and spaces replaced by those of a keyboard, so that patterns need
/// only know those.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let typed = |c: char| match c {
        '‘' | '’' | '´' | '`' => '\'',
        '“' | '”' | '„' => '"',
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' => '-',
        '\u{a0}' | '\u{2002}'..='\u{200a}' | '\u{202f}' => ' ',
        c => c,
    };
    Cow::Owned(text.chars().map(typed).collect())
}

impl Pattern {
    pub(super) fn is_match(&self, text: &str) -> bool {
        self.0.as_ref().is_some_and(|regex| regex.is_match(text))
    }

    pub(super) fn find<'a>(&self, text: &'a str) -> Option<&'a str> {
        self.0.as_ref()?.find(text).map(|found| found.as_str())
    }

    pub(super) fn ranges(&self, text: &str) -> Vec<Range<usize>> {
        self.0.iter().flat_map(|regex| regex.find_iter(text)).map(|found| found.range()).collect()
    }

    /// True if the last match has a group of that name; `None` without a match.
    pub(super) fn last_has(&self, text: &str, group: &str) -> Option<bool> {
        self.0.as_ref()?.captures_iter(text).last().map(|found| found.name(group).is_some())
    }

    /// True if the first match has it; `None` without a match.
    pub(super) fn first_has(&self, text: &str, group: &str) -> Option<bool> {
        self.0.as_ref()?.captures(text).map(|found| found.name(group).is_some())
    }
}

/// Two matches near each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair<'a> {
    /// From the start of the first to the end of the second.
    pub(super) words: &'a str,
    /// The words between them.
    pub(super) gap: &'a str,
}

/// The matches of `first` that a match of `second` follows within `most` bytes; for each of the second, the
/// nearest first.
pub(super) fn pairs<'a>(
    sentence: &'a str,
    first: &Pattern,
    second: &Pattern,
    most: usize,
) -> impl Iterator<Item = Pair<'a>> {
    pairs_before(sentence, first, second.ranges(sentence), most)
}

/// The same, with the second matches at these places.
pub(super) fn pairs_before<'a>(
    sentence: &'a str,
    first: &Pattern,
    behind: Vec<Range<usize>>,
    most: usize,
) -> impl Iterator<Item = Pair<'a>> {
    let before = if behind.is_empty() { Vec::new() } else { first.ranges(sentence) };
    behind.into_iter().flat_map(move |behind| {
        let ended = before.partition_point(|before| before.end <= behind.start);
        let near: Vec<Pair<'a>> = before[..ended]
            .iter()
            .rev()
            .take_while(|before| behind.start - before.end <= most)
            .map(|before| Pair {
                words: &sentence[before.start..behind.end],
                gap: &sentence[before.end..behind.start],
            })
            .take(MOST_NEAR)
            .collect();
        near
    })
}

/// The most first matches before one second match that are examined.
const MOST_NEAR: usize = 4;

/// The offset of a part of a sentence in it.
pub(super) fn start_in(sentence: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(sentence.as_ptr() as usize).min(sentence.len())
}
