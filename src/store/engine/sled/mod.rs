//! The embedded engine: sled, with one tree per keyspace.

mod compact;
mod files;
mod flush;
mod journal;
mod large_values;
mod mark;

pub(in crate::store) use files::{is_held, is_in};
pub(in crate::store) use mark::KEY as MARK_KEY;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::ops::Bound;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use ::sled::transaction::{
    ConflictableTransactionResult, TransactionError, Transactional, TransactionalTree,
};
use ::sled::{Batch, Db, IVec, Tree};
use chrono::{DateTime, Utc};
use tokio::sync::MutexGuard;

use self::flush::Flushes;
use super::effect::{Before, Effect};
use super::error::EngineError;
use super::range::Range;
use super::space::{Space, Value, Writes};
use crate::private;
use crate::text::path_text;

/// sled's cache, in bytes on disk (they take several times as much in memory). It is small because little is
/// read twice.
const CACHE: u64 = 1024 * 1024;
/// How often sled flushes by itself and frees space in its file, in milliseconds. Whatever matters is flushed
/// explicitly before it has effects.
const FLUSH_EVERY_MS: u64 = 30_000;

/// The engine's own records.
pub(in crate::store) const OWN: Space = Space("engine");

/// sled panics on a damaged page.
fn page_is_wrong() -> EngineError {
    EngineError::Damaged("a page is not what it should be".to_owned())
}

/// sled in a folder.
pub(in crate::store) struct SledEngine {
    dir: PathBuf,
    db: Db,
    /// The engine's own records.
    own: Tree,
    spaces: BTreeMap<Space, Tree>,
    /// Held by the running transaction.
    alone: tokio::sync::Mutex<()>,
    /// Held while several records are written one by one, so that nobody sees a partial write.
    seen: RwLock<()>,
    /// True if the journal has a note of the last writes.
    noted: AtomicBool,
    /// Held from a write until it is counted.
    writing: RwLock<()>,
    /// The number of writes, and how many of them are on disk.
    written: AtomicU64,
    flushed: AtomicU64,
    /// Held during a flush.
    flushes: Mutex<Flushes>,
    before: Before,
    lost: bool,
}

impl From<::sled::Error> for EngineError {
    fn from(error: ::sled::Error) -> Self {
        match error {
            // sled reports a held lock as an error of its own, with this text.
            ::sled::Error::Io(io) if io.to_string().contains("could not acquire lock") => Self::Busy,
            ::sled::Error::Io(io) => Self::Disk(io),
            error @ ::sled::Error::Corruption { .. } => Self::Damaged(error.to_string()),
            other => Self::Other(other.to_string()),
        }
    }
}

fn write_one(tree: &Tree, key: &str, value: Option<&[u8]>) -> ::sled::Result<()> {
    match value {
        Some(value) => tree.insert(key, value)?,
        None => tree.remove(key)?,
    };
    Ok(())
}

impl SledEngine {
    /// Opens the database in a folder with the given keyspaces, creating the folder if it is missing. From
    /// then on, only its owner can access the folder and its files.
    pub(in crate::store) fn open(dir: &Path, spaces: &[Space], before: Before) -> Result<Self, EngineError> {
        private::folder(dir)?;
        files::end_broken_off(dir)?;
        files::clear(dir)?;
        let config =
            ::sled::Config::new().path(dir).cache_capacity(CACHE).flush_every_ms(Some(FLUSH_EVERY_MS));
        let opened = panic::catch_unwind(AssertUnwindSafe(|| config.open()));
        let db = opened.map_err(|_| page_is_wrong())??;
        let own = db.open_tree(OWN.0)?;
        let (confirmed, known) = (mark::confirmed(dir), mark::known(&db, &own)?);
        if confirmed.is_some() && known == 0 {
            return Err(EngineError::Damaged("what was flushed is gone".to_owned()));
        }
        let lost = confirmed.is_some_and(|confirmed| confirmed > known);
        if lost {
            tracing::error!("the store in {} lacks its latest writes: the disk lost them", path_text(dir));
        }
        let mut trees = BTreeMap::from([(OWN, own.clone())]);
        for space in spaces {
            trees.insert(*space, db.open_tree(space.0)?);
        }
        let engine = Self {
            dir: dir.to_owned(),
            db,
            own,
            spaces: trees,
            alone: tokio::sync::Mutex::default(),
            seen: RwLock::new(()),
            noted: AtomicBool::new(false),
            writing: RwLock::new(()),
            written: AtomicU64::new(1),
            flushed: AtomicU64::new(0),
            flushes: Mutex::new(Flushes::new(dir, known.max(confirmed.unwrap_or(0)))),
            before,
            lost,
        };
        // A crash may have interrupted the writes.
        if let Some(note) = journal::left(&engine.own)? {
            for noted in journal::read(&note)? {
                write_one(&engine.db.open_tree(&noted.space)?, &noted.key, noted.value.as_deref())?;
            }
            journal::done(&engine.own)?;
        }
        Ok(engine)
    }

