//! The options of commands.

use serenity::all::{CommandOptionType, CreateCommandOption};

use super::texts::{self, Text};

/// An option with its description in each language.
pub(super) fn option(kind: CommandOptionType, name: &str, Text { en, de }: Text) -> CreateCommandOption {
    CreateCommandOption::new(kind, name, en).description_localized("de", de)
}

/// A required text that is completed while it is typed.
pub(super) fn completed(name: &str, text: Text) -> CreateCommandOption {
    option(CommandOptionType::String, name, text).required(true).set_autocomplete(true)
}

/// A role to mention.
pub(super) fn mention() -> CreateCommandOption {
    option(CommandOptionType::Role, MENTION, texts::MENTION)
}

pub(super) const MENTION: &str = "mention";
pub(super) const RULE: &str = "rule";
pub(super) const TICKER: &str = "ticker";
