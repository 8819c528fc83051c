//! The capabilities of each kind of destination, in one table.

use super::name::Destination;

/// The capabilities of a kind of destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// It is on this machine, so that it needs neither settings nor a secret.
    pub local: bool,
    /// Several alerts can stand in one message, and those above a channel's budget in an overflow message that grows.
    pub batches: bool,
    /// How many alerts that waited are joined into one message; 0: each comes by itself, as programs read them.
    pub joins: usize,
    /// It takes notices, and words about late and muted alerts.
    pub notices: bool,
    /// Another filing about the same trade is added to a message that was sent.
    pub additions: bool,
    /// Whether messages that were sent can be read back.
    pub read_back: ReadBack,
    /// A try of which no answer came may be one more message for a person, so that it is repeated slowly.
    pub repeats_slowly: bool,
}

/// Whether messages that were sent can be read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadBack {
    /// They can.
    Always,
    /// They can where the bot sends them, and not where a webhook of Discord's does.
    ByBot,
    /// They cannot, and need not be: before each alert, what stands there already is searched for it.
    Guarded,
    /// They cannot.
    Never,
}

const CHANNEL: Capabilities = Capabilities {
    local: false,
    batches: true,
    joins: 1_000,
    notices: true,
    additions: true,
    read_back: ReadBack::Always,
    repeats_slowly: false,
};
const DISCORD: Capabilities = Capabilities { read_back: ReadBack::ByBot, ..CHANNEL };
const EMAIL: Capabilities = Capabilities {
    local: false,
    batches: false,
    joins: 300,
    notices: true,
    additions: true,
    read_back: ReadBack::Never,
    repeats_slowly: true,
};
const TERMINAL: Capabilities = Capabilities {
    local: true,
    batches: false,
    joins: 0,
    notices: true,
    additions: false,
    read_back: ReadBack::Never,
    repeats_slowly: false,
};
const WEBHOOK: Capabilities = Capabilities { local: false, ..TERMINAL };
const LINES: Capabilities = Capabilities { notices: false, ..TERMINAL };
const FILE_OF_LINES: Capabilities = Capabilities { read_back: ReadBack::Guarded, ..LINES };

impl Destination {
    /// The capabilities of its kind.
    pub fn capabilities(&self) -> Capabilities {
        match self {
            Self::Channel(_) => CHANNEL,
            Self::Discord(_) => DISCORD,
            Self::Email(_) => EMAIL,
            Self::Terminal => TERMINAL,
            Self::Webhook(_) => WEBHOOK,
            Self::Jsonl(None) => LINES,
            Self::Jsonl(Some(_)) => FILE_OF_LINES,
        }
    }
}
