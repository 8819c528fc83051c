//! Flushes writes to disk.

use std::fs::File;
use std::path::{Path, PathBuf};

use ::sled::{Db, Tree};

use super::large_values::LargeValues;
use super::{files, mark};
use crate::store::engine::error::EngineError;

/// The flushes of an engine.
pub(super) struct Flushes {
    dir: PathBuf,
    /// The number of the last flush, counted across restarts.
    last: u64,
    large_values: LargeValues,
}

impl Flushes {
    pub(super) fn new(dir: &Path, last: u64) -> Self {
        Self { dir: dir.to_owned(), last, large_values: LargeValues::new(dir) }
    }

    /// Flushes. sled leaves data in the drive's cache, so this also syncs its file and the files of large
    /// values beside it.
    pub(super) fn flush(&mut self, db: &Db, own: &Tree) -> Result<(), EngineError> {
        self.last += 1;
        mark::note(own, self.last)?;
        db.flush()?;
        self.large_values.sync()?;
        File::open(self.dir.join(files::FILE))?.sync_data()?;
        Ok(mark::confirm(&self.dir, self.last)?)
    }
}
