//! A notice to the operators.

use super::embed::{AMBER, AllowedMentions, Author, DESCRIPTION, Embed, Footer, MARK, Message, TITLE};
use super::words::escaped;
use crate::alert::Key;
use crate::notice::Notice;
use crate::render::notice::{Words, words};
use crate::text::clip;

/// The message for a notice to the operators.
pub(super) fn notice(notice: &Notice, reference: &Key) -> Message {
    // A code block cannot contain the backticks that close it.
    let Words { title, text } = words(notice);
    let lines = clip(&text, DESCRIPTION).replace('`', "\u{2019}");
    Message {
        content: None,
        embeds: vec![Embed {
            author: Author { name: "sellbell".to_owned() },
            title: clip(&escaped(&title), TITLE).into_owned(),
            url: None,
            description: format!("```\n{lines}\n```"),
            color: AMBER,
            fields: Vec::new(),
            footer: Footer { text: format!("{MARK}{reference}") },
            timestamp: Some(notice.at),
        }],
        allowed_mentions: AllowedMentions::default(),
        attachments: None,
        file: None,
    }
}
