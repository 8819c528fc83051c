//! The part of each delivery in a message, and one message of several.

use super::buttons::{Choice, Row};
use super::embed::{Attached, Attachment, Embed, Message};
use super::words::mentions;
use crate::rules::Mention;

/// Discord's limit of a message's text.
const CONTENT: usize = 2_000;

/// The part of one delivery in a message.
pub(super) struct Part {
    /// Whom it pings.
    pub(super) mentions: Vec<Mention>,
    /// Its line of the message's text, in markdown, which a push notification shows.
    pub(super) headline: Option<String>,
    /// Its card.
    pub(super) embed: Embed,
    /// Describes its file.
    pub(super) attachments: Option<Vec<Attachment>>,
    /// Its file.
    pub(super) file: Option<Attached>,
    /// What its buttons are about, and its option in a select; `None` for a part without buttons.
    pub(super) choice: Option<Choice>,
}

impl Message {
    /// One message of several parts, with the file of the first; `None` without any.
    pub(super) fn of(parts: Vec<Part>) -> Option<Self> {
        let wanted: Vec<Mention> = parts.iter().flat_map(|part| part.mentions.iter().cloned()).collect();
        let (pings, allowed_mentions) = mentions(&wanted);
        let headlines: Vec<&str> = parts.iter().filter_map(|part| part.headline.as_deref()).collect();
        let mut content = pings.join(" ");
        for (place, headline) in headlines.iter().enumerate() {
            if content.chars().count() + headline.chars().count() + 1 > CONTENT {
                break;
            }
            if !content.is_empty() {
                content.push(if place == 0 { ' ' } else { '\n' });
            }
            content.push_str(headline);
        }
        let content = (!content.is_empty()).then_some(content);
        let components = rows(&parts);
        let mut parts = parts.into_iter();
        let Part { embed, attachments, file, .. } = parts.next()?;
        let embeds = [embed].into_iter().chain(parts.map(|part| part.embed)).collect();
        let files = file.into_iter().collect();
        Some(Self { content, embeds, components, allowed_mentions, attachments, files })
    }
}

/// The components below a message: the buttons of its only alert, or a select of several.
pub(super) fn rows(parts: &[Part]) -> Vec<Row> {
    let with_buttons: Vec<(&Part, &Choice)> =
        parts.iter().filter_map(|part| Some((part, part.choice.as_ref()?))).collect();
    match with_buttons.as_slice() {
        [] => Vec::new(),
        [(part, choice)] => {
            vec![Row::of_alert(&choice.concerned, part.embed.url.as_deref().unwrap_or_default())]
        }
        several => vec![Row::choice(several.iter().map(|(_, choice)| *choice))],
    }
}
