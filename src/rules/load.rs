//! Rule files from a folder, strict and sorted, with all mistakes at once.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::{Rule, wire};
use crate::destination::Destination;
use crate::problem::{Problem, Problems, Source};

/// More rule files than this in one folder is a mistake.
const MOST_FILES: usize = 10_000;
/// A rule file larger than this, in bytes, is something else.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// Why rules could not be loaded.
#[derive(Debug, Error)]
pub enum LoadError {
    /// A file or folder could not be read.
    #[error("cannot read {}: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The folder has no `.toml` file.
    #[error("there are no rule files (*.toml) in {}", .0.display())]
    Empty(PathBuf),
    /// Mistakes in the files.
    #[error(transparent)]
    Problems(#[from] Problems),
}

/// All rules of a file, or of the `*.toml` files in a folder in the order of their names; `known` says which destinations exist,
/// `defined` names them for error messages.
///
/// # Errors
/// A path that cannot be read, a folder without rule files, and every mistake in the files.
pub fn load_path(
    path: &Path,
    known: &dyn Fn(&Destination) -> bool,
    defined: &[String],
) -> Result<Vec<Rule>, LoadError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |error| LoadError::Io { path, error }
    };
    let mut files = Vec::new();
    if path.is_file() {
        files.push(path.to_owned());
    } else {
        for entry in fs::read_dir(path).map_err(io(path))? {
            let file = entry.map_err(io(path))?.path();
            if file.extension().is_some_and(|extension| extension == "toml") && file.is_file() {
                files.push(file);
            }
        }
    }
    if files.len() > MOST_FILES {
        let message = format!("{} rule files are more than the {MOST_FILES} that are read", files.len());
        return Err(Problems(vec![Problem::of_file(path.display().to_string(), message)]).into());
    }
    if files.is_empty() {
        return Err(LoadError::Empty(path.to_owned()));
    }
    files.sort();
    let mut texts = Vec::new();
    for path in files {
        let size = fs::metadata(&path).map_err(io(&path))?.len();
        if size > MOST_BYTES {
            let message = format!("{size} bytes are too many for a rule file");
            return Err(Problems(vec![Problem::of_file(path.display().to_string(), message)]).into());
        }
        texts.push((path.display().to_string(), fs::read_to_string(&path).map_err(io(&path))?));
    }
    let sources = texts.iter().map(|(file, text)| Source { file, text });
    Ok(load_slice(sources, known, defined)?)
}

/// The rules of texts, pure: what [`load_path`] does once the files are read.
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
