//! Filings that were seen and are not done yet.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::edgar::FilingRef;

/// A filing that was seen and is not done yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    /// What to fetch.
    pub filing: FilingRef,
    /// When it was first seen.
    pub seen_at: DateTime<Utc>,
    /// How often fetching failed.
    pub attempts: u32,
    /// Not to be tried before.
    pub not_before: DateTime<Utc>,
    /// What showed it.
    #[serde(default)]
    pub found: Found,
}

/// What showed a filing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// The feed.
    #[default]
    Feed,
    /// A daily index: the feed was not read in time, or it is tried again.
    Index,
}
