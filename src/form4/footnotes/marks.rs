//! Which kinds of words stand in a text: one look for all of them, before any pattern is tried.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::words::MARKED;

/// Kinds of words, as bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::form4) struct Marks(u32);

impl Marks {
    /// The rule's number, or what plans to sell are called.
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
    /// What a statement against the seller's own decision needs one of.
    pub(in crate::form4) const AGAINST: u32 = Self::FORCED | Self::OTHERWISE;
    /// What a range of prices needs one of.
    pub(in crate::form4) const PRICE: u32 =
        Self::RANGE | Self::BETWEEN | Self::HIGH | Self::AVERAGE | Self::DOLLAR;
    /// What a statement of a sale's purpose needs one of.
    pub(in crate::form4) const PURPOSE: u32 =
        Self::COVER | Self::OFFERING | Self::NEGOTIATED | Self::ISSUER | Self::DISCRETION | Self::AGAINST;

    /// The marks of a text. Words that only say who sold, and why, are looked for where the filing has sales.
    pub(in crate::form4) fn of(text: &str, sale: bool) -> Self {
        let of = |words: &Words| {
            let Some(automaton) = &words.automaton else { return u32::MAX };
            let found = automaton.find_overlapping_iter(text);
            found.fold(0, |marks, word| marks | words.marks[word.pattern().as_usize()])
        };
        Self(of(&WORDS) | if sale { of(&OF_SALES) } else { 0 })
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

/// Words that are found in one look.
struct Words {
    automaton: Option<AhoCorasick>,
    marks: Vec<u32>,
}

impl Words {
    fn new(of: impl Fn(u32) -> bool) -> Self {
        let chosen = || MARKED.iter().filter(|(_, mark)| of(*mark));
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .build(chosen().map(|(word, _)| word))
            .ok();
        Self { automaton, marks: chosen().map(|(_, mark)| *mark).collect() }
    }
}

/// Whether a word says nothing but who sold, and why.
fn is_of_sales(mark: u32) -> bool {
    mark & !(Marks::AGAINST | Marks::AGENT) == 0
}

static WORDS: LazyLock<Words> = LazyLock::new(|| Words::new(|mark| !is_of_sales(mark)));
static OF_SALES: LazyLock<Words> = LazyLock::new(|| Words::new(is_of_sales));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_marked_word_is_found_in_any_case_and_place() {
        for (word, mark) in MARKED {
            let text = format!("x{}x", word.to_uppercase());
            assert!(Marks::of(&text, true).has_all(mark), "{word}");
            assert!(is_of_sales(mark) || Marks::of(&text, false).has_all(mark), "{word}");
        }
    }
}
