//! One alert, digest or notice to one destination.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::alert::{Alert, Key};
use crate::destination::Destination;
use crate::digest::Digest;

/// What is delivered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// One alert, at once.
    Alert(Box<Alert>),
    /// A digest.
    Digest(Box<Digest>),
    /// Something that those who run it need to know.
    Notice(Box<Notice>),
}

/// What those who run it are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The same notice at the same moment has the same key.
    pub key: Key,
    /// When.
    pub at: DateTime<Utc>,
    /// In a few words.
    pub title: String,
    /// What happened and what to do, some lines.
    pub text: String,
}

impl Notice {
    /// A notice of this moment.
    pub fn new(at: DateTime<Utc>, title: impl Into<String>, text: impl Into<String>) -> Self {
        let (title, text) = (title.into(), text.into());
        Self { key: Key::of(&["notice", &at.to_rfc3339(), &title, &text]), at, title, text }
    }
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
}

impl Delivery {
    /// A delivery that is due at once.
    pub fn new(destination: Destination, body: Body, now: DateTime<Utc>) -> Self {
        let body_key = match &body {
            Body::Alert(alert) => &alert.key,
            Body::Digest(digest) => &digest.key,
            Body::Notice(notice) => &notice.key,
        };
        Self {
            key: Key::of(&["delivery", body_key.as_str(), &destination.to_string()]),
            destination,
            body,
            queued_at: now,
            attempts: 0,
            not_before: now,
            failing_since: None,
        }
    }
}

/// Sends of a delivery of which no answer said what became of them: it may have reached its destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InFlight {
    /// When the first of them began.
    pub first: DateTime<Utc>,
    /// When the last of them began.
    pub last: DateTime<Utc>,
}

impl InFlight {
    /// One more send, which begins now.
    pub fn another(before: Option<Self>, now: DateTime<Utc>) -> Self {
        Self { first: before.map_or(now, |before| before.first), last: now }
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
