//! Requests to a replayed EDGAR.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::faults::Kind;

/// The most unexpected requests that are reported.
const MOST_UNEXPECTED: usize = 100;
/// The most requests in one second that are counted.
const MOST_IN_A_SECOND: usize = 100_000;

/// Counts of all requests and answers so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Log {
    /// Requests for pages of the feed.
    pub feed: u64,
    /// Requests for submissions.
    pub submissions: u64,
    /// Requests for files of daily indexes.
    pub indexes: u64,
    /// Requests for companies' lists of filings.
    pub companies: u64,
    /// Requests for the list of tickers.
    pub tickers: u64,
    /// Requests that no client should make, the first 100 of them.
    pub unexpected: Vec<String>,
    /// Bytes of all bodies that were sent.
    pub bytes: u64,
    /// The faults that changed an answer, by kind.
    pub faults: BTreeMap<Kind, u64>,
    /// The most requests in any second of tokio's time. If the clock is played at a speed, this is that many
    /// times the rate.
    pub most_in_a_second: usize,
    /// Requests that arrived while everything was blocked.
    pub during_block: u64,
    /// Requests that arrived within the 30 seconds that an answer asked to wait.
    pub against_retry_after: u64,
}

impl Log {
    /// How many faults changed an answer.
    pub fn faults_met(&self) -> u64 {
        self.faults.values().sum()
    }

    pub(super) fn unexpected(&mut self, request: String) {
        if self.unexpected.len() < MOST_UNEXPECTED {
            self.unexpected.push(request);
        }
    }
}

/// The requests of the last second.
#[derive(Debug, Default)]
pub(super) struct LastSecond(VecDeque<Instant>);

impl LastSecond {
    /// Records a request. Returns how many arrived within the second that it ends.
    pub(super) fn note(&mut self, now: Instant) -> usize {
        while self.0.front().is_some_and(|&first| now.duration_since(first) >= Duration::from_secs(1)) {
            self.0.pop_front();
        }
        if self.0.len() < MOST_IN_A_SECOND {
            self.0.push_back(now);
        }
        self.0.len()
    }
}
