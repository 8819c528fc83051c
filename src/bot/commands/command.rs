//! The table of commands: their names, descriptions, and who may use them.

use super::texts::{self, Text};

/// A command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::bot) enum Command {
    Subscribe,
    Unsubscribe,
    Watch,
    Unwatch,
    Subscriptions,
    Mute,
    Unmute,
    Test,
    Latest,
    Insider,
    Top,
    Explain,
    Status,
    Privacy,
    Help,
}

/// Who may use a command, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    /// Members of a server with the permission Manage Server: the command changes something there.
    Managers,
    /// The same, and anybody for their own direct messages.
    Owners,
    /// Everyone, anywhere: the command only shows something.
    Everyone,
}

impl Command {
    /// All commands, in the order in which `/help` lists them.
    pub(super) const ALL: [Self; 15] = [
        Self::Subscribe,
        Self::Unsubscribe,
        Self::Watch,
        Self::Unwatch,
        Self::Subscriptions,
        Self::Mute,
        Self::Unmute,
        Self::Test,
        Self::Latest,
        Self::Insider,
        Self::Top,
        Self::Explain,
        Self::Status,
        Self::Privacy,
        Self::Help,
    ];

    /// The command of a name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|command| command.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Subscribe => "subscribe",
            Self::Unsubscribe => "unsubscribe",
            Self::Watch => "watch",
            Self::Unwatch => "unwatch",
            Self::Subscriptions => "subscriptions",
            Self::Mute => "mute",
            Self::Unmute => "unmute",
            Self::Test => "test",
            Self::Latest => "latest",
            Self::Insider => "insider",
            Self::Top => "top",
            Self::Explain => "explain",
            Self::Status => "status",
            Self::Privacy => "privacy",
            Self::Help => "help",
        }
    }

    pub(super) fn audience(self) -> Audience {
        match self {
            Self::Subscribe | Self::Unsubscribe => Audience::Managers,
            Self::Watch | Self::Unwatch | Self::Subscriptions | Self::Mute | Self::Unmute | Self::Test => {
                Audience::Owners
            }
            Self::Latest
            | Self::Insider
            | Self::Top
            | Self::Explain
            | Self::Status
            | Self::Privacy
            | Self::Help => Audience::Everyone,
        }
    }

    pub(super) fn description(self) -> Text {
        match self {
            Self::Subscribe => texts::SUBSCRIBE,
            Self::Unsubscribe => texts::UNSUBSCRIBE,
            Self::Watch => texts::WATCH,
            Self::Unwatch => texts::UNWATCH,
            Self::Subscriptions => texts::SUBSCRIPTIONS,
            Self::Mute => texts::MUTE,
            Self::Unmute => texts::UNMUTE,
            Self::Test => texts::TEST,
            Self::Latest => texts::LATEST,
            Self::Insider => texts::INSIDER,
            Self::Top => texts::TOP,
            Self::Explain => texts::EXPLAIN,
            Self::Status => texts::STATUS,
            Self::Privacy => texts::PRIVACY,
            Self::Help => texts::HELP,
        }
    }
}
