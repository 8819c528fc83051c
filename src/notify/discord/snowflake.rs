//! Discord's ids, which contain a creation time.

use chrono::{DateTime, Utc};
use serenity::all::MessageId;

/// The epoch of Discord's ids, in milliseconds: <https://discord.com/developers/docs/reference#snowflakes>.
const EPOCH_MS: i64 = 1_420_070_400_000;

/// The lowest id for a time.
pub(super) fn first_id(moment: DateTime<Utc>) -> u64 {
    u64::try_from(moment.timestamp_millis() - EPOCH_MS).unwrap_or(0) << 22
}

/// When a message was created.
pub(super) fn made(id: MessageId) -> Option<DateTime<Utc>> {
    let milliseconds = i64::try_from(id.get() >> 22).ok()?;
    DateTime::from_timestamp_millis(milliseconds + EPOCH_MS)
}
