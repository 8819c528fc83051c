//! The steps that turn a document into a filing.

use super::adapter;
use super::conclusions;
use super::error::ReadError;
use super::oddities;
use super::wire;
use crate::filing::Filing;

/// Reads one `ownershipDocument` and draws conclusions from it. Accession and acceptance time stay `None`:
/// they are in the submission's header.
///
/// # Errors
/// The XML is not well formed, the root element is another one, or the document lacks a form type, issuer CIK
/// or owner.
pub fn read(xml: &str) -> Result<Filing, ReadError> {
    let mut filing = parse(xml)?;
    conclude(&mut filing);
    Ok(filing)
}

/// Reads one `ownershipDocument` as it is, without conclusions.
///
/// # Errors
/// As [`read`].
pub fn parse(xml: &str) -> Result<Filing, ReadError> {
    adapter::filing(wire::read(xml)?)
}

/// Adds what footnotes, remarks and boxes say about each row, and warnings for everything odd. Call it once,
/// when the acceptance time is known, if it ever is.
pub fn conclude(filing: &mut Filing) {
    conclusions::conclude(filing);
    oddities::warn_of_all(filing);
}
