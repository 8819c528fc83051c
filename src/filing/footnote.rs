//! A footnote of the form.

/// A footnote and the id that rows refer to, such as `F1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footnote {
    /// `F1` to `F99`.
    pub id: String,
    /// Its text, white space folded.
    pub text: String,
}
