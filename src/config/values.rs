//! Values of the settings file: what they have in common, whichever key they belong to.

use std::collections::BTreeSet;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use toml::de::DeTable;
use url::Url;

use super::renamed::before;
use crate::destination::is_name;
use crate::problem::{Reader, Value};

/// A settings file that is being read.
pub(super) struct Wire<'a> {
    pub(super) reader: Reader<'a>,
    /// Schedules that are over by then are mistakes.
    pub(super) now: Option<DateTime<Utc>>,
}

pub(super) type Section<'v, 'd> = Option<&'v DeTable<'d>>;

impl Wire<'_> {
    /// Names that differ only in `-` and `_` share the variable for their secrets.
    pub(super) fn own_variable<'n>(
        &mut self,
        value: &Value<'_>,
        name: &str,
        mut others: impl Iterator<Item = &'n str>,
    ) {
        let variable = |name: &str| name.replace('-', "_");
        // A secret may also be in the file that `…_FILE` names.
        let shared = |other: &str| {
            let (own, other) = (variable(name), variable(other));
            own == other || own == format!("{other}_file") || other == format!("{own}_file")
        };
        if let Some(other) = others.find(|other| *other != name && shared(other)) {
            let what = format!("`{other}` and `{name}` would share one environment variable");
            self.reader.report_with(value.span(), what, "give one of them another name");
        }
    }

    /// The tables of a list of tables.
    pub(super) fn tables<'v, 'd>(
        &mut self,
        section: Section<'v, 'd>,
        key: &str,
        head: &str,
        keys: &[&str],
    ) -> Vec<(&'v Value<'d>, &'v DeTable<'d>)> {
        let Some(value) = section.and_then(|section| section.get(key)) else { return Vec::new() };
        let Some(list) = value.get_ref().as_array() else {
            self.reader.mismatch(key, value, &format!("{head}, with two brackets on each side"));
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in list.iter() {
            if let Some(table) = self.reader.table(key, item, head) {
                self.reader.only(table, keys, head);
                tables.push((item, table));
            }
        }
        tables
    }

    /// The value of a key, under its current or its old name.
    pub(super) fn value<'v, 'd>(&mut self, section: Section<'v, 'd>, key: &str) -> Option<&'v Value<'d>> {
        match before(key) {
            Some(before) => self.reader.renamed(section?, key, before),
            None => section?.get(key),
        }
    }

    pub(super) fn text<'v, 'd>(
        &mut self,
        section: Section<'v, 'd>,
        key: &str,
    ) -> Option<(&'v Value<'d>, &'v str)> {
        let value = self.value(section, key)?;
        Some((value, self.reader.text(key, value, "a text in quotes")?))
    }

    pub(super) fn path(&mut self, section: Section<'_, '_>, key: &str, default: &str) -> PathBuf {
        self.text(section, key).map_or(default, |(_, text)| text).into()
    }

    pub(super) fn address(&mut self, section: Section<'_, '_>, key: &str, default: &str) -> String {
        let Some((value, text)) = self.text(section, key) else { return default.to_owned() };
        let parsed = Url::parse(text).ok();
        if !parsed.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some()) {
            let help = format!("expected something like {default}");
            self.reader.report_with(value.span(), format!("`{text}` is not an address"), help);
        }
        text.trim_end_matches('/').to_owned()
    }

    pub(super) fn bounded(
        &mut self,
        section: Section<'_, '_>,
        key: &str,
        default: u32,
        most: u32,
        unit: &str,
    ) -> u32 {
        let expected = format!("a whole number, 1 to {most}");
        let Some(value) = section.and_then(|section| section.get(key)) else { return default };
        let Some(number) = self.reader.whole(key, value, &expected) else { return default };
        let bounded = u32::try_from(number).ok().filter(|number| (1..=most).contains(number));
        if bounded.is_none() {
            self.reader.report_with(
                value.span(),
                format!("{number} {unit}"),
                format!("expected 1 to {most}"),
            );
        }
        bounded.unwrap_or(default)
    }

    pub(super) fn name<'v, 'd>(
        &mut self,
        whole: &'v Value<'d>,
        table: &'v DeTable<'d>,
        names: &mut BTreeSet<String>,
        what: &str,
    ) -> Option<(&'v Value<'d>, &'v str)> {
        if !table.contains_key("name") {
            let help = "rules name it so: add name = \"…\"";
            self.reader.report_with(whole.span(), format!("this {what} has no name"), help);
        }
        let (value, name) = self.text(Some(table), "name")?;
        if !is_name(name) {
            let help = "use a-z, 0-9, - and _, at most 64 of them";
            self.reader.report_with(value.span(), format!("`{name}` is not a name"), help);
        }
        if !names.insert(name.to_owned()) {
            let said = format!("there is another {what} named `{name}`");
            self.reader.report_with(value.span(), said, "give one of them another name");
        }
        Some((value, name))
    }
}
