//! Loads settings and rules from their files, the first step of `run` and `check`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use chrono::{DateTime, Utc};

use super::{environment, remote};
use crate::config::Settings;
use crate::destination::Destination;
use crate::private;
use crate::problem::Problems;
use crate::rules::{self, Rule};
use crate::store::{Store, StoreError};
use crate::text::path_text;

const DEFAULT_FILE: &str = "config/sellbell.toml";
/// Settings are larger than this only by mistake.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// The settings file to read: the named one, or the default one if it exists.
pub(super) fn file(file: Option<&Path>) -> Option<PathBuf> {
    let default = PathBuf::from(DEFAULT_FILE);
    // A file that exists but cannot be read is a mistake, which built-in settings would hide.
    file.map(Path::to_owned).or_else(|| default.symlink_metadata().is_ok().then_some(default))
}

/// The settings from the named file or from the default one, or the built-in settings if that is missing.
pub(super) fn settings(file: Option<&Path>) -> anyhow::Result<Settings> {
    let (path, text) = match self::file(file) {
        Some(path) => (path.clone(), read(&path)?),
        None => (PathBuf::from(DEFAULT_FILE), String::new()),
    };
    Ok(Settings::read_at(now(), &path_text(&path), &text, &environment::overrides()?)?)
}

#[expect(clippy::disallowed_methods, reason = "a schedule may be over by now")]
fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Like `settings`, but returns the mistakes in them separately from other errors.
pub(super) fn settings_or_problems(file: Option<&Path>) -> anyhow::Result<Result<Settings, Problems>> {
    match settings(file) {
        Ok(settings) => Ok(Ok(settings)),
        Err(error) => error.downcast::<Problems>().map(Err),
    }
}

/// The settings if nothing is set.
pub(super) fn without_file() -> anyhow::Result<Settings> {
    Ok(Settings::read("built-in settings", "", &[])?)
}

/// Loads the rules of a folder or file.
pub(super) fn rules(settings: &Settings, path: &Path) -> anyhow::Result<Vec<Rule>> {
    let known = |destination: &Destination| settings.knows(destination);
    Ok(rules::load_path(path, &known, &settings.destinations())?)
}

fn read(path: &Path) -> anyhow::Result<String> {
    let read = private::open(path).and_then(|file| private::text(file, MOST_BYTES));
    read.with_context(|| format!("cannot read the settings in {}", path_text(path)))
}

/// The store, if there is one that can be opened; otherwise a note on what the answer lacks.
pub(super) fn store(settings: &Settings) -> anyhow::Result<(Option<Store>, Option<String>)> {
    let dir = &settings.store_dir;
    if !Store::is_in(dir) {
        let note =
            format!("There is no store in {} yet, so there is no history to look back at.", path_text(dir));
        return Ok((None, Some(note)));
    }
    match remote::runtime()?.block_on(remote::open(dir)) {
        Ok(store) => Ok((Some(store), None)),
        Err(error) if matches!(error.downcast_ref(), Some(StoreError::Busy(_))) => {
            let note = "The store is in use by a running sellbell, so this answer ignores history and what was sent.";
            Ok((None, Some(note.to_owned())))
        }
        Err(error) if error.downcast_ref().is_some_and(StoreError::is_denied) => {
            let note = format!(
                "The store in {} belongs to another user, so this answer ignores history and what was sent.",
                path_text(dir)
            );
            Ok((None, Some(note)))
        }
        Err(error) => Err(error),
    }
}
