//! Kinds of channels, and what alerts can do with each.
//!
//! <https://discord.com/developers/docs/resources/channel#channel-object-channel-types>

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Advice for a channel that takes no alerts.
pub const WITH_ALERTS: &str =
    "use the id of a text, voice, announcement, forum or media channel, or of a thread or post";
/// The most channels to remember.
const MOST_CHANNELS: usize = 10_000;

/// A kind of channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelKind {
    /// It takes messages: a text or voice channel, or direct messages.
    Messages,
    /// It takes messages, which can be published in other servers.
    Announcements,
    /// A thread of a channel, or a post of a forum.
    Thread,
    /// It takes posts, each of which has messages: a forum or media channel.
    Posts,
    /// A category of channels.
    Category,
    /// A stage.
    Stage,
    /// A directory of servers.
    Directory,
    /// A kind that this version does not know.
    Unknown,
}

impl ChannelKind {
    /// The kind with this number.
    pub fn of(number: u8) -> Self {
        match number {
            0..=3 => Self::Messages,
            4 => Self::Category,
            5 => Self::Announcements,
            10..=12 => Self::Thread,
            13 => Self::Stage,
            14 => Self::Directory,
            15 | 16 => Self::Posts,
            _ => Self::Unknown,
        }
    }

    /// The name of a kind that takes no alerts, with its article; `None` for the others.
    pub fn without_alerts(self) -> Option<&'static str> {
        match self {
            Self::Messages | Self::Announcements | Self::Thread | Self::Posts => None,
            Self::Category => Some("a category"),
            Self::Stage => Some("a stage"),
            Self::Directory => Some("a directory"),
            Self::Unknown => Some("of a kind that sellbell does not know"),
        }
    }
}

/// The kinds of channels, as far as known since the start.
#[derive(Debug, Default)]
pub struct Kinds {
    channels: Mutex<BTreeMap<u64, Known>>,
}

/// What is known of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) kind: ChannelKind,
    /// Its server; `None` for direct messages.
    pub(super) server: Option<u64>,
}

impl Kinds {
    /// Remembers a channel that Discord reported. Kinds that need no special treatment are not remembered.
    pub fn note(&self, channel: u64, server: u64, kind: ChannelKind) {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        let is_special = matches!(kind, ChannelKind::Posts | ChannelKind::Announcements);
        if channels.contains_key(&channel) || (is_special && channels.len() < MOST_CHANNELS) {
            channels.insert(channel, Known { kind, server: Some(server) });
        }
    }

    /// Remembers what Discord answered about a channel.
    pub(super) fn keep(&self, channel: u64, known: Known) {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        if channels.contains_key(&channel) || channels.len() < MOST_CHANNELS {
            channels.insert(channel, known);
        }
    }

    pub(super) fn known(&self, channel: u64) -> Option<Known> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner).get(&channel).copied()
    }

    /// True if a channel is known to take posts.
    pub(in crate::notify) fn takes_posts(&self, channel: u64) -> bool {
        self.known(channel).is_some_and(|known| known.kind == ChannelKind::Posts)
    }
}
