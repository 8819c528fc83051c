//! Opens a store.

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, RwLock};

use super::doubt::Doubt;
use super::error::{StoreError, open_error};
use super::handle::{Effect, Inner, Store};
use super::{doubt, files, mark};
use crate::private;
use crate::text::path_text;

/// What sled may keep of its pages, in bytes as they are on the disk (in memory they take several times that): little here
/// is read again.
const CACHE: u64 = 1024 * 1024;
/// How often sled writes and syncs by itself, in milliseconds, and clears its file of what is no longer needed; what matters
/// is flushed before it has effects.
const FLUSH_EVERY_MS: u64 = 30_000;

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
        let failed = |error| open_error(dir, error);
        private::folder(dir).map_err(|error| failed(sled::Error::Io(error)))?;
        files::end_broken_off(dir)?;
        files::clear(dir)?;
        let config = sled::Config::new().path(dir).cache_capacity(CACHE).flush_every_ms(Some(FLUSH_EVERY_MS));
        // sled panics where a page is not what it should be.
        let opened = panic::catch_unwind(AssertUnwindSafe(|| config.open()));
        let db = opened.map_err(|_| StoreError::Damaged(dir.to_owned()))?.map_err(failed)?;
        let (confirmed, meta) = (mark::confirmed(dir), db.open_tree("meta").map_err(failed)?);
        let known = mark::known(&meta).map_err(failed)?;
        if confirmed.is_some() && known == 0 {
            return Err(StoreError::Damaged(dir.to_owned()));
        }
        let lost = confirmed.is_some_and(|confirmed| confirmed > known);
        if lost {
            tracing::error!(
                "the store in {} lacks what was written to it last: the disk lost it",
                path_text(dir)
            );
        }
        if let Some(until) = mark::confirmed_at(dir).filter(|_| lost) {
            meta.insert(doubt::KEY, Doubt { until, queue: true, told: false }.record()?).map_err(failed)?;
        }
        let tree = |name: &str| db.open_tree(name).map_err(failed);
        let inner = Inner {
            dir: dir.to_owned(),
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
            subscriptions: tree("subscriptions")?,
            subscribing: tokio::sync::Mutex::default(),
            meta,
            aside: tree("aside")?,
            frontier: Mutex::default(),
            writing: RwLock::new(()),
            db,
            written: AtomicU64::new(1),
            flushed: AtomicU64::new(0),
            flushes: Mutex::new(known.max(confirmed.unwrap_or(0))),
            before: Box::new(before),
            lost,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Whether a folder has a store; [`Self::open`] makes one where it has none.
    pub fn is_in(dir: &Path) -> bool {
        files::is_in(dir)
    }

    /// Whether a process has the store in a folder open.
    pub fn is_held(dir: &Path) -> bool {
        files::is_held(dir)
    }
}
