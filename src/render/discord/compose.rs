//! The message of one or more deliveries.

use super::addition::alone;
use super::alert::alert;
use super::correction::correction;
use super::embed::{MOST_CARDS, MOST_TEXT, Message, NoFile};
use super::notice::notice;
use super::part::Part;
use super::summary::{summary, without_table};
use crate::delivery::{Body, Delivery};

/// The most characters on a card for how long the alert took, even if it is sent once more later.
const LONGEST_WAY: usize = 60;

/// The message for some deliveries, in order; `None` for a digest, which is an e-mail.
pub fn message(deliveries: &[Delivery]) -> Option<Message> {
    Message::of(deliveries.iter().map(single).collect::<Option<Vec<_>>>()?)
}

/// The same message without a file, for a channel that accepts none. It says so if something is missing as a
/// result.
pub fn without_file(deliveries: &[Delivery], why: NoFile) -> Option<Message> {
    match deliveries {
        [Delivery { body: Body::Summary(own), key, .. }] => Message::of(vec![without_table(own, key, why)]),
        others => message(others),
    }
}

/// How many of these deliveries, from the first, fit into one message (at least one), and that message if it
/// has several. A single delivery is rendered when it is sent.
pub fn fitting(deliveries: &[Delivery]) -> (usize, Option<Message>) {
    if deliveries.len() < 2 {
        return (1, None);
    }
    let (mut parts, mut text) = (Vec::new(), 0);
    for delivery in deliveries.iter().take(MOST_CARDS) {
        let Some(part) = single(delivery) else { break };
        text += part.embed.length() + unsaid(delivery);
        if text > MOST_TEXT {
            break;
        }
        parts.push(part);
    }
    match parts.len() {
        0 | 1 => (1, None),
        count => (count, Message::of(parts)),
    }
}

/// Characters reserved on a card for how long the alert took.
fn unsaid(delivery: &Delivery) -> usize {
    let said = match &delivery.body {
        Body::Alert(alert) => alert.lateness_text().map_or(0, |late| late.chars().count()),
        Body::Digest(_) | Body::Notice(_) | Body::Summary(_) | Body::Addition(_) | Body::Correction(_) => 0,
    };
    LONGEST_WAY.saturating_sub(said)
}

pub(super) fn single(delivery: &Delivery) -> Option<Part> {
    match &delivery.body {
        Body::Alert(own) => Some(alert(own, &delivery.key)),
        Body::Notice(own) => Some(notice(own, &delivery.key)),
        Body::Summary(own) => Some(summary(own, &delivery.key)),
        Body::Addition(own) => Some(alone(own, &delivery.key)),
        Body::Correction(own) => Some(correction(own, &delivery.key)),
        Body::Digest(_) => None,
    }
}
