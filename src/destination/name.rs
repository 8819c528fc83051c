//! Destinations, by their names in rule files and the store.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::inbox::Inbox;
use super::naming::is_name;

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
    /// `email:NAME`: a recipient defined in the settings, in rule files with all of its addresses and otherwise at
    /// the first one; `email:NAME/ID`: at another one, not allowed in rule files.
    Email(Inbox),
    /// `webhook:NAME`: an endpoint defined in the settings.
    Webhook(String),
    /// `channel:ID`: a subscribed Discord channel; not allowed in rule files.
    Channel(u64),
}

/// Not a destination.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{what}: {help}")]
pub struct DestinationError {
    what: String,
    help: String,
}

/// All names allowed in rule files, as a regular expression for JSON Schema.
pub const PATTERN: &str = "^(terminal|jsonl(:.+)?|(discord|email|webhook):[a-z0-9_-]{1,64})$";
/// The same, for display.
pub const FORMS: &str = "terminal, jsonl, jsonl:FILE, discord:NAME, email:NAME or webhook:NAME";
/// The destinations that exist without any settings.
pub const BUILT_IN: [&str; 2] = ["terminal", "jsonl"];

impl DestinationError {
    fn unknown(text: &str) -> Self {
        let shown: String = text.chars().take(80).collect();
        Self { what: format!("`{shown}` is not a destination"), help: format!("expected {FORMS}") }
    }

    /// The mistake and the advice.
    pub fn parts(self) -> (String, String) {
        (self.what, self.help)
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Terminal => f.write_str("terminal"),
            Self::Jsonl(None) => f.write_str("jsonl"),
            Self::Jsonl(Some(file)) => write!(f, "jsonl:{file}"),
            Self::Discord(name) => write!(f, "discord:{name}"),
            Self::Email(inbox) => write!(f, "email:{inbox}"),
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
            ("email", Some(inbox)) => {
                inbox.parse().map(Self::Email).map_err(|()| DestinationError::unknown(text))
            }
            ("webhook", Some(_)) if named.is_some() => Ok(Self::Webhook(named.unwrap_or_default())),
            ("channel", Some(id)) => {
                id.parse().map(Self::Channel).map_err(|_| DestinationError::unknown(text))
            }
            _ => Err(DestinationError::unknown(text)),
        }
    }
}

impl Destination {
    /// True if alerts for a name like this one also go to `other`: it is the same, or another address of the same
    /// recipient.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Email(own), Self::Email(other)) if own.is_first() => own.recipient() == other.recipient(),
            _ => self == other,
        }
    }

    /// The name of the recipient whose further address it is: `email:NAME` for `email:NAME/ID`.
    pub fn recipient(&self) -> Option<Self> {
        match self {
            Self::Email(inbox) if !inbox.is_first() => Some(Self::Email(Inbox::first(inbox.recipient()))),
            _ => None,
        }
    }

    /// Reads the name of a destination in a file that a person wrote, where a recipient stands for all of its
    /// addresses.
    ///
    /// # Errors
    /// Not a destination, or a single address of a recipient.
    pub fn in_file(text: &str) -> Result<Self, DestinationError> {
        let destination: Self = text.parse()?;
        match destination.recipient() {
            None => Ok(destination),
            Some(recipient) => Err(DestinationError {
                what: format!("`{text}` is a single address of a recipient"),
                help: format!("write `{recipient}`, for all of its addresses"),
            }),
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
            "email:desk/0123abcd",
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
            "email:desk/",
            "email:desk/jane@example.org",
            "webhook:",
            "jsonl:",
            "sms:me",
        ] {
            assert!(bad.parse::<Destination>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_recipient_covers_its_addresses() {
        let [desk, further, other] = ["email:desk", "email:desk/0123abcd", "email:desk-2"]
            .map(|name| name.parse::<Destination>().unwrap());
        assert!(desk.covers(&desk) && desk.covers(&further) && further.covers(&further));
        assert!(!desk.covers(&other) && !further.covers(&desk) && !Destination::Terminal.covers(&desk));
        let refused = Destination::in_file("email:desk/0123abcd").unwrap_err().to_string();
        assert!(refused.ends_with("write `email:desk`, for all of its addresses"), "{refused}");
        assert_eq!(Destination::in_file("email:desk"), Ok(desk));
    }
}
