//! Another filing that reports the same trade, as a message of its own.

use super::embed::{Author, Embed, Footer, GREY, MARK, Message, NAME, TITLE};
use super::words::{escaped, mentions};
use crate::alert::{Alert, Key};
use crate::text::{clip, plain};

/// `0009900001-21-000002, by Jane Doe (CEO)`, with a link.
pub(super) fn also(alert: &Alert) -> String {
    let form = if alert.form.is_amendment() { " (amended)" } else { "" };
    format!("[{}]({}){form}, by {}", alert.accession, alert.url, escaped(&clip(&alert.owners_text(), NAME)))
}

/// An addition as a message of its own.
pub(super) fn alone(alert: &Alert, reference: &Key) -> Message {
    let (content, allowed_mentions) = mentions(&[]);
    let company = plain(&clip(&alert.issuer.name, TITLE));
    let title = format!("{}: also reported in another filing", escaped(&clip(alert.ticker_or_name(), NAME)));
    Message {
        content,
        embeds: vec![Embed {
            author: Author { name: if company.is_empty() { "sellbell".to_owned() } else { company } },
            title: clip(&title, TITLE).into_owned(),
            url: Some(alert.url.clone()),
            description: format!("The trade reported before is also reported in {}.", also(alert)),
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
