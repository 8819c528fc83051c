//! Reads a TOML file key by key, so that every mistake in it is found at once.

use std::fmt::Display;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{LONGEST_HELP, Place, Problem, Source, bounded, nearest};
use crate::text::clip;

/// A value and its position.
pub type Value<'a> = Spanned<DeValue<'a>>;

/// How many mistakes of one file are reported, at most.
const MOST_PROBLEMS: usize = 100;

/// Reads values, and collects the mistakes in them.
#[derive(Debug)]
pub struct Reader<'a> {
    /// The file.
    pub source: Source<'a>,
    /// The mistakes so far.
    pub problems: Vec<Problem>,
    /// Warnings about renamed keys.
    pub renamed: Vec<Problem>,
    /// Where each line begins.
    lines: Vec<usize>,
}

impl<'a> Reader<'a> {
    /// A reader of a file, and the file's outermost table, as far as it is valid TOML.
    pub fn new(source: Source<'a>) -> (Self, DeTable<'a>) {
        let newlines = source.text.match_indices('\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(newlines).collect();
        let mut reader = Self { source, problems: Vec::new(), renamed: Vec::new(), lines };
        let (table, errors) = DeTable::parse_recoverable(source.text);
        // The first syntax mistake causes others after it.
        if let Some(error) = errors.first() {
            let span = error.span().unwrap_or_default();
            let message = error.message().trim_end().replace('\n', "; ");
            let help = match source.text.get(span.start..).and_then(|rest| rest.chars().next()) {
                Some(',') => "numbers are written without commas: 1_000_000",
                None | Some('\n') => "a bracket or quote that was opened earlier is not closed",
                Some(_) => "https://toml.io shows how TOML is written",
            };
            reader.report_with(span, format!("this is not TOML: {message}"), help);
        }
        (reader, table.into_inner())
    }

    /// Reports a mistake.
    pub fn report(&mut self, span: Range<usize>, message: impl Display) {
        self.note(span, message, None);
    }

    fn note(&mut self, span: Range<usize>, message: impl Display, help: Option<String>) {
        if self.problems.len() < MOST_PROBLEMS {
            let place = Some(self.place(span));
            let message = bounded(&message.to_string());
            let help = help.map(|help| clip(&help, LONGEST_HELP).into_owned());
            self.problems.push(Problem { place, help, ..Problem::of_file(self.source.file, message) });
        }
    }

    /// The place of a range of the text.
    pub fn place(&self, span: Range<usize>) -> Place {
        let line = self.lines.partition_point(|start| *start <= span.start).max(1);
        self.source.place(span, line, self.lines.get(line - 1).copied().unwrap_or(0))
    }

    /// Reports a mistake, and what to do about it.
    pub fn report_with(&mut self, span: Range<usize>, message: impl Display, help: impl Into<String>) {
        self.note(span, message, Some(help.into()));
    }

    /// The value of a key, or of its former name. The old name is a warning, and a mistake if both are
    /// present.
    pub fn renamed<'v, 'd>(
        &mut self,
        table: &'v DeTable<'d>,
        key: &str,
        before: &str,
    ) -> Option<&'v Value<'d>> {
        let value = table.get(key);
        let Some((name, old)) = table.get_key_value(before) else { return value };
        if value.is_some() {
            let what = format!("`{before}` is the old name of `{key}`, which is set, too");
            self.report_with(name.span(), what, "remove it");
        } else if self.renamed.len() < MOST_PROBLEMS {
            let place = Some(self.place(name.span()));
            self.renamed.push(Problem { place, ..Problem::renamed(self.source.file, before, key) });
        }
        value.or(Some(old))
    }

    /// Reports the keys of a table that are not among those known.
    pub fn only(&mut self, table: &DeTable<'_>, known: &[&str], what: &str) {
        self.only_or_before(table, known, &[], what);
    }

    /// The same, if some keys had other names before.
    pub fn only_or_before(&mut self, table: &DeTable<'_>, known: &[&str], before: &[&str], what: &str) {
        for key in table.keys() {
            let name: &str = key.get_ref();
            if known.contains(&name) || before.contains(&name) {
                continue;
            }
            let help = match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the keys are {}", known.join(", ")),
            };
            self.report_with(key.span(), format!("{what} has no key `{name}`"), help);
        }
    }

