//! An interaction as Discord sends it: a command, a partly typed one, or a press on a button. Only what is
//! needed is read, so that fields that Discord adds or leaves out do no harm.
//!
//! <https://discord.com/developers/docs/interactions/receiving-and-responding>

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serenity::all::{ApplicationId, ChannelId, GuildId, InteractionId, Permissions, UserId};

use crate::bounds::AtMost;

/// The most options of a command, and values of a select, that Discord sends.
const MOST: usize = 25;

/// An interaction.
#[derive(Deserialize)]
pub(super) struct Interaction {
    pub(super) id: InteractionId,
    pub(super) application_id: ApplicationId,
    #[serde(rename = "type")]
    pub(super) kind: u8,
    /// A secret for 15 minutes: whoever has it can answer.
    pub(super) token: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) data: Data,
    pub(super) channel_id: Option<ChannelId>,
    pub(super) channel: Option<Channel>,
    pub(super) guild_id: Option<GuildId>,
    /// Who it is, in a server.
    pub(super) member: Option<Member>,
    /// Who it is, in a direct message.
    pub(super) user: Option<User>,
    /// Where: 0 in a server, 1 in a direct message with the bot, 2 elsewhere.
    pub(super) context: Option<u8>,
    pub(super) locale: Option<String>,
    pub(super) app_permissions: Option<Permissions>,
    /// Who installed the application that is used: `"0"` for a server, `"1"` for a person.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) authorizing_integration_owners: BTreeMap<String, Value>,
    /// The message of a button.
    pub(super) message: Option<Message>,
}

impl fmt::Debug for Interaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Interaction")
    }
}

impl Interaction {
    /// The kinds of interactions.
    pub(super) const COMMAND: u8 = 2;
    pub(super) const COMPONENT: u8 = 3;
    pub(super) const AUTOCOMPLETE: u8 = 4;
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Data {
    /// The command.
    #[serde(deserialize_with = "or_default")]
    pub(super) name: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) options: AtMost<CommandOption, MOST>,
    /// The button or select.
    #[serde(deserialize_with = "or_default")]
    pub(super) custom_id: String,
    /// What was chosen in the select.
    #[serde(deserialize_with = "or_default")]
    pub(super) values: AtMost<String, MOST>,
}

/// A value, or the usual one in place of `null`.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(value: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(value)?.unwrap_or_default())
}

/// An option of a command, or a subcommand with its options.
#[derive(Deserialize)]
pub(super) struct CommandOption {
    pub(super) name: String,
    #[serde(default)]
    pub(super) value: Value,
    #[serde(default)]
    pub(super) focused: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) options: AtMost<PlainOption, MOST>,
}

/// An option of a subcommand.
#[derive(Deserialize)]
pub(super) struct PlainOption {
    pub(super) name: String,
    #[serde(default)]
    pub(super) value: Value,
    #[serde(default)]
    pub(super) focused: bool,
}

#[derive(Deserialize)]
pub(super) struct Channel {
    #[serde(rename = "type")]
    pub(super) kind: Option<u8>,
    pub(super) name: Option<String>,
    /// The channel of a thread, or the forum of a post.
    pub(super) parent_id: Option<ChannelId>,
}

#[derive(Deserialize)]
pub(super) struct Member {
    pub(super) user: Option<User>,
    pub(super) permissions: Option<Permissions>,
}

#[derive(Deserialize)]
pub(super) struct User {
    pub(super) id: UserId,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Message {
    #[serde(deserialize_with = "or_default")]
    pub(super) content: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) flags: u64,
    #[serde(deserialize_with = "or_default")]
    pub(super) components: Vec<Value>,
}
