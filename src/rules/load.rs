//! Rule files from a folder, strict and sorted, with all mistakes at once.

use std::collections::BTreeMap;
use std::fs;
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

/// All rules of the `*.toml` files in a folder, in the order of file names; `known` says which destinations exist,
/// `defined` names them for error messages.
///
/// # Errors
/// A folder that cannot be read or has no rule file, and every mistake in the files.
pub fn load_dir(
    dir: &Path,
    known: &dyn Fn(&Destination) -> bool,
    defined: &[String],
) -> Result<Vec<Rule>, LoadError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |error| LoadError::Io { path, error }
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).map_err(io(dir))?.take(MOST_FILES) {
        let path = entry.map_err(io(dir))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") && path.is_file() {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(LoadError::Empty(dir.to_owned()));
    }
    files.sort();
    let mut texts = Vec::new();
    for path in files {
        let size = fs::metadata(&path).map_err(io(&path))?.len();
        if size > MOST_BYTES {
            let message = format!("{size} bytes are too many for a rule file");
            return Err(
                Problems(vec![Problem { file: path.display().to_string(), place: None, message }]).into()
            );
        }
        texts.push((path.display().to_string(), fs::read_to_string(&path).map_err(io(&path))?));
    }
    let sources = texts.iter().map(|(file, text)| Source { file, text });
    Ok(load_slice(sources, known, defined)?)
}

/// The rules of texts, pure: what [`load_dir`] does once the files are read.
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
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for source in sources {
        let (placed, mut found) = wire::read(source, known, defined);
        problems.append(&mut found);
        for wire::Placed { rule, name_problem } in placed {
            match names.get(&rule.name) {
                Some(other) => {
                    let message = format!("{}, in {other}", name_problem.message);
                    problems.push(Problem { message, ..name_problem });
                }
                None => {
                    let (line, _) = name_problem.place.unwrap_or_default();
                    names.insert(rule.name.clone(), format!("{}:{line}", source.file));
                    rules.push(rule);
                }
            }
        }
    }
    if problems.is_empty() { Ok(rules) } else { Err(Problems(problems)) }
}
