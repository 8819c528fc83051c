//! Past filings from files on disk, in filing order: folders, zips and tarballs of submissions, and quarters
//! of the SEC's Insider Transactions Data Sets.
//!
//! [`Archive::open`] reads only headers and keeps a few dozen bytes per filing; [`Archive::filings`] reads
//! each filing when it is its turn. Data that cannot be read again from its source (a tarball's members, the
//! data sets' rows) goes to one temporary file, which has no name and is gone with the `Archive`. Names of
//! members are shown to people and never used as paths.
//!
//! The precision of a filing's time differs. A submission's header has it to the second. The data sets and
//! EDGAR's daily tarballs have only the day, which counts as 22:00 in New York, when EDGAR closes. A bare
//! document is dated by its newest signature, or else by its period.

mod allowance;
mod catalogue;
mod data_set;
mod data_set_scan;
mod data_set_xml;
mod error;
mod header;
mod index;
mod open;
mod progress;
mod read;
mod scan;
mod spool;
mod walk;

pub use allowance::open_regular;
pub use error::ArchiveError;
pub use open::{Archive, Filings};
pub use read::Entry;
