//! The choices that autocompletion offers.

use serenity::all::AutocompleteChoice;

use crate::text::{clip, plain};

/// Discord shows at most this many choices.
const MOST: usize = 25;
/// Discord's limit of a choice's name, in characters.
const NAME: usize = 100;

/// A choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::bot) struct Choice {
    /// The value that the command gets.
    value: String,
    /// Its description, after the value.
    about: Option<String>,
    /// True if the description takes the place of the value.
    is_titled: bool,
}

impl Choice {
    pub(super) fn new(value: impl Into<String>, about: Option<&str>) -> Self {
        Self { value: value.into(), about: about.map(str::to_owned), is_titled: false }
    }

    /// A choice that is shown by a name of its own.
    pub(super) fn titled(value: impl Into<String>, title: &str) -> Self {
        Self { value: value.into(), about: Some(title.to_owned()), is_titled: true }
    }

    fn name(&self) -> String {
        let name = match &self.about {
            Some(title) if self.is_titled => plain(title),
            Some(about) => plain(&format!("{}: {about}", self.value)),
            None => self.value.clone(),
        };
        clip(&name, NAME).into_owned()
    }
}

impl From<Choice> for AutocompleteChoice {
    fn from(choice: Choice) -> Self {
        let name = choice.name();
        Self::new(name, choice.value)
    }
}

/// The choices that match a text: those whose value is it, then those whose value begins with it, then those
/// that contain it, also in their description.
pub(super) fn ranked(choices: impl Iterator<Item = Choice>, typed: &str) -> Vec<Choice> {
    let typed = typed.trim().to_lowercase();
    let mut found: [Vec<Choice>; 3] = [Vec::new(), Vec::new(), Vec::new()];
    for choice in choices {
        let value = choice.value.to_lowercase();
        let rank = match () {
            () if value == typed => 0,
            () if value.starts_with(&typed) => 1,
            () if value.contains(&typed) || choice.name().to_lowercase().contains(&typed) => 2,
            () => continue,
        };
        // Discord refuses a list with a longer value.
        if found[rank].len() < MOST && choice.value.chars().count() <= NAME {
            found[rank].push(choice);
        }
    }
    found.into_iter().flatten().take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_choices_come_first() {
        let all = ["big", "biggest", "a big one", "other", "x"];
        let choices =
            || all.iter().map(|name| Choice::new(*name, (*name == "x").then_some("of the BIG five")));
        let found = |typed: &str| -> Vec<String> {
            ranked(choices(), typed).into_iter().map(|choice| choice.value).collect()
        };
        assert_eq!(found("BIG "), ["big", "biggest", "a big one", "x"]);
        assert_eq!(found("five"), ["x"]);
        assert_eq!(found(""), all);
        assert_eq!(found("nothing"), [""; 0]);
        let many = (0..40).map(|number| Choice::new(format!("rule {number}"), None));
        assert_eq!(ranked(many, "rule").len(), 25);
        assert_eq!(Choice::new("a", Some(&"b".repeat(300))).name().chars().count(), 100);
    }
}
