//! A message that stands is changed: by an amended filing's alert, or by another filing that tells the same trade.

use super::{
    Author, Embed, Field, Footer, GREY, MARK, MOST_TEXT, Message, NAME, TITLE, escaped, keep_apart, mentions,
    referred, single,
};
use crate::alert::{Alert, Key};
use crate::delivery::{Body, Delivery};
use crate::text::{clip, plain};

const ALSO: &str = "Also told in";
const FIELD: usize = 1_024;
const MOST_FIELDS: usize = 25;

/// The cards of a message, of which one tells what a delivery concerns, as they are with that delivery. `None` where there is no
/// such card, or they would be too long together.
pub fn changed(mut embeds: Vec<Embed>, concerned: &Key, delivery: &Delivery) -> Option<Vec<Embed>> {
    let refers = |embed: &Embed, key: &Key| referred(&embed.footer.text) == Some(key.as_str());
    // It was done before, and no answer came.
    if embeds.iter().any(|embed| refers(embed, &delivery.key)) {
        return Some(embeds);
    }
    let card = embeds.iter_mut().find(|embed| refers(embed, concerned))?;
    match &delivery.body {
        Body::Addition(alert) => also_told(card, alert),
        _ => *card = single(delivery)?.embeds.into_iter().next()?,
    }
    keep_apart(&mut embeds);
    (embeds.iter().map(Embed::length).sum::<usize>() <= MOST_TEXT).then_some(embeds)
}

fn also_told(card: &mut Embed, alert: &Alert) {
    let line = also(alert);
    let room = card.fields.len() < MOST_FIELDS;
    match card.fields.iter_mut().find(|field| field.name == ALSO) {
        Some(Field { value, .. }) => {
            let fits = value.chars().count() + line.chars().count() < FIELD;
            if fits && !value.contains(&alert.accession.to_string()) {
                value.push('\n');
                value.push_str(&line);
            }
        }
        None if room => card.fields.push(Field { name: ALSO.to_owned(), value: line, inline: false }),
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
        attachments: None,
        file: None,
    }
}
