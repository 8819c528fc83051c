//! A message that stands is changed: by an amended filing's alert, or by another filing that tells the same trade.

use serde_json::{Value, json};

use super::{
    Author, Embed, Footer, GREY, MARK, MOST_TEXT, Message, NAME, TITLE, escaped, mentions, referred, single,
};
use crate::alert::{Alert, Key};
use crate::delivery::{Body, Delivery};
use crate::text::{clip, plain};

const ALSO: &str = "Also told in";
const FIELD: usize = 1_024;
const MOST_FIELDS: usize = 25;

/// The cards of a message, of which one tells what a delivery concerns, as they are with that delivery. `None` where there is no
/// such card.
pub fn changed(embeds: &[Value], concerned: &Key, delivery: &Delivery) -> Option<Vec<Value>> {
    let mut embeds: Vec<Value> = embeds.iter().map(own_parts).collect();
    let refers =
        |embed: &Value, key: &Key| embed["footer"]["text"].as_str().and_then(referred) == Some(key.as_str());
    // It was done before, and no answer came.
    if embeds.iter().any(|embed| refers(embed, &delivery.key)) {
        return Some(embeds);
    }
    let card = embeds.iter_mut().find(|embed| refers(embed, concerned))?;
    match &delivery.body {
        Body::Addition(alert) => also_told(card, alert),
        _ => *card = serde_json::to_value(single(delivery)?.embeds.into_iter().next()?).ok()?,
    }
    // Cards with one address collapse into one.
    for place in 1..embeds.len() {
        let Some(url) = embeds[place]["url"].as_str().map(str::to_owned) else { continue };
        if embeds[..place].iter().any(|embed| embed["url"] == url.as_str()) {
            let plain = url.split('#').next().unwrap_or_default();
            embeds[place]["url"] = format!("{plain}#card-{}", place + 1).into();
        }
    }
    (embeds.iter().map(length).sum::<usize>() <= MOST_TEXT).then_some(embeds)
}

/// A card's text, as Discord counts it.
fn length(embed: &Value) -> usize {
    let fields = embed["fields"].as_array().into_iter().flatten();
    let fields = fields.flat_map(|field| [&field["name"], &field["value"]]);
    let own = [&embed["title"], &embed["description"], &embed["author"]["name"], &embed["footer"]["text"]];
    fields.chain(own).filter_map(Value::as_str).map(|text| text.encode_utf16().count()).sum()
}

/// What we gave Discord of a card, of what Discord gives back.
fn own_parts(embed: &Value) -> Value {
    let mut own = json!({});
    for key in ["title", "url", "description", "color", "fields", "timestamp"] {
        if let Some(value) = embed.get(key) {
            own[key] = value.clone();
        }
    }
    for (key, part) in [("author", "name"), ("footer", "text")] {
        if let Some(text) = embed[key].get(part) {
            own[key] = json!({ part: text });
        }
    }
    own
}

fn also_told(card: &mut Value, alert: &Alert) {
    let line = also(alert);
    let Some(fields) = card["fields"].as_array_mut() else { return };
    let room = fields.len() < MOST_FIELDS;
    match fields.iter_mut().find(|field| field["name"] == ALSO) {
        Some(field) => {
            let told = field["value"].as_str().unwrap_or_default();
            if !told.contains(&alert.accession.to_string())
                && told.chars().count() + line.chars().count() < FIELD
            {
                field["value"] = format!("{told}\n{line}").into();
            }
        }
        None if room => {
            fields.push(json!({ "name": ALSO, "value": line, "inline": false }));
        }
        None => {}
    }
}

/// `0009900001-21-000002, by Jane Doe (CEO)`, with a link.
fn also(alert: &Alert) -> String {
    let form = if alert.form.is_amendment() { " (amended)" } else { "" };
    format!("[{}]({}){form}, by {}", alert.accession, alert.url, escaped(&clip(&alert.owners_text(), NAME)))
}

/// An addition as a message of its own.
pub(super) fn alone(alert: &Alert, reference: &Key) -> Message {
    let (content, allowed_mentions) = mentions(&[]);
    let company = plain(&clip(&alert.issuer.name, TITLE));
    let title = format!("{}: told in another filing, too", escaped(&clip(alert.ticker_or_name(), NAME)));
    Message {
        content,
        embeds: vec![Embed {
            author: Author { name: if company.is_empty() { "sellbell".to_owned() } else { company } },
            title: clip(&title, TITLE).into_owned(),
            url: Some(alert.url.clone()),
            description: format!("What was told before is also told in {}.", also(alert)),
            color: GREY,
            fields: Vec::new(),
            footer: Footer { text: format!("{} · {MARK}{reference}", clip(&plain(&alert.rule), NAME)) },
            timestamp: alert.accepted_at,
        }],
        allowed_mentions,
        attachments: Vec::new(),
        file: None,
    }
}
