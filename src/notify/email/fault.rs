//! How a conversation with a mail server fails.

use std::io;

use super::verdict::Stage;

/// The code by which a server ends the connection, at any time.
pub(super) const CLOSING: u16 = 421;

/// How a conversation failed.
#[derive(Debug)]
pub(super) enum Fault {
    /// The server's refusal: its code and its text.
    Refused(u16, String),
    /// The server's name cannot be resolved.
    NoName,
    /// The server cannot be reached.
    NoConnection(io::Error),
    /// The connection broke.
    Broken,
    /// TLS could not be established.
    Tls(io::Error),
    /// Its answer is not SMTP.
    NotSmtp,
    /// It sent more than allowed.
    TooMuch,
    /// It does not offer STARTTLS.
    NoStartTls,
    /// It offers none of the login methods we support.
    NoLogin,
    /// It does not accept non-ASCII addresses.
    NoUtf8,
    /// The mail has more bytes than the server accepts.
    TooBig {
        /// The size of the mail.
        size: u64,
        /// The most that the server accepts.
        most: u64,
    },
    /// It did not answer in time.
    Late,
}

impl Fault {
    /// True if an older connection may be at fault, so that a new one may do better: it broke, the server
    /// ended it, or refuses to begin one more mail over it.
    pub(super) fn is_of_connection(&self, stage: Stage) -> bool {
        match self {
            Self::Refused(code, _) => *code == CLOSING || stage == Stage::Sender,
            Self::Broken | Self::NotSmtp => true,
            _ => false,
        }
    }
}
