//! The fetches under way: several at once, each handed on in its order.

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

/// Fetches under way at once; the limiter still spaces them. One that waits before it is repeated takes a place, too.
const AT_ONCE: usize = 12;
/// At most this many filings are taken from the store at once.
const ROUND: usize = 40;
/// Deliveries are woken after this many filings at the latest.
const TOGETHER: usize = 20;
/// One that takes longer from its turn on no longer holds back those behind it.
const HOLDS_BACK: Duration = Duration::from_millis(400);

/// A filing that came, or why it did not.
pub(super) type Came = (Pending, Result<Vec<u8>, FetchError>);
/// A fetch's place: by how its filing was found, then in the order of acceptance as far as it was known. What a comparison found is
/// asked for after what the feed shows, and does not hold that back.
type Place = (Found, u64);

/// A fetch under way.
struct Begun {
    accession: Accession,
    /// When its request began: the limiter lets one begin after the other.
    turn: Arc<OnceLock<Instant>>,
}

impl Begun {
    /// Until when those behind it wait; `None` where its turn has not come. Then those behind it that came needed no request.
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
    /// Filings that are due and not begun.
    queue: VecDeque<Pending>,
    /// When the store has more that is due; `None` where it has nothing else.
    more_at: Option<DateTime<Utc>>,
    under_way: FuturesUnordered<BoxFuture<'a, (Place, Came)>>,
    /// Those that are not handed on yet, in their order.
    begun: BTreeMap<Place, Begun>,
    /// Of these, the ones that came.
    came: BTreeMap<Place, Came>,
    next: u64,
    /// Filings for which a rule matched since the deliveries were woken, and filings settled since then.
    unsent: (usize, usize),
    /// Refusals in a row.
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

    /// Takes what is due from the store, a round at most, where `anew` says that there may be more, or nothing else waits to be
    /// begun.
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

    /// Begins as many as may be under way at once.
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

    /// When there is more to begin; `None` where all that the store has is under way.
    pub(crate) fn more_at(&self) -> Option<DateTime<Utc>> {
        self.more_at.filter(|_| !self.is_full())
    }

    /// Leaves alone what was not begun: EDGAR is not to be asked now.
    pub(crate) fn hold(&mut self) {
        self.queue.clear();
        self.more_at = Some(DateTime::<Utc>::MIN_UTC);
    }

    /// The next that came, in their order but for those that take long; `None` where none is under way. Nothing is lost where this
    /// is broken off.
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
                // What failed has no order, and a block is noted at once, also where it is time to stop.
                if failed {
                    return self.leave(place);
                }
            }
        }
    }

    /// Until when one that came waits at most for those before it; `None` where it does not.
    fn held_back_until(&self, place: Place) -> Option<Instant> {
        let before =
            self.begun.range((place.0, 0)..place).filter(|(place, _)| !self.came.contains_key(place));
        let until = before.filter_map(|(_, begun)| begun.holds_back_until()).max();
        until.filter(|until| *until > Instant::now())
    }

    /// Hands on one that came.
    fn leave(&mut self, place: Place) -> Option<Came> {
        self.begun.remove(&place);
        self.came.remove(&place)
    }

    /// Notes that a filing was settled, and wakes the deliveries: those of one trade come together, so what was begun with it is
    /// waited for unless it takes long.
    pub(crate) fn settled(&mut self, matched: bool) {
        self.unsent = (self.unsent.0 + usize::from(matched), self.unsent.1 + 1);
        let fresh = self.begun.values().any(|begun| !begun.takes_long());
        if self.unsent.1 >= TOGETHER || !fresh && self.queue.is_empty() {
            self.wake();
        }
    }

    /// Wakes the deliveries, where a rule matched.
    pub(crate) fn wake(&mut self) {
        if std::mem::take(&mut self.unsent).0 > 0 {
            self.fetcher.wakes.queued.notify_one();
        }
    }

    /// True if nothing is under way or waits to be begun.
    pub(crate) fn is_idle(&self) -> bool {
        self.begun.is_empty() && self.queue.is_empty()
    }

    fn is_full(&self) -> bool {
        self.begun.len() >= AT_ONCE
    }

    /// How long deliveries wait at most for what was begun with them; `None` where none does.
    pub(crate) fn unsent_for(&self) -> Option<Duration> {
        (self.unsent.0 > 0).then_some(HOLDS_BACK)
    }
}
