//! The bot's permissions in a channel, to find out which one is missing when Discord says only that one is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;
use serenity::all::{ApplicationId, ChannelId, Member, PartialGuild, Permissions, Role, RoleId};
use serenity::http::Route;

use super::ask::NoAnswer;
use super::bot::DiscordBot;
use super::codes::{By, is_no_permission};
use super::kinds::ChannelKind;
use super::request::words;
use crate::notify::error::SendError;

/// The permissions needed in a channel besides sending. Files are the tables of overflow messages.
const NEEDED: Permissions = Permissions::VIEW_CHANNEL
    .union(Permissions::EMBED_LINKS)
    .union(Permissions::ATTACH_FILES)
    .union(Permissions::READ_MESSAGE_HISTORY);

/// The permissions needed in a channel of this kind.
pub fn needed_permissions(kind: ChannelKind) -> Permissions {
    match kind {
        ChannelKind::Thread => NEEDED | Permissions::SEND_MESSAGES_IN_THREADS,
        // Replies to posts are sent in threads.
        ChannelKind::Posts => NEEDED | Permissions::SEND_MESSAGES | Permissions::SEND_MESSAGES_IN_THREADS,
        _ => NEEDED | Permissions::SEND_MESSAGES,
    }
}

/// The permissions needed to open threads in a channel, and to send there.
pub const FOR_THREADS: Permissions =
    Permissions::CREATE_PUBLIC_THREADS.union(Permissions::SEND_MESSAGES_IN_THREADS);

/// All permissions that can be missing.
const NAMED: [Permissions; 7] = [
    Permissions::VIEW_CHANNEL,
    Permissions::SEND_MESSAGES,
    Permissions::SEND_MESSAGES_IN_THREADS,
    Permissions::EMBED_LINKS,
    Permissions::ATTACH_FILES,
    Permissions::READ_MESSAGE_HISTORY,
    Permissions::CREATE_PUBLIC_THREADS,
];
/// Advice that names the missing permissions.
fn advice(lacking: Permissions) -> Option<&'static str> {
    static ADVICE: OnceLock<Vec<String>> = OnceLock::new();
    let of = |number: usize| NAMED.iter().enumerate().filter(move |(bit, _)| number & (1 << bit) != 0);
    let all = ADVICE.get_or_init(|| {
        let words = |number| {
            let names: Vec<_> = of(number).flat_map(|(_, one)| one.get_permission_names()).collect();
            format!("the bot lacks {} in that channel: grant it", names.join(", "))
        };
        (0..1 << NAMED.len()).map(words).collect()
    });
    let lacks = NAMED.iter().enumerate().filter(|(_, one)| lacking.contains(**one));
    let number = lacks.map(|(bit, _)| 1 << bit).sum::<usize>();
    all.get(number).filter(|_| number > 0).map(String::as_str)
}

impl DiscordBot {
    /// Adds the name of the missing permission to an error, if it is caused by one and the name can be found
    /// out.
    pub(super) async fn explained(&self, channel: u64, by: By, error: SendError) -> SendError {
        if !is_no_permission(&error, by) {
            return error;
        }
        let advice = match self.refusing.look_at(channel) {
            Err(known) => known,
            Ok(()) => {
                let found = self.lacking(channel, false).await;
                let found = found.inspect_err(|error| {
                    tracing::debug!("the bot's permissions in channel {channel} are unknown: {error}");
                });
                let advice = found.ok().and_then(advice);
                self.refusing.note(channel, advice);
                advice
            }
        };
        match advice {
            Some(advice) => error.advise(advice),
            None => error,
        }
    }

