//! What each kind of destination can do, in one table.

use super::name::Destination;

/// What a kind of destination can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Several alerts can stand in one message, and those above a channel's budget in an overflow message that grows.
    pub batches: bool,
    /// How many alerts that waited are joined into one message; 0: each comes by itself, as programs read them.
    pub joins: usize,
    /// It takes notices, and words about late and muted alerts.
    pub notices: bool,
    /// What another filing says of the same trade is added to a message that was sent.
    pub additions: bool,
    /// Where messages that were sent can be read back.
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
    /// They cannot.
    Never,
}

const CHANNEL: Capabilities = Capabilities {
    batches: true,
    joins: 1_000,
    notices: true,
    additions: true,
    read_back: ReadBack::Always,
    repeats_slowly: false,
};
const DISCORD: Capabilities = Capabilities { read_back: ReadBack::ByBot, ..CHANNEL };
const EMAIL: Capabilities = Capabilities {
    batches: false,
    joins: 300,
    notices: true,
    additions: true,
    read_back: ReadBack::Never,
    repeats_slowly: true,
};
const TERMINAL: Capabilities = Capabilities {
    batches: false,
    joins: 0,
    notices: true,
    additions: false,
    read_back: ReadBack::Never,
    repeats_slowly: false,
};
const WEBHOOK: Capabilities = TERMINAL;
const JSONL: Capabilities = Capabilities { notices: false, ..TERMINAL };

impl Destination {
    /// What its kind can do.
    pub fn capabilities(&self) -> Capabilities {
        match self {
            Self::Channel(_) => CHANNEL,
            Self::Discord(_) => DISCORD,
            Self::Email(_) => EMAIL,
            Self::Terminal => TERMINAL,
            Self::Webhook(_) => WEBHOOK,
            Self::Jsonl(_) => JSONL,
        }
    }
}
