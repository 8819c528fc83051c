//! Reads an ownership document's XML (Forms 3, 4 and 5) into a [`Filing`](crate::filing::Filing), with
//! warnings for everything odd.
//!
//! `cursor` walks the XML, `wire` reads it as it is, and `adapter` makes domain values of it: that is
//! [`parse`]. Then `conclusions` says what footnotes and boxes mean for each row, and `oddities` and
//! `figures` what is odd: that is [`conclude()`]. Elements: the SEC's EDGAR Ownership XML Technical
//! Specification, version 3, and the newer schemas' additions.

mod adapter;
mod conclusions;
mod counts;
mod cursor;
mod elements;
mod error;
mod figures;
mod footnotes;
mod oddities;
mod price_checks;
mod read;
mod warning;
mod wire;

pub use error::ReadError;
pub use read::{conclude, parse, read};

#[cfg(test)]
mod tests;
