//! An alert as a Discord message: one embed, within Discord's limits, that can ping nobody.
//!
//! Limits: <https://discord.com/developers/docs/resources/message#embed-object-embed-limits>.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::filing::capital;
use super::listed;
use crate::alert::{Alert, Key};
use crate::delivery::{Body, Delivery, Notice};
use crate::filing::record::LotRecord;
use crate::rules::Mention;
use crate::text::{clip, plain};

const TITLE: usize = 256;
const DESCRIPTION: usize = 1_000;
const FIELD: usize = 1_024;
const SHORT_FIELD: usize = 100;
const FOOTER: usize = 200;
/// What stands before the delivery's key in a footer.
const MARK: &str = "ref ";
const AUTHOR: usize = 256;
/// Of a name within a sentence.
const NAME: usize = 150;
const MOST_LOTS: usize = 10;
const MOST_MENTIONS: usize = 20;
const MOST_OWNERS: usize = 10;
const MOST_WARNINGS: usize = 3;
const MOST_EVIDENCE: usize = 2;
const MOST_CHANGES: usize = 5;

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
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Embed {
    /// Line above the title.
    pub author: Author,
    /// The headline.
    pub title: String,
    /// Where the headline leads. Embeds of one message with the same address collapse into one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What happened, in a sentence.
    pub description: String,
    /// The bar at the left.
    pub color: u32,
    /// Figures.
    pub fields: Vec<Field>,
    /// Rule and reference.
    pub footer: Footer,
    /// Acceptance time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<DateTime<Utc>>,
}

/// Line above the title.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Author {
    /// Its text.
    pub name: String,
}

/// A figure with its name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// The figure.
    pub value: String,
    /// Whether up to three stand side by side.
    pub inline: bool,
}

/// Last line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Footer {
    /// Its text.
    pub text: String,
}

/// The delivery that a footer refers to.
pub fn referred(footer: &str) -> Option<&str> {
    footer.rsplit_once(MARK).map(|(_, key)| key)
}

/// The message of a delivery; `None` of a digest, which is a mail.
pub fn message(delivery: &Delivery) -> Option<Message> {
    match &delivery.body {
        Body::Alert(own) => Some(alert(own, &delivery.key)),
        Body::Notice(own) => Some(notice(own, &delivery.key)),
        Body::Digest(_) => None,
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
    }
}

