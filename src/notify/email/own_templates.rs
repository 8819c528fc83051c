//! The operator's own templates of e-mails, in a folder: read at the start, and again when they were edited.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::problem::{Place, Problem, Problems, nearest};
use crate::render::email::{TemplateError, Templates, check};
use crate::text::path_text;

/// The largest template, in bytes.
const MOST_BYTES: u64 = 256 * 1024;

/// Names and texts of the templates in a folder.
type Sources = BTreeMap<String, String>;

/// The templates in use, and the folder that they come from.
pub(super) struct OwnTemplates {
    folder: PathBuf,
    seen: Mutex<Seen>,
    current: RwLock<Arc<Templates>>,
}

/// The files at the last look, and those that were accepted or refused.
struct Seen {
    last: Sources,
    settled: Sources,
    was_refused: bool,
}

/// The result of a look at the templates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplatesReload {
    /// Nothing was edited, or somebody is writing.
    Unchanged,
    /// The edited templates are in use.
    Taken {
        /// The names of all own templates.
        names: Vec<String>,
        /// True if they had mistakes before.
        were_refused: bool,
    },
    /// The templates before stay in use, because of these mistakes.
    Refused(String),
}

impl OwnTemplates {
    /// The templates of a folder, which may be missing.
    ///
    /// # Errors
    /// The mistakes in them.
    pub(super) fn load(folder: &Path) -> Result<Self, Problems> {
        let sources = sources(folder)?;
        let current = templates(folder, &sources)?;
        let seen = Seen { last: sources.clone(), settled: sources, was_refused: false };
        Ok(Self {
            folder: folder.to_owned(),
            seen: Mutex::new(seen),
            current: RwLock::new(Arc::new(current)),
        })
    }

    /// The templates in use.
    pub(super) fn current(&self) -> Arc<Templates> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks whether the files were edited, and puts them in use if two looks in a row see the same: before
    /// that, one may be half written.
    pub(super) fn reload(&self) -> TemplatesReload {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let read = sources(&self.folder);
        let sources = match &read {
            Ok(sources) => sources.clone(),
            // Mistakes of the folder itself are reported once.
            Err(problems) => [(String::new(), problems.to_string())].into(),
        };
        let is_settled = seen.last == sources;
        seen.last.clone_from(&sources);
        if !is_settled || seen.settled == sources {
            return TemplatesReload::Unchanged;
        }
        seen.settled.clone_from(&sources);
        match read.and_then(|sources| templates(&self.folder, &sources)) {
            Ok(templates) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(templates);
                let were_refused = std::mem::take(&mut seen.was_refused);
                TemplatesReload::Taken { names: sources.into_keys().collect(), were_refused }
            }
            Err(problems) => {
                seen.was_refused = true;
                TemplatesReload::Refused(problems.to_string())
            }
        }
    }
}

/// The mistakes in the templates of a folder, which may be missing.
pub fn check_templates(folder: &Path) -> Vec<Problem> {
    let checked = sources(folder).and_then(|sources| templates(folder, &sources));
    checked.err().map(|problems| problems.0).unwrap_or_default()
}

/// The files of a folder that are templates; none if it is missing.
fn sources(folder: &Path) -> Result<Sources, Problems> {
    let unreadable = |path: &Path, error: &io::Error| {
        Problems(vec![Problem::of_file(path_text(path), format!("cannot be read: {error}"))])
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Sources::new()),
        Err(error) => return Err(unreadable(folder, &error)),
    };
    let (mut sources, mut problems) = (Sources::new(), Vec::new());
    for entry in entries {
        let path = entry.map_err(|error| unreadable(folder, &error))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_text = path.extension().is_some_and(|kind| kind == "html" || kind == "txt");
        if !is_text || name.starts_with('.') {
            continue;
        }
        if !Templates::names().any(|known| known == name) {
            let names = Templates::names().collect::<Vec<_>>().join(", ");
            let help = match nearest(&name, Templates::names()) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("the templates are {names}"),
            };
            problems.push(Problem::of_file(path_text(&path), "no template has this name").help(help));
            continue;
        }
        let length = fs::metadata(&path).map_err(|error| unreadable(&path, &error))?.len();
        if length > MOST_BYTES {
            let message = format!("it has {length} bytes, and a template has {MOST_BYTES} at most");
            problems.push(Problem::of_file(path_text(&path), message));
            continue;
        }
        sources.insert(name, fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?);
    }
    if problems.is_empty() { Ok(sources) } else { Err(Problems(problems)) }
}

/// The templates with these texts, which are tried out.
fn templates(folder: &Path, sources: &Sources) -> Result<Templates, Problems> {
    let errors = match Templates::with(sources.clone()) {
        Ok(_) if sources.is_empty() => return Ok(Templates::built_in().clone()),
        Ok(templates) => match check(&templates) {
            errors if errors.is_empty() => return Ok(templates),
            errors => errors,
        },
        Err(errors) => errors,
    };
    Err(Problems(errors.iter().map(|error| problem(folder, sources, error)).collect()))
}

fn problem(folder: &Path, sources: &Sources, error: &TemplateError) -> Problem {
    let line = error.line.and_then(|line| Some((line, sources.get(&error.name)?.lines().nth(line - 1)?)));
    let place = line.map(|(line, text)| Place {
        line,
        column: 1,
        length: text.chars().count().max(1),
        text: text.to_owned(),
    });
    let problem = Problem::of_file(path_text(folder.join(&error.name)), error.message.clone());
    Problem { place, ..problem.help("docs/EMAIL.md names what a template can use") }
}
