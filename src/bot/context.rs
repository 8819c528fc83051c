//! The parts that commands and buttons use.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::caller::Caller;
use super::reply::{Stopped, private};
use crate::notify::DiscordBot;
use crate::runtime::App;
use crate::service::Lookup;

/// The most people whose channel is remembered.
const MOST_DIRECTS: usize = 10_000;

/// The parts that commands and buttons use.
pub(super) struct Context {
    pub(super) app: Arc<App>,
    pub(super) discord: DiscordBot,
    /// Fetches filings that people ask about.
    pub(super) lookup: Arc<Lookup>,
    /// The channels of people's direct messages.
    pub(super) directs: Arc<Directs>,
}

/// The channels of direct messages, by person, as far as they were opened since the start.
#[derive(Debug, Default)]
pub(super) struct Directs(Mutex<BTreeMap<u64, u64>>);

impl Directs {
    fn channels(&self) -> MutexGuard<'_, BTreeMap<u64, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A channel that gets alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Home {
    pub(super) channel: u64,
    /// Its server; `None` for a person's direct messages.
    pub(super) server: Option<u64>,
}

impl Context {
    /// The channel that somebody means by "here": the channel of a server, or a person's direct messages.
    ///
    /// # Errors
    /// The answer if Discord does not open direct messages with the person.
    pub(super) async fn home(&self, caller: &Caller) -> Result<Home, Stopped> {
        if let Some(home) = self.known_home(caller) {
            return Ok(home);
        }
        let channel = self.discord.direct_channel(caller.user).await.map_err(|error| {
            tracing::warn!("direct messages cannot be opened: {error}");
            let refusal =
                "I cannot send you direct messages now. Check your privacy settings, and try again.";
            Stopped::Refused(private(refusal))
        })?;
        let mut directs = self.directs.channels();
        if directs.len() >= MOST_DIRECTS {
            directs.pop_first();
        }
        directs.insert(caller.user, channel);
        Ok(Home { channel, server: caller.server })
    }

    /// The same without asking Discord, as while somebody types; `None` if that would be needed.
    pub(super) fn known_home(&self, caller: &Caller) -> Option<Home> {
        let channel = match caller.is_personal() && !caller.is_direct {
            false => caller.channel,
            true => *self.directs.channels().get(&caller.user)?,
        };
        Some(Home { channel, server: caller.server })
    }
}
