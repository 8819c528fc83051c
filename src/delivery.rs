//! One alert, digest or notice to one destination.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::alert::{Alert, Key};
use crate::destination::Destination;
use crate::digest::Digest;
use crate::notice::Notice;
use crate::summary::Summary;

/// The content of a delivery.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// One alert, at once.
    Alert(Box<Alert>),
    /// A digest.
    Digest(Box<Digest>),
    /// Something that operators, or readers of the destination, need to know.
    Notice(Box<Notice>),
    /// Alerts that share one message.
    Summary(Box<Summary>),
    /// Another filing's alert of a trade that was reported: who reports it, too.
    Addition(Box<Alert>),
}

/// A delivery that is queued: it leaves the queue only as delivered or dead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// Of body and destination. Discord's nonce, the mail's Message-ID and the message's reference derive from it.
    pub key: Key,
    /// Where to.
    pub destination: Destination,
    /// What.
    pub body: Body,
    /// When it was queued.
    pub queued_at: DateTime<Utc>,
    /// How often it failed.
    pub attempts: u32,
    /// Not to be tried before.
    pub not_before: DateTime<Utc>,
    /// Since when it fails, if it does.
    #[serde(default)]
    pub failing_since: Option<DateTime<Utc>>,
    /// The delivery whose message it changes, or where that cannot be done answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concerns: Option<Key>,
    /// The message that it answers, which could not be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
    /// Sends of it that may have reached its destination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<InFlight>,
    /// How many deliveries it takes the place of; 0 for one that stands for itself.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub joined: usize,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Delivery {
    /// As how many deliveries it counts.
    pub fn count(&self) -> usize {
        self.joined.max(1)
    }

    /// The key of a body's delivery to a destination.
    pub fn key_of(body: &Key, destination: &Destination) -> Key {
        Key::of(&["delivery", body.as_str(), &destination.to_string()])
    }

    /// A delivery that is due at once.
    pub fn new(destination: Destination, body: Body, now: DateTime<Utc>) -> Self {
        let body_key = match &body {
            Body::Alert(alert) => alert.key.clone(),
            Body::Digest(digest) => digest.key.clone(),
            Body::Notice(notice) => notice.key.clone(),
            Body::Summary(summary) => summary.key(),
            Body::Addition(alert) => Key::of(&["addition", alert.key.as_str(), &alert.accession.to_string()]),
        };
        let concerned = match &body {
            Body::Alert(alert) => alert.supersedes.as_ref(),
            Body::Addition(alert) => Some(&alert.key),
            Body::Digest(_) | Body::Notice(_) | Body::Summary(_) => None,
        };
        let concerns = concerned.map(|key| Self::key_of(key, &destination));
        Self {
            key: Self::key_of(&body_key, &destination),
            concerns,
            answers: None,
            destination,
            body,
            queued_at: now,
            attempts: 0,
            not_before: now,
            failing_since: None,
            in_flight: None,
            joined: 0,
        }
    }
}

/// The content of one message: a delivery, or several to one destination.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    key: Key,
    destination: Destination,
    deliveries: Vec<Delivery>,
    concerned: Option<(String, Key)>,
}

impl Batch {
    /// A delivery by itself.
    pub fn one(delivery: Delivery) -> Self {
        Self {
            key: delivery.key.clone(),
            destination: delivery.destination.clone(),
            deliveries: vec![delivery],
            concerned: None,
        }
    }

    /// Its first deliveries, so many.
    pub fn first(mut self, count: usize) -> Self {
        self.deliveries.truncate(count);
        Self::of(self.destination, self.deliveries)
    }

    /// The summaries among its deliveries.
    pub fn summaries(&mut self) -> impl Iterator<Item = &mut Summary> {
        self.deliveries.iter_mut().filter_map(|delivery| match &mut delivery.body {
            Body::Summary(summary) => Some(&mut **summary),
            Body::Alert(_) | Body::Digest(_) | Body::Notice(_) | Body::Addition(_) => None,
        })
    }

    /// Of which the only delivery concerns what stands in this message, under this delivery's key.
    pub fn concerning(self, message_id: String, key: Key) -> Self {
        Self { concerned: Some((message_id, key)), ..self }
    }

    /// The message that its only delivery changes or answers, and the delivery there that it concerns.
    pub fn concerned(&self) -> Option<(&str, &Key)> {
        self.concerned.as_ref().map(|(message_id, key)| (message_id.as_str(), key))
    }

    /// Deliveries to a destination in this order; they have the same key each time.
    pub fn of(destination: Destination, deliveries: Vec<Delivery>) -> Self {
        let key = match &deliveries[..] {
            [one] => one.key.clone(),
            all => {
                let keys = all.iter().map(|delivery| delivery.key.as_str());
                Key::of(&["batch"].into_iter().chain(keys).collect::<Vec<_>>())
            }
        };
        Self { key, destination, deliveries, concerned: None }
    }

    /// The same under the key of an earlier one, of which they are what is left.
    pub fn again(self, key: Key) -> Self {
        Self { key, ..self }
    }

    /// By which a destination that can do so drops a repeated one: a single delivery's own.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Where to.
    pub fn destination(&self) -> &Destination {
        &self.destination
    }

    /// What, oldest first.
    pub fn deliveries(&self) -> &[Delivery] {
        &self.deliveries
    }

    /// The keys of its deliveries, oldest first.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.deliveries.iter().map(|delivery| &delivery.key)
    }

    /// Has each alert say when it goes out.
    pub fn set_sent_at(&mut self, sent_at: Option<DateTime<Utc>>) {
        for delivery in &mut self.deliveries {
            if let Body::Alert(alert) = &mut delivery.body {
                alert.sent_at = sent_at;
            }
        }
    }
}

/// Sends of a delivery of which no answer said what became of them: it may have reached its destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InFlight {
    /// When the first of them began.
    pub first: DateTime<Utc>,
    /// When the last of them began.
    pub last: DateTime<Utc>,
    /// The key of the batch that it was in, where it was not alone: Discord knows that message by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<Key>,
    /// True if no such send is known of: it may have been one that was forgotten.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub guess: bool,
}

impl InFlight {
    /// One more send, in such a batch, which begins now.
    pub fn another(before: Option<Self>, batch: &Batch, now: DateTime<Utc>) -> Self {
        let first = before.map_or(now, |before| before.first);
        let alone = batch.deliveries().iter().all(|delivery| delivery.key == batch.key);
        Self { first, last: now, batch: (!alone).then(|| batch.key.clone()), guess: false }
    }

    /// From the first of these sends to the last of those.
    pub fn and(&self, other: &Self) -> Self {
        let (first, last) = (self.first.min(other.first), self.last.max(other.last));
        Self { first, last, batch: None, guess: self.guess && other.guess }
    }

    /// The same of a delivery by itself, which is looked for before anything else, and where that cannot be done is taken
    /// for not sent.
    pub fn in_doubt(&self) -> Self {
        Self { batch: None, guess: true, ..self.clone() }
    }

    /// The same of a delivery that is no longer held to be in a batch.
    pub fn alone(&self) -> Self {
        Self { batch: None, ..self.clone() }
    }
}

/// How a delivery left the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The destination took it.
    Delivered {
        /// When.
        at: DateTime<Utc>,
        /// The message's id, where the destination gives one.
        message_id: Option<String>,
    },
    /// It was given up.
    Dead {
        /// When.
        at: DateTime<Utc>,
        /// Why.
        reason: String,
    },
}
