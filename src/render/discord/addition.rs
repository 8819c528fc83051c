//! Another filing that reports the same trade, as a message of its own.

use super::embed::{Author, Embed, Footer, GREY, NAME, TITLE, linked};
use super::part::Part;
use super::words::{escaped, rule_mark};
use crate::alert::{Alert, Key};
use crate::text::{clip, plain};

/// `0009900001-21-000002, by Jane Doe (CEO)`, with a link.
pub(super) fn also(alert: &Alert) -> String {
    let form = if alert.form.is_amendment() { " (amended)" } else { "" };
    format!("[{}]({}){form}, by {}", alert.accession, alert.url, escaped(&clip(&alert.owners_text(), NAME)))
}

/// An addition as a message of its own.
pub(super) fn alone(alert: &Alert, reference: &Key) -> Part {
    let company = plain(&clip(&alert.issuer.name, TITLE));
    let subject = escaped(&clip(alert.ticker_or_name(), NAME));
    let title = format!("{subject}: also reported in another filing");
    let embed = Embed {
        author: Author { name: if company.is_empty() { "sellbell".to_owned() } else { company } },
        title: clip(&title, TITLE).into_owned(),
        url: Some(linked(&alert.url, reference)),
        description: format!("The trade reported before is also reported in {}.", also(alert)),
        color: GREY,
        fields: Vec::new(),
        footer: Footer { text: format!("Form {} · {}", alert.form, rule_mark(&alert.rule)) },
        timestamp: alert.accepted_at,
        image: None,
    };
    let headline = Some(format!("**{subject}** The same trade in another filing"));
    Part { mentions: Vec::new(), headline, embed, attachments: None, file: None, choice: None }
}
