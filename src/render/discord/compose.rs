//! The message of one or more deliveries.

use super::addition::alone;
use super::alert::alert;
use super::embed::{MOST_EMBEDS, MOST_MENTIONS, MOST_TEXT, Message, NoFile, keep_apart};
use super::notice::notice;
use super::summary::{summary, without_table};
use crate::delivery::{Body, Delivery};

/// How long an alert took, in words: of a card, so many characters.
const LONGEST_WAY: usize = 60;

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
        [Delivery { body: Body::Summary(own), key, .. }] => Some(without_table(own, key, why)),
        others => message(others),
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
    match deliveries.len() {
        // The first always goes out: it is rendered when it is sent.
        0 | 1 => 1,
        _ => deliveries.iter().take(MOST_EMBEDS).take_while(fits).count().max(1),
    }
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
