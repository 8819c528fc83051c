//! How the alerts of a Discord channel are spread over its threads.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Which alerts share a thread of a channel, or a post of a forum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Threads {
    /// The alerts about one company.
    Ticker,
    /// The alerts of one day.
    Day,
}

impl Threads {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Ticker, Self::Day];

    /// The word for it in settings and commands.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ticker => "ticker",
            Self::Day => "day",
        }
    }
}

impl fmt::Display for Threads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Threads {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|threads| threads.word() == text);
        found.ok_or_else(|| format!("`{text}` is neither ticker nor day"))
    }
}
