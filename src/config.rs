//! The settings: one TOML file, read strictly, into validated values. Secrets are not in it.

mod discord;
mod email;
mod ids;
mod mailbox;
mod overrides;
mod recipient;
mod recipients;
mod renamed;
mod settings;
mod times;
mod values;
mod wire;

pub(crate) use email::is_host_name;
pub use recipient::{Address, DigestMode, Mode, Recipient, RuleNames, WhenEmpty};
pub use settings::{
    Channel, Discord, Edgar, Email, ReadableBy, Schedules, Settings, SubscriptionLimits, Via,
};

use chrono::{DateTime, Utc};

use crate::problem::Problems;

impl Settings {
    /// Reads settings from the text of a file, then applies `overrides`: pairs like
    /// `("SELLBELL_EDGAR__BASE_URL", "http://…")`.
    ///
    /// # Errors
    /// Every mistake found, each with its file and line, or with the name of the override.
    pub fn read(file: &str, text: &str, overrides: &[(String, String)]) -> Result<Self, Problems> {
        overrides::read(file, text, overrides, None)
    }

    /// The same, at a given moment: a schedule with no time after it is a mistake.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_at(
        now: DateTime<Utc>,
        file: &str,
        text: &str,
        overrides: &[(String, String)],
    ) -> Result<Self, Problems> {
        overrides::read(file, text, overrides, Some(now))
    }
}

#[cfg(test)]
mod tests;
