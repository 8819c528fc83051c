//! What is known of each accession.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::table::Table;

/// Accession → what became of the filing, or where it waits to be fetched.
pub(super) const FILINGS: Table<Known> = Table::new("filings");

/// How a filing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It was there when sellbell first ran.
    Baseline,
    /// Rules rang.
    Rang,
    /// No rule rang.
    Quiet,
    /// It could not be read; it is in quarantine.
    Unreadable,
    /// No rule asks about its issuer, so it was not fetched.
    NotFetched,
    /// It was read into history and told nobody: too old, or from before the first start.
    Past,
}

/// A filing that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Known {
    /// It is done.
    Done {
        /// How it ended.
        ending: Ending,
        /// When.
        at: DateTime<Utc>,
    },
    /// It is to be fetched.
    Pending {
        /// Its place among those.
        pending: String,
    },
}
