//! Hides where files are on this machine: a notice may be read by more people than the machine's users.

use std::path::{Path, PathBuf};

use crate::config::Settings;
use crate::text::path_text;

/// The folders of the settings, as they are shown in errors.
pub(super) struct Folders(Vec<(String, String)>);

impl Folders {
    pub(super) fn of(settings: &Settings) -> Self {
        let folders = [&settings.rules_dir, &settings.store_dir, &settings.email.out_dir];
        let whole = folders.into_iter().filter_map(|folder| std::path::absolute(folder).ok());
        let mut all: Vec<(String, String)> = folders
            .into_iter()
            .cloned()
            .chain(whole)
            .filter(|folder| folder.is_absolute())
            .filter_map(shown)
            .collect();
        // The inner one of nested folders first.
        all.sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
        all.dedup();
        Self(all)
    }

    /// A text in which files of these folders are named relative to their folder, and the folders by their
    /// last part.
    pub(super) fn hide(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (path, name)| replaced(&text, path, name))
    }
}

/// The text without a folder's path before its files, and with its last part in place of the path alone.
fn replaced(text: &str, path: &str, name: &str) -> String {
    let (mut hidden, mut from) = (String::with_capacity(text.len()), 0);
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    for (at, _) in text.match_indices(path) {
        let (before, after) = (&text[..at], &text[at + path.len()..]);
        let begins = !before.ends_with(is_part);
        let file = after.strip_prefix('/').is_some_and(|file| file.starts_with(|c: char| !c.is_whitespace()));
        if !begins || (!file && after.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '-' | '_'))) {
            continue;
        }
        hidden.push_str(&text[from..at]);
        hidden.push_str(if file { "" } else { name });
        from = at + path.len() + usize::from(file);
    }
    hidden + &text[from..]
}

/// A folder as an error shows it, and its last part.
fn shown(folder: PathBuf) -> Option<(String, String)> {
    let name = Path::new(&folder).file_name()?;
    Some((path_text(&folder), path_text(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_relative_to_their_folder() {
        let text = "[rules]\ndir = \"/etc/bell/rules\"\n[store]\ndir = \"/var/lib/bell\"\n";
        let settings = Settings::read("settings", text, &[]).unwrap();
        let folders = Folders::of(&settings);
        for (text, expected) in [
            ("/etc/bell/rules/a/b.toml:3:1: wrong", "a/b.toml:3:1: wrong"),
            ("cannot read the rules in /etc/bell/rules: gone", "cannot read the rules in rules: gone"),
            ("the store in /var/lib/bell: disk full", "the store in bell: disk full"),
            ("rules/a.toml stays", "rules/a.toml stays"),
            ("/etc/bell/rules-old/a.toml, /var/lib/bell.", "/etc/bell/rules-old/a.toml, bell."),
            ("https://example.org/etc/bell/rules/a", "https://example.org/etc/bell/rules/a"),
            ("/var/lib/bell/ /var/lib/bell/db", "bell/ db"),
        ] {
            assert_eq!(folders.hide(text), expected);
        }
    }
}
