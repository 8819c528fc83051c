//! The open store: its trees, one write or transaction, a flush.

use std::fmt;
use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex};

use sled::transaction::{ConflictableTransactionResult, TransactionError, Transactional};
use sled::{IVec, Tree};

use super::engine::{Engine, EngineError, SledEngine, Transaction};
use super::error::StoreError;
use super::frontier::Frontier;

/// The open store. Clones share it.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) inner: Arc<Inner>,
}

/// Why a transaction ended, and wrote nothing.
pub(super) enum Ended {
    /// The engine failed.
    Engine(EngineError),
    /// A record is not what it should be.
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

pub(super) struct Inner {
    pub(super) engine: Engine,
    /// The same, for what still writes its trees itself.
    pub(super) sled: Arc<SledEngine>,
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
    /// Single values.
    pub(super) meta: Tree,
    /// Records that could not be read, by tree and key.
    pub(super) aside: Tree,
    /// The frontier as it was last read, with its bytes.
    pub(super) frontier: Mutex<Option<(IVec, Frontier)>>,
}

impl Store {
    /// Whether the disk lost what was written last, before it was opened: what that was is found again.
    pub fn has_lost(&self) -> bool {
        self.inner.sled.has_lost()
    }

    /// Bytes that it takes on the disk.
    ///
    /// # Errors
    /// Failures of the disk.
    pub fn size_on_disk(&self) -> Result<u64, StoreError> {
        self.inner.engine.size_on_disk().map_err(|error| self.failed(error))
    }

    /// The folder that it is in.
    pub fn dir(&self) -> &Path {
        self.inner.sled.dir()
    }

    /// Brings all that was written onto the disk; at once where nothing is new.
    ///
    /// # Errors
    /// Failures of disk or engine: then nothing may be sent that was not on the disk before.
    pub async fn flush(&self) -> Result<(), StoreError> {
        self.inner.engine.flush().await.map_err(|error| self.failed(error))
    }

    /// Runs a transaction of the engine. `body` may run several times.
    pub(super) async fn transaction<T, F>(&self, body: impl Fn(Transaction) -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, Ended>>,
    {
        self.inner.engine.transact(body).await.map_err(|ended| match ended {
            Ended::Engine(error) => self.failed(error),
            Ended::Record(error) => error,
        })
    }

    /// One write.
    pub(super) fn write<T>(&self, write: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
        self.inner.sled.write(write).map_err(|error| self.failed(error))
    }

    /// One transaction.
    pub(super) fn transact<Trees, T>(
        &self,
        trees: &Trees,
        transaction: impl Fn(&Trees::View) -> ConflictableTransactionResult<T, StoreError>,
    ) -> Result<T, StoreError>
    where
        Trees: Transactional<StoreError>,
    {
        let done = self.inner.sled.transact(trees, transaction).map_err(|error| self.failed(error))?;
        done.map_err(|error| match error {
            TransactionError::Abort(error) => error,
            TransactionError::Storage(error) => self.failed(error),
        })
    }

    pub(super) fn failed(&self, error: impl Into<EngineError>) -> StoreError {
        // Also where it is damaged: it may be whole once it is opened again.
        StoreError::Failed { dir: self.dir().to_owned(), error: error.into() }
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner").field("engine", &self.engine).finish_non_exhaustive()
    }
}
