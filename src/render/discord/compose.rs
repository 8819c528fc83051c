//! The message of one or more deliveries.

use super::addition::alone;
use super::alert::alert;
use super::embed::{MOST_EMBEDS, MOST_MENTIONS, MOST_TEXT, Message, NoFile, keep_apart};
use super::notice::notice;
use super::summary::{summary, without_table};
use crate::delivery::{Body, Delivery};

/// The most characters on a card for how long the alert took, even if it is sent once more later.
const LONGEST_WAY: usize = 60;

/// The message for some deliveries, in order; `None` for a digest, which is an e-mail.
pub fn message(deliveries: &[Delivery]) -> Option<Message> {
    together(deliveries.iter().map(single).collect::<Option<Vec<_>>>()?)
}

/// Combines several messages into one.
fn together(messages: Vec<Message>) -> Option<Message> {
    let mut messages = messages.into_iter();
    let mut message = messages.next()?;
    for own in messages {
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

/// The same message without a file, for a channel that accepts none. It says so if something is missing as a
/// result.
pub fn without_file(deliveries: &[Delivery], why: NoFile) -> Option<Message> {
    match deliveries {
        [Delivery { body: Body::Summary(own), key, .. }] => Some(without_table(own, key, why)),
        others => message(others),
    }
}

/// How many of these deliveries, from the first, fit into one message (at least one), and that message if it
/// has several. A single delivery is rendered when it is sent.
pub fn fitting(deliveries: &[Delivery]) -> (usize, Option<Message>) {
    if deliveries.len() < 2 {
        return (1, None);
    }
    let (mut messages, mut text) = (Vec::new(), 0);
    for delivery in deliveries.iter().take(MOST_EMBEDS) {
        let Some(message) = single(delivery) else { break };
        text += message.embeds.iter().map(|embed| embed.length() + unsaid(delivery)).sum::<usize>();
        if text > MOST_TEXT {
            break;
        }
        messages.push(message);
    }
    match messages.len() {
        0 | 1 => (1, None),
        count => (count, together(messages)),
    }
}

/// Characters reserved on a card for how long the alert took.
fn unsaid(delivery: &Delivery) -> usize {
    let said = match &delivery.body {
        Body::Alert(alert) => alert.way_text().map_or(0, |way| way.chars().count()),
        Body::Digest(_) | Body::Notice(_) | Body::Summary(_) | Body::Addition(_) => 0,
    };
    LONGEST_WAY.saturating_sub(said)
}

pub(super) fn single(delivery: &Delivery) -> Option<Message> {
    match &delivery.body {
        Body::Alert(own) => Some(alert(own, &delivery.key)),
        Body::Notice(own) => Some(notice(own, &delivery.key)),
        Body::Summary(own) => Some(summary(own, &delivery.key)),
        Body::Addition(own) => Some(alone(own, &delivery.key)),
        Body::Digest(_) => None,
    }
}
