//! Counters since the start.

use std::sync::atomic::{AtomicU64, Ordering};

/// The counts of filings since the start.
#[derive(Debug, Default)]
pub struct Metrics {
    fetched: AtomicU64,
    undecided: AtomicU64,
    not_fetched: AtomicU64,
}

/// The counters at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Filings that are in scope, and so are fetched.
    pub fetched: u64,
    /// Of these, the ones whose issuer was not known when they were discovered.
    pub undecided: u64,
    /// Filings that are out of scope: no rule asks about their issuers.
    pub not_fetched: u64,
}

impl Metrics {
    /// Counts filings that were discovered; `undecided` are among those that are fetched.
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
