//! What tells that the disk lost or changed what was written, where sled does not: it opens what a cut file has as if nothing else
//! had ever been there.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use ::sled::{Db, Tree};
use chrono::{DateTime, Utc};

/// Beside sled's file: the number of the last flush that is certainly in it. Written after that flush and not synced, so that it may
/// lag behind, and is never ahead.
const FILE: &str = "flushed";
const KEY: &str = "flushed";

/// Versions before this engine kept it among the store's single values.
const BEFORE: &str = "meta";

/// Moves it from where such a version kept it; then that version no longer takes the store for its own.
pub(super) fn move_from_meta(db: &Db, own: &Tree) -> ::sled::Result<()> {
    let meta = db.open_tree(BEFORE)?;
    let Some(number) = meta.get(KEY)? else { return Ok(()) };
    // In this order, so that it is never in neither.
    own.insert(KEY, number)?;
    meta.remove(KEY).map(drop)
}

/// The number of the last flush that sled knows of.
pub(super) fn known(own: &Tree) -> ::sled::Result<u64> {
    let bytes = own.get(KEY)?;
    Ok(bytes.and_then(|bytes| bytes.as_ref().try_into().ok()).map_or(0, u64::from_be_bytes))
}

/// Has sled know the number of a flush that begins.
pub(super) fn note(own: &Tree, number: u64) -> ::sled::Result<()> {
    own.insert(KEY, &number.to_be_bytes()).map(drop)
}

/// That flush is on the disk.
pub(super) fn confirm(dir: &Path, number: u64) -> io::Result<()> {
    let options = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(dir.join(FILE));
    options.and_then(|mut file| file.write_all(format!("{number}\n").as_bytes()))
}

/// When that was.
pub(super) fn confirmed_at(dir: &Path) -> Option<DateTime<Utc>> {
    fs::metadata(dir.join(FILE)).and_then(|about| about.modified()).ok().map(DateTime::from)
}

/// The number of a flush that was on the disk; `None` where there is none to tell.
pub(super) fn confirmed(dir: &Path) -> Option<u64> {
    fs::read_to_string(dir.join(FILE)).ok()?.trim().parse().ok()
}
