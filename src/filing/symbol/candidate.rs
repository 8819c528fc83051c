//! A word of a symbol that may be a ticker.

/// A ticker, and the same with the class that is given beside it in words.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) ticker: String,
    pub(super) class: Option<String>,
    /// Its base, if a class is part of it.
    pub(super) base: Option<String>,
}
