//! The options of commands.

use serenity::all::{CommandOptionType, CreateCommandOption};

use super::texts::{self, Text};
use crate::destination::Threads;

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

/// How alerts are spread over threads.
pub(super) fn threads() -> CreateCommandOption {
    let built = option(CommandOptionType::String, THREADS, texts::THREADS);
    let built = built.add_string_choice_localized(
        "one for each company",
        Threads::Ticker.word(),
        de("einer für jedes Unternehmen"),
    );
    built.add_string_choice_localized("one a day", Threads::Day.word(), de("einer am Tag"))
}

/// A text in German alone.
fn de(text: &str) -> [(&str, &str); 1] {
    [("de", text)]
}

pub(super) const MENTION: &str = "mention";
pub(super) const THREADS: &str = "threads";
pub(super) const RULE: &str = "rule";
pub(super) const TICKER: &str = "ticker";