    /// Writes one by one.
    fn apply(&self, writes: &Writes) -> Result<(), EngineError> {
        for ((space, key), value) in writes {
            write_one(self.space(*space)?, key, value.as_deref())?;
        }
        Ok(())
    }

    fn seen(&self) -> RwLockReadGuard<'_, ()> {
        self.seen.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store's folder.
    pub(in crate::store) fn dir(&self) -> &Path {
        &self.dir
    }

    /// True if the disk had lost the last writes when the store was opened.
    pub(in crate::store) fn has_lost(&self) -> bool {
        self.lost
    }

    /// When the last flush known to be on disk was made.
    pub(in crate::store) fn confirmed_at(&self) -> Option<DateTime<Utc>> {
        mark::confirmed_at(&self.dir)
    }

    /// The number of the last flush as stored by a version before this engine.
    pub(in crate::store) fn mark_of_before(&self) -> Result<Option<Value>, EngineError> {
        Ok(mark::of_before(&self.db)?)
    }

    fn space(&self, space: Space) -> Result<&Tree, EngineError> {
        self.spaces.get(&space).ok_or_else(|| EngineError::Other(format!("there is no keyspace {}", space.0)))
    }

    pub(in crate::store) fn get(&self, space: Space, key: &str) -> Result<Option<Value>, EngineError> {
        let _seen = self.seen();
        Ok(self.space(space)?.get(key)?.map(|bytes| bytes.to_vec()))
    }

    pub(in crate::store) fn range(
        &self,
        space: Space,
        range: &Range,
    ) -> Result<Vec<(String, Value)>, EngineError> {
        let text = |item: ::sled::Result<(IVec, IVec)>| -> Result<(String, Value), EngineError> {
            let (key, value) = item?;
            Ok((String::from_utf8_lossy(&key).into_owned(), value.to_vec()))
        };
        let _seen = self.seen();
        self.within(space, range)?.map(text).take(range.most).collect()
    }

    pub(super) fn count(&self, space: Space, range: &Range) -> Result<usize, EngineError> {
        let _seen = self.seen();
        let mut count = 0;
        for item in self.within(space, range)?.take(range.most) {
            item?;
            count += 1;
        }
        Ok(count)
    }

    /// The records within a range's bounds, in its order.
    fn within(
        &self,
        space: Space,
        range: &Range,
    ) -> Result<impl Iterator<Item = ::sled::Result<(IVec, IVec)>>, EngineError> {
        let from = match range.after {
            true => Bound::Excluded(range.from.as_bytes()),
            false => Bound::Included(range.from.as_bytes()),
        };
        let found = match &range.until {
            // sled panics on a range that ends before it begins.
            Some(until) if *until <= range.from => None,
            Some(until) => {
                Some(self.space(space)?.range::<&[u8], _>((from, Bound::Excluded(until.as_bytes()))))
            }
            None => Some(self.space(space)?.range::<&[u8], _>((from, Bound::Unbounded))),
        };
        let (forwards, backwards) = match range.backwards {
            true => (None, found.map(Iterator::rev)),
            false => (found, None),
        };
        Ok(forwards.into_iter().flatten().chain(backwards.into_iter().flatten()))
    }

