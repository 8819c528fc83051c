//! A message in the form that Discord accepts, and its limits.
//!
//! <https://discord.com/developers/docs/resources/message#embed-object-embed-limits>

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::buttons::Row;
use crate::alert::Key;
pub use crate::notice::NoFile;

/// The most cards in one message.
pub const MOST_EMBEDS: usize = 10;
/// Cards of one message that people can read at a glance.
pub(super) const MOST_CARDS: usize = 5;
/// Hexadecimal digits of a delivery's key.
const KEY: usize = 24;
/// Discord's limit of the text of all cards of a message.
pub(super) const MOST_TEXT: usize = 6_000;
pub(super) const TITLE: usize = 256;
pub(super) const DESCRIPTION: usize = 1_000;
/// The longest name within a sentence.
pub(super) const NAME: usize = 150;
/// The text before the delivery's key in the footer of a card without a link.
pub(super) const MARK: &str = "ref ";
pub(super) const MOST_MENTIONS: usize = 20;

pub(super) const RED: u32 = 0x00D6_4545;
pub(super) const GREEN: u32 = 0x002E_9E6B;
pub(super) const GREY: u32 = 0x0080_8890;
pub(super) const AMBER: u32 = 0x00E0_A030;

/// The body of Create Message and Execute Webhook.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Message {
    /// The pings from a rule's `mention`, and nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// The cards of the message.
    pub embeds: Vec<Embed>,
    /// The buttons below it. Only messages of a bot can have some.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<Row>,
    /// Who may be pinged: those in the rule's `mention`, and nobody else.
    pub allowed_mentions: AllowedMentions,
    /// Describes the message's files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attachments: Option<Vec<Attachment>>,
    /// The files themselves, which are sent beside the JSON.
    #[serde(skip)]
    pub files: Vec<Attached>,
}

/// The description of a message's file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attachment {
    /// Its position among the message's files, in the form of a Discord id.
    pub id: String,
    /// Its name.
    pub filename: String,
    /// What a picture shows, for those who do not see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl Attachment {
    /// The description of a message's file at this position.
    pub fn new(place: usize, filename: &str) -> Self {
        Self { id: place.to_string(), filename: filename.to_owned(), description: None }
    }
}

/// A file attached to a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Attached {
    /// Its name.
    pub name: String,
    /// Its MIME type.
    pub mime: &'static str,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// Who may be pinged by a message.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AllowedMentions {
    /// Kinds of mentions that are parsed from the text: none, or everyone if a rule says so.
    pub parse: Vec<String>,
    /// Roles that may be pinged, by id.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Members who may be pinged, by id.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<String>,
}

/// A card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Embed {
    /// Line above the title.
    pub author: Author,
    /// The headline.
    pub title: String,
    /// Where the headline links to. Embeds of one message with the same address collapse into one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The trade, in a sentence.
    pub description: String,
    /// The colour of the bar on the left.
    pub color: u32,
    /// Figures.
    #[serde(default)]
    pub fields: Vec<Field>,
    /// Rule and reference.
    pub footer: Footer,
    /// Acceptance time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<DateTime<Utc>>,
    /// A picture below the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
}

/// A picture of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Its address: `attachment://` and the name of a file of the message or, in a message that was sent, where
    /// Discord keeps it.
    pub url: String,
}

/// Line above the title.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Author {
    /// Its text.
    pub name: String,
}

/// A figure with its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// The figure.
    pub value: String,
    /// True if up to three are shown side by side.
    #[serde(default)]
    pub inline: bool,
}

/// Last line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Footer {
    /// Its text.
    pub text: String,
}

/// The address of a card's title: the page, with the delivery's key as a fragment, which pages ignore. So the
/// bot recognizes its message, and no two cards of a message have the same address, which Discord would show as
/// one.
pub(super) fn linked(page: &str, reference: &Key) -> String {
    format!("{}#{reference}", page.split('#').next().unwrap_or_default())
}

/// The delivery that a card refers to, in its title's address or its footer, where earlier versions put it.
pub fn referred<'t>(url: Option<&'t str>, footer: Option<&'t str>) -> Option<&'t str> {
    let is_key = |key: &&str| key.len() == KEY && key.bytes().all(|byte| byte.is_ascii_hexdigit());
    let in_url = url.and_then(|url| url.rsplit_once('#')).map(|(_, key)| key).filter(is_key);
    in_url.or_else(|| footer?.rsplit_once(MARK).map(|(_, key)| key))
}

impl Embed {
    /// The delivery that it shows.
    pub(super) fn reference(&self) -> Option<&str> {
        referred(self.url.as_deref(), Some(&self.footer.text))
    }

    /// The length of its text: at least as much as Discord counts towards a message's 6,000 characters.
    pub(super) fn length(&self) -> usize {
        let fields = self.fields.iter().flat_map(|field| [&field.name, &field.value]);
        let own = [&self.author.name, &self.title, &self.description, &self.footer.text];
        fields.chain(own).map(|text| text.encode_utf16().count()).sum()
    }
}
