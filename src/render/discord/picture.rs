//! Charts on cards: attached to the message, and kept when a card is edited.

use std::sync::Arc;

use super::embed::{Attached, Attachment, Embed, Image, Message};
use crate::alert::Key;

/// How the address of an attached file begins.
const ATTACHED: &str = "attachment://";

/// The chart of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardChart {
    /// The delivery's key.
    pub card: Key,
    /// The picture, a PNG.
    pub png: Arc<Vec<u8>>,
    /// What it shows, in words.
    pub alt_text: String,
}

impl Message {
    /// Attaches charts to their cards.
    pub fn with_charts(mut self, charts: &[CardChart]) -> Self {
        for chart in charts {
            let place = self.files.len();
            let card = self.embeds.iter_mut().find(|card| card.reference() == Some(chart.card.as_str()));
            let Some(card) = card.filter(|card| card.image.is_none()) else { continue };
            let name = format!("chart-{}.png", place + 1);
            card.image = Some(Image { url: format!("{ATTACHED}{name}") });
            let description = Some(chart.alt_text.clone());
            let attachment = Attachment { description, ..Attachment::new(place, &name) };
            self.attachments.get_or_insert_default().push(attachment);
            self.files.push(Attached { name, mime: "image/png", content: chart.png.to_vec() });
        }
        self
    }
}

/// Makes the picture of a sent card refer to its file again: an edit that names the address at which Discord keeps
/// the file would show it twice.
pub(super) fn refer_to_file(card: &mut Embed, files: &[String]) {
    let Some(image) = &mut card.image else { return };
    let path = image.url.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    match files.iter().find(|file| *file == name) {
        Some(file) => image.url = format!("{ATTACHED}{file}"),
        // Its file is gone.
        None => card.image = None,
    }
}

/// The file of a card's picture, after [`refer_to_file`].
pub(super) fn file_of(image: &Image) -> Option<&str> {
    image.url.strip_prefix(ATTACHED)
}
