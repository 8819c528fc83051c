//! The bot's permissions in a channel.

use serenity::all::{ChannelId, Permissions};

use super::call::TIMEOUT;
use super::{DiscordBot, late, send_error};
use crate::notify::SendError;

/// Needed in a channel, besides sending there. The files are the tables of overflow messages.
const NEEDED: Permissions = Permissions::VIEW_CHANNEL
    .union(Permissions::EMBED_LINKS)
    .union(Permissions::ATTACH_FILES)
    .union(Permissions::READ_MESSAGE_HISTORY);

impl DiscordBot {
    /// The permissions that the bot needs in a channel and lacks there.
    pub(in crate::notify) async fn lacks(&self, channel: u64) -> Result<Vec<&'static str>, SendError> {
        let asked = async {
            let own_id = self.own_id().await?;
            let Some(mut channel) = self.http.get_channel(ChannelId::new(channel.max(1))).await?.guild()
            else {
                return Ok(Vec::new());
            };
            let mut needed = NEEDED | Permissions::SEND_MESSAGES;
            // A thread has the permissions of the channel that it is in.
            if let (Some(_), Some(parent)) = (channel.thread_metadata, channel.parent_id) {
                needed = NEEDED | Permissions::SEND_MESSAGES_IN_THREADS;
                channel = self.http.get_channel(parent).await?.guild().unwrap_or(channel);
            }
            let guild = self.http.get_guild(channel.guild_id).await?;
            let own = self.http.get_member(channel.guild_id, own_id).await?;
            let given = guild.user_permissions_in(&channel, &own);
            Ok((needed - given).get_permission_names())
        };
        match tokio::time::timeout(TIMEOUT, asked).await {
            Ok(lacking) => lacking.map_err(|error: serenity::Error| send_error(&error)),
            Err(_) => Err(late()),
        }
    }
}
