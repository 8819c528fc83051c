//! The steps in which a document becomes a filing.

use super::adapter;
use super::conclusions;
use super::error::ReadError;
use super::oddities;
use super::wire;
use crate::filing::Filing;

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
    conclusions::conclude(filing);
    oddities::warn_of_all(filing);
}
