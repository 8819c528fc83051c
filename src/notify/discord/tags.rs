//! The tags of a forum's posts.

use serde::Serialize;

use crate::config::Channel;

/// The ids of the tags that a post gets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct Tags(Vec<String>);

impl Tags {
    /// The tags that the settings give to the posts of a channel.
    pub(super) fn of(channel: &Channel) -> Self {
        Self(channel.tags.iter().map(u64::to_string).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
