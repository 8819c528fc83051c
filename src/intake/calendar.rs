//! EDGAR's hours, and how many days to look back.

use chrono::{DateTime, NaiveDate, Utc};

use crate::filing::edgar_time;

/// EDGAR accepts filings from 6:00 to 22:00 Eastern Time.
pub(super) const OPENS: u32 = 6;
pub(super) const CLOSES: u32 = 22;

/// The most days to process at once; receipts are kept as long.
pub(crate) const MOST_DAYS: u64 = 400;

/// When EDGAR closes on a day.
pub(super) fn closes(day: NaiveDate) -> DateTime<Utc> {
    edgar_time(day, CLOSES, 0)
}
