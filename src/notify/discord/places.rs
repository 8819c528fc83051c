//! Where a channel is: its server, and their names.

use serenity::all::{ChannelId, PartialGuild};
use serenity::http::Route;

use super::ask::NoAnswer;
use super::bot::DiscordBot;
use super::kinds::ChannelKind;

/// Discord's codes for a channel or server that does not exist, or that the bot cannot see.
const UNKNOWN: [i64; 3] = [10_003, 10_004, 50_001];

/// A channel of a server, with their names as people chose them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The server.
    pub server: u64,
    /// The server's name.
    pub server_name: String,
    /// The channel's name.
    pub channel_name: String,
    /// The channel's kind.
    pub kind: ChannelKind,
}

impl DiscordBot {
    /// Where a channel is; `None` if the bot sees no such channel on a server.
    ///
    /// # Errors
    /// [`NoAnswer`]
    pub async fn place_of(&self, channel: u64) -> Result<Option<Place>, NoAnswer> {
        let found = async {
            let channel = self.channel(ChannelId::new(channel.max(1))).await?;
            let Some(channel) = channel.guild() else { return Ok(None) };
            let guild_id = channel.guild_id;
            let guild: PartialGuild = self.fetch(&Route::Guild { guild_id }).await?;
            let kind = ChannelKind::of(channel.kind.into());
            Ok(Some(Place {
                server: guild_id.get(),
                server_name: guild.name,
                channel_name: channel.name,
                kind,
            }))
        };
        match found.await {
            Err(NoAnswer::Refused { code: Some(code), .. }) if UNKNOWN.contains(&code) => Ok(None),
            found => found,
        }
    }
}
