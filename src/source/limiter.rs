//! One limiter for all requests: evenly spaced, and what is urgent first.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Who goes first where several wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// The feed, and the filings that it shows.
    Live,
    /// The comparison with daily indexes, and what they list besides.
    Reconciliation,
    /// The past of an issuer.
    Backfill,
}

/// Spaces requests: no two begin within an interval.
#[derive(Debug)]
pub(super) struct Limiter {
    interval: Duration,
    /// When the next request may begin.
    next: Mutex<Option<Instant>>,
    waiting: [AtomicUsize; 3],
}

/// Counts as waiting while it lives: a request that is given up no longer holds back others.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Limiter {
    /// So many requests a second, which is more than zero. They are spaced a twentieth further than that asks for: on their
    /// way some come nearer to each other.
    pub(super) fn new(per_second: u32) -> Self {
        let interval = Duration::from_secs(1).mul_f64(1.05) / per_second.max(1);
        Self { interval, next: Mutex::default(), waiting: Default::default() }
    }

    /// Waits until a request may begin.
    pub(super) async fn ready(&self, priority: Priority) {
        let own = priority as usize;
        let _waiting = Waiting::new(&self.waiting[own]);
        loop {
            let wake = {
                let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
                let now = Instant::now();
                let free = next.is_none_or(|next| next <= now);
                let held_back = self.waiting[..own].iter().any(|count| count.load(Ordering::Acquire) > 0);
                if free && !held_back {
                    *next = Some(now + self.interval);
                    return;
                }
                // One that is held back looks again when the one before it has begun.
                next.filter(|next| *next > now).unwrap_or(now + self.interval)
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
        limiter.ready(Priority::Live).await;
        for priority in [Priority::Backfill, Priority::Reconciliation, Priority::Live] {
            for _ in 0..8 {
                let (limiter, sender) = (Arc::clone(&limiter), sender.clone());
                tokio::spawn(async move {
                    limiter.ready(priority).await;
                    sender.send((priority, Instant::now())).unwrap();
                });
            }
        }
        drop(sender);
        let mut begun = Vec::new();
        while let Some(one) = receiver.recv().await {
            begun.push(one);
        }
        let order: Vec<Priority> = begun.iter().map(|(priority, _)| *priority).collect();
        assert!(order.is_sorted() && order.len() == 24, "{order:?}");
        for pair in begun.windows(2) {
            assert!(pair[1].1 - pair[0].1 >= Duration::from_millis(104), "{begun:?}");
        }
        // In no window of a second more than ten.
        assert!(begun.windows(11).all(|window| window[10].1 - window[0].1 >= Duration::from_secs(1)));
        assert!(begun[23].1 - begun[0].1 < Duration::from_secs(4), "and none waits for nothing");
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_given_up_holds_back_nobody() {
        let limiter = Limiter::new(1);
        limiter.ready(Priority::Live).await;
        let given_up = tokio::time::timeout(Duration::from_millis(1), limiter.ready(Priority::Live)).await;
        assert!(given_up.is_err());
        tokio::time::timeout(Duration::from_secs(3), limiter.ready(Priority::Backfill)).await.unwrap();
    }
}
