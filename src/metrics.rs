//! Counters since start-up.

use std::sync::atomic::{AtomicU64, Ordering};

/// The counts of filings since start-up.
#[derive(Debug, Default)]
pub struct Metrics {
    fetched: AtomicU64,
    undecided: AtomicU64,
    not_fetched: AtomicU64,
}

/// The counters at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Filings in scope, which are therefore fetched.
    pub fetched: u64,
    /// Those of them whose issuer was unknown when they were discovered.
    pub undecided: u64,
    /// Filings out of scope: no rule asks about their issuers.
    pub not_fetched: u64,
}

impl Metrics {
    /// Counts discovered filings; `undecided` is included in `fetched`.
    pub fn count_discovered(&self, fetched: usize, undecided: usize, not_fetched: usize) {
        for (counter, more) in
            [(&self.fetched, fetched), (&self.undecided, undecided), (&self.not_fetched, not_fetched)]
        {
            counter.fetch_add(u64::try_from(more).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }

    /// The counters now.
    pub fn counted(&self) -> Counted {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counted {
            fetched: of(&self.fetched),
            undecided: of(&self.undecided),
            not_fetched: of(&self.not_fetched),
        }
    }
}
