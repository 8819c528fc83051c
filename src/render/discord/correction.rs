//! The reply to a message whose alert an amendment withdrew or changed a lot: nobody scrolls back to an edit.

use super::embed::{AMBER, Author, Embed, Footer, TITLE, linked};
use super::glance::{Dates, and_more};
use super::part::Part;
use super::words::{escaped, rule_mark};
use crate::alert::{Alert, EarlierFigures, Key};
use crate::filing::{Shares, Usd};
use crate::text::{clip, clip_words, plain};

const NAME: usize = 80;
const MOST_CHANGES: usize = 5;

/// The reply for an alert that replaces or withdraws the one in the message.
pub(super) fn correction(alert: &Alert, reference: &Key) -> Part {
    let subject = escaped(&clip(alert.ticker_or_name(), NAME));
    let (word, text) = match (alert.withdrawn, &alert.replaced_figures) {
        (true, _) => ("Withdrawn", "an amended filing no longer matches the rule".to_owned()),
        (false, Some(earlier)) => ("Corrected", change(alert, earlier)),
        (false, None) => ("Corrected", "an amended filing has other figures".to_owned()),
    };
    let changes = alert.changes.iter().take(MOST_CHANGES);
    let dates = Dates::of(alert);
    let mut lines: Vec<String> =
        changes.map(|change| format!("- {}", dates.in_text(&escaped(&clip_words(change, 150))))).collect();
    if alert.changes.len() > MOST_CHANGES {
        lines.push(format!("- {}", and_more(alert.changes.len() - MOST_CHANGES, "change", "changes")));
    }
    if lines.is_empty() {
        lines.push("The alert above shows the amended filing.".to_owned());
    }
    let company = plain(&clip(&alert.issuer.name, TITLE));
    let embed = Embed {
        author: Author { name: if company.is_empty() { "sellbell".to_owned() } else { company } },
        title: format!("{word}: {text}"),
        url: Some(linked(&alert.url, reference)),
        description: lines.join("\n"),
        color: AMBER,
        fields: Vec::new(),
        footer: Footer { text: format!("Form {} · {}", alert.form, rule_mark(&alert.rule)) },
        timestamp: alert.accepted_at,
        image: None,
    };
    let headline = Some(format!("**{subject}** {word}: {text}"));
    Part { mentions: Vec::new(), headline, embed, attachments: None, file: None, choice: None }
}

/// `$9.31M → $8.10M`, or the numbers of shares.
fn change(alert: &Alert, earlier: &EarlierFigures) -> String {
    let value = |value: Option<Usd>| value.map_or_else(|| "an unknown value".to_owned(), Usd::short);
    let shares =
        |shares: Option<Shares>| shares.map_or_else(|| "an unknown number".to_owned(), |n| n.to_string());
    match (earlier.value_usd, alert.sound_value()) {
        (None, None) => format!("{} → {} shares", shares(earlier.shares), shares(alert.shares)),
        (before, after) if before != after => format!("{} → {}", value(before), value(after)),
        _ => format!("{} → {} shares", shares(earlier.shares), shares(alert.shares)),
    }
}
