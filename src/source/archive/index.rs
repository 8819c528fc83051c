//! The index of an archive: its filings in filing order, and where each is.

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate};

use super::data_set::DataSet;
use super::spool::Spool;
use crate::filing::{Accession, edgar_day};

/// The most filings that are indexed. There have been about eight million since 2003, and a run covers some
/// years.
pub(super) const MOST_FILINGS: usize = 5_000_000;

/// An index of filings in filing order, and where each can be read.
#[derive(Debug)]
pub(super) struct Index {
    pub(super) spool: Spool,
    pub(super) items: Vec<Item>,
    pub(super) archives: Vec<PathBuf>,
    pub(super) data_sets: Vec<DataSet>,
    pub(super) skipped: u64,
    pub(super) repeated: u64,
}

/// A filing of the index.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    /// In seconds since 1970; filings without a time come first.
    pub(super) accepted_at: Option<i64>,
    pub(super) accession: Option<Accession>,
    /// Its offset in the spool.
    pub(super) record: u64,
    /// True if it comes from a data set, which contains less than a submission.
    pub(super) is_rows: bool,
}

impl Item {
    pub(super) fn day(&self) -> Option<NaiveDate> {
        DateTime::from_timestamp(self.accepted_at?, 0).map(edgar_day)
    }
}
