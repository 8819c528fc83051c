//! Alerts as a Discord message: an embed for each, within Discord's limits, that can ping nobody whom no rule names.
//!
//! Limits: <https://discord.com/developers/docs/resources/message#embed-object-embed-limits>.

mod addition;
mod alert;
mod summary;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::alert::Key;
use crate::delivery::{Body, Delivery, Notice};
use crate::rules::Mention;
use crate::text::{clip, plain};
pub use addition::changed;
pub use alert::alert;

/// Cards of one message.
pub const MOST_EMBEDS: usize = 10;
const MOST_TEXT: usize = 6_000;
/// How long an alert took, in words: of a card, so many characters.
const LONGEST_WAY: usize = 60;
const TITLE: usize = 256;
const DESCRIPTION: usize = 1_000;
/// Of a name within a sentence.
const NAME: usize = 150;
/// What stands before the delivery's key in a footer.
const MARK: &str = "ref ";
const MOST_MENTIONS: usize = 20;

const RED: u32 = 0x00D6_4545;
const GREEN: u32 = 0x002E_9E6B;
const GREY: u32 = 0x0080_8890;
const AMBER: u32 = 0x00E0_A030;

/// The body of Create Message and Execute Webhook.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Message {
    /// Whom it pings, by a rule's `mention`; nothing else stands here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// The cards of the message.
    pub embeds: Vec<Embed>,
    /// Whom it may ping: those of the rule's `mention`, and nobody else.
    pub allowed_mentions: AllowedMentions,
    /// What describes its file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attachments: Option<Vec<Attachment>>,
    /// The file itself, which goes beside the JSON.
    #[serde(skip)]
    pub file: Option<Attached>,
}

/// A file of a message, described.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attachment {
    /// Its place among the message's files, as Discord writes ids.
    pub id: String,
    /// Its name.
    pub filename: &'static str,
}

/// A file that goes with a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Attached {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub mime: &'static str,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// The reason for a missing file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoFile {
    /// The permission to attach files is lacking.
    NoPermission,
    /// Discord does not take this one.
    NotTaken,
}

/// Whom a message may ping.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AllowedMentions {
    /// Kinds of mentions that are read off the text: none, or everyone where a rule says so.
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
    /// Where the headline leads. Embeds of one message with the same address collapse into one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What happened, in a sentence.
    pub description: String,
    /// The bar at the left.
    pub color: u32,
    /// Figures.
    #[serde(default)]
    pub fields: Vec<Field>,
    /// Rule and reference.
    pub footer: Footer,
    /// Acceptance time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<DateTime<Utc>>,
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
    /// Whether up to three stand side by side.
    #[serde(default)]
    pub inline: bool,
}

/// Last line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Footer {
    /// Its text.
    pub text: String,
}

/// The delivery that a footer refers to.
pub fn referred(footer: &str) -> Option<&str> {
    footer.rsplit_once(MARK).map(|(_, key)| key)
}

/// The message of deliveries, in their order; `None` of a digest, which is a mail.
pub fn message(deliveries: &[Delivery]) -> Option<Message> {
    let (first, rest) = deliveries.split_first()?;
    let mut message = single(first)?;
    for delivery in rest {
        let own = single(delivery)?;
        message.embeds.extend(own.embeds);
        message.allowed_mentions.join(own.allowed_mentions);
        let pings = own.content.unwrap_or_default();
        let known = message.content.take().unwrap_or_default();
        let new = pings.split(' ').filter(|ping| !known.split(' ').any(|other| other == *ping));
        let all: Vec<&str> =
            known.split(' ').chain(new).filter(|ping| !ping.is_empty()).take(MOST_MENTIONS).collect();
        message.content = (!all.is_empty()).then(|| all.join(" "));
    }
    keep_apart(&mut message.embeds);
    Some(message)
}

/// The same without a file, for a channel that takes none; where something lacks for that, it says so.
pub fn without_file(deliveries: &[Delivery], why: NoFile) -> Option<Message> {
    match deliveries {
        [Delivery { body: Body::Summary(own), key, .. }] => Some(summary::without_table(own, key, why)),
        others => message(others),
    }
}

