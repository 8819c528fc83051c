//! EDGAR's hours, and how many days are looked back on.

use chrono::{DateTime, NaiveDate, Utc};

use crate::filing::edgar_time;

/// EDGAR takes filings from 6 to 22 o'clock, Eastern.
pub(super) const OPENS: u32 = 6;
pub(super) const CLOSES: u32 = 22;

/// Most days that are gone through at once; receipts are kept as long.
pub(crate) const MOST_DAYS: u64 = 400;

/// When EDGAR closes on a day.
pub(super) fn closes(day: NaiveDate) -> DateTime<Utc> {
    edgar_time(day, CLOSES, 0)
}
