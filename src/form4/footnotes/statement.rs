//! A statement that a note makes about a sale.

use std::sync::Arc;

/// A statement in a note about the sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::form4) enum Kind {
    /// Made under a Rule 10b5-1 plan.
    Plan,
    /// Not made under one.
    NoPlan,
    /// Made under a plan that this or another note names.
    NamedPlan,
    /// Not made under that one.
    NoNamedPlan,
    /// A plan ended.
    EndedPlan,
    /// Called discretionary.
    Discretionary,
    /// To pay the tax or price of an award.
    Cover,
    /// In an offering.
    Offering,
    /// Negotiated with the buyer.
    Negotiated,
    /// To the issuer.
    ToIssuer,
    /// Made by a lender, a broker or a court.
    Involuntary,
    /// Made without the seller's authority, or forced; the note does not say by whom.
    Unasked,
    /// Not the seller's own decision at the time, by something that is not a reason by itself.
    Otherwise,
    /// The plan's box is ticked in error.
    WrongBox,
}

impl Kind {
    /// True if it says something about the sale, so that statements about other sales do not apply to it.
    pub(super) fn is_of_sale(self) -> bool {
        !matches!(self, Self::Otherwise | Self::WrongBox)
    }
}

/// A statement and the words that make it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::form4) struct Statement {
    pub(in crate::form4) kind: Kind,
    pub(in crate::form4) words: Arc<str>,
    /// For a plan: true if a trade is said to be made under it, rather than that there is one.
    pub(in crate::form4) plain: bool,
}
