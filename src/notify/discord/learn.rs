//! Asks Discord what kind of channel one is, once in a run.

use serde::Deserialize;
use serenity::all::{ChannelId, GuildId};
use serenity::http::Route;

use super::ask::NoAnswer;
use super::bot::DiscordBot;
use super::kinds::{ChannelKind, Kinds, Known};

/// A channel in Discord's answer.
#[derive(Deserialize)]
struct Asked {
    #[serde(rename = "type")]
    kind: u8,
    #[serde(default)]
    guild_id: Option<GuildId>,
}

impl DiscordBot {
    /// The kinds of channels, as far as known.
    pub fn kinds(&self) -> &Kinds {
        &self.kinds
    }

    /// The kind of a channel, as Discord says now.
    ///
    /// # Errors
    /// [`NoAnswer`]
    pub async fn kind_of(&self, channel: u64) -> Result<ChannelKind, NoAnswer> {
        self.ask_kind(channel).await.map(|known| known.kind)
    }

    /// What is known of a channel; asks Discord once. `None` if Discord does not say.
    pub(super) async fn learned(&self, channel: u64) -> Option<Known> {
        let learned = self.learn(channel).await;
        learned.inspect_err(|error| tracing::debug!(channel, %error, "its kind is unknown")).ok()
    }

    /// The same with the reason why Discord does not say.
    pub(super) async fn learn(&self, channel: u64) -> Result<Known, NoAnswer> {
        match self.kinds.known(channel) {
            Some(known) => Ok(known),
            None => self.ask_kind(channel).await,
        }
    }

    async fn ask_kind(&self, channel: u64) -> Result<Known, NoAnswer> {
        let route = Route::Channel { channel_id: ChannelId::new(channel.max(1)) };
        let Asked { kind, guild_id } = self.fetch(&route).await?;
        let known = Known { kind: ChannelKind::of(kind), server: guild_id.map(GuildId::get) };
        self.kinds.keep(channel, known);
        Ok(known)
    }
}
