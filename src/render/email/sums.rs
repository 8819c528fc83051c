//! The sums of `cumulative` and `cluster` conditions in an e-mail.

use serde::Serialize;

use crate::alert::Alert;
use crate::text::{Language, clip, plain};

const PART: usize = 300;

/// A sum, and the filings or insiders in it.
#[derive(Serialize)]
pub(super) struct SumView {
    text: String,
    parts: Vec<PartView>,
    more: usize,
}

#[derive(Serialize)]
struct PartView {
    text: String,
    url: Option<String>,
}

/// An alert's sums, each with so many parts.
pub(super) fn sums(alert: &Alert, language: Language, most: usize) -> Vec<SumView> {
    let view = |sum: &crate::rules::Sum| SumView {
        text: language.sum(sum),
        parts: sum
            .parts
            .iter()
            .take(most)
            .map(|part| PartView {
                text: plain(&clip(&part.text(), PART)),
                url: part.url.clone().filter(|_| !part.own),
            })
            .collect(),
        more: sum.more + sum.parts.len().saturating_sub(most),
    };
    alert.sums.iter().map(view).collect()
}
