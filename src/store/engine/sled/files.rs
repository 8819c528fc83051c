//! The files of a store in its folder.

use std::fs::{self, TryLockError};
use std::io;
use std::path::Path;

use crate::store::engine::error::EngineError;

/// sled's file in the store's folder.
pub(super) const FILE: &str = "db";
/// sled's folder of large values there, one file each.
pub(super) const LARGE_VALUES: &str = "blobs";
/// The subfolder in which a compacted store is built, and the file there that marks it as complete.
pub(super) const COMPACTED: &str = "compacted";
pub(super) const WHOLE: &str = "whole";

/// True if a folder contains a store.
pub(in crate::store) fn is_in(dir: &Path) -> bool {
    match fs::metadata(dir.join(FILE)) {
        Ok(about) => about.is_file(),
        // It belongs to another user; opening it reports that.
        Err(error) => error.kind() == io::ErrorKind::PermissionDenied,
    }
}

/// Completes a compaction that was interrupted after its new files were complete.
pub(super) fn end_broken_off(dir: &Path) -> Result<(), EngineError> {
    if !dir.join(COMPACTED).join(WHOLE).is_file() {
        return Ok(());
    }
    // Another process may be doing this right now.
    let held = fs::File::open(dir.join(FILE))?;
    match held.try_lock() {
        Err(TryLockError::WouldBlock) => return Err(EngineError::Busy),
        Err(TryLockError::Error(error)) => return Err(error.into()),
        Ok(()) => {}
    }
    // It may have been completed meanwhile.
    if dir.join(COMPACTED).join(WHOLE).is_file() { Ok(replace(dir)?) } else { Ok(()) }
}

/// Syncs all files in a folder and its subfolders, because sled does not sync large records.
pub(super) fn sync_all(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => sync_all(&entry.path())?,
            false => fs::File::open(entry.path())?.sync_all()?,
        }
    }
    fs::File::open(folder)?.sync_all()
}

/// True if a process has the store in a folder open.
pub(in crate::store) fn is_held(dir: &Path) -> bool {
    // Use a shared lock, so that two concurrent checks do not see each other.
    let held = fs::File::open(dir.join(FILE)).map(|file| file.try_lock_shared());
    matches!(held, Ok(Err(TryLockError::WouldBlock)))
}

/// Removes half-written files that sled left beside its database and would treat as complete. Fails if the
/// store is open elsewhere.
pub(super) fn clear(dir: &Path) -> Result<(), EngineError> {
    let Ok(held) = fs::File::open(dir.join(FILE)) else { return Ok(()) };
    match held.try_lock() {
        Err(TryLockError::WouldBlock) => return Err(EngineError::Busy),
        Err(TryLockError::Error(error)) => return Err(error.into()),
        Ok(()) => {}
    }
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().ends_with(".generating") {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Replaces the old files with the new ones.
pub(super) fn replace(dir: &Path) -> io::Result<()> {
    let folder = dir.join(COMPACTED);
    // Remove what belongs to the old file; the new one has its own, if any.
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_string_lossy().starts_with("snap.") {
            fs::remove_file(entry.path())?;
        }
    }
    if folder.join(LARGE_VALUES).exists() {
        remove_all(&dir.join(LARGE_VALUES))?;
    }
    // Move the database file last: until then, everything is still in one of the two places.
    let mut names: Vec<_> =
        fs::read_dir(&folder)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<_>>()?;
    names.sort_by_key(|name| name == FILE);
    for name in names.iter().filter(|name| *name != WHOLE) {
        fs::rename(folder.join(name), dir.join(name))?;
    }
    fs::File::open(dir)?.sync_all()?;
    remove_all(&folder)
}

pub(super) fn remove_all(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
