//! The open store: its trees, one write or transaction, a flush.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use sled::transaction::{ConflictableTransactionResult, TransactionError, Transactional};
use sled::{Db, IVec, Tree};

use super::error::StoreError;
use super::frontier::Frontier;
use super::{files, mark};

/// The open store. Clones share it.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) inner: Arc<Inner>,
}

/// What the store does that outlives the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// A record, or several in one transaction, is written to the log.
    Write,
    /// All that was written is brought onto the disk.
    Flush,
}

/// Asked before each effect; an error takes its place.
pub(super) type Before = Box<dyn Fn(Effect) -> io::Result<()> + Send + Sync>;

pub(super) struct Inner {
    pub(super) dir: PathBuf,
    pub(super) db: Db,
    /// Accession → what became of the filing.
    pub(super) filings: Tree,
    /// Accession → a filing that was seen and is not done.
    pub(super) pending: Tree,
    /// Accession → what came as a filing that could not be read.
    pub(super) unreadable: Tree,
    /// Accession → why a filing is in quarantine, and since when.
    pub(super) quarantine: Tree,
    /// EDGAR's day, accession → that it was seen, until that day is compared with its index.
    pub(super) days: Tree,
    /// EDGAR's day → what its comparison came to.
    pub(super) receipts: Tree,
    /// Destination, acceptance time → a line of the summary of what is too old to ring.
    pub(super) summary: Tree,
    /// Issuer → a past that is being fetched.
    pub(super) backfill: Tree,
    /// Issuer, day, accession → a filing of such a past.
    pub(super) backfill_queue: Tree,
    /// Time of sending, delivery → how long an alert took.
    pub(super) latency: Tree,
    /// Issuer, acceptance time, accession → what is kept of a filing.
    pub(super) history: Tree,
    /// Issuer, acceptance time, accession → the ratio of its ADS that a filing states.
    pub(super) ratios: Tree,
    /// Destination, time, delivery key → a delivery that waits.
    pub(super) queue: Tree,
    /// Delivery key → where it stands.
    pub(super) deliveries: Tree,
    /// Destination → why it is paused.
    pub(super) paused: Tree,
    /// What is muted → until when, by whom and why.
    pub(super) mutes: Tree,
    /// What is muted, destination, acceptance time, delivery key → an alert that was not told.
    pub(super) muted: Tree,
    /// Delivery key → a delivery that was given up, with its body.
    pub(super) dead: Tree,
    /// Destination → how much was given up for it and is not reported.
    pub(super) given_up: Tree,
    /// List, number → a line of a message about many alerts.
    pub(super) lists: Tree,
    /// Held while a delivery with a list moves, or lists are forgotten.
    pub(super) lists_held: Mutex<()>,
    /// Recipient, alert key → an alert that waits for a digest.
    pub(super) gathered: Tree,
    /// Recipient, alert key → when the alert was in a digest.
    pub(super) digested: Tree,
    /// Recipient → up to when its digests were made.
    pub(super) digests: Tree,
    /// Rule, channel → since when, by whom.
    pub(super) subscriptions: Tree,
    /// Held while subscriptions are counted and written.
    pub(super) subscribing: tokio::sync::Mutex<()>,
    /// Single values.
    pub(super) meta: Tree,
    /// Records that could not be read, by tree and key.
    pub(super) aside: Tree,
    /// The frontier as it was last read, with its bytes.
    pub(super) frontier: Mutex<Option<(IVec, Frontier)>>,
    /// Held while something is written and not counted yet.
    pub(super) writing: RwLock<()>,
    /// Counts writes, and which of them are on the disk.
    pub(super) written: AtomicU64,
    pub(super) flushed: AtomicU64,
    /// The number of the last flush, over all starts; held while one is under way.
    pub(super) flushes: Mutex<u64>,
    pub(super) before: Before,
    /// Whether what was flushed last was not there when it was opened.
    pub(super) lost: bool,
}

impl Store {
    /// Whether the disk lost what was written last, before it was opened: what that was is found again.
    pub fn has_lost(&self) -> bool {
        self.inner.lost
    }

    /// Bytes that it takes on the disk.
    ///
    /// # Errors
    /// Failures of the disk.
    pub fn size_on_disk(&self) -> Result<u64, StoreError> {
        self.inner.db.size_on_disk().map_err(|error| self.failed(error))
    }

    /// The folder that it is in.
    pub fn dir(&self) -> &Path {
        &self.inner.dir
    }

    /// Brings all that was written onto the disk; at once where nothing is new.
    ///
    /// sled's own asynchronous flush can deadlock (its issue 1308), and its flush leaves data in the drive's cache, so a
    /// blocking thread flushes and then asks the system to sync the file.
    ///
    /// # Errors
    /// Failures of disk or sled: then nothing may be sent that was not on the disk before.
    pub async fn flush(&self) -> Result<(), StoreError> {
        let written = {
            let _no_write = self.inner.writing.write().unwrap_or_else(PoisonError::into_inner);
            self.inner.written.load(Ordering::Acquire)
        };
        if self.inner.flushed.load(Ordering::Acquire) >= written {
            return Ok(());
        }
        let inner = Arc::clone(&self.inner);
        let flushed = tokio::task::spawn_blocking(move || inner.sync()).await;
        let result = flushed.unwrap_or_else(|error| Err(sled::Error::Io(io::Error::other(error))));
        result.map_err(|error| self.failed(error))?;
        self.inner.flushed.fetch_max(written, Ordering::AcqRel);
        Ok(())
    }

    /// One write. It holds off [`Self::flush`]'s count until it is counted itself, so that nothing that can be read counts
    /// as being on the disk while it is not.
    pub(super) fn write<T>(&self, write: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
        let _writing = self.inner.writing.read().unwrap_or_else(PoisonError::into_inner);
        let written = (self.inner.before)(Effect::Write).map_err(sled::Error::Io).and_then(|()| write());
        self.inner.written.fetch_add(1, Ordering::AcqRel);
        written.map_err(|error| self.failed(error))
    }

    /// One transaction, likewise.
    pub(super) fn transact<Trees, T>(
        &self,
        trees: &Trees,
        transaction: impl Fn(&Trees::View) -> ConflictableTransactionResult<T, StoreError>,
    ) -> Result<T, StoreError>
    where
        Trees: Transactional<StoreError>,
    {
        let _writing = self.inner.writing.read().unwrap_or_else(PoisonError::into_inner);
        (self.inner.before)(Effect::Write).map_err(|error| self.failed(sled::Error::Io(error)))?;
        let result = trees.transaction(transaction);
        self.inner.written.fetch_add(1, Ordering::AcqRel);
        result.map_err(|error| match error {
            TransactionError::Abort(error) => error,
            TransactionError::Storage(error) => self.failed(error),
        })
    }

    pub(super) fn failed(&self, error: sled::Error) -> StoreError {
        StoreError::Failed { dir: self.inner.dir.clone(), error }
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl Inner {
    pub(super) fn sync(&self) -> Result<(), sled::Error> {
        let mut flushes = self.flushes.lock().unwrap_or_else(PoisonError::into_inner);
        (self.before)(Effect::Flush).map_err(sled::Error::Io)?;
        *flushes += 1;
        mark::note(&self.meta, *flushes)?;
        self.db.flush()?;
        let synced = File::open(self.dir.join(files::FILE)).and_then(|file| file.sync_data());
        synced.and_then(|()| mark::confirm(&self.dir, *flushes)).map_err(sled::Error::Io)
    }
}
