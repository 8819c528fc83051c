//! A command as somebody used it.

use serde_json::Value;

use super::command::Command;
use crate::bot::caller::Caller;
use crate::bot::interaction::{CommandOption, Interaction, PlainOption};
use crate::text::{clip, plain};

/// The longest text of an option, in characters; no rule's name is longer.
const LONGEST: usize = 200;

/// A command as somebody used it, or types it.
#[derive(Debug, Clone)]
pub(in crate::bot) struct Asked {
    /// The command; `None` if this version has none of that name.
    pub(super) command: Option<Command>,
    /// The subcommand; empty without one.
    pub(super) subcommand: String,
    values: Vec<(String, Value)>,
    /// The option that is being typed, and its text so far.
    typed: (String, String),
    /// Who uses it, and where.
    pub(super) caller: Caller,
}

impl Asked {
    /// Reads an interaction. Its texts are typed by strangers.
    pub(in crate::bot) fn of(interaction: &Interaction, caller: Caller) -> Self {
        let options = interaction.data.options.0.iter();
        let subcommand = options.clone().find(|option| !option.options.0.is_empty());
        let mut asked = Self {
            command: Command::named(&interaction.data.name),
            subcommand: subcommand.map(|option| clean(&option.name)).unwrap_or_default(),
            values: Vec::new(),
            typed: Default::default(),
            caller,
        };
        match subcommand {
            Some(CommandOption { options, .. }) => {
                for PlainOption { name, value, focused } in &options.0 {
                    asked.add(name, value, *focused);
                }
            }
            None => options.for_each(|option| asked.add(&option.name, &option.value, option.focused)),
        }
        asked
    }

    fn add(&mut self, name: &str, value: &Value, is_typed: bool) {
        match (is_typed, value.as_str()) {
            (true, text) => self.typed = (name.to_owned(), clean(text.unwrap_or_default())),
            (false, Some(text)) => self.values.push((name.to_owned(), clean(text).into())),
            (false, None) => self.values.push((name.to_owned(), value.clone())),
        }
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// The text of an option; empty without one.
    pub(super) fn text(&self, name: &str) -> &str {
        self.value(name).and_then(Value::as_str).unwrap_or_default().trim()
    }

    /// The whole number of an option.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.value(name).and_then(Value::as_i64)
    }

    /// True if an option is chosen.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.value(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// The id of the role of an option.
    pub(super) fn id(&self, name: &str) -> Option<u64> {
        self.value(name).and_then(Value::as_str)?.parse().ok().filter(|id| *id > 0)
    }

    /// The name of the option that is being typed, and its text so far.
    pub(super) fn typed(&self) -> (&str, &str) {
        (&self.typed.0, &self.typed.1)
    }
}

fn clean(text: &str) -> String {
    clip(&plain(text), LONGEST).into_owned()
}