    /// The names of the permissions that the bot needs in a channel, also to open threads there, but lacks.
    pub(in crate::notify) async fn lacks(
        &self,
        channel: u64,
        opens_threads: bool,
    ) -> Result<Vec<&'static str>, SendError> {
        self.lacking(channel, opens_threads).await.map(|lacking| lacking.get_permission_names())
    }

    /// The link that invites the bot to a server, with the commands and the permissions that it needs.
    ///
    /// # Errors
    /// [`NoAnswer`]
    pub async fn invitation(&self) -> Result<String, NoAnswer> {
        #[derive(Deserialize)]
        struct Application {
            id: ApplicationId,
        }
        let Application { id } = self.fetch(&Route::Oauth2ApplicationCurrent).await?;
        let permissions = (needed_permissions(ChannelKind::Posts) | FOR_THREADS).bits();
        Ok(format!(
            "https://discord.com/oauth2/authorize?client_id={id}&scope=bot+applications.commands&permissions={permissions}"
        ))
    }

    /// The server of a channel; `None` if it is in none.
    ///
    /// # Errors
    /// [`SendError`] if Discord does not answer.
    pub async fn server_of(&self, channel: u64) -> Result<Option<u64>, SendError> {
        let channel = self.channel(ChannelId::new(channel.max(1))).await?;
        Ok(channel.guild().map(|channel| channel.guild_id.get()))
    }

    /// The names of those of these roles that messages in a channel cannot ping, by id.
    pub(in crate::notify) async fn unpingable_in(
        &self,
        channel: u64,
        roles: &BTreeSet<u64>,
    ) -> Result<BTreeMap<u64, String>, SendError> {
        let Some(own) = self.permissions(channel).await? else { return Ok(BTreeMap::new()) };
        if own.permissions.contains(Permissions::MENTION_EVERYONE) {
            return Ok(BTreeMap::new());
        }
        let wanted = |(id, role): (RoleId, Role)| Some((id.get(), role.name)).filter(|_| !role.mentionable);
        let unpingable = own.guild.roles.into_iter().filter_map(wanted);
        Ok(unpingable.filter(|(id, _)| roles.contains(id)).collect())
    }

    async fn lacking(&self, channel: u64, opens_threads: bool) -> Result<Permissions, SendError> {
        let Some(own) = self.permissions(channel).await? else { return Ok(Permissions::empty()) };
        let threads = if opens_threads { FOR_THREADS } else { Permissions::empty() };
        Ok((needed_permissions(own.kind) | threads) - own.permissions)
    }

    /// The bot's permissions in a channel; `None` if it is not on a server.
    async fn permissions(&self, channel: u64) -> Result<Option<Own>, SendError> {
        let user_id = self.own_id().await?;
        let Some(mut channel) = self.channel(ChannelId::new(channel.max(1))).await?.guild() else {
            return Ok(None);
        };
        let kind = ChannelKind::of(channel.kind.into());
        // A thread has the permissions of its channel.
        if let (Some(_), Some(parent)) = (channel.thread_metadata, channel.parent_id) {
            channel = self.channel(parent).await?.guild().unwrap_or(channel);
        }
        let guild_id = channel.guild_id;
        let guild: PartialGuild = self.fetch(&Route::Guild { guild_id }).await?;
        let mut own: Value = self.fetch(&Route::GuildMember { guild_id, user_id }).await?;
        // Discord leaves out fields that are in the path.
        if let Some(own) = own.as_object_mut() {
            own.insert("guild_id".to_owned(), guild_id.to_string().into());
        }
        let own: Member =
            serde_json::from_value(own).map_err(|error| NoAnswer::Unreadable(words(&error.to_string())))?;
        let permissions = guild.user_permissions_in(&channel, &own);
        Ok(Some(Own { permissions, kind, guild }))
    }
}

/// The bot's permissions in a channel, and the channel's server.
struct Own {
    permissions: Permissions,
    kind: ChannelKind,
    guild: PartialGuild,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_names_what_is_missing_and_nothing_else() {
        let missing = Permissions::SEND_MESSAGES | Permissions::EMBED_LINKS | Permissions::MANAGE_GUILD;
        assert_eq!(
            advice(missing),
            Some("the bot lacks Send Messages, Embed Links in that channel: grant it")
        );
        for one in NAMED {
            let words = format!("lacks {} in that channel", one.get_permission_names().join(", "));
            assert!(advice(one).unwrap().contains(&words), "{words}");
            assert!((NEEDED | Permissions::SEND_MESSAGES | FOR_THREADS).contains(one));
        }
        assert_eq!((advice(Permissions::empty()), advice(Permissions::MANAGE_GUILD)), (None, None));
    }
}
