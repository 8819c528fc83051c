//! The keywords in a text, found in one pass before any pattern is tried.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::currencies::spellings;
use super::keyword_list::KEYWORDS;
use super::keywords::Keywords;
use super::pattern::{plain, start_in};

/// A text as the patterns read it, and the marked words in it.
#[derive(Debug)]
pub(in crate::form4) struct Scanned<'a> {
    pub(in crate::form4) text: Cow<'a, str>,
    pub(in crate::form4) keywords: Keywords,
    /// Where each marked word ends, with its keywords.
    words: Vec<(usize, u32)>,
}

impl<'a> Scanned<'a> {
    /// Searches a text. Words that only say who sold, and why, are searched for only if the filing has sales.
    pub(in crate::form4) fn new(text: &'a str, sale: bool) -> Self {
        let text = plain(text);
        let known = if sale { &*ALL } else { &*OF_PLANS_AND_PRICES };
        let mut words = Vec::new();
        let keywords = match &known.automaton {
            Some(automaton) => {
                // An automaton for both cases would be twice the size, and slower.
                let lower = text.to_ascii_lowercase();
                let found = automaton.find_overlapping_iter(&lower);
                let found =
                    found.map(|word| (word.start()..word.end(), known.keywords[word.pattern().as_usize()]));
                let found =
                    found.filter(|(at, mark)| mark & Keywords::WHOLE == 0 || is_whole(lower.as_bytes(), at));
                words.extend(found.map(|(at, mark)| (at.end, mark)));
                if !lower.is_ascii() {
                    let signs = lower.char_indices().filter(|(_, sign)| SIGNS.contains(sign));
                    words.extend(signs.map(|(at, sign)| (at + sign.len_utf8(), Keywords::MONEY)));
                    words.sort_unstable_by_key(|(end, _)| *end);
                }
                Keywords::new(words.iter().fold(0, |keywords, (_, mark)| keywords | mark))
            }
            None => Keywords::new(u32::MAX),
        };
        Self { text, keywords, words }
    }

    /// The keywords of a part of the text.
    pub(super) fn of(&self, part: &str) -> Keywords {
        if self.words.is_empty() || part.len() == self.text.len() {
            return self.keywords;
        }
        let start = start_in(&self.text, part);
        let first = self.words.partition_point(|(end, _)| *end <= start);
        let within = self.words[first..].iter().take_while(|(end, _)| *end <= start + part.len());
        Keywords::new(within.fold(0, |keywords, (_, mark)| keywords | mark))
    }
}

/// True if a word begins where it is found, and a code of three or four letters also ends there, or is
/// followed by an `s`.
fn is_whole(text: &[u8], at: &Range<usize>) -> bool {
    const CODE: usize = 4;
    let letter = |i: usize| text.get(i).is_some_and(u8::is_ascii_alphabetic);
    if !letter(at.start) {
        return true;
    }
    let begins = at.start == 0 || !letter(at.start - 1);
    let code = at.len() <= CODE && letter(at.end - 1);
    let plural = || matches!(text.get(at.end), Some(b's' | b'S')) && !letter(at.end + 1);
    begins && (!code || !letter(at.end) || plural())
}

/// Words that are found in one pass.
struct Words {
    automaton: Option<AhoCorasick>,
    keywords: Vec<u32>,
}

impl Words {
    fn new(of: u32) -> Self {
        let chosen = KEYWORDS.iter().filter(|(mark, _)| mark & of != 0);
        let named = spellings().filter(|_| of & Keywords::MONEY != 0);
        let (words, keywords): (Vec<&str>, Vec<u32>) = chosen
            .flat_map(|(mark, words)| words.split('|').map(|word| (word, *mark)))
            .chain(
                named
                    .filter(|word| word.is_ascii() && !word.contains("dollar"))
                    .map(|word| (word, Keywords::MONEY)),
            )
            .unzip();
        let words = words.into_iter().map(str::to_ascii_lowercase);
        let automaton = AhoCorasick::builder().kind(Some(AhoCorasickKind::DFA)).build(words).ok();
        Self { automaton, keywords }
    }
}

/// Currency signs, and letters of currency names, that are not ASCII.
static SIGNS: LazyLock<Vec<char>> =
    LazyLock::new(|| spellings().filter_map(|word| word.chars().find(|sign| !sign.is_ascii())).collect());
static ALL: LazyLock<Words> = LazyLock::new(|| Words::new(u32::MAX));
/// Words that matter in a filing without sales.
static OF_PLANS_AND_PRICES: LazyLock<Words> = LazyLock::new(|| {
    Words::new(
        Keywords::PLAN
            | Keywords::PLAN_KIND
            | Keywords::ANY_PLAN
            | Keywords::BOX
            | Keywords::PRICE
            | Keywords::MONEY
            | Keywords::ADS,
    )
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_marked_word_is_found_in_any_case_and_place() {
        for (word, mark) in
            KEYWORDS.iter().flat_map(|(mark, words)| words.split('|').map(move |word| (word, *mark)))
        {
            let text = format!("x {} x", word.to_uppercase());
            assert!(Scanned::new(&text, true).keywords.has_all(mark), "{word}");
        }
    }
}
