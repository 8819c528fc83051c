//! Which kinds of words stand in a text: one look for all of them, before any pattern is tried.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::currencies::spellings;
use super::pattern::{plain, start_in};
use super::words::MARKED;

/// Kinds of words, as bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::form4) struct Marks(u32);

impl Marks {
    /// The rule's number, or what plans to sell are called: one word alone, or a kind of plan with the word for it.
    pub(in crate::form4) const PLAN: u32 = 1;
    /// A plan of whatever kind.
    pub(in crate::form4) const ANY_PLAN: u32 = 1 << 1;
    pub(in crate::form4) const COVER: u32 = 1 << 2;
    pub(in crate::form4) const OFFERING: u32 = 1 << 3;
    pub(in crate::form4) const NEGOTIATED: u32 = 1 << 4;
    pub(in crate::form4) const ISSUER: u32 = 1 << 5;
    pub(in crate::form4) const DISCRETION: u32 = 1 << 6;
    /// Something changes hands.
    pub(in crate::form4) const HANDED: u32 = 1 << 7;
    /// "undertakes to provide full information": the sentence speaks of nothing else.
    pub(in crate::form4) const UNDERTAKING: u32 = 1 << 8;
    pub(in crate::form4) const RANGE: u32 = 1 << 9;
    pub(in crate::form4) const BETWEEN: u32 = 1 << 10;
    pub(in crate::form4) const HIGH: u32 = 1 << 11;
    pub(in crate::form4) const AVERAGE: u32 = 1 << 12;
    pub(in crate::form4) const DOLLAR: u32 = 1 << 13;
    /// Debts, courts, errors: somebody else may have sold.
    pub(in crate::form4) const FORCED: u32 = 1 << 14;
    /// The seller may not have decided.
    pub(in crate::form4) const OTHERWISE: u32 = 1 << 15;
    /// A box of the form.
    pub(in crate::form4) const BOX: u32 = 1 << 16;
    /// Firms that lend, hold or trade.
    pub(in crate::form4) const AGENT: u32 = 1 << 17;
    /// Kinds of plans: together with [`Self::ANY_PLAN`] they name a plan to sell.
    pub(in crate::form4) const PLAN_KIND: u32 = 1 << 18;
    /// Currencies other than the dollar, and dollars that are said to be the US ones.
    pub(in crate::form4) const MONEY: u32 = 1 << 19;
    /// Depositary shares.
    pub(in crate::form4) const ADS: u32 = 1 << 20;
    /// Of these, short words are found as whole words alone: "euro" is in no "neuroscience".
    const WHOLE: u32 = Self::MONEY | Self::ADS;
    /// What a statement against the seller's own decision needs one of.
    pub(in crate::form4) const AGAINST: u32 = Self::FORCED | Self::OTHERWISE;
    /// What a range of prices needs one of.
    pub(in crate::form4) const PRICE: u32 =
        Self::RANGE | Self::BETWEEN | Self::HIGH | Self::AVERAGE | Self::DOLLAR;
    /// What a statement of a sale's purpose needs one of.
    pub(in crate::form4) const PURPOSE: u32 =
        Self::COVER | Self::OFFERING | Self::NEGOTIATED | Self::ISSUER | Self::DISCRETION | Self::AGAINST;

    fn new(found: u32) -> Self {
        let named = found & Self::PLAN_KIND != 0 && found & Self::ANY_PLAN != 0;
        Self(found | if named { Self::PLAN } else { 0 })
    }

    /// Whether one of these stands there.
    pub(in crate::form4) fn has(self, any: u32) -> bool {
        self.0 & any != 0
    }

    /// Whether all of these do.
    pub(in crate::form4) fn has_all(self, all: u32) -> bool {
        self.0 & all == all
    }

    /// The marks of two texts together.
    pub(in crate::form4) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A text as the patterns read it, and the marked words in it.
#[derive(Debug)]
pub(in crate::form4) struct Marked<'a> {
    pub(in crate::form4) text: Cow<'a, str>,
    pub(in crate::form4) marks: Marks,
    /// Where each marked word ends, with its marks.
    words: Vec<(usize, u32)>,
}

