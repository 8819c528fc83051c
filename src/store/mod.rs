//! What must survive a restart, in sled behind typed methods; no sled type leaks.
//!
//! Every record is a version byte and JSON. What is to be sent of a filing is written in one transaction with "this filing is
//! done" ([`Store::commit`]) and is on the disk once [`Store::flush`] returns.

mod alarm;
mod aside;
mod backfill;
mod check;
mod compact;
mod counts;
mod coverage;
mod damage;
mod dead;
mod digests;
mod doubt;
mod error;
mod filings;
mod frontier;
mod latency;
mod ledger;
mod lists;
mod mark;
mod mutes;
mod paused;
mod quarantine;
mod queue;
mod ratios;
mod record;
mod subscriptions;
mod summary;
mod troubles;

pub use alarm::Alarm;
pub use backfill::{Backfill, BackfillStep};
pub use check::Checked;
pub use counts::Counts;
pub use coverage::{Coverage, Filled};
pub use dead::{Dead, GivenUp, Tries};
pub use digests::{DigestMark, DigestStanding, Gathered};
pub use doubt::Doubt;
pub use error::StoreError;
pub use filings::{Discovered, Ending, Found, Pending, Settled, Standing};
pub use frontier::{Frontier, Hole, Silence};
pub use latency::Latency;
pub use ledger::{Ledger, Progress, Receipt};
pub use mutes::Muted;
pub use paused::Paused;
pub use quarantine::Quarantined;
pub use queue::DeliveryStanding;
pub use subscriptions::{Subscriber, Subscribing, Subscription};
pub use summary::Summed;
pub use troubles::Trouble;

use std::fmt;
use std::fs::File;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use sled::transaction::{ConflictableTransactionResult, TransactionError, Transactional};
use sled::{Db, IVec, Tree};

use error::{abort, open_error};

use crate::private;
use crate::text::path_text;

/// sled's file in the store's folder.
const FILE: &str = "db";
/// What sled may keep of its pages, in bytes as they are on the disk (in memory they take several times that): little here
/// is read again.
const CACHE: u64 = 1024 * 1024;
/// How often sled writes and syncs by itself, in milliseconds, and clears its file of what is no longer needed; what matters
/// is flushed before it has effects.
const FLUSH_EVERY_MS: u64 = 30_000;

/// The open store. Clones share it.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
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
type Before = Box<dyn Fn(Effect) -> io::Result<()> + Send + Sync>;

struct Inner {
    dir: PathBuf,
    db: Db,
    /// Accession → what became of the filing.
    filings: Tree,
    /// Accession → a filing that was seen and is not done.
    pending: Tree,
    /// Accession → what came as a filing that could not be read.
    unreadable: Tree,
    /// Accession → why a filing is in quarantine, and since when.
    quarantine: Tree,
    /// EDGAR's day, accession → that it was seen, until that day is compared with its index.
    days: Tree,
    /// EDGAR's day → what its comparison came to.
    receipts: Tree,
    /// Destination, acceptance time → a line of the summary of what is too old to ring.
    summary: Tree,
    /// Issuer → a past that is being fetched.
    backfill: Tree,
    /// Issuer, day, accession → a filing of such a past.
    backfill_queue: Tree,
    /// Time of sending, delivery → how long an alert took.
    latency: Tree,
    /// Issuer, acceptance time, accession → what is kept of a filing.
    history: Tree,
    /// Issuer, acceptance time, accession → the ratio of its ADS that a filing states.
    ratios: Tree,
    /// Destination, time, delivery key → a delivery that waits.
    queue: Tree,
    /// Delivery key → where it stands.
    deliveries: Tree,
    /// Destination → why it is paused.
    paused: Tree,
    /// What is muted → until when, by whom and why.
    mutes: Tree,
    /// What is muted, destination, acceptance time, delivery key → an alert that was not told.
    muted: Tree,
    /// Delivery key → a delivery that was given up, with its body.
    dead: Tree,
    /// Destination → how much was given up for it and is not reported.
    given_up: Tree,
    /// List, number → a line of a message about many alerts.
    lists: Tree,
    /// Held while a delivery with a list moves, or lists are forgotten.
    lists_held: Mutex<()>,
    /// Recipient, alert key → an alert that waits for a digest.
    gathered: Tree,
    /// Recipient, alert key → when the alert was in a digest.
    digested: Tree,
    /// Recipient → up to when its digests were made.
    digests: Tree,
    /// Rule, channel → since when, by whom.
    subscriptions: Tree,
    /// Held while subscriptions are counted and written.
    subscribing: Mutex<()>,
    /// Single values.
    meta: Tree,
    /// Records that could not be read, by tree and key.
    aside: Tree,
    /// The frontier as it was last read, with its bytes.
    frontier: Mutex<Option<(IVec, Frontier)>>,
    /// Held while something is written and not counted yet.
    writing: RwLock<()>,
    /// Counts writes, and which of them are on the disk.
    written: AtomicU64,
    flushed: AtomicU64,
    /// The number of the last flush, over all starts; held while one is under way.
    flushes: Mutex<u64>,
    before: Before,
    /// Whether what was flushed last was not there when it was opened.
    lost: bool,
}

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
        compact::end_broken_off(dir)?;
        compact::clear(dir)?;
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
            subscribing: Mutex::default(),
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
        match std::fs::metadata(dir.join(FILE)) {
            Ok(about) => about.is_file(),
            // Another user's: opening it says so.
            Err(error) => error.kind() == io::ErrorKind::PermissionDenied,
        }
    }

    /// Whether a process has the store in a folder open.
    pub fn is_held(dir: &Path) -> bool {
        compact::is_held(dir)
    }

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
    fn write<T>(&self, write: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
        let _writing = self.inner.writing.read().unwrap_or_else(PoisonError::into_inner);
        let written = (self.inner.before)(Effect::Write).map_err(sled::Error::Io).and_then(|()| write());
        self.inner.written.fetch_add(1, Ordering::AcqRel);
        written.map_err(|error| self.failed(error))
    }

    /// One transaction, likewise.
    fn transact<Trees, T>(
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

    fn failed(&self, error: sled::Error) -> StoreError {
        StoreError::Failed { dir: self.inner.dir.clone(), error }
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl Inner {
    fn sync(&self) -> Result<(), sled::Error> {
        let mut flushes = self.flushes.lock().unwrap_or_else(PoisonError::into_inner);
        (self.before)(Effect::Flush).map_err(sled::Error::Io)?;
        *flushes += 1;
        mark::note(&self.meta, *flushes)?;
        self.db.flush()?;
        let synced = File::open(self.dir.join(FILE)).and_then(|file| file.sync_data());
        synced.and_then(|()| mark::confirm(&self.dir, *flushes)).map_err(sled::Error::Io)
    }
}

#[cfg(test)]
mod tests;
