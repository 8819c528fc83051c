//! Overrides of the file's keys, such as `SELLBELL_EDGAR__BASE_URL=…`.

use chrono::{DateTime, Utc};
use toml_edit::{DocumentMut, Item, Table, Value};

use super::settings::Settings;
use super::{renamed, wire};
use crate::problem::{Problem, Problems};

const PREFIX: &str = "SELLBELL_";

/// The settings of the file with every override applied. A mistake in the file has its place there; one that
/// an override introduces has the override's name.
pub(super) fn read(
    file: &str,
    text: &str,
    overrides: &[(String, String)],
    now: Option<DateTime<Utc>>,
) -> Result<Settings, Problems> {
    let mut settings = wire::settings(file, text, now);
    let Ok(mut document) = text.parse::<DocumentMut>() else { return settings };
    let renamed_in_file = settings.as_ref().map(|settings| settings.renamed.clone()).unwrap_or_default();
    let mut warnings = Vec::new();
    for (name, value) in overrides {
        let variable = || format!("environment variable {name}");
        let blame = |message: String| Problems(vec![Problem::of_file(variable(), message)]);
        let Some((section, key)) = path(name) else {
            // It belongs to another program, unless it is almost the name of a setting.
            match meant(file, &document, &settings, name) {
                Some(meant) => return Err(blame(format!("it sets nothing: did you mean {meant}?"))),
                None => continue,
            }
        };
        let (key, before) = renamed::named_now(&section, key);
        let has_new_name =
            |(other, _): &(String, String)| path(other).is_some_and(|(of, own)| of == section && own == key);
        if let Some(before) = &before
            && overrides.iter().any(has_new_name)
        {
            return Err(blame(format!(
                "`{before}` is the old name of `{key}`, which is set, too: remove it"
            )));
        }
        // A value that parses as TOML is used as such, unless the key expects text: `[store] dir` may be
        // named 2024.
        let meant = value.parse::<Value>().ok();
        let mut brought_in = None;
        for value in meant.into_iter().chain([Value::from(value.as_str())]) {
            let mut changed = document.clone();
            set(&mut changed, &section, &key, value).map_err(blame)?;
            let read = wire::settings(file, &changed.to_string(), now);
            match new_problem(&settings, &read) {
                Some(problem) => brought_in = brought_in.or(Some(problem)),
                None => {
                    (document, settings, brought_in) = (changed, read, None);
                    warnings.extend(before.iter().map(|before| Problem::renamed(variable(), before, &key)));
                    break;
                }
            }
        }
        if let Some(problem) = brought_in {
            return Err(Problems(vec![Problem { file: variable(), place: None, ..problem }]));
        }
    }
    settings.map(|mut settings| {
        for warning in &mut settings.renamed {
            // An override may have shifted the lines.
            if let Some(own) = renamed_in_file.iter().find(|own| own.message == warning.message) {
                warning.place.clone_from(&own.place);
            }
        }
        settings.renamed.extend(warnings);
        settings
    })
}

/// The first problem of `after` that is not in `before`.
fn new_problem(before: &Result<Settings, Problems>, after: &Result<Settings, Problems>) -> Option<Problem> {
    let known = problems(before);
    problems(after).iter().find(|new| known.iter().all(|known| known.message != new.message)).cloned()
}

fn problems(read: &Result<Settings, Problems>) -> &[Problem] {
    read.as_ref().err().map_or(&[], |problems| &problems.0)
}

fn path(name: &str) -> Option<(String, String)> {
    let path = name.strip_prefix(PREFIX).unwrap_or(name).to_ascii_lowercase();
    path.split_once("__").map(|(section, key)| (section.to_owned(), key.to_owned()))
}

/// The variable that one more underscore would turn this into, if that sets something.
fn meant(
    file: &str,
    document: &DocumentMut,
    settings: &Result<Settings, Problems>,
    name: &str,
) -> Option<String> {
    let rest = name.strip_prefix(PREFIX)?;
    let known = |place: usize| {
        let mut changed = document.clone();
        let (section, key) = (rest[..place].to_ascii_lowercase(), rest[place + 1..].to_ascii_lowercase());
        set(&mut changed, &section, &key, Value::from("")).ok()?;
        let problem = new_problem(settings, &wire::settings(file, &changed.to_string(), None));
        let unknown = ["has no key", "have no section"];
        let is_unknown =
            problem.is_some_and(|problem| unknown.iter().any(|words| problem.message.contains(words)));
        (!is_unknown).then(|| format!("{PREFIX}{}__{}", &rest[..place], &rest[place + 1..]))
    };
    rest.match_indices('_').find_map(|(place, _)| known(place))
}

fn set(document: &mut DocumentMut, section: &str, key: &str, value: Value) -> Result<(), String> {
    let item = document.entry(section).or_insert(Item::Table(Table::new()));
    let table = item.as_table_like_mut().ok_or(format!("`{section}` is not a section of the settings"))?;
    if let Some(before) = renamed::before(key) {
        table.remove(before);
    }
    table.insert(key, Item::Value(value));
    Ok(())
}