/// Gives each card of a message an address of its own: Discord shows only one of those with the same.
fn keep_apart(embeds: &mut [Embed]) {
    for place in 1..embeds.len() {
        let (before, rest) = embeds.split_at_mut(place);
        let url = &mut rest[0].url;
        if let Some(same) =
            url.as_ref().filter(|url| before.iter().any(|other| other.url.as_ref() == Some(url)))
        {
            let page = same.split('#').next().unwrap_or_default();
            *url = Some(format!("{page}#card-{}", place + 1));
        }
    }
}

/// How many of these deliveries, from the first, fit into one message: at least one.
pub fn fitting(deliveries: &[Delivery]) -> usize {
    let mut text = 0;
    let fits = |delivery: &&Delivery| {
        let embeds = single(delivery).map(|message| message.embeds).unwrap_or_default();
        // How long they took is known, and said, when they are sent.
        text += embeds.iter().map(|embed| embed.length() + LONGEST_WAY).sum::<usize>();
        text <= MOST_TEXT
    };
    deliveries.iter().take(MOST_EMBEDS).take_while(fits).count().max(1)
}

fn single(delivery: &Delivery) -> Option<Message> {
    match &delivery.body {
        Body::Alert(own) => Some(alert(own, &delivery.key)),
        Body::Notice(own) => Some(notice(own, &delivery.key)),
        Body::Summary(own) => Some(summary::summary(own, &delivery.key)),
        Body::Addition(own) => Some(addition::alone(own, &delivery.key)),
        Body::Digest(_) => None,
    }
}

impl Embed {
    /// Its text, as Discord counts it towards a message's 6,000 characters, or more.
    fn length(&self) -> usize {
        let fields = self.fields.iter().flat_map(|field| [&field.name, &field.value]);
        let own = [&self.author.name, &self.title, &self.description, &self.footer.text];
        fields.chain(own).map(|text| text.encode_utf16().count()).sum()
    }
}

impl AllowedMentions {
    fn join(&mut self, other: Self) {
        for (own, more) in
            [(&mut self.parse, other.parse), (&mut self.roles, other.roles), (&mut self.users, other.users)]
        {
            for name in more {
                if own.len() < MOST_MENTIONS && !own.contains(&name) {
                    own.push(name);
                }
            }
        }
    }
}

/// The message of a notice to those who run it.
fn notice(notice: &Notice, reference: &Key) -> Message {
    // What closes a block of code cannot stand in it.
    let lines = clip(&notice.text, DESCRIPTION).replace('`', "\u{2019}");
    Message {
        content: None,
        embeds: vec![Embed {
            author: Author { name: "sellbell".to_owned() },
            title: clip(&escaped(&notice.title), TITLE).into_owned(),
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

/// A message's pings, and who may be pinged.
fn mentions(wanted: &[Mention]) -> (Option<String>, AllowedMentions) {
    let mut allowed = AllowedMentions::default();
    let mut pings: Vec<String> = Vec::new();
    for (place, mention) in wanted.iter().enumerate().take(MOST_MENTIONS) {
        // Discord refuses one that comes twice.
        if wanted[..place].contains(mention) {
            continue;
        }
        match mention {
            Mention::Role(id) => {
                allowed.roles.push(id.to_string());
                pings.push(format!("<@&{id}>"));
            }
            Mention::User(id) => {
                allowed.users.push(id.to_string());
                pings.push(format!("<@{id}>"));
            }
            Mention::Here | Mention::Everyone => {
                allowed.parse = vec!["everyone".to_owned()];
                pings.push(format!("@{mention}"));
            }
        }
    }
    ((!pings.is_empty()).then(|| pings.join(" ")), allowed)
}

/// Text of a filer that Discord shows as it is: no markdown, no mention, no link.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    let text = plain(text);
    // At the start of a line these would begin a list.
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if text.starts_with(['-', '+']) {
        out.push('\\');
    } else if digits > 0 && text[digits..].starts_with('.') {
        out.push('\u{200b}');
    }
    for c in text.chars() {
        match c {
            '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '<' | '#' | '[' | ']' | '(' | ')' => {
                out.push('\\');
                out.push(c);
            }
            '@' => out.push_str("@\u{200b}"),
            ':' => out.push_str(":\u{200b}"),
            c => out.push(c),
        }
    }
    out
}
