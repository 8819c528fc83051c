//! Opens a store.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::doubt::{DOUBT, Doubt};
use super::engine::{self, Before, Effect, Engine, SledEngine, Writes};
use super::error::StoreError;
use super::handle::Store;
use super::migrate::{MigrateError, migrate};
use super::record::encode;
use super::table::META;
use super::tables;

impl Store {
    /// Opens the store in a folder, creating the folder if it is missing. From then on, only its owner can
    /// access the folder and its files. A store of an older version is upgraded to the current layout.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if another process has it open; [`StoreError::Newer`] if a newer version wrote
    /// it; other failures of disk or engine.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        Self::open_with(dir, |_| Ok(()))
    }

    /// The same, with a callback that runs before each effect and can make it fail, as a disk might.
    ///
    /// # Errors
    /// Same as [`Self::open`].
    pub fn open_with(
        dir: &Path,
        before: impl Fn(Effect) -> io::Result<()> + Send + Sync + 'static,
    ) -> Result<Self, StoreError> {
        let sled = open_engine(dir, Box::new(before))?;
        Ok(Self::on(Engine::Sled(Arc::new(sled))))
    }

    /// Compacts a store. Returns its size in bytes before and after. If this is interrupted, either nothing
    /// has changed or the next [`Self::open`] completes it.
    ///
    /// # Errors
    /// Same as [`Self::open`], and failures of the disk.
    pub fn compact(dir: &Path) -> Result<(u64, u64), StoreError> {
        let engine = open_engine(dir, Box::new(|_| Ok(())))?;
        engine.compact().map_err(|error| StoreError::of_opening(dir, error))
    }

    /// True if a folder contains a store. If it does not, [`Self::open`] creates one.
    pub fn is_in(dir: &Path) -> bool {
        engine::is_in(dir)
    }

    /// True if a process has the store in this folder open.
    pub fn is_held(dir: &Path) -> bool {
        engine::is_held(dir)
    }
}

/// Opens the engine, and records a doubt if the disk lost writes, because it is then uncertain which alerts
/// were sent.
fn open_engine(dir: &Path, before: Before) -> Result<SledEngine, StoreError> {
    let failed = |error| StoreError::of_opening(dir, error);
    let engine = SledEngine::open(dir, &tables::ALL, before).map_err(failed)?;
    migrate(&engine).map_err(|error| match error {
        MigrateError::Engine(error) => failed(error),
        MigrateError::Newer(format) => StoreError::Newer { dir: dir.to_owned(), format },
        MigrateError::Record(error) => error,
    })?;
    if let Some(until) = engine.confirmed_at().filter(|_| engine.has_lost()) {
        let doubt = encode(DOUBT.key, &Doubt { until, queue: true, reported: false })?;
        let writes = Writes::from([((META, DOUBT.key.to_owned()), Some(doubt))]);
        engine.rewrite(&[], &writes).map_err(failed)?;
    }
    Ok(engine)
}
