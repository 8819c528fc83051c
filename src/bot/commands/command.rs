//! The table of commands: their names, descriptions, and who may use them.

use super::texts::{self, Text};

/// A command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::bot) enum Command {
    Subscribe,
    Unsubscribe,
    Subscriptions,
    Latest,
    Status,
    Help,
}

/// Who may use a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    /// Members of a server with the permission Manage Server: the command changes something.
    Managers,
    /// Everyone, also in a direct message: the command only shows something.
    Everyone,
}

impl Command {
    /// All commands, in the order in which `/help` lists them.
    pub(super) const ALL: [Self; 6] =
        [Self::Subscribe, Self::Unsubscribe, Self::Subscriptions, Self::Latest, Self::Status, Self::Help];

    /// The command of a name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|command| command.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Subscribe => "subscribe",
            Self::Unsubscribe => "unsubscribe",
            Self::Subscriptions => "subscriptions",
            Self::Latest => "latest",
            Self::Status => "status",
            Self::Help => "help",
        }
    }

    pub(super) fn audience(self) -> Audience {
        match self {
            Self::Subscribe | Self::Unsubscribe | Self::Subscriptions => Audience::Managers,
            Self::Latest | Self::Status | Self::Help => Audience::Everyone,
        }
    }

    pub(super) fn description(self) -> Text {
        match self {
            Self::Subscribe => texts::SUBSCRIBE,
            Self::Unsubscribe => texts::UNSUBSCRIBE,
            Self::Subscriptions => texts::SUBSCRIPTIONS,
            Self::Latest => texts::LATEST,
            Self::Status => texts::STATUS,
            Self::Help => texts::HELP,
        }
    }
}
