//! Which kinds of words stand in a text: one look for all of them, before any pattern is tried.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

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
    /// What a statement against the seller's own decision needs one of.
    pub(in crate::form4) const AGAINST: u32 = Self::FORCED | Self::OTHERWISE;
    /// What a range of prices needs one of.
    pub(in crate::form4) const PRICE: u32 =
        Self::RANGE | Self::BETWEEN | Self::HIGH | Self::AVERAGE | Self::DOLLAR;
    /// What a statement of a sale's purpose needs one of.
    pub(in crate::form4) const PURPOSE: u32 =
        Self::COVER | Self::OFFERING | Self::NEGOTIATED | Self::ISSUER | Self::DISCRETION | Self::AGAINST;

    /// The marks of a text.
    pub(in crate::form4) fn of(text: &str) -> Self {
        let Some(words) = WORDS.as_ref() else { return Self(u32::MAX) };
        let found = words.find_overlapping_iter(text).map(|word| MARKED[word.pattern().as_usize()].1);
        Self(found.fold(0, |marks, mark| marks | mark))
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

const MARKED: [(&str, u32); 245] = [
    ("10b", Marks::PLAN),
    ("10 b", Marks::PLAN),
    ("10(b", Marks::PLAN),
    ("10-b", Marks::PLAN),
    ("105b", Marks::PLAN),
    ("10 5b", Marks::PLAN),
    ("l0b", Marks::PLAN),
    ("1ob", Marks::PLAN),
    ("trading plan", Marks::PLAN | Marks::ANY_PLAN),
    ("sales plan", Marks::PLAN | Marks::ANY_PLAN),
    ("sale plan", Marks::PLAN),
    ("selling plan", Marks::PLAN | Marks::ANY_PLAN),
    ("disposition plan", Marks::PLAN | Marks::ANY_PLAN),
    ("diversification plan", Marks::PLAN | Marks::ANY_PLAN),
    ("arranged", Marks::PLAN),
    ("established", Marks::PLAN),
    ("existing", Marks::PLAN),
    ("determined", Marks::PLAN),
    ("pre-set", Marks::PLAN),
    ("written plan", Marks::PLAN | Marks::ANY_PLAN),
    ("written stock", Marks::PLAN),
    ("automatic", Marks::PLAN | Marks::OTHERWISE),
    ("adopted plan", Marks::PLAN | Marks::ANY_PLAN),
    ("plan", Marks::ANY_PLAN),
    ("instruction", Marks::ANY_PLAN),
    ("arrangement", Marks::ANY_PLAN),
    ("program", Marks::ANY_PLAN),
    ("to cover", Marks::COVER),
    ("to-cover", Marks::COVER),
    ("tax", Marks::COVER),
    ("withh", Marks::COVER),
    ("exercise price", Marks::COVER),
    ("exercise cost", Marks::COVER),
    ("option cost", Marks::COVER),
    ("cost of", Marks::COVER),
    ("costs of", Marks::COVER),
    ("transaction cost", Marks::COVER),
    ("paye", Marks::COVER),
    ("national insurance", Marks::COVER),
    ("underwr", Marks::OFFERING),
    ("offering", Marks::OFFERING),
    ("prospectus", Marks::OFFERING),
    ("registration", Marks::OFFERING),
    ("allot", Marks::OFFERING),
    ("ipo", Marks::OFFERING),
    ("greenshoe", Marks::OFFERING),
    ("green shoe", Marks::OFFERING),
    ("negotiat", Marks::NEGOTIATED),
    ("neg'd", Marks::NEGOTIATED),
    ("private", Marks::NEGOTIATED),
    ("block", Marks::NEGOTIATED),
    ("agreement", Marks::NEGOTIATED),
    ("agreed", Marks::NEGOTIATED),
    ("off-market", Marks::NEGOTIATED),
    ("arm's", Marks::NEGOTIATED),
    ("of sale", Marks::NEGOTIATED),
    ("purchaser", Marks::NEGOTIATED),
    ("buyer", Marks::NEGOTIATED),
    ("investor", Marks::NEGOTIATED),
    ("affiliate", Marks::NEGOTIATED),
    ("forward", Marks::NEGOTIATED | Marks::OTHERWISE),
    (" spa ", Marks::NEGOTIATED),
    ("child", Marks::NEGOTIATED),
    ("issuer", Marks::ISSUER),
    ("company", Marks::ISSUER),
    ("registrant", Marks::ISSUER),
    ("corporation", Marks::ISSUER),
    ("repurchas", Marks::ISSUER | Marks::HANDED),
    ("redeem", Marks::ISSUER | Marks::HANDED),
    ("redem", Marks::ISSUER | Marks::HANDED),
    ("sold", Marks::HANDED),
    ("sale", Marks::HANDED),
    ("sell", Marks::HANDED),
    ("dispos", Marks::HANDED),
    ("transfer", Marks::HANDED),
    ("tender", Marks::HANDED),
    ("bought", Marks::HANDED),
    ("purchase", Marks::HANDED),
    ("buy", Marks::HANDED),
    ("returned", Marks::HANDED),
    (" put ", Marks::HANDED),
    ("acquired", Marks::HANDED),
    ("discretion", Marks::DISCRETION | Marks::OTHERWISE),
    ("foreclos", Marks::FORCED),
    ("margin", Marks::FORCED),
    ("lender", Marks::FORCED),
    ("pledge", Marks::FORCED),
    ("collateral", Marks::FORCED),
    ("creditor", Marks::FORCED),
    ("secured", Marks::FORCED),
    ("mortgagee", Marks::FORCED),
    ("lien", Marks::FORCED),
    ("default", Marks::FORCED),
    ("remed", Marks::FORCED),
    ("enforce", Marks::FORCED),
    ("ce call", Marks::FORCED),
    ("ce-call", Marks::FORCED),
    ("se call", Marks::FORCED),
    ("receiver", Marks::FORCED),
    ("bankrupt", Marks::FORCED),
    ("chapter", Marks::FORCED),
    ("special master", Marks::FORCED),
    ("sheriff", Marks::FORCED),
    ("marshal", Marks::FORCED),
    ("bailiff", Marks::FORCED),
    ("court", Marks::FORCED),
    ("judg", Marks::FORCED),
    ("internal revenue", Marks::FORCED),
    (" irs", Marks::FORCED),
    ("decree", Marks::FORCED),
    ("domestic relation", Marks::FORCED),
    ("qdro", Marks::FORCED),
    ("writ ", Marks::FORCED),
    ("levy", Marks::FORCED),
    ("levied", Marks::FORCED),
    ("garnish", Marks::FORCED),
    ("seiz", Marks::FORCED),
    ("forfeiture", Marks::FORCED),
    ("judicial", Marks::FORCED),
    ("dissolution", Marks::FORCED),
    ("unbeknown", Marks::FORCED),
    ("forced", Marks::FORCED),
    ("forcib", Marks::FORCED),
    ("against h", Marks::FORCED),
    ("against t", Marks::FORCED),
    ("accelerat", Marks::FORCED),
    ("demand", Marks::FORCED),
    ("tax authorit", Marks::FORCED),
    ("separation order", Marks::FORCED),
    ("matrimonial", Marks::FORCED),
    ("unauthor", Marks::AGAINST),
    ("unsanction", Marks::AGAINST),
    ("error", Marks::AGAINST),
    ("mistak", Marks::AGAINST),
    ("inadvert", Marks::AGAINST),
    ("accident", Marks::AGAINST),
    ("miscommun", Marks::AGAINST),
    ("misunderst", Marks::AGAINST),
    ("unintend", Marks::AGAINST),
    ("unintent", Marks::AGAINST),
    ("erron", Marks::AGAINST),
    ("improper", Marks::AGAINST),
    ("wrongful", Marks::AGAINST),
    ("without", Marks::AGAINST),
    ("not author", Marks::AGAINST),
    ("not approv", Marks::AGAINST),
    ("not instruct", Marks::AGAINST),
    ("not request", Marks::AGAINST),
    ("not aware", Marks::AGAINST),
    ("did not", Marks::AGAINST),
    ("had not", Marks::AGAINST),
    ("does not", Marks::AGAINST),
    ("never ", Marks::AGAINST),
    ("no author", Marks::AGAINST),
    ("no instruct", Marks::AGAINST),
    ("lacked", Marks::AGAINST),
    ("involuntar", Marks::AGAINST),
    ("voluntar", Marks::AGAINST),
    ("compel", Marks::AGAINST),
    ("divorc", Marks::AGAINST),
    ("mandat", Marks::OTHERWISE),
    ("compuls", Marks::OTHERWISE),
    ("obligat", Marks::OTHERWISE),
    ("requir", Marks::OTHERWISE),
    ("spouse", Marks::OTHERWISE),
    ("wife", Marks::OTHERWISE),
    ("husband", Marks::OTHERWISE),
    ("independent", Marks::OTHERWISE),
    ("third party", Marks::OTHERWISE),
    ("third-party", Marks::OTHERWISE),
    ("-affiliated", Marks::OTHERWISE),
    ("unaffiliated", Marks::OTHERWISE),
    ("outside ", Marks::OTHERWISE),
    ("external", Marks::OTHERWISE),
    ("professional", Marks::OTHERWISE),
    ("corporate ", Marks::OTHERWISE),
    ("institution", Marks::OTHERWISE),
    ("manager", Marks::OTHERWISE),
    ("advis", Marks::OTHERWISE),
    ("blind trust", Marks::OTHERWISE),
    ("has no ", Marks::OTHERWISE),
    ("have no ", Marks::OTHERWISE),
    ("had no ", Marks::OTHERWISE),
    ("having no ", Marks::OTHERWISE),
    ("exercises no ", Marks::OTHERWISE),
    ("exercised no ", Marks::OTHERWISE),
    ("with no ", Marks::OTHERWISE),
    ("not initiat", Marks::OTHERWISE),
    ("not direct", Marks::OTHERWISE),
    ("not made", Marks::OTHERWISE),
    ("not decid", Marks::OTHERWISE),
    ("not control", Marks::OTHERWISE),
    ("not effect", Marks::OTHERWISE),
    ("not order", Marks::OTHERWISE),
    ("not consult", Marks::OTHERWISE),
    ("not involv", Marks::OTHERWISE),
    ("called away", Marks::OTHERWISE),
    ("assign", Marks::OTHERWISE),
    ("call option", Marks::OTHERWISE),
    ("drag", Marks::OTHERWISE),
    ("squeeze", Marks::OTHERWISE),
    ("fraction", Marks::OTHERWISE),
    ("right to receive", Marks::OTHERWISE),
    ("merger", Marks::OTHERWISE),
    ("dissol", Marks::OTHERWISE),
    ("winding", Marks::OTHERWISE),
    ("wind-", Marks::OTHERWISE),
    ("wind ", Marks::OTHERWISE),
    ("liquidation of", Marks::OTHERWISE),
    ("termination of", Marks::OTHERWISE),
    ("swap", Marks::OTHERWISE),
    ("collar", Marks::OTHERWISE),
    ("marital", Marks::OTHERWISE),
    ("box", Marks::BOX),
    ("checkmark", Marks::BOX),
    ("check-mark", Marks::BOX),
    ("check mark", Marks::BOX),
    ("violation of", Marks::FORCED),
    ("contrary", Marks::FORCED),
    ("despite", Marks::FORCED),
    ("exceed", Marks::FORCED),
    ("-initiated", Marks::FORCED),
    ("insufficient", Marks::FORCED),
    ("shortfall", Marks::FORCED),
    ("shortage", Marks::FORCED),
    ("beyond", Marks::FORCED),
    ("unaware", Marks::FORCED),
    ("no knowledge", Marks::FORCED),
    ("no prior knowledge", Marks::FORCED),
    ("indicator", Marks::BOX),
    ("undertakes", Marks::UNDERTAKING),
    ("undertake to", Marks::UNDERTAKING),
    ("full information", Marks::UNDERTAKING),
    ("rang", Marks::RANGE),
    ("between", Marks::BETWEEN),
    ("b/w", Marks::BETWEEN),
    ("from $", Marks::BETWEEN | Marks::DOLLAR),
    ("high", Marks::HIGH),
    ("above", Marks::HIGH),
    ("less than", Marks::HIGH),
    ("minimum", Marks::HIGH),
    ("averag", Marks::AVERAGE),
    ("avg", Marks::AVERAGE),
    ("vwap", Marks::AVERAGE),
    ("$", Marks::DOLLAR),
];

static WORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .build(MARKED.iter().map(|(word, _)| word))
        .ok()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_marked_word_is_found_in_any_case_and_place() {
        for (word, mark) in MARKED {
            assert!(Marks::of(&format!("x{}x", word.to_uppercase())).has_all(mark), "{word}");
        }
    }
}
