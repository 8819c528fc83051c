//! Filings of the past from files on disk, in filing order: folders, zips and tarballs of submissions, and quarters of the SEC's
//! Insider Transactions Data Sets.
//!
//! [`Archive::open`] reads headers alone and keeps some dozen bytes a filing; [`Archive::filings`] reads each filing when it
//! is its turn. What cannot be read again where it came from (a tarball's members, the data sets' rows) goes to one temporary
//! file, which has no name and is gone with the `Archive`. Names of members are shown to people and never used as paths.
//!
//! The precision of a filing's time differs: a submission's header has it to the second; the data sets and EDGAR's daily
//! tarballs have the day, which counts as 22:00 in New York, when EDGAR closes; a bare document is placed by its newest
//! signature, else its period.

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