/// A message's pings, and who may be pinged.
fn mentions(wanted: &[Mention]) -> (Option<String>, AllowedMentions) {
    let mut allowed = AllowedMentions::default();
    let mut pings: Vec<String> = Vec::new();
    for mention in wanted.iter().take(MOST_MENTIONS) {
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

/// The message of an alert; `reference` is the delivery's key.
pub fn alert(alert: &Alert, reference: &Key) -> Message {
    let tickers = alert.issuer.tickers.join(", ");
    let company = plain(&clip(&alert.issuer.name, AUTHOR));
    let company = if company.is_empty() { format!("CIK {}", alert.issuer.cik) } else { company };
    let author = if tickers.is_empty() { company } else { format!("{company} · {tickers}") };
    let sentence = format!(
        "**{}** {} **{}** shares for **{}**{}.",
        escaped(&clip(&alert.owners_text(), NAME)),
        alert.verb(),
        alert.shares_text(),
        alert.value_text(),
        match (alert.withdrawn, alert.form.is_amendment()) {
            (true, _) => ", as was told; an amended filing says otherwise",
            (false, true) => ", as an amended filing says",
            (false, false) => "",
        }
    );
    let reference = format!("{} · {MARK}{reference}", clip(&plain(&alert.rule), FOOTER));
    let own_words = alert.message.as_deref().map(escaped_lines).unwrap_or_default();
    let room = DESCRIPTION.saturating_sub(sentence.chars().count() + 1);
    // A cut may leave half of an escape, which then escapes the line's end.
    let own_words = clip(&own_words, room).trim_end_matches(['\\', '…']).to_owned();
    let sentence = if own_words.is_empty() { sentence } else { format!("{own_words}\n{sentence}") };
    let (content, allowed_mentions) = mentions(&alert.mention);
    Message {
        content,
        embeds: vec![Embed {
            author: Author { name: clip(&author, AUTHOR).into_owned() },
            title: clip(&headline(alert), TITLE).into_owned(),
            url: Some(alert.url.clone()),
            description: clip(&sentence, DESCRIPTION).into_owned(),
            color: color(alert),
            fields: fields(alert),
            footer: Footer { text: reference },
            timestamp: alert.accepted_at,
        }],
        allowed_mentions,
    }
}

fn escaped_lines(text: &str) -> String {
    text.lines().map(escaped).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn headline(alert: &Alert) -> String {
    let subject = escaped(&clip(alert.ticker_or_name(), NAME));
    let value = alert.value_usd.map(|value| {
        let least = if alert.value_is_at_least { "at least " } else { "" };
        format!("{least}{}", value.short())
    });
    let what = value.unwrap_or_else(|| alert.what_text());
    let amended = alert.amended_mark();
    format!("{subject}: insider {} {what}{amended}", alert.verb())
}

fn color(alert: &Alert) -> u32 {
    match alert.verb() {
        "sold" => RED,
        "bought" => GREEN,
        _ => GREY,
    }
}

fn fields(alert: &Alert) -> Vec<Field> {
    let mut fields = Vec::new();
    let mut short = |name: &str, value: String| {
        fields.push(Field {
            name: name.to_owned(),
            value: clip(&value, SHORT_FIELD).into_owned(),
            inline: true,
        });
    };
    short("Shares", alert.shares.map_or("Unknown".into(), |_| alert.shares_text()));
    if let Some(price) = alert.average_price {
        short(if alert.lots.len() == 1 { "Price" } else { "Average price" }, price.to_string());
    }
    if let Some(range) = alert.range_text() {
        short("Actual prices", range);
    }
    if let Some(share) = alert.holdings_text() {
        short("Of what was held", share);
    }
    short("Traded", alert.dates_text());
    short("10b5-1 plan", capital(&alert.plan_text()));
    if let Some(reason) = alert.reason_text() {
        short("Reason", capital(reason));
    }
    if let Some(accepted) = alert.accepted_at {
        let late = || alert.late.then(|| "seen late".to_owned());
        let way = alert.way_text().or_else(late).map(|way| format!(", {way}")).unwrap_or_default();
        short("Accepted", format!("<t:{}:R>{way}", accepted.timestamp()));
    } else if let Some(way) = alert.way_text() {
        short("On its way", capital(&way));
    }
    let mut long = |name: String, lines: Vec<String>| {
        fields.push(Field { name, value: fitting(&lines, FIELD), inline: false });
    };
    // A single owner stands in the sentence above.
    if alert.owners.len() > 1 {
        let lines = alert.owners.iter().take(MOST_OWNERS).map(|owner| {
            let position = owner.position();
            let name = escaped(&clip(&owner.name, 80));
            let name = if name.is_empty() { "no name".to_owned() } else { name };
            if position.is_empty() { name } else { format!("{name} · {}", escaped(&clip(&position, 120))) }
        });
        long("Reported by".into(), lines.collect());
    }
    let words = alert.evidence();
    if !words.is_empty() && alert.intent.as_deref() != Some("discretionary") {
        let lines = words.iter().take(MOST_EVIDENCE).map(|words| escaped(&clip(words, 250)));
        long("As the filing says".into(), lines.collect());
    }
    if let Some(amendment) = alert.amendment_text() {
        let changes = alert.changes.iter().take(MOST_CHANGES).map(|change| escaped(&clip(change, 150)));
        long("Amendment".into(), [capital(&amendment)].into_iter().chain(changes).collect());
    }
    if !alert.also_in.is_empty() {
        long("Also told in".into(), vec![listed(&alert.also_in)]);
    }
    let more = alert.lots.len().saturating_sub(MOST_LOTS);
    let mut lines: Vec<String> = alert.lots.iter().take(MOST_LOTS).map(lot_line).collect();
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    long(alert.lots_text(), lines);
    if !alert.warnings.is_empty() {
        let lines =
            alert.warnings.iter().take(MOST_WARNINGS).map(|warning| escaped(&clip(&warning.message, 200)));
        long("Odd in this filing".into(), lines.collect());
    }
    fields
}

fn lot_line(lot: &LotRecord) -> String {
    let date = lot.date.map_or("no date".to_owned(), |date| date.format("%Y-%m-%d").to_string());
    let shares = lot.shares.map_or("?".to_owned(), |shares| shares.to_string());
    let price = lot.price.map_or("unknown price".to_owned(), |price| price.exact());
    let after = lot.shares_after.map(|after| format!(" · {after} left")).unwrap_or_default();
    format!("`{date}` {shares} × {price}{after}")
}

/// As many whole lines as fit, and never nothing: Discord refuses an empty field.
fn fitting(lines: &[String], limit: usize) -> String {
    let mut text = String::new();
    for line in lines {
        if text.chars().count() + line.chars().count() + 1 > limit {
            break;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(line);
    }
    if text.trim().is_empty() { "-".into() } else { text }
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
