//! Opens a store.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::doubt::{self, Doubt};
use super::engine::{self, Before, Effect, Engine, SledEngine};
use super::error::StoreError;
use super::handle::{Inner, Store};
use super::subscriptions;

impl Store {
    /// Opens the store in a folder, which is made where it is missing. Folder and files belong to their user alone from then on.
    ///
    /// # Errors
    /// [`StoreError::Busy`] where another process has it open; other failures of disk or sled.
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
        let failed = |error| StoreError::of_opening(dir, error);
        let sled = Arc::new(open_engine(dir, Box::new(before))?);
        let tree = |name: &str| sled.tree(name).map_err(failed);
        let inner = Inner {
            filings: tree("filings")?,
            pending: tree("pending")?,
            unreadable: tree("unreadable")?,
            quarantine: tree("quarantine")?,
            days: tree("days")?,
            receipts: tree("receipts")?,
            summary: tree("summary")?,
            backfill: tree("backfill")?,
            backfill_queue: tree("backfill_queue")?,
            latency: tree("latency")?,
            history: tree("past")?,
            ratios: tree("ratios")?,
            queue: tree("queue")?,
            deliveries: tree("deliveries")?,
            paused: tree("paused")?,
            mutes: tree("mutes")?,
            muted: tree("muted")?,
            dead: tree("dead")?,
            given_up: tree("given_up")?,
            lists: tree("lists")?,
            lists_held: Mutex::default(),
            gathered: tree("gathered")?,
            digested: tree("digested")?,
            digests: tree("digests")?,
            meta: tree("meta")?,
            aside: tree("aside")?,
            frontier: Mutex::default(),
            engine: Engine::Sled(Arc::clone(&sled)),
            sled: Arc::clone(&sled),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Writes a store anew; bytes before and after. Broken off, nothing is changed, or the next [`Self::open`] ends it.
    ///
    /// # Errors
    /// As [`Self::open`]; failures of the disk.
    pub fn compact(dir: &Path) -> Result<(u64, u64), StoreError> {
        let engine = open_engine(dir, Box::new(|_| Ok(())))?;
        engine.compact().map_err(|error| StoreError::of_opening(dir, error))
    }

    /// Whether a folder has a store; [`Self::open`] makes one where it has none.
    pub fn is_in(dir: &Path) -> bool {
        engine::is_in(dir)
    }

    /// Whether a process has the store in a folder open.
    pub fn is_held(dir: &Path) -> bool {
        engine::is_held(dir)
    }
}

/// Opens the engine, and has it know where the disk lost something: then nobody knows what was sent.
fn open_engine(dir: &Path, before: Before) -> Result<SledEngine, StoreError> {
    let failed = |error| StoreError::of_opening(dir, error);
    let engine = SledEngine::open(dir, &[subscriptions::SPACE], before).map_err(failed)?;
    if let Some(until) = engine.confirmed_at().filter(|_| engine.has_lost()) {
        let doubt = Doubt { until, queue: true, told: false }.record()?;
        let meta = engine.tree("meta").map_err(failed)?;
        meta.insert(doubt::KEY, doubt).map_err(|error| failed(error.into()))?;
    }
    Ok(engine)
}
