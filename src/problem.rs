//! What is wrong in a file that a person wrote, and where.

use std::fmt;

use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::text::line_column;

/// One mistake, with its place.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct Problem {
    /// The file as the person knows it.
    pub file: String,
    /// Line and column from 1, where one is to blame.
    pub place: Option<(usize, usize)>,
    /// What is wrong and what is expected.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some((line, column)) => write!(f, "{}:{line}:{column}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

/// All mistakes that were found, one a line.
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
    /// Reads the text into its wire type.
    ///
    /// # Errors
    /// The first thing that is not TOML or not of that type, with its place.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        toml::from_str(self.text).map_err(|error| Problem {
            file: self.file.to_owned(),
            place: error.span().map(|span| line_column(self.text, span.start)),
            message: error.message().trim_end().replace('\n', "; "),
        })
    }

    /// The line of a value, from 1.
    pub fn line<T>(&self, value: &toml::Spanned<T>) -> usize {
        line_column(self.text, value.span().start).0
    }

    /// A mistake at a value.
    pub fn problem<T>(&self, value: &toml::Spanned<T>, message: impl fmt::Display) -> Problem {
        Problem {
            file: self.file.to_owned(),
            place: Some(line_column(self.text, value.span().start)),
            message: message.to_string(),
        }
    }
}
