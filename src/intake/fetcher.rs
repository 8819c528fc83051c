//! Fetches one filing, and keeps fetched filings that wait for history instead of fetching them again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

use crate::filing::Accession;
use crate::parts::Parts;
use crate::source::{Client, FetchError, Priority};
use crate::store::{Found, Pending, Store, StoreError};
use crate::wake::Wakes;

/// The most bytes to keep of filings that wait for history; others are fetched again.
const MOST_KEPT: usize = 16 * 1024 * 1024;
/// The longest wait for a filing; a longer one comes from a wrong clock.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(2);

/// Fetches pending filings.
pub(crate) struct Fetcher {
    store: Store,
    client: Arc<Client>,
    pub(super) wakes: Wakes,
    /// Fetched filings that wait for history.
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

    /// Up to `most` due filings that are not being fetched, oldest first; and when the next of the others is
    /// due, which matters only if there are fewer than `most`.
    pub(super) async fn due_filings(
        &self,
        busy: &BTreeSet<Accession>,
        most: usize,
        now: DateTime<Utc>,
    ) -> Result<(Vec<Pending>, Option<DateTime<Utc>>), StoreError> {
        let waits = |pending: &Pending| now < pending.not_before && pending.not_before - now <= LONGEST_WAIT;
        let for_history: BTreeSet<Accession> = self.kept().keys().copied().collect();
        let (mut due, mut behind, mut later) = (Vec::new(), Vec::new(), None::<DateTime<Utc>>);
        self.store
            .each_pending(|pending| {
                let accession = &pending.filing.accession;
                if waits(&pending) {
                    later = Some(later.map_or(pending.not_before, |later| later.min(pending.not_before)));
                } else if busy.contains(accession) {
                } else if for_history.contains(accession) {
                    behind.push(pending);
                } else {
                    due.push(pending);
                }
                due.len() < most
            })
            .await?;
        // Filings that wait for history come after those they may be waiting for, with those from the feed
        // last.
        behind.sort_by_key(|pending| pending.found == Found::Feed);
        due.extend(behind);
        due.truncate(most);
        Ok((due, later))
    }

    /// When the first deferred filing is due; `None` if none is deferred.
    pub(crate) async fn deferred_until(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.store.deferred_until().await
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

    /// Records a filing that waits for history, and keeps its bytes if there is room.
    pub(super) fn keep(&self, accession: Accession, body: Vec<u8>) {
        let mut kept = self.kept();
        let room = kept.values().map(Vec::len).sum::<usize>() + body.len() <= MOST_KEPT;
        kept.insert(accession, if room { body } else { Vec::new() });
    }
}
