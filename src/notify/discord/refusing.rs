//! Which channels refuse messages for want of a permission, so that each is looked at once.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// In more channels at once it is not looked up which permission is missing.
const MOST_CHANNELS: usize = 1_000;

/// The channels that refuse messages for want of a permission, with advice that names it where that is known. Each is looked at
/// once, until it takes a message again.
#[derive(Debug, Default)]
pub(super) struct Refusing {
    channels: Mutex<BTreeMap<u64, Option<&'static str>>>,
}

impl Refusing {
    fn change<T>(&self, change: impl FnOnce(&mut BTreeMap<u64, Option<&'static str>>) -> T) -> T {
        change(&mut self.channels.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether a channel is to be looked at now: then nothing is known yet, and `Err` has what is known otherwise.
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

    /// Notes the advice that a look at a channel gave.
    pub(super) fn note(&self, channel: u64, advice: Option<&'static str>) {
        self.change(|channels| channels.insert(channel, advice));
    }

    /// Notes that a channel refused messages before the start: it is not looked at for that again.
    pub(super) fn note_refused_before(&self, channel: u64) {
        self.change(|channels| {
            if channels.len() < MOST_CHANNELS {
                channels.insert(channel, None);
            }
        });
    }

    /// Notes that a channel took a message.
    pub(super) fn note_taken(&self, channel: u64) {
        self.change(|channels| channels.remove(&channel));
    }
}
