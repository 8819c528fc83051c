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
    /// One alert, sent at once.
    Alert(Box<Alert>),
    /// A digest.
    Digest(Box<Digest>),
    /// Something that operators, or readers of the destination, need to know.
    Notice(Box<Notice>),
    /// Alerts that share one message.
    Summary(Box<Summary>),
    /// Another filing's alert about a trade that was already reported: adds its owners.
    Addition(Box<Alert>),
    /// The alert of an amendment that edited a message a lot: a reply to that message.
    Correction(Box<Alert>),
}

/// A delivery that is queued: it leaves the queue only as delivered or dead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// Derived from body and destination. Discord's nonce, the mail's Message-ID and the message's reference
    /// derive from it.
    pub key: Key,
    /// The destination.
    pub destination: Destination,
    /// The content.
    pub body: Body,
    /// When it was queued.
    pub queued_at: DateTime<Utc>,
    /// How many times it has failed.
    pub attempts: u32,
    /// The earliest time of the next try.
    pub not_before: DateTime<Utc>,
    /// Since when it has been failing, if it is.
    #[serde(default)]
    pub failing_since: Option<DateTime<Utc>>,
    /// The delivery whose message this one changes, or replies to if the message cannot be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concerns: Option<Key>,
    /// The message that it replies to because that could not be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
    /// Sends of it that may have reached its destination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<InFlight>,
    /// The name of the thread or post of its channel that it goes to; `None` for the channel itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// How many deliveries it replaces; 0 if it replaces none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub joined: usize,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Delivery {
    /// The number of deliveries that it counts as.
    pub fn count(&self) -> usize {
        self.joined.max(1)
    }

    /// True if it is for the readers of its destination, rather than for operators.
    pub fn is_for_readers(&self) -> bool {
        match &self.body {
            Body::Notice(notice) => notice.is_for_readers(),
            _ => true,
        }
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
            Body::Correction(alert) => Key::of(&["correction", alert.key.as_str()]),
        };
        let concerned = match &body {
            Body::Alert(alert) => alert.supersedes.as_ref(),
            Body::Addition(alert) => Some(&alert.key),
            Body::Digest(_) | Body::Notice(_) | Body::Summary(_) | Body::Correction(_) => None,
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
            thread: None,
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
    thread: Option<u64>,
}

impl Batch {
    /// A delivery by itself.
    pub fn one(delivery: Delivery) -> Self {
        Self {
            key: delivery.key.clone(),
            destination: delivery.destination.clone(),
            deliveries: vec![delivery],
            concerned: None,
            thread: None,
        }
    }

    /// Its first `count` deliveries.
    pub fn first(mut self, count: usize) -> Self {
        self.deliveries.truncate(count);
        Self::of(self.destination, self.deliveries)
    }

    /// The summaries among its deliveries.
    pub fn summaries(&mut self) -> impl Iterator<Item = &mut Summary> {
        self.deliveries.iter_mut().filter_map(|delivery| match &mut delivery.body {
            Body::Summary(summary) => Some(&mut **summary),
            Body::Alert(_) | Body::Digest(_) | Body::Notice(_) | Body::Addition(_) | Body::Correction(_) => {
                None
            }
        })
    }

    /// The same batch, whose only delivery concerns the delivery with this key, in this message.
    pub fn concerning(self, message_id: String, key: Key) -> Self {
        Self { concerned: Some((message_id, key)), ..self }
    }

    /// The message that its only delivery changes or replies to, and the delivery in that message that it
    /// concerns.
    pub fn concerned(&self) -> Option<(&str, &Key)> {
        self.concerned.as_ref().map(|(message_id, key)| (message_id.as_str(), key))
    }

    /// A batch of deliveries to a destination, in this order. The same deliveries always have the same key.
    pub fn of(destination: Destination, deliveries: Vec<Delivery>) -> Self {
        let key = match &deliveries[..] {
            [one] => one.key.clone(),
            all => {
                let keys = all.iter().map(|delivery| delivery.key.as_str());
                Key::of(&["batch"].into_iter().chain(keys).collect::<Vec<_>>())
            }
        };
        Self { key, destination, deliveries, concerned: None, thread: None }
    }

