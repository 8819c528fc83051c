//! Loads rule files from a folder, strictly and in order, reporting all mistakes at once.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use thiserror::Error;

use super::rule::Rule;
use super::wire;
use crate::destination::Destination;
use crate::problem::{Problem, Problems, Source};
use crate::text::path_text;

/// The most rule files in one folder. More than this is a mistake.
const MOST_FILES: usize = 10_000;
/// The largest rule file, in bytes. A larger one is something else.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// The most mistakes that are reported.
const MOST_PROBLEMS: usize = 1_000;

/// Why rules could not be loaded.
#[derive(Debug, Error)]
pub enum LoadError {
    /// A file or folder could not be read.
    #[error("cannot read the rules in {}: {error}", path_text(path))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        error: std::io::Error,
    },
    /// The folder has no `.toml` file.
    #[error("there are no rule files (*.toml) in {}", path_text(.0))]
    Empty(PathBuf),
    /// Mistakes in the files.
    #[error(transparent)]
    Problems(#[from] Problems),
}

/// The metadata of a folder of rule files, or of one file: it changes with every edit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FolderState(BTreeMap<PathBuf, (u64, SystemTime, u64)>);

impl FolderState {
    /// The current state of a path. Anything unreadable counts as missing.
    pub fn of(path: &Path) -> Self {
        let files = rule_files(path).unwrap_or_default();
        let state = |path: PathBuf| {
            let metadata = fs::metadata(&path).ok()?;
            let modified = metadata.modified().ok()?;
            Some((path, (metadata.len(), modified, file_number(&metadata))))
        };
        Self(files.into_iter().filter_map(state).collect())
    }
}

/// Distinguishes a file from another one that replaced it under the same name.
#[cfg(unix)]
fn file_number(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn file_number(_: &fs::Metadata) -> u64 {
    0
}

/// The file itself, or the `*.toml` files of a folder, sorted.
fn rule_files(path: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let mut files = Vec::new();
    if path.is_file() {
        files.push(path.to_owned());
    } else {
        for entry in fs::read_dir(path).map_err(io(path))? {
            let file = entry.map_err(io(path))?.path();
            let hidden = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            let is_rules = file.extension().is_some_and(|extension| extension == "toml");
            if is_rules && !hidden && file.is_file() {
                files.push(file);
            }
        }
    }
    if files.len() > MOST_FILES {
        let message = format!("{} rule files are more than the {MOST_FILES} that are read", files.len());
        return Err(Problems(vec![Problem::of_file(path_text(path), message)]).into());
    }
    files.sort();
    Ok(files)
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> LoadError + use<> {
    let path = path.to_owned();
    move |error| LoadError::Io { path, error }
}

/// All rules of a file, or of the `*.toml` files in a folder in order of their names. `known` decides which
/// destinations exist; `defined` names them for error messages.
///
/// # Errors
/// A path that cannot be read, a folder without rule files, or all mistakes in the files.
pub fn load_path(
    path: &Path,
    known: &dyn Fn(&Destination) -> bool,
    defined: &[String],
) -> Result<Vec<Rule>, LoadError> {
    let files = rule_files(path)?;
    if files.is_empty() {
        return Err(LoadError::Empty(path.to_owned()));
    }
    let mut texts = Vec::new();
    for path in files {
        let size = fs::metadata(&path).map_err(io(&path))?.len();
        if size > MOST_BYTES {
            let message = format!("{size} bytes are too many for a rule file");
            return Err(Problems(vec![Problem::of_file(path_text(&path), message)]).into());
        }
        texts.push((path_text(&path), fs::read_to_string(&path).map_err(io(&path))?));
    }
    let sources = texts.iter().map(|(file, text)| Source { file, text });
    Ok(load_slice(sources, known, defined)?)
}

/// The rules of texts. Pure: does what [`load_path`] does once the files are read.
///
/// # Errors
/// Every mistake in the texts.
pub fn load_slice<'a>(
    sources: impl IntoIterator<Item = Source<'a>>,
    known: &dyn Fn(&Destination) -> bool,
    defined: &[String],
) -> Result<Vec<Rule>, Problems> {
    let mut rules: Vec<Rule> = Vec::new();
    let mut problems = Vec::new();
    let mut names: BTreeMap<String, (Source<'_>, Range<usize>)> = BTreeMap::new();
    for source in sources {
        let (placed, mut found) = wire::read(source, known, defined);
        problems.append(&mut found);
        for wire::Placed { rule, name } in placed {
            if let Some((file, first)) = names.get(&rule.name) {
                if problems.len() >= MOST_PROBLEMS {
                    continue;
                }
                let line = file.line(first.start);
                let message = format!("there is another rule named `{}`, in {}:{line}", rule.name, file.file);
                problems.push(source.problem(name, message).help("names are unique over all files"));
            } else {
                names.insert(rule.name.clone(), (source, name));
                rules.push(rule);
            }
        }
    }
    if problems.is_empty() { Ok(rules) } else { Err(Problems(problems)) }
}
