//! `SELLBELL_EDGAR__BASE_URL=…` over the file's keys.

use toml_edit::{DocumentMut, Item, Table, Value};

use super::{Settings, wire};
use crate::problem::{Problem, Problems};

const PREFIX: &str = "SELLBELL_";

/// The settings of the file with every override set. A mistake in the file bears its place there, one that an override
/// brings in bears that one's name.
pub(super) fn read(file: &str, text: &str, overrides: &[(String, String)]) -> Result<Settings, Problems> {
    let mut settings = wire::settings(file, text);
    let Ok(mut document) = text.parse::<DocumentMut>() else { return settings };
    for (name, value) in overrides {
        let variable = || format!("environment variable {name}");
        let blame = |message: String| Problems(vec![Problem::of_file(variable(), message)]);
        let (section, key) = path(name).map_err(blame)?;
        // What reads as TOML is meant so, unless the key wants text: `[store] dir` may be named 2024.
        let meant = value.parse::<Value>().ok();
        let mut brought_in = None;
        for value in meant.into_iter().chain([Value::from(value.as_str())]) {
            let mut changed = document.clone();
            set(&mut changed, &section, &key, value).map_err(blame)?;
            let read = wire::settings(file, &changed.to_string());
            match new_problem(&settings, &read) {
                Some(problem) => brought_in = brought_in.or(Some(problem)),
                None => {
                    (document, settings, brought_in) = (changed, read, None);
                    break;
                }
            }
        }
        if let Some(problem) = brought_in {
            return Err(Problems(vec![Problem { file: variable(), place: None, ..problem }]));
        }
    }
    settings
}

/// The first problem of `after` that `before` has not.
fn new_problem(before: &Result<Settings, Problems>, after: &Result<Settings, Problems>) -> Option<Problem> {
    let known = problems(before);
    problems(after).iter().find(|new| known.iter().all(|known| known.message != new.message)).cloned()
}

fn problems(read: &Result<Settings, Problems>) -> &[Problem] {
    read.as_ref().err().map_or(&[], |problems| &problems.0)
}

fn path(name: &str) -> Result<(String, String), String> {
    let path = name.strip_prefix(PREFIX).unwrap_or(name).to_ascii_lowercase();
    let (section, key) = path
        .split_once("__")
        .ok_or("expected SELLBELL_<SECTION>__<KEY>, like SELLBELL_EDGAR__BASE_URL".to_owned())?;
    Ok((section.to_owned(), key.to_owned()))
}

fn set(document: &mut DocumentMut, section: &str, key: &str, value: Value) -> Result<(), String> {
    let item = document.entry(section).or_insert(Item::Table(Table::new()));
    let table = item.as_table_like_mut().ok_or(format!("`{section}` is not a section of the settings"))?;
    table.insert(key, Item::Value(value));
    Ok(())
}
