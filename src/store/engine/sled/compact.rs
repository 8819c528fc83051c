//! Compaction: copies all records to a new file, which then replaces the old one.

use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::PoisonError;

use super::files::{COMPACTED, FILE, WHOLE, remove_all, replace, sync_all};
use super::flush::Flushes;
use super::{SledEngine, mark, page_is_wrong};
use crate::store::engine::error::EngineError;

impl SledEngine {
    /// Rewrites the database and closes it. Returns its size in bytes before and after. If this is
    /// interrupted, either nothing has changed or the next [`Self::open`] completes it.
    pub(in crate::store) fn compact(self) -> Result<(u64, u64), EngineError> {
        let dir = self.dir.clone();
        let before = self.size_on_disk()?;
        let folder = dir.join(COMPACTED);
        remove_all(&folder)?;
        let copied = panic::catch_unwind(AssertUnwindSafe(|| self.copy_to(&folder)))
            .unwrap_or_else(|_| Err(page_is_wrong()));
        if let Err(error) = copied.and_then(|()| Ok(sync_all(&folder)?)) {
            remove_all(&folder)?;
            return Err(error);
        }
        fs::File::create(folder.join(WHOLE)).and_then(|file| file.sync_all())?;
        fs::File::open(&folder).and_then(|folder| folder.sync_all())?;
        // This happens while nobody else can open it. sled itself writes no other files once it is open.
        replace(&dir)?;
        drop(self);
        Ok((before, fs::metadata(dir.join(FILE))?.len()))
    }

    fn copy_to(&self, folder: &Path) -> Result<(), EngineError> {
        let new = Self::open(folder, &[], Box::new(|_| Ok(())))?;
        for name in self.db.tree_names() {
            let (from, to) = (self.db.open_tree(&name)?, new.db.open_tree(&name)?);
            for item in from.iter() {
                let (key, bytes) = item?;
                to.insert(key, bytes)?;
            }
        }
        let last = mark::known(&self.db, &self.own)?;
        *new.flushes.lock().unwrap_or_else(PoisonError::into_inner) = Flushes::new(&new.dir, last);
        new.flush_now()
    }
}
