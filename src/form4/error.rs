//! Why a document could not be read.

use thiserror::Error;

/// The most characters of a message that are kept: an element's name may have any length.
pub(super) const LONGEST_MESSAGE: usize = 200;

/// Why a document could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message} ({at})")]
pub struct ReadError {
    /// A stable word: `not-well-formed`, `not-ownership`, `incomplete`, `too-large`.
    pub kind: &'static str,
    /// The mistake.
    pub message: String,
    /// Where: `line 12, column 1023`.
    pub at: String,
}
