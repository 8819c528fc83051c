//! Why a text is not a schedule.

use chrono::{DateTime, Utc};
use thiserror::Error;

/// Why a text is not a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScheduleError {
    /// Not cron, or with a number of fields that is not 5, 6 or 7.
    #[error(
        "`{0}` is not a valid cron expression: expected 5 fields (minute hour day month weekday), or 6 with seconds first, each within its range"
    )]
    Cron(String),
    /// A day that no calendar has.
    #[error("`{0}` never comes: the calendar has no such day")]
    Never(String),
    /// All its years have passed.
    #[error("`{0}` is over: it has no time after {now}; leave the years out, or give later ones", now = .1.format("%Y-%m-%d"))]
    Over(String, DateTime<Utc>),
    /// Numbered weekdays mean different days in different programs.
    #[error("`{0}` numbers its weekdays: use names, like Mon-Fri")]
    Weekday(String),
    /// A range of weekdays that runs over the end of the week.
    #[error(
        "`{0}` has weekdays that cannot be read: use names from Sun to Sat, and a list like Sat,Sun instead of Sat-Sun"
    )]
    Weekdays(String),
    /// Not a name of the IANA time zone database.
    #[error("`{zone}` is not a time zone: {hint}")]
    Zone {
        /// As it is written.
        zone: String,
        /// The advice.
        hint: String,
    },
    /// The letters of a clock, which do not say where it is.
    #[error("`{zone}` cannot be used as a time zone: {hint}")]
    Abbreviation {
        /// As it is written.
        zone: String,
        /// Why, and what to write.
        hint: String,
    },
}

impl ScheduleError {
    /// True if the zone is wrong, and not the expression.
    pub fn is_of_zone(&self) -> bool {
        matches!(self, Self::Zone { .. } | Self::Abbreviation { .. })
    }
}
