//! Detects data that the disk lost or changed. sled does not: it opens a truncated file as if nothing else
//! had ever been there.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use ::sled::{Db, Tree};
use chrono::{DateTime, Utc};

/// A file beside sled's with the number of the last flush that is certainly on disk. It is written after that
/// flush and not synced, so it may lag behind but is never ahead.
const FILE: &str = "flushed";
pub(in crate::store) const KEY: &str = "flushed";

/// Versions before this engine kept the number among the store's single values.
const BEFORE: &str = "meta";

/// The number as such a version stored it.
pub(super) fn of_before(db: &Db) -> ::sled::Result<Option<Vec<u8>>> {
    Ok(db.open_tree(BEFORE)?.get(KEY)?.map(|number| number.to_vec()))
}

/// The number of the last flush that sled has recorded.
pub(super) fn known(db: &Db, own: &Tree) -> ::sled::Result<u64> {
    let own = own.get(KEY)?.map(|number| number.to_vec());
    let number = |bytes: Vec<u8>| bytes.try_into().map_or(0, u64::from_be_bytes);
    Ok(own.or(of_before(db)?).map_or(0, number))
}

/// Records the number of a starting flush in sled.
pub(super) fn note(own: &Tree, number: u64) -> ::sled::Result<()> {
    own.insert(KEY, &number.to_be_bytes()).map(drop)
}

/// Records that this flush is on disk.
pub(super) fn confirm(dir: &Path, number: u64) -> io::Result<()> {
    let options = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(dir.join(FILE));
    options.and_then(|mut file| file.write_all(format!("{number}\n").as_bytes()))
}

/// When the last flush was confirmed.
pub(super) fn confirmed_at(dir: &Path) -> Option<DateTime<Utc>> {
    fs::metadata(dir.join(FILE)).and_then(|about| about.modified()).ok().map(DateTime::from)
}

/// The number of the last confirmed flush; `None` if there is none.
pub(super) fn confirmed(dir: &Path) -> Option<u64> {
    fs::read_to_string(dir.join(FILE)).ok()?.trim().parse().ok()
}
