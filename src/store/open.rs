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
    /// Opens the store in a folder, which is made where it is missing. Folder and files belong to their user alone from then on. A
    /// store of an older version is brought into the layout of this one.
    ///
    /// # Errors
    /// [`StoreError::Busy`] where another process has it open; [`StoreError::Newer`] where a newer version wrote it; other failures of
    /// disk or engine.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        Self::open_with(dir, |_| Ok(()))
    }

    /// The same, where something is asked before each effect and can have it fail, as a disk does.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with(
        dir: &Path,
        before: impl Fn(Effect) -> io::Result<()> + Send + Sync + 'static,
    ) -> Result<Self, StoreError> {
        let sled = open_engine(dir, Box::new(before))?;
        Ok(Self::on(Engine::Sled(Arc::new(sled))))
    }

    /// Writes a store anew; bytes before and after. Broken off, nothing is changed, or the next [`Self::open`] ends it.
    ///
    /// # Errors
    /// As [`Self::open`]; failures of the disk.
    pub fn compact(dir: &Path) -> Result<(u64, u64), StoreError> {
        let engine = open_engine(dir, Box::new(|_| Ok(())))?;
        engine.compact().map_err(|error| StoreError::of_opening(dir, error))
    }

    /// True if a folder has a store; [`Self::open`] makes one where it has none.
    pub fn is_in(dir: &Path) -> bool {
        engine::is_in(dir)
    }

    /// True if a process has the store in a folder open.
    pub fn is_held(dir: &Path) -> bool {
        engine::is_held(dir)
    }
}

/// Opens the engine, and has it know where the disk lost something: then nobody knows what was sent.
fn open_engine(dir: &Path, before: Before) -> Result<SledEngine, StoreError> {
    let failed = |error| StoreError::of_opening(dir, error);
    let engine = SledEngine::open(dir, &tables::ALL, before).map_err(failed)?;
    migrate(&engine).map_err(|error| match error {
        MigrateError::Engine(error) => failed(error),
        MigrateError::Newer(format) => StoreError::Newer { dir: dir.to_owned(), format },
        MigrateError::Record(error) => error,
    })?;
    if let Some(until) = engine.confirmed_at().filter(|_| engine.has_lost()) {
        let doubt = encode(DOUBT.key, &Doubt { until, queue: true, told: false })?;
        let writes = Writes::from([((META, DOUBT.key.to_owned()), Some(doubt))]);
        engine.rewrite(&[], &writes).map_err(failed)?;
    }
    Ok(engine)
}
