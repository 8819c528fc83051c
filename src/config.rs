//! The settings: one TOML file, read strictly, into validated values. Secrets are not in it.

mod discord;
mod email;
mod ids;
mod overrides;
mod renamed;
mod settings;
mod times;
mod values;
mod wire;

pub(crate) use email::is_host_name;
pub use settings::{
    Channel, Discord, Edgar, Email, Mode, ReadableBy, Recipient, Schedules, Settings, SubscriptionLimits, Via,
};

use chrono::{DateTime, Utc};

use crate::problem::Problems;

impl Settings {
    /// Reads a settings file's text, then `overrides`: pairs like `("SELLBELL_EDGAR__BASE_URL", "http://…")`.
    ///
    /// # Errors
    /// Every mistake that was found, each with file and line, or with the name of the override.
    pub fn read(file: &str, text: &str, overrides: &[(String, String)]) -> Result<Self, Problems> {
        overrides::read(file, text, overrides, None)
    }

    /// The same at a moment: a schedule that has no time after it is a mistake.
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
