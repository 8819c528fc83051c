//! Channels that refuse messages because of a missing permission, so that each is checked only once.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The most channels for which to look up the missing permission.
const MOST_CHANNELS: usize = 1_000;

/// The channels that refuse messages because of a missing permission, with advice that names it if known.
/// Each is checked once, until it accepts a message again.
#[derive(Debug, Default)]
pub(super) struct Refusing {
    channels: Mutex<BTreeMap<u64, Option<&'static str>>>,
}

impl Refusing {
    fn change<T>(&self, change: impl FnOnce(&mut BTreeMap<u64, Option<&'static str>>) -> T) -> T {
        change(&mut self.channels.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns `Ok` if the channel must be checked now, because nothing is known yet; otherwise `Err` has the
    /// known advice.
    pub(super) fn look_at(&self, channel: u64) -> Result<(), Option<&'static str>> {
        self.change(|channels| {
            let known = channels.get(&channel).copied();
            if known.is_none() && channels.len() < MOST_CHANNELS {
                channels.insert(channel, None);
                return Ok(());
            }
            Err(known.flatten())
        })
    }

    /// Records the advice from a check of a channel.
    pub(super) fn note(&self, channel: u64, advice: Option<&'static str>) {
        self.change(|channels| channels.insert(channel, advice));
    }

    /// Records that a channel refused messages before the start, so that it is not checked again.
    pub(super) fn note_refused_before(&self, channel: u64) {
        self.change(|channels| {
            if channels.len() < MOST_CHANNELS {
                channels.insert(channel, None);
            }
        });
    }

    /// Records that a channel accepted a message.
    pub(super) fn note_taken(&self, channel: u64) {
        self.change(|channels| channels.remove(&channel));
    }
}
