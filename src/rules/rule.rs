//! A rule, its tests, and whom its messages ping.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::condition::Group;
use super::expression::Template;
use super::span::Span;
use crate::destination::Destination;
use crate::filing::{Shares, Usd};
use crate::problem::{Place, Problem};

/// One rule. All its conditions must hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Unique across all files.
    pub name: String,
    /// A description for people.
    pub description: Option<String>,
    /// False if it sends no alerts.
    pub enabled: bool,
    /// The conditions.
    pub conditions: Group,
    /// Where its alerts go, in addition to the subscribed channels.
    pub notify: Vec<Destination>,
    /// After an alert about an issuer, it sends none about that issuer for this long.
    pub cooldown: Option<Span>,
    /// Whom its messages on Discord ping.
    pub mention: Vec<Mention>,
    /// The message's own words.
    pub template: Option<Template>,
    /// Tests of the rule.
    pub tests: Vec<RuleTest>,
    /// The file that contains it.
    pub file: String,
    /// The place of its name.
    pub place: Option<Place>,
}

impl Rule {
    /// The ids of the roles that its messages ping.
    pub fn roles(&self) -> impl Iterator<Item = u64> {
        self.mention.iter().filter_map(|mention| match mention {
            Mention::Role(id) => Some(*id),
            _ => None,
        })
    }

    /// True if another rule is the same, apart from its place.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let place =
            |rule: &Self| Self { file: String::new(), place: None, tests: Vec::new(), ..rule.clone() };
        place(self) == place(other)
    }
}

/// A `[[rule.test]]`: the expected result for a filing.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleTest {
    /// A path from the rule file's folder, or the accession of a bundled filing.
    pub filing: String,
    /// Earlier filings, in the same form.
    pub after: Vec<String>,
    /// True if the rule must send an alert.
    pub alerts: bool,
    /// The expected total value of the lots that count.
    pub value: Option<Usd>,
    /// The expected number of their shares.
    pub shares: Option<Shares>,
    /// The condition that must prevent the alert.
    pub because: Option<String>,
    /// The place where it begins.
    pub place: Option<Place>,
    /// A warning, if it uses a key's old name.
    pub renamed: Option<Problem>,
}

/// Whom a message on Discord pings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Mention {
    /// Everybody with a role.
    Role(u64),
    /// A member.
    User(u64),
    /// Everybody who is online.
    Here,
    /// Everybody.
    Everyone,
}

impl fmt::Display for Mention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(id) => write!(f, "role:{id}"),
            Self::User(id) => write!(f, "user:{id}"),
            Self::Here => f.write_str("here"),
            Self::Everyone => f.write_str("everyone"),
        }
    }
}

impl FromStr for Mention {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let id = |id: &str| id.parse().ok().filter(|id| *id > 0);
        let mention = match text.split_once(':') {
            Some(("role", number)) => id(number).map(Self::Role),
            Some(("user", number)) => id(number).map(Self::User),
            None if text == "here" => Some(Self::Here),
            None if text == "everyone" => Some(Self::Everyone),
            _ => None,
        };
        mention.ok_or_else(|| format!("`{text}` cannot be mentioned"))
    }
}

impl TryFrom<String> for Mention {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Mention> for String {
    fn from(mention: Mention) -> Self {
        mention.to_string()
    }
}
