//! Kinds of words that a note is searched for.

/// Kinds of words, as bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::form4) struct Keywords(u32);

impl Keywords {
    /// The rule's number, or the names of plans to sell: one word alone, or a kind of plan with the word for
    /// it.
    pub(in crate::form4) const PLAN: u32 = 1;
    /// A plan of any kind.
    pub(in crate::form4) const ANY_PLAN: u32 = 1 << 1;
    pub(in crate::form4) const COVER: u32 = 1 << 2;
    pub(in crate::form4) const OFFERING: u32 = 1 << 3;
    pub(in crate::form4) const NEGOTIATED: u32 = 1 << 4;
    pub(in crate::form4) const ISSUER: u32 = 1 << 5;
    pub(in crate::form4) const DISCRETION: u32 = 1 << 6;
    /// Something changes hands.
    pub(in crate::form4) const HANDED: u32 = 1 << 7;
    /// "undertakes to provide full information": the sentence is about nothing else.
    pub(in crate::form4) const UNDERTAKING: u32 = 1 << 8;
    pub(in crate::form4) const RANGE: u32 = 1 << 9;
    pub(in crate::form4) const BETWEEN: u32 = 1 << 10;
    pub(in crate::form4) const HIGH: u32 = 1 << 11;
    pub(in crate::form4) const AVERAGE: u32 = 1 << 12;
    pub(in crate::form4) const DOLLAR: u32 = 1 << 13;
    /// Debts, courts, errors: somebody else may have sold.
    pub(in crate::form4) const FORCED: u32 = 1 << 14;
    /// The seller may not have made the decision.
    pub(in crate::form4) const OTHERWISE: u32 = 1 << 15;
    /// A box of the form.
    pub(in crate::form4) const BOX: u32 = 1 << 16;
    /// Firms that lend, hold or trade.
    pub(in crate::form4) const AGENT: u32 = 1 << 17;
    /// Kinds of plans: together with [`Self::ANY_PLAN`] they name a plan to sell.
    pub(in crate::form4) const PLAN_KIND: u32 = 1 << 18;
    /// Currencies other than the dollar, and dollars that are explicitly US dollars.
    pub(in crate::form4) const MONEY: u32 = 1 << 19;
    /// Depositary shares.
    pub(in crate::form4) const ADS: u32 = 1 << 20;
    /// Kinds whose short words match only as whole words: "euro" is not in "neuroscience".
    pub(super) const WHOLE: u32 = Self::MONEY | Self::ADS;
    /// A statement against the seller's own decision needs one of these words.
    pub(in crate::form4) const AGAINST: u32 = Self::FORCED | Self::OTHERWISE;
    /// A range of prices needs one of these words.
    pub(in crate::form4) const PRICE: u32 =
        Self::RANGE | Self::BETWEEN | Self::HIGH | Self::AVERAGE | Self::DOLLAR;
    /// A statement of a sale's purpose needs one of these words.
    pub(in crate::form4) const PURPOSE: u32 =
        Self::COVER | Self::OFFERING | Self::NEGOTIATED | Self::ISSUER | Self::DISCRETION | Self::AGAINST;

    pub(super) fn new(found: u32) -> Self {
        let named = found & Self::PLAN_KIND != 0 && found & Self::ANY_PLAN != 0;
        Self(found | if named { Self::PLAN } else { 0 })
    }

    /// True if any of these is present.
    pub(in crate::form4) fn has(self, any: u32) -> bool {
        self.0 & any != 0
    }

    /// True if all of these are present.
    pub(in crate::form4) fn has_all(self, all: u32) -> bool {
        self.0 & all == all
    }

    /// The keywords of both texts.
    pub(in crate::form4) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
