//! One temporary file without a name: holds data that cannot be read a second time from its source, and
//! records where each filing is. Written from front to back, then read anywhere.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::header::HeaderFacts;

/// All ownership documents since 2003 take about half of this; a bomb fills no more of a disk.
const MOST_BYTES: u64 = 128 * 1024 * 1024 * 1024;
/// The most bytes that are spooled, as a multiple of the archives' size; real archives of filings need about
/// ten times theirs.
const MOST_RATIO: u64 = 40;
/// The number of bytes that any archive may spool, however small it is.
const FREE: u64 = 64 * 1024 * 1024;
/// More than any record or row can have; a longer one means that the spool is damaged.
const MOST_PART: usize = 64 * 1024 * 1024;

/// A filing as the spool records it: its name for people, and where its bytes are.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record {
    /// The position of its archive; `None` for a file by itself.
    pub(super) archive: Option<usize>,
    /// The member's name, or the file's path.
    pub(super) name: String,
    /// Facts from its header.
    pub(super) facts: HeaderFacts,
    /// Where its bytes are.
    pub(super) place: Location,
}

/// Where the bytes of a filing are.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Location {
    /// In the file of the record's name.
    File,
    /// In a zip.
    Zip(Packed),
    /// In the spool, after the record.
    Spooled {
        /// How many bytes.
        length: usize,
    },
    /// In the spool, as rows of the data set's tables.
    Rows {
        /// The data set that defines their columns.
        data_set: usize,
        /// The offset of the last row; each row links to the one before it.
        last: u64,
    },
    /// Nowhere: too large to be read.
    TooLarge {
        /// How many bytes it has.
        bytes: u64,
    },
    /// Nowhere: its bytes cannot be unpacked.
    Damaged {
        /// Why.
        reason: String,
    },
}

/// A member of a zip, with everything needed to read it without the zip's list of members.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Packed {
    /// Where its packed bytes start.
    pub(super) start: u64,
    /// How many there are.
    pub(super) length: u64,
    /// True if they are deflated rather than only stored.
    pub(super) deflated: bool,
    /// The checksum of the unpacked bytes.
    pub(super) crc32: u32,
}

/// A row of a table, linked to the previous row of the same filing.
#[derive(Debug)]
pub(super) struct SpooledRow {
    /// The offset of the previous row.
    pub(super) before: Option<u64>,
    /// The table that it belongs to.
    pub(super) table: u8,
    /// The line.
    pub(super) line: Vec<u8>,
}

/// A spool that is being written.
pub(super) struct Writer {
    file: BufWriter<File>,
    end: u64,
    most: u64,
}

impl Writer {
    /// An empty spool in this folder, or in the system's temporary folder.
    pub(super) fn create(dir: Option<&Path>) -> io::Result<Self> {
        let file = match dir {
            Some(dir) => tempfile::tempfile_in(dir)?,
            None => tempfile::tempfile()?,
        };
        Ok(Self { file: BufWriter::with_capacity(256 * 1024, file), end: 0, most: FREE })
    }

    /// Limits it according to the size of the files that are read.
    pub(super) fn bound(&mut self, bytes: u64) {
        self.most = bytes.saturating_mul(MOST_RATIO).saturating_add(FREE).min(MOST_BYTES);
    }

    /// Appends a record and the bytes that belong after it; returns its offset.
    pub(super) fn record(&mut self, record: &Record, payload: &[u8]) -> io::Result<u64> {
        let at = self.end;
        self.part(&serde_json::to_vec(record)?)?;
        self.append(payload)?;
        Ok(at)
    }

    /// Appends a row; returns its offset.
    pub(super) fn row(&mut self, before: Option<u64>, table: u8, line: &[u8]) -> io::Result<u64> {
        let at = self.end;
        // Offsets count from 1 here, so that 0 means that there is no previous row.
        self.append(&before.map_or(0, |offset| offset + 1).to_le_bytes())?;
        self.append(&[table])?;
        self.part(line)?;
        Ok(at)
    }

    /// Ends writing.
    pub(super) fn finish(self) -> io::Result<Spool> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Spool { file })
    }

    fn part(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        self.append(&length.to_le_bytes())?;
        self.append(bytes)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.end += bytes.len() as u64;
        if self.end > self.most {
            return Err(io::Error::from(io::ErrorKind::QuotaExceeded));
        }
        self.file.write_all(bytes)
    }
}

/// The finished spool.
#[derive(Debug)]
pub(super) struct Spool {
    file: File,
}

impl Spool {
    /// The record at an offset, and its payload if it has one.
    pub(super) fn record(&mut self, at: u64) -> io::Result<(Record, Vec<u8>)> {
        self.file.seek(SeekFrom::Start(at))?;
        let record: Record = serde_json::from_slice(&self.part()?)?;
        let payload = match record.place {
            Location::Spooled { length } => self.bytes(length)?,
            _ => Vec::new(),
        };
        Ok((record, payload))
    }

    /// The row at an offset.
    pub(super) fn row(&mut self, at: u64) -> io::Result<SpooledRow> {
        self.file.seek(SeekFrom::Start(at))?;
        let mut head = [0; 9];
        self.file.read_exact(&mut head)?;
        let [before @ .., table] = head;
        let before = u64::from_le_bytes(before).checked_sub(1);
        Ok(SpooledRow { before, table, line: self.part()? })
    }

    fn part(&mut self) -> io::Result<Vec<u8>> {
        let mut length = [0; 4];
        self.file.read_exact(&mut length)?;
        self.bytes(u32::from_le_bytes(length) as usize)
    }

    fn bytes(&mut self, length: usize) -> io::Result<Vec<u8>> {
        if length > MOST_PART {
            return Err(io::Error::from(io::ErrorKind::InvalidData));
        }
        let mut bytes = vec![0; length];
        self.file.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_written_than_the_archives_account_for() {
        let mut writer = Writer::create(None).unwrap();
        writer.bound(1_000);
        let row = vec![b'x'; 1024 * 1024];
        let mut last = None;
        let error = loop {
            match writer.row(last, 0, &row) {
                Ok(at) => last = Some(at),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::QuotaExceeded);
        assert!(writer.file.get_ref().metadata().unwrap().len() <= FREE + 40_000);
        let spool = writer.finish().unwrap();
        assert!(spool.file.metadata().unwrap().len() > 60 * 1024 * 1024);
    }
}
