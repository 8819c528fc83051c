//! Mistakes in files that people write, and where they are.

mod fields;
mod report;

use std::fmt;
use std::ops::Range;

use thiserror::Error;

pub use fields::{Reader, Value};
pub use report::report;

use crate::text::{clip, line_column};

/// How many characters of a line that is shown with its mistake are kept.
const LONGEST_LINE: usize = 400;
/// The same for the message: a name in a file may have any length.
const LONGEST_MESSAGE: usize = 400;
/// The same for the help: a list of all keys is long.
const LONGEST_HELP: usize = 2_000;

/// How bad it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The file is not accepted.
    #[default]
    Error,
    /// The file is accepted, but probably not meant this way.
    Warning,
}

/// One mistake, with its place.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct Problem {
    /// The file, by the name that people know.
    pub file: String,
    /// Where, if one place is to blame.
    pub place: Option<Place>,
    /// The mistake.
    pub message: String,
    /// The expected value, or advice.
    pub help: Option<String>,
    /// How bad it is.
    pub level: Level,
}

/// A stretch of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1, in characters.
    pub column: usize,
    /// How many characters are to blame, at least 1.
    pub length: usize,
    /// The line's text.
    pub text: String,
}

impl Problem {
    /// A mistake of a file as a whole.
    pub fn of_file(file: impl Into<String>, message: impl Into<String>) -> Self {
        let (file, message) = (file.into(), message.into());
        Self { file, place: None, message, help: None, level: Level::Error }
    }

    /// A warning that a key was renamed.
    pub fn renamed(file: impl Into<String>, before: &str, now: &str) -> Self {
        let warning = Self::of_file(file, format!("`{before}` is now `{now}`"));
        Self { level: Level::Warning, ..warning.help("rename it; the old name still works") }
    }

    /// Adds what is expected, or what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Problem {
    /// `rules/a.toml:3:1: there is no key `ticker`: did you mean `tickers`?`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(place) = &self.place {
            write!(f, ":{}:{}", place.line, place.column)?;
        }
        if self.level == Level::Warning {
            f.write_str(": warning")?;
        }
        write!(f, ": {}", self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, ": {help}"))
    }
}

/// All mistakes that were found, one per line.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.0.iter().enumerate() {
            let newline = if i > 0 { "\n" } else { "" };
            write!(f, "{newline}{problem}")?;
        }
        Ok(())
    }
}

/// A TOML text that errors can point into.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The file's name, for people.
    pub file: &'a str,
    /// Its text.
    pub text: &'a str,
}

impl Source<'_> {
    /// The line of an offset, counted from 1.
    pub fn line(&self, offset: usize) -> usize {
        line_column(self.text, offset).0
    }

    /// A mistake at a range of the text, whose first line is shown.
    pub fn problem(&self, span: Range<usize>, message: impl fmt::Display) -> Problem {
        let (line, _) = line_column(self.text, span.start);
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Problem {
            place: Some(self.place(span, line, start)),
            ..Problem::of_file(self.file, bounded(&message.to_string()))
        }
    }

    /// The place of a range that begins in line `line`, which begins at `line_start`.
    fn place(&self, span: Range<usize>, line: usize, line_start: usize) -> Place {
        let shown = self.text.get(line_start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let before = self.text.get(line_start..span.start).unwrap_or_default();
        let column = before.chars().count() + 1;
        let rest = shown.chars().count().saturating_sub(column - 1).max(1);
        let blamed = self.text.get(span).and_then(|text| text.lines().next()).unwrap_or_default();
        Place {
            line,
            column,
            length: blamed.chars().count().clamp(1, rest),
            text: masked(&clip(shown, LONGEST_LINE)),
        }
    }
}

/// A message that is masked and of bounded length; addresses are masked before it is cut.
fn bounded(message: &str) -> String {
    clip(&masked(&clip(message, 10 * LONGEST_MESSAGE)), LONGEST_MESSAGE).into_owned()
}

/// Masks a text without changing its length: mail addresses show only their first letter and domain, web
/// addresses only their host, and values of keys like `token` or `webhook` nothing.
fn masked(text: &str) -> String {
    const SECRET: [&str; 6] = ["token", "secret", "password", "passwd", "webhook_", "smtp_url"];
    let local = |c: char| c.is_alphanumeric() || "._%+-!#$&'*/=?^`{|}~".contains(c);
    let mut chars: Vec<char> = text.chars().collect();
    let key = text.split('=').next().unwrap_or_default().to_lowercase();
    if text.contains('=') && SECRET.iter().any(|secret| key.contains(secret)) {
        let value = key.chars().count() + 1;
        let hidden = chars.iter_mut().skip(value).filter(|c| !c.is_whitespace() && !"\"'".contains(**c));
        hidden.for_each(|c| *c = '•');
    }
    let ends = |c: char| c.is_whitespace() || "\"'`<>,".contains(c);
    for at in (2..chars.len()).filter(|&i| chars[i - 2..=i] == [':', '/', '/']).collect::<Vec<_>>() {
        let end = (at + 1..chars.len()).find(|&i| ends(chars[i])).unwrap_or(chars.len());
        let has_login = chars[at + 1..end].contains(&'@');
        let path = (at + 1..end).find(|&i| "/?#".contains(chars[i])).map_or(end, |slash| slash + 1);
        let from = if has_login { at + 1 } else { path };
        chars[from..end].iter_mut().for_each(|c| *c = '•');
    }
    for at in (0..chars.len()).filter(|&i| chars[i] == '@').collect::<Vec<_>>() {
        let start = chars[..at].iter().rposition(|&c| !local(c)).map_or(0, |before| before + 1);
        for hidden in chars.iter_mut().take(at).skip(start + 1) {
            *hidden = '•';
        }
    }
    chars.into_iter().collect()
}

/// A suggestion: the most similar of some words, if one is similar.
pub fn nearest<'w>(typed: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let typed = typed.to_lowercase();
    let near = |word: &&str| strsim::jaro_winkler(&typed, &word.to_lowercase());
    let best = words.into_iter().max_by(|a, b| near(a).total_cmp(&near(b)))?;
    (near(&best) >= 0.8).then_some(best)
}
