//! One limiter for all requests: spaced, and what is urgent first.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Who goes first where several wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// The feed: what it shows next is asked for only then.
    Feed,
    /// The filings that the feed shows.
    Live,
    /// The comparison with daily indexes, and what they list besides.
    Reconciliation,
    /// The past of an issuer.
    Backfill,
}

/// Spaces requests. After a pause a live one may follow another as soon as that is answered, so that what a page shows is fetched at
/// once.
#[derive(Debug)]
pub(super) struct Limiter {
    interval: Duration,
    /// So much earlier than its place one may begin while no other is under way.
    early: Duration,
    /// The place of the next request.
    next: Mutex<Option<Instant>>,
    waiting: [AtomicUsize; 4],
    under_way: AtomicUsize,
}

/// Counts a request as waiting, or as under way, while it lives: one that is given up no longer holds back others.
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
    /// So many requests in any second, which is more than zero. They are spaced a twentieth further than that asks for: on
    /// their way some come nearer to each other.
    pub(super) fn new(per_second: u32) -> Self {
        let spaced = |count: u32| Duration::from_secs(1).mul_f64(1.05) / count;
        // One that begins early counts as one more in that second.
        let (interval, early) = match per_second {
            0..=3 => (spaced(per_second.max(1)), Duration::ZERO),
            _ => (spaced(per_second - 1), spaced(per_second - 1)),
        };
        let (next, waiting, under_way) = Default::default();
        Self { interval, early, next, waiting, under_way }
    }

    /// Waits until a request may begin. It is under way as long as what is returned lives.
    pub(super) async fn ready(&self, priority: Priority) -> Counted<'_> {
        let own = priority as usize;
        let _waiting = Counted::new(&self.waiting[own]);
        loop {
            let wake = {
                let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
                let now = Instant::now();
                let alone = self.under_way.load(Ordering::Acquire) == 0;
                // What is urgent must not find its place taken by what is not.
                let early = if alone && priority <= Priority::Live { self.early } else { Duration::ZERO };
                let free = next.is_none_or(|next| next <= now + early);
                let held_back = self.waiting[..own].iter().any(|count| count.load(Ordering::Acquire) > 0);
                if free && !held_back {
                    *next = Some(next.map_or(now, |next| next.max(now)) + self.interval);
                    return Counted::new(&self.under_way);
                }
                // One that is held back looks again when the one before it has begun.
                let place = next.and_then(|next| next.checked_sub(early));
                place.filter(|place| *place > now).unwrap_or(now + self.interval)
            };
            sleep_until(wake).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

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
        // In no window of a second more than ten.
        assert!(begun.windows(11).all(|window| window[10].1 - window[0].1 >= Duration::from_secs(1)));
        assert!(begun[25].1 - begun[0].1 < Duration::from_secs(4), "and none waits for nothing");
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
