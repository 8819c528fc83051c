//! The details of notices.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::destination::Destination;
use crate::filing::{Accession, Cik};

/// What shows that another program uses the same bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstanceSign {
    /// A slash command was answered before we did.
    Answered,
    /// An alert of this store is in a destination, and was not sent from here.
    Sent(Destination),
}

/// Why a destination accepts no files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoFile {
    /// The bot lacks a permission.
    NoPermission,
    /// Discord does not accept this file, or any.
    NotTaken,
}

/// Why the feed may show nothing new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedSilence {
    /// No requests are made to EDGAR.
    BackOff {
        /// Until when.
        until: DateTime<Utc>,
        /// Why.
        reason: String,
    },
    /// EDGAR is failing.
    Failing {
        /// Its last answer.
        answer: String,
    },
    /// EDGAR answers, but its feed is old.
    OldFeed,
}

/// A filing that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadableFiling {
    /// Its accession.
    pub accession: Accession,
    /// The filer whose folder it is in.
    pub filer: Cik,
    /// Why.
    pub reason: String,
}

/// Alerts, one line each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummedAlerts {
    /// How many there are.
    pub count: usize,
    /// The first of them: the day of acceptance, and the alert as one line.
    pub lines: Vec<(NaiveDate, String)>,
    /// The days of the first and the last.
    pub days: Option<(NaiveDate, NaiveDate)>,
}

/// A rule that is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoneRule {
    /// Its name.
    pub rule: String,
    /// Channels that subscribed to it.
    pub channels: Vec<String>,
    /// How many more channels there are.
    pub more: usize,
}

/// The deliveries that waited for a paused destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waited {
    /// Alerts that now come in one message.
    pub together: usize,
    /// Deliveries that come one by one.
    pub singly: usize,
    /// True if more than these are waiting.
    pub or_more: bool,
}
