//! Builds the index: judges each member by its first bytes, and records or skips it.

use std::borrow::Cow;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::data_set::DataSet;
use super::error::ArchiveError;
use super::header::{self, HeaderFacts, Judged};
use super::index::{Index, Item, MOST_FILINGS};
use super::spool::{Location, Record, Spool, Writer};
use crate::reader::MAX_BYTES;

/// The most characters of a member's name that are shown: a name may have 64 kB.
const LONGEST_NAME: usize = 400;

/// A member of an archive, or a file by itself.
pub(super) struct Member<'a> {
    /// The archive, by its position.
    pub(super) archive: Option<usize>,
    /// The file it is in, or is.
    pub(super) path: &'a Path,
    /// The member's name, or the file's path.
    pub(super) name: String,
    /// Its declared size in bytes.
    pub(super) bytes: u64,
    /// Where it can be read again; `None` if it cannot, in which case it is spooled.
    pub(super) place: Option<Location>,
}

/// The findings so far.
pub(super) struct Catalogue {
    spool: Writer,
    spool_dir: PathBuf,
    pub(super) index: Vec<Item>,
    pub(super) archives: Vec<PathBuf>,
    pub(super) data_sets: Vec<DataSet>,
    pub(super) skipped: u64,
    pub(super) repeated: u64,
}

impl Catalogue {
    pub(super) fn create(spool_dir: Option<&Path>) -> Result<Self, ArchiveError> {
        let named =
            spool_dir.map_or_else(|| PathBuf::from("the folder for temporary files"), Path::to_path_buf);
        let spool =
            Writer::create(spool_dir).map_err(|source| ArchiveError::Spool { dir: named.clone(), source })?;
        Ok(Self {
            spool,
            spool_dir: named,
            index: Vec::new(),
            archives: Vec::new(),
            data_sets: Vec::new(),
            skipped: 0,
            repeated: 0,
        })
    }

    /// Limits the temporary file according to the size of all files.
    pub(super) fn bound(&mut self, bytes: u64) {
        self.spool.bound(bytes);
    }

    /// The position of an archive that is about to be read.
    pub(super) fn archive(&mut self, path: &Path) -> usize {
        self.archives.push(path.to_path_buf());
        self.archives.len() - 1
    }

    /// Judges a member and records it, reading no more of it than necessary.
    pub(super) fn member(&mut self, member: Member<'_>, content: &mut dyn Read) -> Result<(), ArchiveError> {
        let mut bytes = Vec::new();
        fill(content, &mut bytes, header::HEAD).map_err(|error| member.broken(&error))?;
        let Judged::Form(facts) = header::judge(&bytes) else {
            self.skipped += 1;
            return Ok(());
        };
        if member.bytes > MAX_BYTES as u64 {
            return self.keep(member.record(facts, Location::TooLarge { bytes: member.bytes }), &[]);
        }
        let undated = facts.accepted_at.is_none();
        if undated || member.place.is_none() {
            fill(content, &mut bytes, MAX_BYTES + 1).map_err(|error| member.broken(&error))?;
        }
        let judged = if undated { header::judge_whole(&bytes) } else { Judged::Form(facts) };
        let Judged::Form(facts) = judged else {
            self.skipped += 1;
            return Ok(());
        };
        match member.place.clone() {
            Some(place) => self.keep(member.record(facts, place), &[]),
            None if bytes.len() as u64 != member.bytes => {
                Err(member.broken(&io::Error::from(io::ErrorKind::UnexpectedEof)))
            }
            None => {
                let place = Location::Spooled { length: bytes.len() };
                self.keep(member.record(facts, place), &bytes)
            }
        }
    }

    /// Records a filing.
    pub(super) fn keep(&mut self, mut record: Record, payload: &[u8]) -> Result<(), ArchiveError> {
        if self.index.len() >= MOST_FILINGS {
            return Err(ArchiveError::TooMany);
        }
        let facts = &mut record.facts;
        facts.accession = facts.accession.or_else(|| header::accession_of_name(&record.name));
        let (accession, accepted_at) = (facts.accession, facts.accepted_at.map(|time| time.timestamp()));
        let is_rows = matches!(record.place, Location::Rows { .. });
        let record = self.spool.record(&record, payload).map_err(|error| self.unspooled(error))?;
        self.index.push(Item { accepted_at, accession, record, is_rows });
        Ok(())
    }

    /// Keeps a row of a table, and returns its offset.
    pub(super) fn row(&mut self, before: Option<u64>, table: u8, line: &[u8]) -> Result<u64, ArchiveError> {
        self.spool.row(before, table, line).map_err(|error| self.unspooled(error))
    }

    /// Ends the scan: returns one item per filing, in filing order.
    pub(super) fn finish(mut self) -> Result<Index, ArchiveError> {
        // If a filing is present twice, a whole submission takes precedence, then the one found first.
        self.index.sort_unstable_by_key(|item| (item.accession, item.is_rows, item.record));
        let found = self.index.len();
        self.index.dedup_by(|next, kept| next.accession.is_some() && next.accession == kept.accession);
        let repeated = self.repeated + (found - self.index.len()) as u64;
        self.index.sort_unstable_by_key(|item| (item.accepted_at, item.accession, item.record));
        self.index.shrink_to_fit();
        let spool: Spool =
            self.spool.finish().map_err(|source| ArchiveError::Spool { dir: self.spool_dir, source })?;
        Ok(Index {
            spool,
            items: self.index,
            archives: self.archives,
            data_sets: self.data_sets,
            skipped: self.skipped,
            repeated,
        })
    }

    fn unspooled(&self, source: io::Error) -> ArchiveError {
        match self.archives.last() {
            Some(path) if source.kind() == io::ErrorKind::QuotaExceeded => ArchiveError::Bomb {
                path: path.clone(),
                reason: "its part in the temporary file is far larger than the archive",
            },
            _ => ArchiveError::Spool { dir: self.spool_dir.clone(), source },
        }
    }
}

/// The end of a member's name, which contains its file name.
pub(super) fn shown(name: &str) -> Cow<'_, str> {
    match name.char_indices().rev().nth(LONGEST_NAME - 1) {
        Some((at, _)) if at > 0 => Cow::Owned(format!("…{}", &name[at..])),
        _ => Cow::Borrowed(name),
    }
}

impl Member<'_> {
    fn record(&self, facts: HeaderFacts, place: Location) -> Record {
        Record { archive: self.archive, name: self.name.clone(), facts, place }
    }

    fn broken(&self, error: &io::Error) -> ArchiveError {
        if self.archive.is_some() {
            ArchiveError::damaged(self.path, format!("{}: {error}", shown(&self.name)))
        } else {
            ArchiveError::read(self.path, io::Error::new(error.kind(), error.to_string()))
        }
    }
}

/// Reads until there are `most` bytes, or no more are available.
fn fill(content: &mut dyn Read, bytes: &mut Vec<u8>, most: usize) -> io::Result<()> {
    let missing = most.saturating_sub(bytes.len());
    content.take(missing as u64).read_to_end(bytes).map(|_| ())
}
