//! Why nothing was fetched, and what to do about it.

use std::time::Duration;

use thiserror::Error;

use crate::edgar::answer::Answer;
use crate::text::{clip, plain};

/// An error has so many characters at most: it repeats a part of what came.
const MOST_MESSAGE: usize = 500;

/// A kind of failure, by what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// EDGAR blocks us for asking too often: ask nothing at all for a while.
    RateBlocked,
    /// EDGAR refuses the user agent: a person must set the contact.
    AgentRefused,
    /// Nothing was asked: EDGAR said to be left alone.
    Silent,
    /// Nothing was asked: EDGAR does not answer at all, and the next probe is not due yet ([`super::Client::outage`]).
    Outage,
    /// Not published yet.
    NotThereYet,
    /// 403 for a reason that EDGAR does not give in words that we know.
    Forbidden,
    /// The page "File Unavailable": behind the feed's last page, its end; elsewhere a passing failure.
    FileUnavailable,
    /// Another 5xx.
    Unavailable,
    /// The network failed, the answer was cut or late, or a web page arrived instead of a document.
    Passing,
    /// An answer that another try at once does not change: too long, a redirect, an unexpected status.
    Unexpected,
}

impl Trouble {
    /// True if EDGAR asks sellbell to stop: a person or a long silence is needed.
    pub fn is_block(self) -> bool {
        matches!(self, Self::RateBlocked | Self::AgentRefused | Self::Forbidden)
    }

    /// True if nothing was asked, so that nothing was learnt.
    pub fn was_not_asked(self) -> bool {
        matches!(self, Self::Silent | Self::Outage)
    }
}

/// Why nothing was fetched.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct FetchError {
    /// Advice for people.
    pub trouble: Trouble,
    /// The failure, for people.
    pub message: String,
    /// How long the answer asks to wait.
    pub retry_after: Option<Duration>,
}

impl FetchError {
    /// A failure of this kind, whose answer does not ask to wait.
    pub fn new(trouble: Trouble, message: impl Into<String>) -> Self {
        let message = clip(&plain(&message.into()), MOST_MESSAGE).into_owned();
        Self { trouble, message, retry_after: None }
    }

    /// A failure that may be over at the next try.
    pub fn passing(message: impl Into<String>) -> Self {
        Self::new(Trouble::Passing, message)
    }

    /// True if it is about EDGAR as a whole: it blocks us, or asks to be left alone for a while.
    pub fn is_grave(&self) -> bool {
        self.retry_after.is_some() || matches!(self.trouble, Trouble::RateBlocked | Trouble::AgentRefused)
    }
}

/// Why no client could be made.
#[derive(Debug, Error)]
pub enum ClientError {
    /// sec.gov without a contact.
    #[error(
        "the SEC requires a contact, and none is set: set contact = \"Your Name you@example.org\" under [edgar] in the settings, or SELLBELL_EDGAR__CONTACT in the environment. The SEC blocks programs that do not identify themselves (https://www.sec.gov/os/accessing-edgar-data). To see sellbell at work without EDGAR, run `sellbell demo`"
    )]
    NoContact,
    /// A rate of zero.
    #[error("requests_per_second must be above zero")]
    NoRate,
    /// The HTTP library could not be set up.
    #[error("cannot set up HTTP: {0}")]
    Http(#[from] reqwest::Error),
}

/// The failure that an answer is, with its meaning for people; `None` for a document.
pub(super) fn trouble(answer: Answer) -> Option<(Trouble, &'static str)> {
    Some(match answer {
        Answer::Document => return None,
        Answer::RateBlocked => {
            (Trouble::RateBlocked, "EDGAR blocks this address because of too many requests")
        }
        Answer::AgentRefused => (
            Trouble::AgentRefused,
            "EDGAR refuses the user agent: set [edgar] contact to your name and e-mail address",
        ),
        Answer::NotThereYet => (Trouble::NotThereYet, "not published yet"),
        Answer::FileUnavailable => (Trouble::FileUnavailable, "EDGAR has no such page, or is not available"),
        Answer::Unavailable => (Trouble::Unavailable, "EDGAR is not available"),
        Answer::Forbidden => (Trouble::Forbidden, "EDGAR forbids it"),
        Answer::UnexpectedPage => (Trouble::Passing, "a web page arrived instead"),
        Answer::Refused => (Trouble::Unexpected, "an unexpected status"),
    })
}