    /// The same deliveries under the key of an earlier batch, whose remainder they are.
    pub fn again(self, key: Key) -> Self {
        Self { key, ..self }
    }

    /// Sets the id of the thread that it goes to.
    pub fn set_thread(&mut self, thread: Option<u64>) {
        self.thread = thread;
    }

    /// The id of the thread of its channel that it goes to; `None` for the channel itself.
    pub fn thread(&self) -> Option<u64> {
        self.thread
    }

    /// The name of the thread that it goes to, if it begins a message there: an edit or a reply goes where its
    /// message is.
    pub fn thread_name(&self) -> Option<&str> {
        let first = self.deliveries.first().filter(|first| first.answers.is_none())?;
        first.thread.as_deref().filter(|_| self.concerned.is_none())
    }

    /// Identifies the message, so that a destination that supports it can drop a repeated one. A single
    /// delivery has its own key.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The destination.
    pub fn destination(&self) -> &Destination {
        &self.destination
    }

    /// The deliveries, oldest first.
    pub fn deliveries(&self) -> &[Delivery] {
        &self.deliveries
    }

    /// The keys of its deliveries, oldest first.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.deliveries.iter().map(|delivery| &delivery.key)
    }

    /// Sets when each alert goes out.
    pub fn set_sent_at(&mut self, sent_at: Option<DateTime<Utc>>) {
        for delivery in &mut self.deliveries {
            if let Body::Alert(alert) = &mut delivery.body {
                alert.sent_at = sent_at;
            }
        }
    }
}

/// Sends of a delivery without a conclusive answer: it may have reached its destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InFlight {
    /// When the first of them began.
    pub first: DateTime<Utc>,
    /// When the last of them began.
    pub last: DateTime<Utc>,
    /// The key of the batch it was in, unless it was alone: Discord knows that message by this key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<Key>,
    /// The id of the thread that it was sent to, if that was not the channel itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<u64>,
    /// True if we may have sent this and lost the record of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub guess: bool,
}

impl InFlight {
    /// Adds a send in this batch, which begins now.
    pub fn another(before: Option<Self>, batch: &Batch, now: DateTime<Utc>) -> Self {
        let first = before.map_or(now, |before| before.first);
        let alone = batch.deliveries().iter().all(|delivery| delivery.key == batch.key);
        let key = (!alone).then(|| batch.key.clone());
        Self { first, last: now, batch: key, thread: batch.thread, guess: false }
    }

    /// Combines two records of sends to the same place: from the earliest first send to the latest last one.
    pub fn and(&self, other: &Self) -> Self {
        let (first, last) = (self.first.min(other.first), self.last.max(other.last));
        Self { first, last, batch: None, thread: self.thread, guess: self.guess && other.guess }
    }

    /// The same for a delivery by itself that we may have sent. It is looked up before anything else, and if
    /// it cannot be looked up, it counts as not sent.
    pub fn in_doubt(&self) -> Self {
        Self { batch: None, guess: true, ..self.clone() }
    }

    /// The same for a delivery that is no longer assumed to be in a batch.
    pub fn alone(&self) -> Self {
        Self { batch: None, ..self.clone() }
    }
}

/// The id that is kept of a message in a thread that alerts share.
pub fn id_in_thread(thread: u64, id: &str) -> String {
    format!("{thread}/{id}")
}

/// The parts of the id that is kept of a message: the thread's, if it is in one that alerts share, and its own.
pub fn parts_of_id(kept: &str) -> (Option<u64>, &str) {
    match kept.split_once('/') {
        Some((thread, id)) => (thread.parse().ok().filter(|thread| *thread > 0), id),
        None => (None, kept),
    }
}

/// How a delivery left the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The destination accepted it.
    Delivered {
        /// When.
        at: DateTime<Utc>,
        /// The message's id, if the destination returns one. For a message in a thread that alerts share,
        /// the thread's id and a slash come before it.
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
