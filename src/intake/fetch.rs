//! Concurrent fetches, whose results are handed on in order.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio::time::{Instant, timeout_at};

use super::fetcher::Fetcher;
use crate::filing::Accession;
use crate::source::FetchError;
use crate::store::{Found, Pending, StoreError};

/// The most concurrent fetches; the limiter still spaces them. A fetch waiting to be retried counts, too.
const AT_ONCE: usize = 12;
/// The most filings to take from the store at once.
const ROUND: usize = 40;
/// Wake deliveries after this many filings at the latest.
const TOGETHER: usize = 20;
/// A fetch that takes longer than this from its turn no longer holds back those behind it.
const HOLDS_BACK: Duration = Duration::from_millis(400);

/// A fetched filing, or the reason it could not be fetched.
pub(super) type Came = (Pending, Result<Vec<u8>, FetchError>);
/// A fetch's place in the order: by how its filing was discovered, then by acceptance as far as known.
/// Filings discovered by a comparison come after those on the feed and do not hold them back.
type Place = (Found, u64);

/// A fetch in progress.
struct Begun {
    accession: Accession,
    /// When its request started; the limiter starts requests one after the other.
    turn: Arc<OnceLock<Instant>>,
}

impl Begun {
    /// How long the fetches behind it wait; `None` if its turn has not come. In that case, finished fetches
    /// behind it needed no request.
    fn holds_back_until(&self) -> Option<Instant> {
        self.turn.get().map(|turn| *turn + HOLDS_BACK)
    }

    fn takes_long(&self) -> bool {
        self.holds_back_until().is_some_and(|until| until <= Instant::now())
    }
}

/// Filings that are being fetched.
pub(crate) struct Fetches<'a> {
    fetcher: &'a Fetcher,
    /// Due filings whose fetch has not started.
    queue: VecDeque<Pending>,
    /// When the store has more due filings; `None` if it has no others.
    more_at: Option<DateTime<Utc>>,
    under_way: FuturesUnordered<BoxFuture<'a, (Place, Came)>>,
    /// Fetches not handed on yet, in order.
    begun: BTreeMap<Place, Begun>,
    /// Those of them that have finished.
    came: BTreeMap<Place, Came>,
    next: u64,
    /// How many filings matched a rule, and how many were settled, since deliveries were last woken.
    unsent: (usize, usize),
    /// Consecutive refusals.
    pub(super) refused: usize,
}

impl<'a> Fetches<'a> {
    pub(crate) fn new(fetcher: &'a Fetcher) -> Self {
        Self {
            fetcher,
            queue: VecDeque::new(),
            more_at: Some(DateTime::<Utc>::MIN_UTC),
            under_way: FuturesUnordered::new(),
            begun: BTreeMap::new(),
            came: BTreeMap::new(),
            next: 0,
            unsent: (0, 0),
            refused: 0,
        }
    }

    /// Takes up to a round of due filings from the store, if `anew` says that there may be more or the queue
    /// is empty.
    pub(crate) async fn take_due(&mut self, anew: bool, now: DateTime<Utc>) -> Result<(), StoreError> {
        let is_due = self.queue.is_empty() && self.more_at.is_some_and(|at| at <= now);
        if !anew && !is_due {
            return Ok(());
        }
        let busy: BTreeSet<Accession> = self.begun.values().map(|begun| begun.accession).collect();
        let (mut due, later) = self.fetcher.due_filings(&busy, ROUND + 1, now).await?;
        self.more_at = if due.len() > ROUND { Some(now) } else { later };
        due.truncate(ROUND);
        self.queue = due.into();
        Ok(())
    }

    /// Starts as many fetches as may run at once.
    pub(crate) fn begin(&mut self) {
        while self.begun.len() < AT_ONCE
            && let Some(pending) = self.queue.pop_front()
        {
            let (fetcher, place, turn) =
                (self.fetcher, (pending.found, self.next), Arc::new(OnceLock::new()));
            self.next += 1;
            let accession = pending.filing.accession;
            self.begun.insert(place, Begun { accession, turn: Arc::clone(&turn) });
            let fetching = async move {
                let body = fetcher.body(&pending, &turn).await;
                (place, (pending, body))
            };
            self.under_way.push(fetching.boxed());
        }
    }

    /// When there is more to start; `None` if everything in the store is in progress, or no more can start.
    pub(crate) fn more_at(&self) -> Option<DateTime<Utc>> {
        self.more_at.filter(|_| !self.is_full())
    }

    /// Drops fetches that have not started, because EDGAR must not be asked now.
    pub(crate) fn hold(&mut self) {
        self.queue.clear();
        self.more_at = Some(DateTime::<Utc>::MIN_UTC);
    }

    /// The next finished fetch, in order except for those that take long; `None` if none is in progress. This
    /// is cancel-safe.
    pub(crate) async fn next(&mut self) -> Option<Came> {
        loop {
            let ahead = self.came.keys().map(|place| (*place, self.held_back_until(*place)));
            let first = ahead.min_by_key(|(place, until)| (*until, *place));
            let arrived = match first {
                Some((place, None)) => return self.leave(place),
                Some((_, Some(until))) => timeout_at(until, self.under_way.next()).await.ok().flatten(),
                None => Some(self.under_way.next().await?),
            };
            if let Some((place, came)) = arrived {
                let failed = came.1.is_err();
                self.came.insert(place, came);
                // Failures need no order, and a block must be recorded at once, even when it is time to stop.
                if failed {
                    return self.leave(place);
                }
            }
        }
    }

    /// How long a finished fetch waits for those before it; `None` if it does not.
    fn held_back_until(&self, place: Place) -> Option<Instant> {
        let before =
            self.begun.range((place.0, 0)..place).filter(|(place, _)| !self.came.contains_key(place));
        let until = before.filter_map(|(_, begun)| begun.holds_back_until()).max();
        until.filter(|until| *until > Instant::now())
    }

    /// Hands on a finished fetch.
    fn leave(&mut self, place: Place) -> Option<Came> {
        self.begun.remove(&place);
        self.came.remove(&place)
    }

    /// Records that a filing was settled, and wakes deliveries. Filings about one trade arrive together, so
    /// this first waits for fetches started with it, unless they take long.
    pub(crate) fn settled(&mut self, matched: bool) {
        self.unsent = (self.unsent.0 + usize::from(matched), self.unsent.1 + 1);
        let fresh = self.begun.values().any(|begun| !begun.takes_long());
        if self.unsent.1 >= TOGETHER || !fresh && self.queue.is_empty() {
            self.wake();
        }
    }

    /// Wakes deliveries if a rule matched.
    pub(crate) fn wake(&mut self) {
        if std::mem::take(&mut self.unsent).0 > 0 {
            self.fetcher.wakes.queued.notify_one();
        }
    }

    /// True if no fetch is in progress or waiting to start.
    pub(crate) fn is_idle(&self) -> bool {
        self.begun.is_empty() && self.queue.is_empty()
    }

    fn is_full(&self) -> bool {
        self.begun.len() >= AT_ONCE
    }

    /// The longest that deliveries wait for fetches started with them; `None` if no delivery waits.
    pub(crate) fn unsent_for(&self) -> Option<Duration> {
        (self.unsent.0 > 0).then_some(HOLDS_BACK)
    }
}
