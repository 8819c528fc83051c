//! The name of a Discord channel, for people.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The name of a channel and of its server: `#alerts on Traders`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceName {
    /// The channel's name, without `#`.
    pub channel: String,
    /// The server's name, if known.
    pub server: Option<String>,
}

impl fmt::Display for PlaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.channel)?;
        self.server.as_ref().map_or(Ok(()), |server| write!(f, " on {server}"))
    }
}
