//! Reasons why a text is not a schedule.

use chrono::{DateTime, Utc};
use thiserror::Error;

/// Why a text is not a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScheduleError {
    /// It is not cron, or the number of fields is not 5, 6 or 7.
    #[error(
        "`{0}` is not a valid cron expression: expected 5 fields (minute hour day month weekday), or 6 with seconds first, each within its range"
    )]
    Cron(String),
    /// A day that does not exist in the calendar.
    #[error("`{0}` never happens: there is no such day")]
    Never(String),
    /// All its years have passed.
    #[error("`{0}` is over: it has no time after {now}; leave the years out, or give later ones", now = .1.format("%Y-%m-%d"))]
    Over(String, DateTime<Utc>),
    /// Numbered weekdays mean different days in different programs.
    #[error("`{0}` numbers its weekdays: use names, like Mon-Fri")]
    Weekday(String),
    /// A range of weekdays that crosses the end of the week.
    #[error(
        "`{0}` has weekdays that cannot be read: use names from Sun to Sat, and a list like Sat,Sun instead of Sat-Sun"
    )]
    Weekdays(String),
    /// Not a name of the IANA time zone database.
    #[error("`{zone}` is not a time zone: {hint}")]
    Zone {
        /// The name as written.
        zone: String,
        /// The advice.
        hint: String,
    },
    /// An abbreviation for a clock, which does not say where it is.
    #[error("`{zone}` cannot be used as a time zone: {hint}")]
    Abbreviation {
        /// The abbreviation as written.
        zone: String,
        /// The reason, and what to write instead.
        hint: String,
    },
}

impl ScheduleError {
    /// True if the zone is wrong, rather than the expression.
    pub fn is_of_zone(&self) -> bool {
        matches!(self, Self::Zone { .. } | Self::Abbreviation { .. })
    }
}
