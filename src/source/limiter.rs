//! One limiter for all requests: it spaces them, urgent ones first, and otherwise in order of arrival.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// Which of several waiting requests goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// The feed: the filings that it shows are requested only afterwards.
    Feed,
    /// The filings that the feed shows.
    Live,
    /// The comparison with daily indexes, and the further filings that they list.
    Reconciliation,
    /// The past of an issuer.
    Backfill,
}

/// Spaces requests. After a pause, a live request may follow another as soon as that is answered, so that the
/// filings on a page are fetched at once.
#[derive(Debug)]
pub(super) struct Limiter {
    interval: Duration,
    /// How much earlier than its place a request may begin while no other is under way.
    early: Duration,
    places: Mutex<Places>,
    /// Notified when a request stops waiting.
    moved: Notify,
    under_way: AtomicUsize,
}

#[derive(Debug, Default)]
struct Places {
    /// The place of the next request, as a time.
    next: Option<Instant>,
    /// The waiting requests in the order in which they begin: by priority, then by order of arrival.
    waiting: BTreeSet<(Priority, u64)>,
    came: u64,
}

/// A waiting request: if it is cancelled, it no longer holds back others.
struct Waiting<'a> {
    limiter: &'a Limiter,
    ticket: (Priority, u64),
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.limiter.places().waiting.remove(&self.ticket);
        // Another one may be first now.
        self.limiter.moved.notify_waiters();
    }
}