    /// The lock of the running transaction: the next one waits for it.
    pub(super) async fn alone(&self) -> MutexGuard<'_, ()> {
        self.alone.lock().await
    }

    /// Writes a transaction's changes atomically.
    pub(super) fn write_all(&self, writes: &Writes) -> Result<(), EngineError> {
        match (writes.len(), journal::noted(writes)) {
            (0, _) => Ok(()),
            (1, _) => self.write(|| {
                if self.noted.load(Ordering::Acquire) {
                    journal::done(&self.own)?;
                    self.noted.store(false, Ordering::Release);
                }
                self.apply(writes)
            }),
            (_, Some(note)) => self.write(|| {
                let _unseen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
                journal::note(&self.own, &note)?;
                self.noted.store(true, Ordering::Release);
                self.apply(writes)
            }),
            (_, None) => self.rewrite(&[], writes),
        }
    }

    /// The same, and also removes records whose keys may not be text, as written by versions before this
    /// engine.
    pub(in crate::store) fn rewrite(
        &self,
        removed: &[(Space, Vec<u8>)],
        writes: &Writes,
    ) -> Result<(), EngineError> {
        let mut batches: BTreeMap<Space, Batch> = BTreeMap::new();
        if self.noted.load(Ordering::Acquire) {
            batches.entry(OWN).or_default().remove(journal::KEY);
        }
        for (space, key) in removed {
            batches.entry(*space).or_default().remove(key.as_slice());
        }
        for ((space, key), value) in writes {
            let batch = batches.entry(*space).or_default();
            match value {
                Some(value) => batch.insert(key.as_str(), value.as_slice()),
                None => batch.remove(key.as_str()),
            }
        }
        if batches.is_empty() {
            return Ok(());
        }
        let trees = batches.keys().map(|space| self.space(*space)).collect::<Result<Vec<_>, _>>()?;
        let all = |trees: &Vec<TransactionalTree>| -> ConflictableTransactionResult<(), EngineError> {
            for (tree, batch) in trees.iter().zip(batches.values()) {
                tree.apply_batch(batch)?;
            }
            Ok(())
        };
        self.write(|| {
            let done: Result<(), TransactionError<EngineError>> = trees[..].transaction(all);
            done.map_err(|error| match error {
                TransactionError::Abort(error) => error,
                TransactionError::Storage(error) => EngineError::from(error),
            })?;
            self.noted.store(false, Ordering::Release);
            Ok(())
        })
    }

    /// The keys and values of a keyspace, including keys that are not text.
    pub(in crate::store) fn raw(&self, space: Space) -> Result<Vec<(Vec<u8>, Value)>, EngineError> {
        let pairs = self.space(space)?.iter();
        pairs
            .map(|item| item.map(|(key, value)| (key.to_vec(), value.to_vec())).map_err(Into::into))
            .collect()
    }

    /// Performs one write. [`Self::flush`] cannot read the count until this write is counted, so nothing
    /// readable is reported as flushed while it is not.
    fn write(&self, write: impl FnOnce() -> Result<(), EngineError>) -> Result<(), EngineError> {
        let _writing = self.writing.read().unwrap_or_else(PoisonError::into_inner);
        (self.before)(Effect::Write)?;
        let written = write();
        self.written.fetch_add(1, Ordering::AcqRel);
        written
    }

    /// Its size on disk, in bytes.
    pub(super) fn size_on_disk(&self) -> Result<u64, EngineError> {
        Ok(self.db.size_on_disk()?)
    }

    /// Flushes all writes to disk; returns at once if nothing is new.
    ///
    /// sled's own asynchronous flush can deadlock (its issue 1308), so a blocking thread flushes.
    pub(super) async fn flush(engine: &Arc<Self>) -> Result<(), EngineError> {
        let written = {
            let _no_write = engine.writing.write().unwrap_or_else(PoisonError::into_inner);
            engine.written.load(Ordering::Acquire)
        };
        if engine.flushed.load(Ordering::Acquire) >= written {
            return Ok(());
        }
        let own = Arc::clone(engine);
        tokio::task::spawn_blocking(move || own.flush_now()).await.map_err(io::Error::other)??;
        engine.flushed.fetch_max(written, Ordering::AcqRel);
        Ok(())
    }

    fn flush_now(&self) -> Result<(), EngineError> {
        let mut flushes = self.flushes.lock().unwrap_or_else(PoisonError::into_inner);
        (self.before)(Effect::Flush)?;
        flushes.flush(&self.db, &self.own)
    }
}

impl fmt::Debug for SledEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SledEngine").field("dir", &self.dir).finish_non_exhaustive()
    }
}
