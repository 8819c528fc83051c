//! Whether messages of announcement channels are published, and where that failed, so that a channel is reported
//! once and left alone for a while.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// How long nothing is published in a channel after a failure.
const LEFT_ALONE: TimeDelta = TimeDelta::minutes(10);
/// The most channels whose failures are remembered.
const MOST_CHANNELS: usize = 1_000;

/// Whether messages are published, and the channels where that failed.
#[derive(Debug, Default)]
pub(super) struct Publishing {
    is_on: bool,
    /// When something was last tried in vain.
    failed: Mutex<BTreeMap<u64, DateTime<Utc>>>,
}

impl Publishing {
    pub(super) fn new(is_on: bool) -> Self {
        Self { is_on, failed: Mutex::default() }
    }

    /// True if a message of a channel is to be published now.
    pub(super) fn is_due(&self, channel: u64, now: DateTime<Utc>) -> bool {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = |at: &DateTime<Utc>| (TimeDelta::zero()..LEFT_ALONE).contains(&(now - *at));
        self.is_on && !failed.get(&channel).is_some_and(waits)
    }

    /// Records that a message was published, or needs not be.
    pub(super) fn note_done(&self, channel: u64) {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).remove(&channel);
    }

    /// Records a failure; true if it is the first one since the last success.
    pub(super) fn note_failed(&self, channel: u64, now: DateTime<Utc>) -> bool {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = failed.contains_key(&channel);
        if is_known || failed.len() < MOST_CHANNELS {
            failed.insert(channel, now);
        }
        !is_known
    }
}
