//! What commands and buttons use.

use std::sync::Arc;

use super::caller::Caller;
use super::reply::{Reply, private};
use crate::notify::DiscordBot;
use crate::runtime::App;
use crate::service::Lookup;

/// What commands and buttons use.
pub(super) struct Context {
    pub(super) app: Arc<App>,
    pub(super) discord: DiscordBot,
    /// Fetches filings that people ask about.
    pub(super) lookup: Arc<Lookup>,
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
    pub(super) async fn home(&self, caller: &Caller) -> Result<Home, Reply> {
        let channel = match caller.is_personal() && !caller.is_direct {
            false => caller.channel,
            true => self.discord.direct_channel(caller.user).await.map_err(|error| {
                tracing::warn!("direct messages cannot be opened: {error}");
                private("I cannot send you direct messages now. Check your privacy settings, and try again.")
            })?,
        };
        Ok(Home { channel, server: caller.server })
    }
}
