//! The capabilities of each kind of destination, in one table.

use super::name::Destination;

/// The capabilities of a kind of destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// It is on this machine, so it needs neither settings nor a secret.
    pub local: bool,
    /// One message can carry several alerts, and alerts above a channel's budget go into a growing overflow
    /// message.
    pub batches: bool,
    /// How many waiting alerts are joined into one message; 0 if each is sent on its own because programs
    /// read them.
    pub joins: usize,
    /// It accepts notices, and messages about late and muted alerts.
    pub notices: bool,
    /// Another filing about the same trade is added to a message already sent.
    pub additions: bool,
    /// A sent message can be edited, so a large correction is followed by a reply.
    pub edits: bool,
    /// Whether sent messages can be read back.
    pub read_back: ReadBack,
    /// A try without an answer may already have reached a person, so it is repeated slowly.
    pub repeats_slowly: bool,
    /// Its messages may be large and wait long for a connection, so only a few of all its destinations are
    /// loaded at once.
    pub few_at_once: bool,
}

/// Whether sent messages can be read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadBack {
    /// They always can.
    Always,
    /// They can if the bot sends them, but not if a Discord webhook does.
    ByBot,
    /// They cannot, and need not be: the existing content is searched before each alert is added.
    Guarded,
    /// They never can.
    Never,
}

const CHANNEL: Capabilities = Capabilities {
    local: false,
    batches: true,
    joins: 1_000,
    notices: true,
    additions: true,
    edits: true,
    read_back: ReadBack::Always,
    repeats_slowly: false,
    few_at_once: false,
};
const DISCORD: Capabilities = Capabilities { read_back: ReadBack::ByBot, ..CHANNEL };
const EMAIL: Capabilities = Capabilities {
    local: false,
    batches: false,
    joins: 300,
    notices: true,
    additions: true,
    edits: false,
    read_back: ReadBack::Never,
    repeats_slowly: true,
    few_at_once: true,
};
const TERMINAL: Capabilities = Capabilities {
    local: true,
    batches: false,
    joins: 0,
    notices: true,
    additions: false,
    edits: false,
    read_back: ReadBack::Never,
    repeats_slowly: false,
    few_at_once: false,
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
