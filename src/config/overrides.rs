//! `SELLBELL_EDGAR__BASE_URL=…` over the file's keys.

use toml_edit::{DocumentMut, Item, Table, Value};

use crate::problem::{Problem, Problems};

const PREFIX: &str = "SELLBELL_";

/// The file's text with every override set. Values are read as TOML where they are TOML, else as text.
pub(super) fn apply(text: &str, overrides: &[(String, String)]) -> Result<String, Problems> {
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
        Problems(vec![Problem { file: "settings".into(), place: None, message: error.message().to_owned() }])
    })?;
    let mut problems = Vec::new();
    for (name, value) in overrides {
        if let Err(message) = set(&mut document, name, value) {
            problems.push(Problem { file: format!("environment variable {name}"), place: None, message });
        }
    }
    if problems.is_empty() { Ok(document.to_string()) } else { Err(Problems(problems)) }
}

fn set(document: &mut DocumentMut, name: &str, value: &str) -> Result<(), String> {
    let path = name.strip_prefix(PREFIX).unwrap_or(name).to_ascii_lowercase();
    let Some((section, key)) = path.split_once("__") else {
        return Err("expected SELLBELL_<SECTION>__<KEY>, like SELLBELL_EDGAR__BASE_URL".into());
    };
    let item = document.entry(section).or_insert(Item::Table(Table::new()));
    let Some(table) = item.as_table_like_mut() else {
        return Err(format!("`{section}` is not a section of the settings"));
    };
    let value = value.parse::<Value>().unwrap_or_else(|_| Value::from(value));
    table.insert(key, Item::Value(value));
    Ok(())
}
