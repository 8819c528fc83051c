//! A new post of a forum, and its tags.

use serde::Serialize;

use crate::config::Channel;

/// The ids of the tags that a post gets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct Tags(Vec<String>);

/// A post of a forum, with the message that it begins with.
#[derive(Serialize)]
pub(super) struct CreatePost<'a, M> {
    pub(super) name: &'a str,
    #[serde(skip_serializing_if = "Tags::is_empty")]
    pub(super) applied_tags: Tags,
    pub(super) message: &'a M,
}

impl Tags {
    /// The tags that the settings give to the posts of a channel.
    pub(super) fn of(channel: &Channel) -> Self {
        Self(channel.tags.iter().map(u64::to_string).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
