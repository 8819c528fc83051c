//! A notice to those who run sellbell.

use super::embed::{AMBER, AllowedMentions, Author, DESCRIPTION, Embed, Footer, MARK, Message, TITLE};
use super::words::escaped;
use crate::alert::Key;
use crate::notice::Notice;
use crate::render::notice::{Words, words};
use crate::text::clip;

/// The message of a notice to those who run it.
pub(super) fn notice(notice: &Notice, reference: &Key) -> Message {
    // What closes a block of code cannot stand in it.
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
