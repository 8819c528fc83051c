//! A command as somebody used it.

use serenity::all::{ChannelType, CommandDataOptionValue, CommandInteraction, Permissions};

use super::command::Command;
use crate::notify::needed_permissions;
use crate::text::{clip, plain};

/// The longest text of an option, in characters; no rule's name is longer.
const LONGEST: usize = 200;
/// A command as somebody used it, or types it.
#[derive(Debug, Clone)]
pub(in crate::bot) struct Asked {
    /// The command; `None` if this version has none of that name.
    pub(super) command: Option<Command>,
    texts: Vec<(String, String)>,
    numbers: Vec<(String, i64)>,
    /// The text typed so far into the option that is being typed.
    typed: String,
    /// Where it was used.
    pub(super) channel: u64,
    /// The user.
    pub(super) user: u64,
    /// The channel's server; `None` in a direct message.
    pub(super) server: Option<u64>,
    /// True if the user has the permission Manage Server.
    pub(super) may_manage: bool,
    /// The permissions that the bot lacks in the channel.
    pub(super) lacking: Permissions,
    /// True if the bot may ping every role in the channel, or Discord does not say.
    pub(super) may_ping_all: bool,
    /// The channel's name, if Discord says it.
    pub(super) channel_name: Option<String>,
    /// True if the user reads German.
    pub(super) in_german: bool,
}

impl Asked {
    /// Reads an interaction. Its texts are typed by strangers.
    pub(in crate::bot) fn of(command: &CommandInteraction) -> Self {
        let (mut texts, mut numbers, mut typed) = (Vec::new(), Vec::new(), String::new());
        for option in &command.data.options {
            match &option.value {
                CommandDataOptionValue::String(text) => texts.push((option.name.clone(), clean(text))),
                CommandDataOptionValue::Integer(number) => numbers.push((option.name.clone(), *number)),
                CommandDataOptionValue::Autocomplete { value, .. } => typed = clean(value),
                _ => {}
            }
        }
        let permissions = command.member.as_ref().and_then(|member| member.permissions);
        Self {
            command: Command::named(&command.data.name),
            texts,
            numbers,
            typed,
            channel: command.channel_id.get(),
            user: command.user.id.get(),
            server: command.guild_id.map(|server| server.get()),
            // An administrator has every permission.
            may_manage: permissions
                .is_some_and(|own| own.intersects(Permissions::MANAGE_GUILD | Permissions::ADMINISTRATOR)),
            lacking: lacking(command),
            may_ping_all: command
                .app_permissions
                .is_none_or(|own| own.intersects(Permissions::MENTION_EVERYONE | Permissions::ADMINISTRATOR)),
            channel_name: command.channel.as_ref().and_then(|channel| channel.name.clone()),
            in_german: command.locale == "de",
        }
    }

    /// The text of an option; empty without one.
    pub(super) fn text(&self, name: &str) -> &str {
        self.texts.iter().find(|(own, _)| own == name).map_or("", |(_, text)| text)
    }

    /// The number of an option.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.numbers.iter().find(|(own, _)| own == name).map(|(_, number)| *number)
    }

    /// The text typed so far.
    pub(super) fn typed(&self) -> &str {
        &self.typed
    }
}

fn clean(text: &str) -> String {
    clip(&plain(text), LONGEST).into_owned()
}

/// The permissions that the bot lacks where a command is used; none if Discord does not say.
fn lacking(command: &CommandInteraction) -> Permissions {
    let is_thread = command.channel.as_ref().is_some_and(|channel| {
        matches!(
            channel.kind,
            ChannelType::NewsThread | ChannelType::PublicThread | ChannelType::PrivateThread
        )
    });
    match command.app_permissions {
        Some(own) if !own.contains(Permissions::ADMINISTRATOR) => needed_permissions(is_thread) - own,
        _ => Permissions::empty(),
    }
}