    /// Reads a text.
    pub fn text<'v>(&mut self, key: &str, value: &'v Value<'_>, expected: &str) -> Option<&'v str> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.mismatch(key, value, expected);
        }
        text
    }

    /// Reads `true` or `false`.
    pub fn flag(&mut self, key: &str, value: &Value<'_>) -> Option<bool> {
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.mismatch(key, value, "true or false");
        }
        flag
    }

    /// Reads a whole number.
    pub fn whole(&mut self, key: &str, value: &Value<'_>, expected: &str) -> Option<i64> {
        let whole = value.get_ref().as_integer();
        let number = whole.and_then(|n| i64::from_str_radix(n.as_str(), n.radix()).ok());
        if number.is_none() {
            self.mismatch(key, value, expected);
        }
        number
    }

    /// Reads an exact number: whole, or a decimal in quotes, as digits.
    pub fn decimal(&mut self, key: &str, value: &Value<'_>) -> Option<String> {
        let whole = value.get_ref().as_integer();
        if let Some(number) = whole.and_then(|n| i64::from_str_radix(n.as_str(), n.radix()).ok()) {
            return Some(number.to_string());
        }
        if let Some(text) = value.get_ref().as_str() {
            return Some(text.replace('_', ""));
        }
        if value.get_ref().is_float() {
            let written = self.source.text.get(value.span()).unwrap_or("0.50");
            let help = format!("write it in quotes: {key} = \"{written}\"");
            self.report_with(value.span(), "a number with a decimal point is not exact", help);
        } else {
            self.mismatch(key, value, "a whole number like 1_000_000, or a decimal in quotes like \"0.50\"");
        }
        None
    }

    /// Reads the items of a list that is not empty.
    pub fn list<'v, 'd>(&mut self, key: &str, value: &'v Value<'d>, expected: &str) -> &'v [Value<'d>] {
        let Some(list) = value.get_ref().as_array() else {
            self.mismatch(key, value, expected);
            return &[];
        };
        if list.is_empty() {
            let help = "leave it out, or give at least one";
            self.report_with(value.span(), format!("`{key}` is empty"), help);
        }
        list
    }

    /// Reads a table.
    pub fn table<'v, 'd>(
        &mut self,
        key: &str,
        value: &'v Value<'d>,
        expected: &str,
    ) -> Option<&'v DeTable<'d>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.mismatch(key, value, expected);
        }
        table
    }

    /// Reads one of several words.
    pub fn word<T: Copy>(&mut self, key: &str, value: &Value<'_>, words: &[(&str, T)]) -> Option<T> {
        let named: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let listed = quoted(&named);
        let text = self.text(key, value, &format!("one of {listed}"))?;
        let found = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text.trim()));
        if found.is_none() {
            let help = match nearest(text, named) {
                Some(near) => format!("did you mean \"{near}\"? It is one of {listed}"),
                None => format!("expected one of {listed}"),
            };
            self.report_with(value.span(), format!("`{key}` cannot be \"{text}\""), help);
        }
        found.map(|(_, meant)| *meant)
    }

    /// Reads a list of some of several words.
    pub fn words<T: Copy>(&mut self, key: &str, value: &Value<'_>, words: &[(&str, T)]) -> Vec<T> {
        let named: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let expected = format!("a list of some of {}", quoted(&named));
        let items = self.list(key, value, &expected);
        items.iter().filter_map(|item| self.word(key, item, words)).collect()
    }

    /// Reports a value of the wrong type.
    pub fn mismatch(&mut self, key: &str, value: &Value<'_>, expected: &str) {
        let found = match value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a point",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.report_with(value.span(), format!("`{key}` is {found}"), format!("expected {expected}"));
    }
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
}
