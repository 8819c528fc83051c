//! Why a fetch failed, and what to do about it.

use std::time::Duration;

use thiserror::Error;

use crate::edgar::answer::Answer;
use crate::text::{clip, plain};

/// The most characters of an error: it quotes part of the answer.
const MOST_MESSAGE: usize = 500;

/// A kind of failure, according to what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// EDGAR blocks us because of too many requests: send none at all for a while.
    RateBlocked,
    /// EDGAR refuses the user agent: a person must set the contact.
    AgentRefused,
    /// Nothing was sent: EDGAR wants to be left alone.
    Silent,
    /// Nothing was sent: EDGAR does not answer at all, and the next probe is not due yet
    /// ([`super::Client::outage`]).
    Outage,
    /// Not published yet.
    NotThereYet,
    /// 403 for a reason whose wording is unknown.
    Forbidden,
    /// The page "File Unavailable": after the feed's last page, the end of the feed; elsewhere a passing
    /// failure.
    FileUnavailable,
    /// Another 5xx.
    Unavailable,
    /// The network failed, the answer was truncated or late, or a web page arrived instead of a document.
    Passing,
    /// An answer that an immediate retry does not change: too long, a redirect, an unexpected status.
    Unexpected,
}

impl Trouble {
    /// True if EDGAR wants sellbell to stop: this needs a person or a long pause.
    pub fn is_block(self) -> bool {
        matches!(self, Self::RateBlocked | Self::AgentRefused | Self::Forbidden)
    }

    /// True if nothing was sent, so that nothing was learnt.
    pub fn was_not_asked(self) -> bool {
        matches!(self, Self::Silent | Self::Outage)
    }
}

/// Why a fetch failed.
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
    /// A failure of this kind with an answer that does not ask to wait.
    pub fn new(trouble: Trouble, message: impl Into<String>) -> Self {
        let message = clip(&plain(&message.into()), MOST_MESSAGE).into_owned();
        Self { trouble, message, retry_after: None }
    }

    /// A failure that may be over at the next try.
    pub fn passing(message: impl Into<String>) -> Self {
        Self::new(Trouble::Passing, message)
    }

    /// True if it concerns EDGAR as a whole: it blocks us, or asks to be left alone for a while.
    pub fn is_grave(&self) -> bool {
        self.retry_after.is_some() || matches!(self.trouble, Trouble::RateBlocked | Trouble::AgentRefused)
    }
}

/// Why no client could be created.
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

/// The failure that an answer represents, with its meaning for people; `None` for a document.
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
        Answer::FileUnavailable => {
            (Trouble::FileUnavailable, "EDGAR does not have this page, or is not available")
        }
        Answer::Unavailable => (Trouble::Unavailable, "EDGAR is not available"),
        Answer::Forbidden => (Trouble::Forbidden, "EDGAR forbids it"),
        Answer::UnexpectedPage => (Trouble::Passing, "a web page arrived instead"),
        Answer::Refused => (Trouble::Unexpected, "an unexpected status"),
    })
}