impl<'a> Marked<'a> {
    /// Looks through a text. Words that only say who sold, and why, are looked for where the filing has sales.
    pub(in crate::form4) fn new(text: &'a str, sale: bool) -> Self {
        let text = plain(text);
        let known = if sale { &*ALL } else { &*OF_PLANS_AND_PRICES };
        let mut words = Vec::new();
        let marks = match &known.automaton {
            Some(automaton) => {
                // An automaton for both cases is twice the size, and slower for that.
                let lower = text.to_ascii_lowercase();
                let found = automaton.find_overlapping_iter(&lower);
                let found =
                    found.map(|word| (word.start()..word.end(), known.marks[word.pattern().as_usize()]));
                let found =
                    found.filter(|(at, mark)| mark & Marks::WHOLE == 0 || is_whole(lower.as_bytes(), at));
                words.extend(found.map(|(at, mark)| (at.end, mark)));
                if !lower.is_ascii() {
                    let signs = lower.char_indices().filter(|(_, sign)| SIGNS.contains(sign));
                    words.extend(signs.map(|(at, sign)| (at + sign.len_utf8(), Marks::MONEY)));
                    words.sort_unstable_by_key(|(end, _)| *end);
                }
                Marks::new(words.iter().fold(0, |marks, (_, mark)| marks | mark))
            }
            None => Marks(u32::MAX),
        };
        Self { text, marks, words }
    }

    /// The marks of a part of the text.
    pub(super) fn of(&self, part: &str) -> Marks {
        if self.words.is_empty() || part.len() == self.text.len() {
            return self.marks;
        }
        let start = start_in(&self.text, part);
        let first = self.words.partition_point(|(end, _)| *end <= start);
        let within = self.words[first..].iter().take_while(|(end, _)| *end <= start + part.len());
        Marks::new(within.fold(0, |marks, (_, mark)| marks | mark))
    }
}

/// Whether a word begins where it is found, and a code of three or four letters ends there, or with an `s` behind it.
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

/// Words that are found in one look.
struct Words {
    automaton: Option<AhoCorasick>,
    marks: Vec<u32>,
}

impl Words {
    fn new(of: u32) -> Self {
        let chosen = MARKED.iter().filter(|(mark, _)| mark & of != 0);
        let named = spellings().filter(|_| of & Marks::MONEY != 0);
        let (words, marks): (Vec<&str>, Vec<u32>) = chosen
            .flat_map(|(mark, words)| words.split('|').map(|word| (word, *mark)))
            .chain(
                named
                    .filter(|word| word.is_ascii() && !word.contains("dollar"))
                    .map(|word| (word, Marks::MONEY)),
            )
            .unzip();
        let words = words.into_iter().map(str::to_ascii_lowercase);
        let automaton = AhoCorasick::builder().kind(Some(AhoCorasickKind::DFA)).build(words).ok();
        Self { automaton, marks }
    }
}

/// The signs of currencies, and letters of their names, that are not ASCII.
static SIGNS: LazyLock<Vec<char>> =
    LazyLock::new(|| spellings().filter_map(|word| word.chars().find(|sign| !sign.is_ascii())).collect());
static ALL: LazyLock<Words> = LazyLock::new(|| Words::new(u32::MAX));
/// Words that matter in a filing without sales.
static OF_PLANS_AND_PRICES: LazyLock<Words> = LazyLock::new(|| {
    Words::new(
        Marks::PLAN
            | Marks::PLAN_KIND
            | Marks::ANY_PLAN
            | Marks::BOX
            | Marks::PRICE
            | Marks::MONEY
            | Marks::ADS,
    )
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_marked_word_is_found_in_any_case_and_place() {
        for (word, mark) in
            MARKED.iter().flat_map(|(mark, words)| words.split('|').map(move |word| (word, *mark)))
        {
            let text = format!("x {} x", word.to_uppercase());
            assert!(Marked::new(&text, true).marks.has_all(mark), "{word}");
        }
    }
}
