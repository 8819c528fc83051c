//! Reads what Discord's gateway reports about servers, channels and roles: only the fields that are needed,
//! within bounds.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serenity::all::{ChannelId, GuildId, RoleId};

use crate::bounds::AtMost;
use crate::notify::{ChannelKind, Role};
use crate::text::{clip, plain};

/// One connection can have 2,500 servers.
const MOST_SERVERS: usize = 10_000;
/// Discord's limit is 500 channels, and 1,000 threads that are not archived.
const MOST_CHANNELS: usize = 4_000;
/// Discord's limit is 250 roles.
const MOST_ROLES: usize = 1_000;
/// Discord's limit of a name, in characters.
const LONGEST_NAME: usize = 100;

/// An event about a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum GuildEvent {
    /// A session begins; these are the servers of its shard that the bot is on.
    Ready(BTreeSet<u64>),
    /// The bot is on this server. Sent for each server after a session begins, and when the bot is added.
    Here(Server),
    /// A server changed. Its channels are not listed.
    Changed(Server),
    /// The bot is no longer on this server.
    Left(u64),
    /// A channel or thread was created or changed.
    Channel(Channel),
    /// A role was created or changed.
    Role {
        /// Its server.
        server: u64,
        /// The role.
        role: Role,
    },
    /// A role was deleted.
    RoleDeleted {
        /// Its server.
        server: u64,
        /// Its id.
        role: u64,
    },
    /// A channel or thread was deleted.
    Deleted {
        /// Its server.
        server: u64,
        /// Its id.
        channel: u64,
    },
}

/// A server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) id: u64,
    pub(super) name: String,
    /// Its channels and threads with their names.
    pub(super) channels: Vec<(u64, String)>,
    /// The kinds of its channels.
    pub(super) kinds: Vec<(u64, ChannelKind)>,
    pub(super) roles: Vec<Role>,
}

/// A channel or thread of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Channel {
    pub(super) server: u64,
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) kind: Option<ChannelKind>,
}

/// A name that strangers chose, cleaned while it is read.
struct Name(String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Cleaning need not look at megabytes.
        let start: String = String::deserialize(deserializer)?.chars().take(LONGEST_NAME * 16).collect();
        Ok(Self(clip(&plain(&start), LONGEST_NAME).into_owned()))
    }
}

#[derive(Deserialize)]
struct ReadyData {
    guilds: AtMost<OnlyId, MOST_SERVERS>,
}

#[derive(Deserialize)]
struct OnlyId {
    id: GuildId,
}

#[derive(Deserialize)]
struct ServerData {
    id: GuildId,
    #[serde(default)]
    unavailable: Option<bool>,
    #[serde(default)]
    name: Option<Name>,
    #[serde(default)]
    channels: AtMost<ChannelData, MOST_CHANNELS>,
    #[serde(default)]
    threads: AtMost<ChannelData, MOST_CHANNELS>,
    #[serde(default)]
    roles: AtMost<RoleData, MOST_ROLES>,
}

#[derive(Deserialize)]
struct ChannelData {
    id: ChannelId,
    #[serde(default, rename = "type")]
    kind: Option<u8>,
    #[serde(default)]
    guild_id: Option<GuildId>,
    #[serde(default)]
    name: Option<Name>,
}

#[derive(Deserialize)]
struct RoleData {
    id: RoleId,
    name: Name,
    mentionable: bool,
}

#[derive(Deserialize)]
struct OfRole {
    guild_id: GuildId,
    role: RoleData,
}

#[derive(Deserialize)]
struct DeletedRole {
    guild_id: GuildId,
    role_id: RoleId,
}

/// Reads an event. `None` for other events, for outages, and, with a line in the log, for events that cannot
/// be read.
pub(super) fn read(kind: &str, data: Option<&RawValue>) -> Option<GuildEvent> {
    let text = data.map_or("null", RawValue::get);
    let event = match kind {
        "READY" => serde_json::from_str(text).map(|ready: ReadyData| Some(ready.event())),
        "GUILD_CREATE" => serde_json::from_str(text).map(|server: ServerData| server.here()),
        "GUILD_UPDATE" => serde_json::from_str(text).map(|server: ServerData| server.changed()),
        "GUILD_DELETE" => serde_json::from_str(text).map(|server: ServerData| server.left()),
        "CHANNEL_CREATE" | "CHANNEL_UPDATE" | "THREAD_CREATE" | "THREAD_UPDATE" => {
            serde_json::from_str(text).map(|channel: ChannelData| channel.exists())
        }
        "CHANNEL_DELETE" | "THREAD_DELETE" => {
            serde_json::from_str(text).map(|channel: ChannelData| channel.deleted())
        }
        "GUILD_ROLE_CREATE" | "GUILD_ROLE_UPDATE" => serde_json::from_str(text)
            .map(|of: OfRole| Some(GuildEvent::Role { server: of.guild_id.get(), role: of.role.role() })),
        "GUILD_ROLE_DELETE" => serde_json::from_str(text).map(|of: DeletedRole| {
            Some(GuildEvent::RoleDeleted { server: of.guild_id.get(), role: of.role_id.get() })
        }),
        _ => return None,
    };
    event.unwrap_or_else(|_| {
        // What it says may be anything, so it is not shown.
        tracing::debug!(kind, bytes = text.len(), "an event of Discord's cannot be read, and is ignored");
        None
    })
}

impl ReadyData {
    fn event(self) -> GuildEvent {
        GuildEvent::Ready(self.guilds.0.iter().map(|server| server.id.get()).collect())
    }
}

impl ServerData {
    fn is_unavailable(&self) -> bool {
        self.unavailable == Some(true)
    }

    fn here(self) -> Option<GuildEvent> {
        (!self.is_unavailable()).then(|| GuildEvent::Here(self.server()))
    }

    fn changed(self) -> Option<GuildEvent> {
        (!self.is_unavailable()).then(|| GuildEvent::Changed(self.server()))
    }

    /// An outage is also announced as a deletion.
    fn left(self) -> Option<GuildEvent> {
        (!self.is_unavailable()).then(|| GuildEvent::Left(self.id.get()))
    }

    fn server(self) -> Server {
        let kind = |channel: &ChannelData| Some((channel.id.get(), ChannelKind::of(channel.kind?)));
        let kinds = self.channels.0.iter().filter_map(kind).collect();
        let channels = self.channels.0.into_iter().chain(self.threads.0);
        let named =
            |channel: ChannelData| (channel.id.get(), channel.name.map_or(String::new(), |name| name.0));
        let name = self.name.map_or(String::new(), |name| name.0);
        let roles = self.roles.0.into_iter().map(RoleData::role).collect();
        Server { id: self.id.get(), name, channels: channels.map(named).collect(), kinds, roles }
    }
}

impl RoleData {
    fn role(self) -> Role {
        Role { id: self.id.get(), name: self.name.0, mentionable: self.mentionable }
    }
}

impl ChannelData {
    /// `None` for a channel without a server, which is a direct message.
    fn exists(self) -> Option<GuildEvent> {
        let name = self.name.map_or(String::new(), |name| name.0);
        let kind = self.kind.map(ChannelKind::of);
        Some(GuildEvent::Channel(Channel { server: self.guild_id?.get(), id: self.id.get(), name, kind }))
    }

    fn deleted(self) -> Option<GuildEvent> {
        Some(GuildEvent::Deleted { server: self.guild_id?.get(), channel: self.id.get() })
    }
}
