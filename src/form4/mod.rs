//! An ownership document's XML (Forms 3, 4 and 5) into a [`Filing`], with warnings for all that is odd.
//!
//! `cursor` walks the XML, `wire` takes it as it stands, `adapter` makes domain values of it: that is [`parse`]. Then `conclude`
//! says what footnotes and boxes mean for each row, and `review` and `figures` what is odd: that is [`conclude()`].
//! Elements: the SEC's EDGAR Ownership XML Technical Specification, version 3, and the newer schemas' additions.

mod adapter;
mod conclude;
mod counts;
mod cursor;
mod figures;
mod footnotes;
mod review;
mod wire;

use thiserror::Error;

use crate::filing::Filing;

/// So many characters of a message are kept: what is wrong may be an element's name of any length.
const LONGEST_MESSAGE: usize = 200;

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

/// Reads one `ownershipDocument` and concludes what it says. Accession and acceptance time stay `None`: they are in the
/// submission's header.
///
/// # Errors
/// XML that is not well formed, another root element, or a document without form type, issuer CIK or owner.
pub fn read(xml: &str) -> Result<Filing, ReadError> {
    let mut filing = parse(xml)?;
    conclude(&mut filing);
    Ok(filing)
}

/// Reads one `ownershipDocument` as it stands, without conclusions.
///
/// # Errors
/// As [`read`].
pub fn parse(xml: &str) -> Result<Filing, ReadError> {
    adapter::filing(wire::read(xml)?)
}

/// Adds what footnotes, remarks and boxes say of each row, and warnings for what is odd. To be called once, when the
/// acceptance time is known, if it is.
pub fn conclude(filing: &mut Filing) {
    conclude::conclude(filing);
    review::review(filing);
}

#[cfg(test)]
mod tests;
