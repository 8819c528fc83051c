//! One JSON object an alert, appended to a file: once, also where a crash fell between writing and recording.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};

use crate::alert::{Alert, Key};

/// How far back a file is searched for an alert that may stand in it already, in bytes: some hundred alerts.
const TAIL: u64 = 1024 * 1024;

/// The line of an alert, with its newline.
pub(super) fn line(alert: &Alert) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string(alert)? + "\n")
}

/// Appends a line, unless the file's end has one of the same alert, and brings it onto the disk.
pub(super) fn append(file: &str, key: &Key, line: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).read(true).append(true).open(file)?;
    let tail = tail(&mut file)?;
    let mark = format!("{{\"key\":\"{key}\"");
    let whole_lines = tail.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
    let written = tail[..whole_lines].windows(mark.len()).any(|window| window == mark.as_bytes());
    if written {
        return Ok(());
    }
    // A line that a crash cut short is left standing by itself.
    let separator = if whole_lines == tail.len() { "" } else { "\n" };
    file.write_all(format!("{separator}{line}").as_bytes())?;
    file.sync_data()
}

fn tail(file: &mut File) -> io::Result<Vec<u8>> {
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail)?;
    Ok(tail)
}
