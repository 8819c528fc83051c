//! A notice to the operators.

use super::embed::{AMBER, Author, DESCRIPTION, Embed, Footer, MARK, TITLE};
use super::part::Part;
use super::words::escaped;
use crate::alert::Key;
use crate::notice::Notice;
use crate::render::notice::{Words, words};
use crate::text::clip;

/// The message for a notice to the operators.
pub(super) fn notice(notice: &Notice, reference: &Key) -> Part {
    // A code block cannot contain the backticks that close it.
    let Words { title, text } = words(notice);
    let lines = clip(&text, DESCRIPTION).replace('`', "\u{2019}");
    let title = clip(&escaped(&title), TITLE).into_owned();
    let embed = Embed {
        author: Author { name: "sellbell".to_owned() },
        title: title.clone(),
        url: None,
        description: format!("```\n{lines}\n```"),
        color: AMBER,
        fields: Vec::new(),
        footer: Footer { text: format!("{MARK}{reference}") },
        timestamp: Some(notice.at),
        image: None,
    };
    Part { mentions: Vec::new(), headline: Some(title), embed, attachments: None, file: None, choice: None }
}
