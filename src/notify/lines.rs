//! Appends one line per alert to a file, exactly once, even after a crash between writing and recording.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::{Mutex, PoisonError};

use super::error::SendError;
use crate::alert::{Alert, Key};
use crate::config::ReadableBy;
use crate::private;

/// How far back a file is searched for alerts already in it, in bytes: some hundred alerts.
const TAIL: u64 = 1024 * 1024;
/// The most alerts of a file to remember: as many as its searched end can hold.
const MOST_REMEMBERED: usize = 1_000;

/// How an alert is written as one line, and recognised again.
pub(super) struct LineFormat {
    /// The line of an alert, with its newline.
    pub(super) line: fn(&Alert) -> Result<String, SendError>,
    /// The key of the alert in a line, which is passed without its newline.
    pub(super) key: fn(&[u8]) -> Option<String>,
}

/// The files that alerts are appended to, and the alerts at their ends.
#[derive(Debug)]
pub(super) struct Files {
    known: Mutex<BTreeMap<String, Known>>,
    readable_by: ReadableBy,
}

/// The known end of a file. It is valid as long as the file has this length: then nobody else has written to
/// it, and no write was interrupted.
#[derive(Debug, Default)]
struct Known {
    length: u64,
    /// The alerts at its end.
    keys: VecDeque<String>,
}

impl Files {
    pub(super) fn new(readable_by: ReadableBy) -> Self {
        Self { known: Mutex::default(), readable_by }
    }

    /// Appends a line, unless the file's end has one for the same alert, and syncs the file.
    pub(super) fn append(&self, path: &str, format: &LineFormat, key: &Key, line: &str) -> io::Result<()> {
        let mode = private::FILE_MODE;
        let mut file = OpenOptions::new().create(true).read(true).append(true).mode(mode).open(path)?;
        let length = file.metadata()?.len();
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(path);
        let mut known = match known.filter(|known| known.length == length) {
            Some(known) => known,
            None => {
                private::set_mode(&file, self.readable_by.file_mode())?;
                Known { length, keys: keys(&from_end(&mut file, length, TAIL)?, format) }
            }
        };
        if !known.keys.iter().any(|known| known == key.as_str()) {
            // A line cut short by a crash stays on its own line.
            let whole = from_end(&mut file, length, 1)?.last().is_none_or(|&byte| byte == b'\n');
            let separator = if whole { "" } else { "\n" };
            file.write_all(format!("{separator}{line}").as_bytes())?;
            file.sync_data()?;
            known.length += (separator.len() + line.len()) as u64;
            known.keys.push_back(key.to_string());
            known.keys.drain(..known.keys.len().saturating_sub(MOST_REMEMBERED));
        }
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), known);
        Ok(())
    }
}

/// The keys of the alerts with complete lines, at most the last 1,000.
fn keys(tail: &[u8], format: &LineFormat) -> VecDeque<String> {
    let key = |line: &[u8]| (format.key)(line.strip_suffix(b"\n")?);
    let mut keys: VecDeque<String> =
        tail.split_inclusive(|&byte| byte == b'\n').rev().filter_map(key).take(MOST_REMEMBERED).collect();
    keys.make_contiguous().reverse();
    keys
}

/// At most the last `most` bytes of a file of this length.
fn from_end(file: &mut File, length: u64, most: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(length.saturating_sub(most)))?;
    let mut end = Vec::with_capacity(usize::try_from(length.min(most)).unwrap_or_default());
    file.take(most).read_to_end(&mut end)?;
    Ok(end)
}
