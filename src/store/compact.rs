//! A smaller file: all records are written into a new one, which then takes the old one's place.

use std::fs;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;

use super::error::{StoreError, open_error};
use super::files::{COMPACTED, FILE, WHOLE, remove_all, replace, sync_all};
use super::handle::Store;
use super::mark;

impl Store {
    /// Writes a store anew; bytes before and after. Broken off, nothing is changed, or the next [`Self::open`] ends it.
    ///
    /// # Errors
    /// As [`Self::open`]; failures of the disk.
    pub fn compact(dir: &Path) -> Result<(u64, u64), StoreError> {
        let store = Self::open(dir)?;
        let before = store.size_on_disk()?;
        let folder = dir.join(COMPACTED);
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
