//! Destinations, by their names in rule files and the store.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A destination.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Destination {
    /// `terminal`: standard output, for people.
    Terminal,
    /// `jsonl`: one JSON object per line on standard output; `jsonl:FILE` appends to a file.
    Jsonl(Option<String>),
    /// `discord:NAME`: a channel or webhook defined in the settings.
    Discord(String),
    /// `email:NAME`: a recipient defined in the settings.
    Email(String),
    /// `webhook:NAME`: an endpoint defined in the settings.
    Webhook(String),
    /// `channel:ID`: a subscribed Discord channel; not allowed in rule files.
    Channel(u64),
}

/// Not a destination.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a destination: expected {FORMS}")]
pub struct DestinationError(String);

/// All names allowed in rule files, as a regular expression for JSON Schema.
pub const PATTERN: &str = "^(terminal|jsonl(:.+)?|(discord|email|webhook):[a-z0-9_-]{1,64})$";
/// The same, for display.
pub const FORMS: &str = "terminal, jsonl, jsonl:FILE, discord:NAME, email:NAME or webhook:NAME";
/// The destinations that exist without any settings.
pub const BUILT_IN: [&str; 2] = ["terminal", "jsonl"];

impl DestinationError {
    /// The mistake and the advice.
    pub fn parts(&self) -> (String, String) {
        (format!("`{}` is not a destination", self.0), format!("expected {FORMS}"))
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Terminal => f.write_str("terminal"),
            Self::Jsonl(None) => f.write_str("jsonl"),
            Self::Jsonl(Some(file)) => write!(f, "jsonl:{file}"),
            Self::Discord(name) => write!(f, "discord:{name}"),
            Self::Email(name) => write!(f, "email:{name}"),
            Self::Webhook(name) => write!(f, "webhook:{name}"),
            Self::Channel(id) => write!(f, "channel:{id}"),
        }
    }
}

impl FromStr for Destination {
    type Err = DestinationError;

    fn from_str(text: &str) -> Result<Self, DestinationError> {
        let (kind, name) = text.split_once(':').map_or((text, None), |(kind, name)| (kind, Some(name)));
        let named = name.filter(|name| is_name(name)).map(str::to_owned);
        match (kind, name) {
            ("terminal", None) => Ok(Self::Terminal),
            ("jsonl", None) => Ok(Self::Jsonl(None)),
            ("jsonl", Some(file)) if !file.trim().is_empty() => Ok(Self::Jsonl(Some(file.to_owned()))),
            ("discord", Some(_)) if named.is_some() => Ok(Self::Discord(named.unwrap_or_default())),
            ("email", Some(_)) if named.is_some() => Ok(Self::Email(named.unwrap_or_default())),
            ("webhook", Some(_)) if named.is_some() => Ok(Self::Webhook(named.unwrap_or_default())),
            ("channel", Some(id)) => {
                id.parse().map(Self::Channel).map_err(|_| DestinationError(text.to_owned()))
            }
            _ => Err(DestinationError(text.chars().take(80).collect())),
        }
    }
}

impl TryFrom<String> for Destination {
    type Error = DestinationError;

    fn try_from(text: String) -> Result<Self, DestinationError> {
        text.parse()
    }
}

impl From<Destination> for String {
    fn from(destination: Destination) -> Self {
        destination.to_string()
    }
}

/// True if a text can name a rule, channel or recipient: 1 to 64 of `a-z`, `0-9`, `-` and `_`.
pub fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_read_back_as_written() {
        for text in [
            "terminal",
            "jsonl",
            "jsonl:out/a:b.jsonl",
            "discord:alerts",
            "email:desk",
            "webhook:n8n",
            "channel:42",
        ] {
            assert_eq!(text.parse::<Destination>().unwrap().to_string(), text);
        }
        for bad in [
            "",
            "Terminal",
            "terminal:x",
            "discord",
            "discord:",
            "discord:No Name",
            "email:",
            "webhook:",
            "jsonl:",
            "sms:me",
        ] {
            assert!(bad.parse::<Destination>().is_err(), "{bad}");
        }
    }
}
