//! Filings of the past from files on disk, in filing order: folders, zips and tarballs of submissions, and quarters of the SEC's
//! Insider Transactions Data Sets.
//!
//! [`Archive::open`] reads headers alone and keeps some dozen bytes a filing; [`Archive::filings`] reads each filing when it
//! is its turn. What cannot be read again where it came from (a tarball's members, the data sets' rows) goes to one temporary
//! file, which has no name and is gone with the `Archive`. Names of members are shown to people and never used as paths.
//!
//! What is known of a filing's time differs: a submission's header tells it to the second; the data sets and EDGAR's daily
//! tarballs tell the day, which counts as 22:00 in New York, when EDGAR closes; a bare document is placed by its newest
//! signature, else its period.

mod allowance;
mod catalogue;
mod facts;
mod fold;
mod read;
mod scan;
mod spool;
mod tables;
mod walk;

use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate};
use thiserror::Error;

use crate::filing::{Accession, Filing, edgar_day};
use crate::reader::Unreadable;
use crate::text::path_text;
pub use allowance::open_regular;
use catalogue::Catalogue;
use spool::Spool;
use tables::DataSet;

/// An index of filings, and where each can be read.
#[derive(Debug)]
pub struct Archive {
    spool: Spool,
    index: Vec<Item>,
    archives: Vec<PathBuf>,
    data_sets: Vec<DataSet>,
    skipped: u64,
    repeated: u64,
}

/// A filing of the index.
#[derive(Debug, Clone, Copy)]
struct Item {
    /// In seconds since 1970; those without one come first.
    accepted_at: Option<i64>,
    accession: Option<Accession>,
    /// Where the spool tells of it.
    record: u64,
    /// Whether it comes from a data set, which tells less than a submission.
    is_rows: bool,
}

/// A filing at its turn.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// For people: the file, or `archive!member`.
    pub name: String,
    /// The filing, with an accession and a time of acceptance; or why it cannot be read. Beside the kinds of
    /// [`reader::read`](crate::reader::read) there is `damaged`, for bytes that cannot be unpacked or are gone.
    pub outcome: Result<Filing, Unreadable>,
}

/// Why an archive cannot be used at all.
#[derive(Debug, Error)]
pub enum ArchiveError {
    /// A file or folder that is not there or must not be read.
    #[error("{}: cannot be read ({error}): check that it is there and may be read", path_text(path))]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A file of another kind.
    #[error(
        "{}: no archive by its name: name a folder, or a file that ends in .txt, .xml, .nc, .zip, .tar, .tar.gz or .tgz",
        path_text(path)
    )]
    Unknown {
        /// The file.
        path: PathBuf,
    },
    /// A name that is no text.
    #[error("{}: the name is not UTF-8: rename it", path_text(path))]
    Name {
        /// The file, as far as its name can be shown.
        path: PathBuf,
    },
    /// An archive that cannot be unpacked, or a table that is none.
    #[error("{}: damaged ({reason}): download or pack it again", path_text(path))]
    Damaged {
        /// The archive.
        path: PathBuf,
        /// What is wrong, and where in it.
        reason: String,
    },
    /// An archive that unpacks to far more than one of filings does.
    #[error(
        "{}: {reason}: such an archive is made to fill memory or a disk, and is not read; download or pack it again",
        path_text(path)
    )]
    Bomb {
        /// The archive.
        path: PathBuf,
        /// What is wrong.
        reason: &'static str,
    },
    /// More filings than are indexed.
    #[error("there are more than {} filings: name fewer archives", catalogue::MOST_FILINGS)]
    TooMany,
    /// The temporary file.
    #[error(
        "{}: the temporary file cannot be written ({source}): make room, or choose another folder",
        path_text(dir)
    )]
    Spool {
        /// The folder it is in.
        dir: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl ArchiveError {
    fn read(path: &Path, error: io::Error) -> Self {
        Self::Read { path: path.to_path_buf(), error }
    }

    fn damaged(path: &Path, reason: String) -> Self {
        Self::Damaged { path: path.to_path_buf(), reason }
    }
}

impl Archive {
    /// Scans files and folders and builds the index. `progress` is told how many bytes of the files are done, and how many
    /// there are; the temporary file is in `spool_dir`, or in the system's folder for such.
    ///
    /// # Errors
    /// [`ArchiveError`] names the file and what to do. A single submission that cannot be read is no error here: it is told at
    /// its turn.
    pub fn open(
        paths: &[PathBuf],
        spool_dir: Option<&Path>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Self, ArchiveError> {
        let mut catalogue = Catalogue::create(spool_dir)?;
        scan::scan(paths, &mut catalogue, progress)?;
        catalogue.finish()
    }

    /// The filings in filing order, by time of acceptance and then by accession; those whose time cannot be told come first, and
    /// none of them can be read. Each call starts at the first.
    pub fn filings(&mut self) -> Filings<'_> {
        Filings { archive: self, next: 0 }
    }

    /// The submission text of the filing at a place in the order of [`filings`](Self::filings), as the file has it. Where its
    /// header tells only the day, 22:00 of it is put in as the time of acceptance. `None` for what has no such text: a row of a
    /// data set, a bare document, and a place behind the last.
    ///
    /// # Errors
    /// Bytes that cannot be unpacked, are too many or are gone.
    pub fn submission(&mut self, place: usize) -> Result<Option<Vec<u8>>, Unreadable> {
        self.index.get(place).copied().map_or(Ok(None), |item| self.text(item))
    }

    /// EDGAR's day of the filing at a place; `None` where it has no time.
    pub fn day(&self, place: usize) -> Option<NaiveDate> {
        self.index.get(place).and_then(Item::day)
    }

    /// How many entries [`filings`](Self::filings) yields, those that cannot be read among them.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// How many submissions are of other forms and were passed over.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// How many times a filing was there again; it is yielded once, from a submission rather than a data set.
    pub fn repeated(&self) -> u64 {
        self.repeated
    }

    /// EDGAR's day of the first filing; `None` where none has a time.
    pub fn first(&self) -> Option<NaiveDate> {
        self.index.iter().find_map(Item::day)
    }

    /// EDGAR's day of the last filing.
    pub fn last(&self) -> Option<NaiveDate> {
        self.index.last().and_then(Item::day)
    }
}

impl Item {
    fn day(&self) -> Option<NaiveDate> {
        DateTime::from_timestamp(self.accepted_at?, 0).map(edgar_day)
    }
}

/// The filings of an archive, each read when it is asked for.
#[derive(Debug)]
pub struct Filings<'a> {
    archive: &'a mut Archive,
    next: usize,
}

impl Iterator for Filings<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        let item = *self.archive.index.get(self.next)?;
        self.next += 1;
        Some(self.archive.entry(item))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.archive.index.len() - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Filings<'_> {}
