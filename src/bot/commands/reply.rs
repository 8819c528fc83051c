//! Answers to commands.

use serenity::all::{CreateAllowedMentions, CreateInteractionResponse, CreateInteractionResponseMessage};

use crate::text::clip;

/// Discord's limit of a message's text, with room to spare.
const TEXT: usize = 1_900;

/// An answer to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::bot) struct Reply {
    text: String,
    /// True if only the person who asked sees it.
    is_private: bool,
}

/// An answer that only the person who asked sees.
pub(super) fn private(text: impl Into<String>) -> Reply {
    Reply { text: text.into(), is_private: true }
}

/// An answer that the channel sees.
pub(super) fn public(text: impl Into<String>) -> Reply {
    Reply { text: text.into(), is_private: false }
}

impl From<Reply> for CreateInteractionResponse {
    fn from(reply: Reply) -> Self {
        let message = CreateInteractionResponseMessage::new()
            .content(clip(&reply.text, TEXT).into_owned())
            .ephemeral(reply.is_private)
            .allowed_mentions(CreateAllowedMentions::new());
        Self::Message(message)
    }
}
