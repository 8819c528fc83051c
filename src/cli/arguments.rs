//! Parsers for argument values that several commands share.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::America::New_York;

use crate::filing::edgar_day;

/// Parses a time span such as `90m`, `8h` or `3d`.
pub(super) fn span(text: &str) -> Result<Duration, String> {
    let not_one = || format!("`{text}` is not a span of time: expected something like 90m, 8h or 3d");
    humantime::parse_duration(text).map_err(|_| not_one())
}

/// Parses a point in time: a day, meaning its start in New York, or an RFC 3339 time.
pub(super) fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return midnight(day).ok_or_else(|| format!("{text} has no midnight in New York"));
    }
    let time = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    time.map_err(|_| "expected a day like 2026-11-20, or a time like 2026-11-20T16:00:00-05:00".to_owned())
}

/// The start of a day in New York.
fn midnight(day: NaiveDate) -> Option<DateTime<Utc>> {
    let midnight = New_York.from_local_datetime(&day.and_time(NaiveTime::MIN)).earliest();
    midnight.map(|time| time.to_utc())
}

/// How far back to go.
#[derive(Debug, Clone, Copy)]
pub(super) enum Since {
    /// From a day on.
    Day(NaiveDate),
    /// This long.
    Span(TimeDelta),
}

/// Parses a day or a span.
pub(super) fn since(text: &str) -> Result<Since, String> {
    if let Ok(day) = text.parse() {
        return Ok(Since::Day(day));
    }
    let span = humantime::parse_duration(text).ok().and_then(|span| TimeDelta::from_std(span).ok());
    span.map(Since::Span).ok_or_else(|| "expected a span like 2y or 90d, or a day like 2024-11-20".to_owned())
}

impl Since {
    /// The first day, in EDGAR's time zone; `None` if it is out of range.
    pub(super) fn day(self, now: DateTime<Utc>) -> Option<NaiveDate> {
        match self {
            Self::Day(day) => Some(day),
            Self::Span(span) => now.checked_sub_signed(span).map(edgar_day),
        }
    }

    /// The time: a day begins at midnight in New York. `None` if it is out of range.
    pub(super) fn moment(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Day(day) => midnight(day),
            Self::Span(span) => now.checked_sub_signed(span),
        }
    }
}
