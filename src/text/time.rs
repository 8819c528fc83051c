//! Times as people read them.

use chrono::{DateTime, Utc};
use chrono_tz::America::New_York;

/// A time to the minute in New York, where EDGAR is: `2023-03-08 09:56 EST`.
pub fn eastern(time: DateTime<Utc>) -> String {
    time.with_timezone(&New_York).format("%Y-%m-%d %H:%M %Z").to_string()
}
