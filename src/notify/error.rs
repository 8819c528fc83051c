//! The result of a send: the message's id, or why it failed and whether another attempt may help.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::alert::Key;
use crate::destination::Destination;
use crate::text::redact::Redactor;

/// An error has so many characters at most.
const MOST_MESSAGE: usize = 1_000;

/// A destination took a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The message's id, where the destination gives one.
    pub message_id: Option<String>,
}

/// A delivery was not taken. The text holds no secret and no address.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct SendError {
    /// The failure.
    pub message: String,
    /// Whether and when to try again.
    pub retry: Retry,
    /// True if it may have reached the destination all the same: no answer says that it did not.
    pub may_have_arrived: bool,
    /// Advice for people, if there is any.
    pub advice: Option<&'static str>,
    /// True if it may be this message that the destination does not like, so that others are tried before it.
    pub of_message: bool,
}

/// Whether a failed delivery may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It can never succeed as it is.
    Never,
    /// The message that it edits cannot be edited any more: as a new one it can succeed.
    Gone,
    /// The destination takes nothing at all until somebody mends it.
    Closed,
    /// Later, by our own back-off.
    Later,
    /// Not before the destination allows it.
    After(Duration),
}

impl SendError {
    /// The same without secrets, and with so many words at most.
    pub(super) fn cleaned(self, redactor: &Redactor) -> Self {
        Self { message: redactor.clean(&self.message, MOST_MESSAGE), ..self }
    }

    pub(super) fn never(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            retry: Retry::Never,
            may_have_arrived: false,
            advice: None,
            of_message: false,
        }
    }

    /// Nobody knows what became of it.
    pub(super) fn later(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            retry: Retry::Later,
            may_have_arrived: true,
            advice: None,
            of_message: false,
        }
    }

    /// It certainly was not taken.
    pub(super) fn refused(message: impl Into<String>) -> Self {
        Self { may_have_arrived: false, ..Self::later(message) }
    }

    /// The message to edit is gone.
    pub(super) fn gone(message: impl Into<String>) -> Self {
        Self { retry: Retry::Gone, ..Self::refused(message) }
    }

    /// The destination takes nothing.
    pub(super) fn closed(message: impl Into<String>) -> Self {
        Self { retry: Retry::Closed, ..Self::refused(message) }
    }

    pub(super) fn advise(self, advice: &'static str) -> Self {
        Self { advice: Some(advice), ..self }
    }
}

/// The result of looking for deliveries that may have arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadBack {
    /// These are there, with what took them and since when; the others are not.
    Arrived(BTreeMap<Key, (Sent, DateTime<Utc>)>),
    /// The destination drops a repeated one by itself.
    Guarded,
    /// Unknown, so that they may be sent twice.
    Unknown(&'static str),
}

pub(super) fn unknown(destination: &Destination) -> SendError {
    // It may be that the settings lost it by mistake, so the delivery is kept for a while.
    SendError::refused(format!("the settings no longer define {destination}, or its secret is not set"))
}

pub(super) fn no_digest(destination: &Destination) -> SendError {
    SendError::never(format!("{destination} cannot take a digest or notice"))
}
