//! Changes to a sent message: by an amended filing's alert, or by another filing that reports the same trade.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::addition::also;
use super::buttons::Row;
use super::compose::single;
use super::embed::{Embed, Image, MOST_EMBEDS, MOST_TEXT};
use super::headline::headline;
use super::part::Part;
use super::picture::{file_of, refer_to_file};
use crate::alert::{Alert, EarlierFigures, Key};
use crate::bounds::AtMost;
use crate::delivery::{Body, Delivery};

/// The longest description of a card to which another filing is added.
const DESCRIPTION: usize = 3_000;
/// The longest text of a message that is changed.
const CONTENT: usize = 2_000;
/// How a line below the headlines begins.
pub const NOTE: &str = "-# ";

/// The parts of a sent message that a change may replace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Posted {
    /// Its text: pings, and a headline for each card. Messages of earlier versions have pings only.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub content: String,
    /// Its cards.
    pub embeds: AtMost<Embed, MOST_EMBEDS>,
    /// Its files. An edit that does not name them removes them.
    #[serde(default)]
    pub attachments: AtMost<PostedFile, MOST_EMBEDS>,
    /// The rows of its buttons, as Discord has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<Value>,
}

/// A file of a sent message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PostedFile {
    /// Its id.
    pub id: String,
    /// Its name; an edit does not need it.
    #[serde(default, skip_serializing)]
    pub filename: String,
}

/// A sent message as it is with a further delivery, which changes the card of the delivery that it concerns.
/// `None` if there is no such card, or the cards would be too long together.
pub fn changed(mut posted: Posted, concerned: &Key, delivery: &Delivery) -> Option<Posted> {
    let files: Vec<String> = posted.attachments.0.iter().map(|file| file.filename.clone()).collect();
    let cards = &mut posted.embeds.0;
    cards.iter_mut().for_each(|card| refer_to_file(card, &files));
    // An earlier attempt succeeded, but its answer did not arrive.
    if cards.iter().any(|card| card.reference() == Some(delivery.key.as_str())) {
        return Some(posted);
    }
    let place = cards.iter().position(|card| card.reference() == Some(concerned.as_str()))?;
    match &delivery.body {
        Body::Addition(alert) => add_filing(&mut cards[place], alert),
        body => {
            let part = single(delivery)?;
            if let Body::Alert(alert) = body {
                posted.content = with_headline(&posted.content, place, cards.len(), &headline(alert));
                replace_buttons(&mut posted.components, place, cards.len(), &part);
            }
            let old = cards[place].image.take();
            let image = if has_other_figures(body) { remove(old, &mut posted.attachments.0) } else { old };
            cards[place] = Embed { image, ..part.embed };
        }
    }
    (cards.iter().map(Embed::length).sum::<usize>() <= MOST_TEXT).then_some(posted)
}

/// True for an alert that withdraws the one on the card, or has other figures.
fn has_other_figures(body: &Body) -> bool {
    let Body::Alert(alert) = body else { return false };
    let differs =
        |earlier: &EarlierFigures| earlier.value_usd != alert.sound_value() || earlier.shares != alert.shares;
    alert.withdrawn || alert.replaced_figures.as_ref().is_some_and(differs)
}

/// Removes a picture with its file: a chart of the former figures would mislead beside the new ones.
fn remove(image: Option<Image>, files: &mut Vec<PostedFile>) -> Option<Image> {
    if let Some(name) = image.as_ref().and_then(file_of) {
        files.retain(|file| file.filename != name);
    }
    None
}

/// Makes the buttons of a card those of another alert. A message without buttons gets none.
fn replace_buttons(rows: &mut [Value], place: usize, cards: usize, part: &Part) {
    let (Some(row), Some(choice)) = (rows.first_mut(), &part.choice) else { return };
    if cards == 1 {
        let url = part.embed.url.as_deref().unwrap_or_default();
        *row = Row::of_alert(&choice.concerned, url).to_value();
        return;
    }
    let options = row.pointer_mut("/components/0/options").and_then(Value::as_array_mut);
    if let Some(options) = options.filter(|options| options.len() == cards) {
        options[place] = choice.to_value();
    }
}

/// The text of a message with another headline for one of its cards. A text without one headline for each card
/// stays as it is.
fn with_headline(content: &str, place: usize, cards: usize, headline: &str) -> String {
    let mut lines: Vec<&str> = content.lines().collect();
    let notes = lines.iter().filter(|line| line.starts_with(NOTE)).count();
    if lines.len() != cards + notes {
        return content.to_owned();
    }
    let pings = lines[place]
        .split(' ')
        .take_while(|word| word.starts_with("<@") || ["@here", "@everyone"].contains(word));
    let line: Vec<&str> = pings.chain([headline]).collect();
    let line = line.join(" ");
    lines[place] = &line;
    let changed = lines.join("\n");
    if changed.chars().count() > CONTENT { content.to_owned() } else { changed }
}

/// Adds a line about another filing of the same trade.
fn add_filing(card: &mut Embed, alert: &Alert) {
    let line = format!("Also reported in {}", also(alert));
    let fits = card.description.chars().count() + line.chars().count() < DESCRIPTION;
    let is_known = card.description.contains(&alert.accession.to_string())
        || card.fields.iter().any(|field| field.value.contains(&alert.accession.to_string()));
    if fits && !is_known {
        card.description.push('\n');
        card.description.push_str(&line);
    }
}
