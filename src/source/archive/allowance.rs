//! Limits on how far an archive may unpack, and on which files are opened at all.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Real archives of filings unpack to about ten times their size.
const MOST_RATIO: u64 = 200;
/// The size to which any archive may unpack, however small it is.
const FREE: u64 = 64 * 1024 * 1024;
/// The size to which a member may unpack, however small it is.
const MEMBER_FREE: u64 = 1024 * 1024;

/// Opens a file for reading from beginning to end. A pipe may never end and a device never does, so neither
/// is opened.
///
/// # Errors
/// The system's error, or that it is not a regular file.
pub fn open_regular(path: &Path) -> io::Result<File> {
    is_regular(&fs::metadata(path)?)?;
    File::open(path)
}

/// Refuses anything that is not a regular file.
pub(super) fn is_regular(metadata: &fs::Metadata) -> io::Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    let message = "it is a pipe, a device or a socket, not a file: save its content to a file and name that";
    Err(io::Error::new(io::ErrorKind::InvalidInput, message))
}

/// How many bytes a member with this many packed bytes may unpack to.
pub(super) fn of_member(packed: u64) -> u64 {
    packed.saturating_mul(MOST_RATIO).saturating_add(MEMBER_FREE)
}

/// How many more bytes an archive may unpack to.
pub(super) struct Allowance {
    left: Cell<u64>,
    spent: Cell<bool>,
}

impl Allowance {
    /// The allowance of an archive with this many bytes.
    pub(super) fn of(packed: u64) -> Self {
        Self {
            left: Cell::new(packed.saturating_mul(MOST_RATIO).saturating_add(FREE)),
            spent: Cell::default(),
        }
    }

    /// True if more was requested than was left.
    pub(super) fn is_spent(&self) -> bool {
        self.spent.get()
    }

    /// Unpacked bytes, up to the limit.
    pub(super) fn reader<R: Read>(&self, content: R) -> Allowed<'_, R> {
        Allowed { content, allowance: self }
    }
}

/// The bytes of a reader, until the allowance is spent.
pub(super) struct Allowed<'a, R> {
    content: R,
    allowance: &'a Allowance,
}

impl<R: Read> Read for Allowed<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.allowance.left.get();
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        if most == 0 && !buffer.is_empty() {
            self.allowance.spent.set(true);
            return Err(io::Error::other("it unpacks to more than an archive of filings does"));
        }
        let read = self.content.read(&mut buffer[..most])?;
        self.allowance.left.set(left - read as u64);
        Ok(read)
    }
}
