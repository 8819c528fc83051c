//! The result of a send: the message's id, or why it failed and whether to try again.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::alert::Key;
use crate::delivery::id_in_thread;
use crate::destination::Destination;
use crate::text::redact::Redactor;

/// The most characters of an error.
const MOST_MESSAGE: usize = 1_000;

/// A delivery that its destination accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The message's id, if the destination returns one.
    pub message_id: Option<String>,
}

impl Sent {
    /// The same message in a thread that alerts share, if it is in one.
    pub(super) fn in_thread(self, thread: Option<u64>) -> Self {
        match thread {
            Some(thread) => Self { message_id: self.message_id.map(|id| id_in_thread(thread, &id)) },
            None => self,
        }
    }
}

/// A delivery that was not accepted. The text contains no secret and no address.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct SendError {
    /// The failure.
    pub message: String,
    /// Whether and when to try again.
    pub retry: Retry,
    /// True if it may have arrived all the same, because no answer says that it did not.
    pub may_have_arrived: bool,
    /// Advice for people, if there is any.
    pub advice: Option<&'static str>,
    /// True if the failure may be about this message, so that others are tried before it.
    pub of_message: bool,
    /// Discord's code for it, if Discord refused it.
    pub code: Option<i64>,
}

/// Whether a failed delivery may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Never: it cannot succeed as it is.
    Never,
    /// The message can no longer be edited, but sending a new one can succeed.
    Gone,
    /// The destination accepts nothing until somebody fixes it.
    Closed,
    /// Later, after our own back-off.
    Later,
    /// Not before the destination allows it.
    After(Duration),
}

impl SendError {
    /// The same error with secrets removed and its text clipped.
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
            code: None,
        }
    }

    /// It is uncertain whether it arrived.
    pub(super) fn later(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            retry: Retry::Later,
            may_have_arrived: true,
            advice: None,
            of_message: false,
            code: None,
        }
    }

    /// It was certainly not accepted.
    pub(super) fn refused(message: impl Into<String>) -> Self {
        Self { may_have_arrived: false, ..Self::later(message) }
    }

    /// The message to edit is gone.
    pub(super) fn gone(message: impl Into<String>) -> Self {
        Self { retry: Retry::Gone, ..Self::refused(message) }
    }

    /// The destination accepts nothing.
    pub(super) fn closed(message: impl Into<String>) -> Self {
        Self { retry: Retry::Closed, ..Self::refused(message) }
    }

    pub(super) fn advise(self, advice: &'static str) -> Self {
        Self { advice: Some(advice), ..self }
    }
}

/// The result of checking whether deliveries arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadBack {
    /// These arrived, with their messages and times; the others did not.
    Arrived(BTreeMap<Key, (Sent, DateTime<Utc>)>),
    /// The destination drops repeated deliveries by itself.
    Guarded,
    /// Unknown, so they may be sent twice. The text says why.
    Unknown(&'static str),
}

pub(super) fn unknown(destination: &Destination) -> SendError {
    // It may have been removed from the settings by mistake, so the delivery is kept for a while.
    SendError::refused(match destination {
        Destination::Email(_) => format!("no address in the settings belongs to {destination} any more"),
        _ => format!("the settings no longer define {destination}, or its secret is not set"),
    })
}

pub(super) fn no_digest(destination: &Destination) -> SendError {
    SendError::never(format!("{destination} cannot take a digest or notice"))
}
