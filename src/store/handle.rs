//! The open store: its engine, transactions and flushes.

use std::future::Future;
use std::path::Path;

use super::engine::{Engine, EngineError, Transaction};
use super::error::StoreError;

/// The open store. Clones share it.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) engine: Engine,
}

/// Why a transaction ended without writing anything.
pub(super) enum Ended {
    /// The engine failed.
    Engine(EngineError),
    /// A record could not be read or written.
    Record(StoreError),
}

impl From<EngineError> for Ended {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        Self::Record(error)
    }
}

impl Store {
    pub(super) fn on(engine: Engine) -> Self {
        Self { engine }
    }

    /// True if the disk had lost the last writes when the store was opened. The filings in them are
    /// discovered again.
    pub fn has_lost(&self) -> bool {
        self.engine.has_lost()
    }

    /// Its size on disk, in bytes.
    ///
    /// # Errors
    /// Failures of the disk.
    pub fn size_on_disk(&self) -> Result<u64, StoreError> {
        self.engine.size_on_disk().map_err(|error| self.failed(error))
    }

    /// The store's folder.
    pub fn dir(&self) -> &Path {
        self.engine.dir()
    }

    /// Flushes all writes to disk; returns at once if nothing is new.
    ///
    /// # Errors
    /// Failures of disk or engine; nothing may then be sent that was not on disk before.
    pub async fn flush(&self) -> Result<(), StoreError> {
        self.engine.flush().await.map_err(|error| self.failed(error))
    }

    /// Runs a transaction. `body` may run several times.
    pub(super) async fn transaction<T, F>(&self, body: impl Fn(Transaction) -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, Ended>>,
    {
        self.engine.transact(body).await.map_err(|ended| match ended {
            Ended::Engine(error) => self.failed(error),
            Ended::Record(error) => error,
        })
    }

    pub(super) fn failed(&self, error: EngineError) -> StoreError {
        // Report damage the same way: the store may be intact once it is opened again.
        StoreError::Failed { dir: self.dir().to_owned(), error }
    }
}
