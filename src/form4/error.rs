//! Why a document could not be read.

use thiserror::Error;

/// So many characters of a message are kept: what is wrong may be an element's name of any length.
pub(super) const LONGEST_MESSAGE: usize = 200;

/// Why a document could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message} ({at})")]
pub struct ReadError {
    /// A stable word: `not-well-formed`, `not-ownership`, `incomplete`, `too-large`.
    pub kind: &'static str,
    /// What is wrong.
    pub message: String,
    /// Where: `line 12, column 1023`.
    pub at: String,
}
