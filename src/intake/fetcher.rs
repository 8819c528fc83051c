//! Fetches one filing; what waits for history is kept for a while instead of fetched again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

use crate::filing::Accession;
use crate::parts::Parts;
use crate::source::{Client, FetchError, Priority};
use crate::store::{Found, Pending, Store, StoreError};
use crate::wake::Wakes;

/// So many bytes of filings that wait for history are kept, or they are fetched again.
const MOST_KEPT: usize = 16 * 1024 * 1024;
/// No wait for a filing is longer; one that seems so comes from a clock that was wrong.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(2);

/// Fetches pending filings.
pub(crate) struct Fetcher {
    store: Store,
    client: Arc<Client>,
    pub(super) wakes: Wakes,
    /// What was fetched of filings that wait for history.
    bodies: Mutex<BTreeMap<Accession, Vec<u8>>>,
}

impl Fetcher {
    pub(super) fn new(parts: &Parts) -> Self {
        Self {
            store: parts.store.clone(),
            client: Arc::clone(&parts.client),
            wakes: parts.wakes.clone(),
            bodies: Mutex::default(),
        }
    }

    /// The filings that are due, oldest first, and when the next of the others is.
    pub(super) async fn due_filings(
        &self,
        now: DateTime<Utc>,
    ) -> Result<(Vec<Pending>, Option<DateTime<Utc>>), StoreError> {
        let waits = |pending: &Pending| now < pending.not_before && pending.not_before - now <= LONGEST_WAIT;
        let (later, mut due): (Vec<Pending>, Vec<Pending>) =
            self.store.pending().await?.into_iter().partition(waits);
        // Those that wait for history come behind those that they may be waiting for: last those of the feed.
        let waiting: BTreeSet<Accession> = self.kept().keys().copied().collect();
        due.sort_by_key(|pending| {
            let waits = waiting.contains(&pending.filing.accession);
            (waits, waits && pending.found == Found::Feed)
        });
        Ok((due, later.iter().map(|pending| pending.not_before).min()))
    }

    /// When the first of the filings is due that were put off after a failure; `None` where none was.
    pub(crate) async fn deferred_until(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let pending = self.store.pending().await?.into_iter();
        Ok(pending.filter(|pending| pending.attempts > 0).map(|pending| pending.not_before).min())
    }

    /// The filing's bytes; `turn` is set when its request begins.
    pub(super) async fn body(
        &self,
        pending: &Pending,
        turn: &OnceLock<Instant>,
    ) -> Result<Vec<u8>, FetchError> {
        let filing = &pending.filing;
        let priority = match pending.found {
            Found::Feed => Priority::Live,
            Found::Index => Priority::Reconciliation,
        };
        let kept = self.kept().remove(&filing.accession).filter(|body| !body.is_empty());
        match kept {
            Some(body) => Ok(body),
            None => {
                let (filer, accession) = (filing.filer, filing.accession);
                self.client.submission_in_turn(filer, accession, priority, turn).await
            }
        }
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<Accession, Vec<u8>>> {
        self.bodies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a filing that waits for history, and keeps what was fetched where there is room.
    pub(super) fn keep(&self, accession: Accession, body: Vec<u8>) {
        let mut kept = self.kept();
        let room = kept.values().map(Vec::len).sum::<usize>() + body.len() <= MOST_KEPT;
        kept.insert(accession, if room { body } else { Vec::new() });
    }
}
