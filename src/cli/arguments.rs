//! Parsers for argument values that several commands share.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::America::New_York;

/// Parses a time span such as `90m`, `8h` or `3d`.
pub(super) fn span(text: &str) -> Result<Duration, String> {
    let not_one = || format!("`{text}` is not a span of time: expected something like 90m, 8h or 3d");
    humantime::parse_duration(text).map_err(|_| not_one())
}

/// Parses a point in time: a day, meaning its start in New York, or an RFC 3339 time.
pub(super) fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        let midnight = New_York.from_local_datetime(&day.and_time(NaiveTime::MIN)).earliest();
        return midnight
            .map(|time| time.to_utc())
            .ok_or_else(|| format!("{text} has no midnight in New York"));
    }
    let time = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    time.map_err(|_| "expected a day like 2026-11-20, or a time like 2026-11-20T16:00:00-05:00".to_owned())
}
