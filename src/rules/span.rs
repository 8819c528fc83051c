//! Spans of time as rules write them: `12h`, `7d`, `2w`, `12mo`, `1y`.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Months, NaiveDate, TimeDelta, Utc};
use thiserror::Error;

/// A span of time. Months and years are the calendar's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// Hours.
    Hours(u32),
    /// Days; a week is seven.
    Days(u32),
    /// Months; a year is twelve.
    Months(u32),
}

/// Not a span.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a span of time")]
pub struct SpanError(String);

/// The longest span, in years: Forms 4 in XML exist only since 2003.
const MOST_YEARS: u32 = 30;

impl Span {
    /// The day that is this far before another; hours count as the days that they begin.
    pub fn before(self, day: NaiveDate) -> NaiveDate {
        let earlier = match self {
            Self::Hours(hours) => day.checked_sub_signed(TimeDelta::days(i64::from(hours.div_ceil(24)))),
            Self::Days(days) => day.checked_sub_signed(TimeDelta::days(i64::from(days))),
            Self::Months(months) => day.checked_sub_months(Months::new(months)),
        };
        earlier.unwrap_or(NaiveDate::MIN)
    }

    /// The moment that is this far before another.
    pub fn before_moment(self, moment: DateTime<Utc>) -> DateTime<Utc> {
        let earlier = match self {
            Self::Hours(hours) => moment.checked_sub_signed(TimeDelta::hours(i64::from(hours))),
            Self::Days(days) => moment.checked_sub_signed(TimeDelta::days(i64::from(days))),
            Self::Months(months) => moment.checked_sub_months(Months::new(months)),
        };
        earlier.unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// Approximately how many days it is: no fewer than it can be.
    pub fn most_days(self) -> u32 {
        match self {
            Self::Hours(hours) => hours.div_ceil(24),
            Self::Days(days) => days,
            Self::Months(months) => months * 31,
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, unit) = match *self {
            Self::Hours(n) => (n, "hour"),
            Self::Days(n) => (n, "day"),
            Self::Months(n) => (n, "month"),
        };
        write!(f, "{number} {unit}{}", if number == 1 { "" } else { "s" })
    }
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let error = || SpanError(text.chars().take(40).collect());
        let trimmed = text.trim();
        let end = trimmed.find(|c: char| !c.is_ascii_digit()).ok_or_else(error)?;
        let number: u32 = trimmed[..end].parse().map_err(|_| error())?;
        let times = |factor: u32| number.checked_mul(factor).ok_or_else(error);
        let span = match trimmed[end..].trim() {
            "h" => Self::Hours(number),
            "d" => Self::Days(number),
            "w" => Self::Days(times(7)?),
            "mo" => Self::Months(number),
            "y" => Self::Months(times(12)?),
            _ => return Err(error()),
        };
        let longest = match span {
            Self::Hours(_) => MOST_YEARS * 366 * 24,
            Self::Days(_) => MOST_YEARS * 366,
            Self::Months(_) => MOST_YEARS * 12,
        };
        let (Self::Hours(count) | Self::Days(count) | Self::Months(count)) = span;
        if count == 0 || count > longest { Err(error()) } else { Ok(span) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_reckoned_by_the_calendar() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (text, shown, before) in [
            ("7d", "7 days", "2024-03-24"),
            ("1w", "7 days", "2024-03-24"),
            ("1mo", "1 month", "2024-02-29"),
            ("12mo", "12 months", "2023-03-31"),
            ("2y", "24 months", "2022-03-31"),
            ("25h", "25 hours", "2024-03-29"),
        ] {
            let span: Span = text.parse().unwrap();
            assert_eq!((span.to_string().as_str(), span.before(day("2024-03-31"))), (shown, day(before)));
        }
        for bad in ["", "7", "d", "7 days", "-1d", "0d", "1m", "31y", "99999999999d", "1.5d", "4294967295w"] {
            assert!(bad.parse::<Span>().is_err(), "{bad}");
        }
    }
}