/// Counts a request as under way while it lives.
#[derive(Debug)]
pub(super) struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Limiter {
    /// Creates a limiter for this many requests per second, more than zero. They are spaced a twentieth
    /// further apart than necessary, because some draw closer together on their way.
    pub(super) fn new(per_second: u32) -> Self {
        let spaced = |count: u32| Duration::from_secs(1).mul_f64(1.05) / count;
        // A request that begins early counts as one more in that second.
        let (interval, early) = match per_second {
            0..=3 => (spaced(per_second.max(1)), Duration::ZERO),
            _ => (spaced(per_second - 1), spaced(per_second - 1)),
        };
        Self {
            interval,
            early,
            places: Mutex::default(),
            moved: Notify::new(),
            under_way: AtomicUsize::new(0),
        }
    }

    /// Waits until a request may begin. It counts as under way until the returned value is dropped.
    pub(super) async fn ready(&self, priority: Priority) -> Counted<'_> {
        let waiting = self.line_up(priority);
        loop {
            let moved = self.moved.notified();
            let place = {
                let mut places = self.places();
                let is_first = places.waiting.first() == Some(&waiting.ticket);
                let now = Instant::now();
                let alone = self.under_way.load(Ordering::Acquire) == 0;
                // An urgent request must not find its place occupied by one that is not.
                let early = if alone && priority <= Priority::Live { self.early } else { Duration::ZERO };
                let place = places.next.and_then(|next| next.checked_sub(early)).unwrap_or(now);
                if is_first && place <= now {
                    places.next = Some(places.next.map_or(now, |next| next.max(now)) + self.interval);
                    return Counted::new(&self.under_way);
                }
                is_first.then_some(place)
            };
            match place {
                // A more urgent request may come meanwhile.
                Some(place) => sleep_until(place).await,
                None => moved.await,
            }
        }
    }

    fn line_up(&self, priority: Priority) -> Waiting<'_> {
        let mut places = self.places();
        places.came += 1;
        let ticket = (priority, places.came);
        places.waiting.insert(ticket);
        Waiting { limiter: self, ticket }
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::sync::Arc;
    use std::task::{Context, Waker};

    use tokio::sync::mpsc;
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn requests_are_spaced_whoever_asks_and_live_ones_go_first() {
        let limiter = Arc::new(Limiter::new(10));
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let mut begun = Vec::new();
        for _ in 0..2 {
            drop(limiter.ready(Priority::Live).await);
            begun.push((Priority::Live, Instant::now()));
        }
        for priority in [Priority::Backfill, Priority::Reconciliation, Priority::Live] {
            for _ in 0..8 {
                let (limiter, sender) = (Arc::clone(&limiter), sender.clone());
                tokio::spawn(async move {
                    drop(limiter.ready(priority).await);
                    sender.send((priority, Instant::now())).unwrap();
                });
            }
        }
        drop(sender);
        while let Some(one) = receiver.recv().await {
            begun.push(one);
        }
        let order: Vec<Priority> = begun.iter().map(|(priority, _)| *priority).collect();
        assert!(order.is_sorted() && order.len() == 26, "{order:?}");
        assert_eq!(begun[0].1, begun[1].1, "after a pause one follows at once");
        for pair in begun[1..].windows(2) {
            assert!(pair[1].1 - pair[0].1 >= Duration::from_millis(115), "{begun:?}");
        }
        // No window of one second has more than ten.
        assert!(begun.windows(11).all(|window| window[10].1 - window[0].1 >= Duration::from_secs(1)));
        assert!(begun[25].1 - begun[0].1 < Duration::from_secs(4), "and none waits for nothing");
    }

    /// Even if they are woken in another order, as tasks waiting for the same moment are.
    #[tokio::test(start_paused = true)]
    async fn those_of_one_priority_begin_in_the_order_in_which_they_came() {
        let limiter = Limiter::new(8);
        let _under_way = limiter.ready(Priority::Live).await;
        let mut waiting: Vec<_> = (0..12).map(|_| Box::pin(limiter.ready(Priority::Live))).collect();
        let mut context = Context::from_waker(Waker::noop());
        for one in &mut waiting {
            // It joins the queue.
            assert!(one.as_mut().poll(&mut context).is_pending());
        }
        let mut begun = Vec::new();
        while begun.len() < 12 {
            tokio::time::advance(Duration::from_millis(10)).await;
            for place in (0..12).rev().filter(|place| !begun.contains(place)).collect::<Vec<_>>() {
                if waiting[place].as_mut().poll(&mut context).is_ready() {
                    begun.push(place);
                }
            }
        }
        assert!(begun.is_sorted(), "{begun:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn no_place_stays_empty_while_one_waits() {
        let limiter = Arc::new(Limiter::new(8));
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let under_way = limiter.ready(Priority::Live).await;
        for number in 0..20_u64 {
            let (limiter, sender) = (Arc::clone(&limiter), sender.clone());
            let priority = if number % 5 == 4 { Priority::Feed } else { Priority::Live };
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(37 * number)).await;
                let counted = limiter.ready(priority).await;
                sender.send(Instant::now()).unwrap();
                drop(counted);
            });
        }
        drop(sender);
        let mut begun = Vec::new();
        while let Some(one) = receiver.recv().await {
            begun.push(one);
        }
        for pair in begun.windows(2) {
            let between = (pair[1] - pair[0]).as_millis();
            assert!((149..=152).contains(&between), "{between} ms");
        }
        drop(under_way);
    }

    #[tokio::test(start_paused = true)]
    async fn while_one_is_under_way_no_other_begins_early() {
        let limiter = Limiter::new(8);
        let began = Instant::now();
        let first = limiter.ready(Priority::Live).await;
        let _second = limiter.ready(Priority::Live).await;
        assert!(
            began.elapsed() >= Duration::from_millis(150),
            "its answer may say that nothing is to be asked"
        );
        drop(first);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_given_up_holds_back_nobody() {
        let limiter = Limiter::new(1);
        drop(limiter.ready(Priority::Live).await);
        let given_up = tokio::time::timeout(Duration::from_millis(1), limiter.ready(Priority::Live)).await;
        assert!(given_up.is_err());
        tokio::time::timeout(Duration::from_secs(3), limiter.ready(Priority::Backfill)).await.unwrap();
    }
}
