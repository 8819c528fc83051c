//! The rows that a sentence is about: its own, all sales, or all transactions.

use std::sync::LazyLock;

use super::pattern::{Pattern, pairs_before, pattern};

/// The subject of a note besides the row that it is tied to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::form4) enum Reach {
    /// Nothing else.
    #[default]
    Row,
    /// "The sales reported on this Form 4".
    Sales,
    /// "The transactions reported herein".
    Transactions,
}

static SALES: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\b(?:sales?|shares\s+sold|dispositions?)\b"));

static TRANSACTIONS: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r"\b(?:transactions?|trades?|exercises?)\b"));

/// "reported on this Form 4".
static IN_THIS_FORM: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:reported|made|disclosed|reflected|described|listed|shown|set\s+forth|effected)\s+(?:(?:on|in|by|above)\s+)?(?:(?:this|the)\s+(?:form|report|filing|statement|table)|herein|hereon|hereby)",
    )
});

static ALL_SALES: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:all|each)\s+(?:of\s+)?(?:the\s+)?(?:(?:open\s+market|above|foregoing|reported)\s+)?(?:sales|shares\s+sold)\b",
    )
});

static ALL_TRANSACTIONS: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:all|each)\s+(?:of\s+)?(?:the\s+)?(?:(?:above|foregoing|reported)\s+)?(?:transactions|trades)\b",
    )
});

static AFTERWARDS: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"\b(?:following|after|before|prior\s+to|giving\s+effect\s+to|as\s+a\s+result\s+of|addition\s+to|upon)\s+(?:\w+\s+){0,3}(?:transactions?|sales?|trades?|dispositions?)",
    )
});

pub(super) fn reach(sentence: &str) -> Reach {
    let here = IN_THIS_FORM.ranges(sentence);
    let said = |what: &Pattern, all: &Pattern| {
        pairs_before(sentence, what, here.clone(), 40).next().is_some() || all.is_match(sentence)
    };
    let reach = if said(&TRANSACTIONS, &ALL_TRANSACTIONS) {
        Reach::Transactions
    } else if said(&SALES, &ALL_SALES) {
        Reach::Sales
    } else {
        return Reach::Row;
    };
    if AFTERWARDS.is_match(sentence) { Reach::Row } else { reach }
}
