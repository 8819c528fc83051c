//! The threads that alerts share, as far as known since the start.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// The most threads to remember.
const MOST_KNOWN: usize = 10_000;
/// How long alerts go to the channel itself after Discord refused a thread.
const REFUSED_FOR: TimeDelta = TimeDelta::hours(1);

/// The threads that alerts share, as far as known since the start.
#[derive(Debug, Default)]
pub(super) struct OpenThreads {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// By channel and name.
    known: BTreeMap<(u64, String), u64>,
    /// Threads that accept no more messages.
    closed: BTreeSet<u64>,
    /// Until when a channel's alerts go to the channel itself.
    refused: BTreeMap<u64, DateTime<Utc>>,
}

impl OpenThreads {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that a thread was deleted, or is locked: alerts get another one.
    pub(super) fn close(&self, thread: u64) {
        let mut state = self.state();
        state.known.retain(|_, id| *id != thread);
        if state.closed.len() >= MOST_KNOWN {
            state.closed.pop_first();
        }
        state.closed.insert(thread);
    }

    pub(super) fn is_closed(&self, thread: u64) -> bool {
        self.state().closed.contains(&thread)
    }

    pub(super) fn known(&self, channel: u64, name: &str) -> Option<u64> {
        self.state().known.get(&(channel, name.to_owned())).copied()
    }

    pub(super) fn keep(&self, channel: u64, name: &str, thread: u64) {
        let mut state = self.state();
        if state.known.len() >= MOST_KNOWN {
            state.known.pop_first();
        }
        state.known.insert((channel, name.to_owned()), thread);
    }

    /// True if a channel refused threads a short while ago.
    pub(super) fn is_refused(&self, channel: u64, now: DateTime<Utc>) -> bool {
        let mut state = self.state();
        // A clock that was set back must not make it last.
        let holds = |until: DateTime<Utc>| now < until && until - now <= REFUSED_FOR;
        let refused = state.refused.get(&channel).is_some_and(|until| holds(*until));
        if !refused {
            state.refused.remove(&channel);
        }
        refused
    }

    pub(super) fn refuse(&self, channel: u64, now: DateTime<Utc>) {
        let mut state = self.state();
        if state.refused.len() >= MOST_KNOWN {
            state.refused.pop_first();
        }
        state.refused.insert(channel, now + REFUSED_FOR);
    }
}
