//! An archive: opened once, then read one filing at a time.

use std::path::{Path, PathBuf};

use chrono::NaiveDate;

use super::catalogue::Catalogue;
use super::error::ArchiveError;
use super::index::{Index, Item};
use super::read::Entry;
use super::scan::scan;
use crate::reader::Unreadable;

/// Filings on disk, in filing order.
#[derive(Debug)]
pub struct Archive {
    index: Index,
}

impl Archive {
    /// Scans files and folders and builds the index. `progress` receives how many bytes of the files are
    /// done, and how many there are. The temporary file is in `spool_dir`, or in the system's temporary
    /// folder.
    ///
    /// # Errors
    /// [`ArchiveError`] names the file and what to do. A single submission that cannot be read is not an
    /// error here: it is reported when it is its turn.
    pub fn open(
        paths: &[PathBuf],
        spool_dir: Option<&Path>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Self, ArchiveError> {
        let mut catalogue = Catalogue::create(spool_dir)?;
        scan(paths, &mut catalogue, progress)?;
        Ok(Self { index: catalogue.finish()? })
    }

    /// The filings in filing order, by time of acceptance and then by accession. Those whose time is unknown
    /// come first, and none of them can be read. Each call starts at the first.
    pub fn filings(&mut self) -> Filings<'_> {
        Filings { archive: self, next: 0 }
    }

    /// The submission text of the filing at a position in the order of [`filings`](Self::filings), as the
    /// file has it. If its header has only the day, 22:00 on that day is inserted as the time of acceptance.
    /// `None` if there is no such text: for rows of a data set, a bare document, and a position after the
    /// last.
    ///
    /// # Errors
    /// Bytes that cannot be unpacked, are too many or no longer exist.
    pub fn submission(&mut self, place: usize) -> Result<Option<Vec<u8>>, Unreadable> {
        self.index.items.get(place).copied().map_or(Ok(None), |item| self.index.text(item))
    }

    /// EDGAR's day of the filing at a position; `None` if it has no time.
    pub fn day(&self, place: usize) -> Option<NaiveDate> {
        self.index.items.get(place).and_then(Item::day)
    }

    /// How many entries [`filings`](Self::filings) yields, including those that cannot be read.
    pub fn len(&self) -> usize {
        self.index.items.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.index.items.is_empty()
    }

    /// How many submissions of other forms were skipped.
    pub fn skipped(&self) -> u64 {
        self.index.skipped
    }

    /// How many repeated filings were found. Each is yielded once, preferably from a submission rather than a
    /// data set.
    pub fn repeated(&self) -> u64 {
        self.index.repeated
    }

    /// EDGAR's day of the first filing; `None` if none has a time.
    pub fn first(&self) -> Option<NaiveDate> {
        self.index.items.iter().find_map(Item::day)
    }

    /// EDGAR's day of the last filing.
    pub fn last(&self) -> Option<NaiveDate> {
        self.index.items.last().and_then(Item::day)
    }
}

/// The filings of an archive, each read when it is requested.
#[derive(Debug)]
pub struct Filings<'a> {
    archive: &'a mut Archive,
    next: usize,
}

impl Iterator for Filings<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        let item = *self.archive.index.items.get(self.next)?;
        self.next += 1;
        Some(self.archive.index.entry(item))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.archive.index.items.len() - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Filings<'_> {}
