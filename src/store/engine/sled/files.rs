//! The files of a store in its folder.

use std::fs::{self, TryLockError};
use std::io;
use std::path::Path;

use crate::store::engine::error::EngineError;

/// sled's file in the store's folder.
pub(super) const FILE: &str = "db";
/// sled's folder of large values there, one a file.
pub(super) const LARGE_VALUES: &str = "blobs";
/// The folder in the store's own in which the files of a smaller store are made, and the file there that says that they are whole.
pub(super) const COMPACTED: &str = "compacted";
pub(super) const WHOLE: &str = "whole";

/// True if a folder has a store.
pub(in crate::store) fn is_in(dir: &Path) -> bool {
    match fs::metadata(dir.join(FILE)) {
        Ok(about) => about.is_file(),
        // Another user's: opening it says so.
        Err(error) => error.kind() == io::ErrorKind::PermissionDenied,
    }
}

/// Ends a compaction that was broken off when its new files were whole.
pub(super) fn end_broken_off(dir: &Path) -> Result<(), EngineError> {
    if !dir.join(COMPACTED).join(WHOLE).is_file() {
        return Ok(());
    }
    // Another process may be at it.
    let held = fs::File::open(dir.join(FILE))?;
    match held.try_lock() {
        Err(TryLockError::WouldBlock) => return Err(EngineError::Busy),
        Err(TryLockError::Error(error)) => return Err(error.into()),
        Ok(()) => {}
    }
    // It may have ended meanwhile.
    if dir.join(COMPACTED).join(WHOLE).is_file() { Ok(replace(dir)?) } else { Ok(()) }
}

/// Syncs the files of a folder and of those in it: sled does not sync large records.
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
    // Shared, so that two that look at once do not see each other.
    let held = fs::File::open(dir.join(FILE)).map(|file| file.try_lock_shared());
    matches!(held, Ok(Err(TryLockError::WouldBlock)))
}

/// Removes what sled left half-written beside its file, which it would take for whole; nobody may have it open.
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

/// Puts the new files into the old ones' place.
pub(super) fn replace(dir: &Path) -> io::Result<()> {
    let folder = dir.join(COMPACTED);
    // What belongs to the old file; the new one has no such thing, or its own.
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
    // The file itself last: until then all is still in one of the two places.
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
