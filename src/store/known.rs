//! The state of each accession.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::table::Table;

/// Accession → the outcome of the filing, or its place among pending filings.
pub(super) const FILINGS: Table<Known> = Table::new("filings");

/// The outcome of a filing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It was there when sellbell first ran.
    Baseline,
    /// It caused alerts.
    #[serde(alias = "rang")]
    Alerted,
    /// No rule matched.
    Quiet,
    /// It could not be read; it is in quarantine.
    Unreadable,
    /// It was not fetched because no rule covers its issuer.
    NotFetched,
    /// It was read into history, without alerts: too old, or from before the first start.
    Past,
}

/// A filing that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub(super) enum Known {
    /// It is done.
    Done {
        /// Its outcome.
        ending: Ending,
        /// When it was done.
        at: DateTime<Utc>,
    },
    /// It is pending.
    Pending {
        /// Its key among pending filings.
        pending: String,
    },
}

/// The stored record. Most entries of a feed page cost one read of it.
#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ending: Option<Ending>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pending: Option<String>,
}

impl TryFrom<Stored> for Known {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        match stored {
            Stored { ending: Some(ending), at: Some(at), pending: None } => Ok(Self::Done { ending, at }),
            Stored { ending: None, at: None, pending: Some(pending) } => Ok(Self::Pending { pending }),
            _ => Err("neither done nor pending"),
        }
    }
}

impl From<Known> for Stored {
    fn from(known: Known) -> Self {
        match known {
            Known::Done { ending, at } => Self { ending: Some(ending), at: Some(at), pending: None },
            Known::Pending { pending } => Self { ending: None, at: None, pending: Some(pending) },
        }
    }
}
