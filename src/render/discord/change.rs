//! Changes a message that was already sent: for an amended filing's alert, or for another filing that reports
//! the same trade.

use super::addition::also;
use super::compose::single;
use super::embed::{Embed, Field, MOST_TEXT, keep_apart, referred};
use crate::alert::{Alert, Key};
use crate::delivery::{Body, Delivery};

const ALSO: &str = "Also reported in";
/// The field's name on cards from versions before 0.2.
const ALSO_BEFORE: &str = "Also told in";
const FIELD: usize = 1_024;
const MOST_FIELDS: usize = 25;

/// Applies a delivery to the cards of a message, to the card whose alert is `concerned`. Returns `None` if
/// there is no such card, or if the cards would be too long together.
pub fn changed(mut embeds: Vec<Embed>, concerned: &Key, delivery: &Delivery) -> Option<Vec<Embed>> {
    let refers = |embed: &Embed, key: &Key| referred(&embed.footer.text) == Some(key.as_str());
    // The change was made before, and no answer arrived.
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
    match card.fields.iter_mut().find(|field| [ALSO, ALSO_BEFORE].contains(&field.name.as_str())) {
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
