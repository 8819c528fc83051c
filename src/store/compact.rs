//! A smaller file: all records are written into a new one, which then takes the old one's place.

use std::fs::{self, TryLockError};
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;

use super::error::open_error;
use super::{FILE, Store, StoreError, mark};

/// The folder in the store's own in which the new files are made, and the file there that says that they are whole.
const FOLDER: &str = "compacted";
const WHOLE: &str = "whole";

impl Store {
    /// Writes a store anew; bytes before and after. Broken off, nothing is changed, or the next [`Self::open`] ends it.
    ///
    /// # Errors
    /// As [`Self::open`]; failures of the disk.
    pub fn compact(dir: &Path) -> Result<(u64, u64), StoreError> {
        let store = Self::open(dir)?;
        let before = store.size_on_disk()?;
        let folder = dir.join(FOLDER);
        let failed = |error: io::Error| open_error(dir, sled::Error::Io(error));
        remove_all(&folder).map_err(failed)?;
        let copied = panic::catch_unwind(AssertUnwindSafe(|| store.copy_to(&folder)))
            .unwrap_or_else(|_| Err(StoreError::Damaged(dir.to_owned())));
        if let Err(error) = copied.and_then(|()| sync_all(&folder).map_err(failed)) {
            remove_all(&folder).map_err(failed)?;
            return Err(error);
        }
        fs::File::create(folder.join(WHOLE)).and_then(|file| file.sync_all()).map_err(failed)?;
        fs::File::open(&folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        // While nobody else can open it. sled itself writes no other files once it is open.
        replace(dir).map_err(failed)?;
        drop(store);
        let size = |path: &Path| fs::metadata(path).map(|about| about.len());
        Ok((before, size(&dir.join(FILE)).map_err(failed)?))
    }

    fn copy_to(&self, folder: &Path) -> Result<(), StoreError> {
        let new = Self::open(folder)?;
        for name in self.inner.db.tree_names() {
            let from = self.inner.db.open_tree(&name).map_err(|error| self.failed(error))?;
            let to = new.inner.db.open_tree(&name).map_err(|error| self.failed(error))?;
            for item in from.iter() {
                let (key, bytes) = item.map_err(|error| self.failed(error))?;
                to.insert(key, bytes).map_err(|error| self.failed(error))?;
            }
        }
        *new.inner.flushes.lock().unwrap_or_else(std::sync::PoisonError::into_inner) =
            mark::known(&self.inner.meta).map_err(|error| self.failed(error))?;
        new.inner.sync().map_err(|error| self.failed(error))
    }
}

/// Ends a compaction that was broken off when its new files were whole.
pub(super) fn end_broken_off(dir: &Path) -> Result<(), StoreError> {
    if !dir.join(FOLDER).join(WHOLE).is_file() {
        return Ok(());
    }
    let failed = |error: io::Error| open_error(dir, sled::Error::Io(error));
    // Another process may be at it.
    let held = fs::File::open(dir.join(FILE)).map_err(failed)?;
    match held.try_lock() {
        Err(TryLockError::WouldBlock) => return Err(StoreError::Busy(dir.to_owned())),
        Err(TryLockError::Error(error)) => return Err(failed(error)),
        Ok(()) => {}
    }
    // It may have ended meanwhile.
    if dir.join(FOLDER).join(WHOLE).is_file() { replace(dir).map_err(failed) } else { Ok(()) }
}

/// Brings the files of a folder and of those in it onto the disk: sled does not sync large records.
fn sync_all(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => sync_all(&entry.path())?,
            false => fs::File::open(entry.path())?.sync_all()?,
        }
    }
    fs::File::open(folder)?.sync_all()
}

/// Whether a process has the store in a folder open.
pub(super) fn is_held(dir: &Path) -> bool {
    // Shared, so that two that look at once do not see each other.
    let held = fs::File::open(dir.join(FILE)).map(|file| file.try_lock_shared());
    matches!(held, Ok(Err(TryLockError::WouldBlock)))
}

/// Removes what sled left half-written beside its file, which it would take for whole; nobody may have it open.
pub(super) fn clear(dir: &Path) -> Result<(), StoreError> {
    let failed = |error: io::Error| open_error(dir, sled::Error::Io(error));
    let Ok(held) = fs::File::open(dir.join(FILE)) else { return Ok(()) };
    match held.try_lock() {
        Err(TryLockError::WouldBlock) => return Err(StoreError::Busy(dir.to_owned())),
        Err(TryLockError::Error(error)) => return Err(failed(error)),
        Ok(()) => {}
    }
    for entry in fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name().to_string_lossy().ends_with(".generating") {
            fs::remove_file(entry.path()).map_err(failed)?;
        }
    }
    Ok(())
}

/// Puts the new files into the old ones' place.
fn replace(dir: &Path) -> io::Result<()> {
    let folder = dir.join(FOLDER);
    // What belongs to the old file; the new one has no such thing, or its own.
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_string_lossy().starts_with("snap.") {
            fs::remove_file(entry.path())?;
        }
    }
    if folder.join("blobs").exists() {
        remove_all(&dir.join("blobs"))?;
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

fn remove_all(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
