//! Receipts: the comparison of a day with EDGAR's daily index.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::filing::Accession;

/// Most accessions that a receipt names; the rest is counted.
const MOST_NAMED: usize = 20;

/// The comparison of a day with its index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The day, in EDGAR's zone.
    pub day: NaiveDate,
    /// When it last changed.
    pub at: DateTime<Utc>,
    /// How far it is.
    pub state: Progress,
    /// Forms 4 and 4/A in the index.
    pub listed: usize,
    /// Those that were seen before the comparison.
    pub seen: usize,
    /// Those that the comparison found and that were read.
    pub recovered: usize,
    /// Those that cannot be read and are in quarantine.
    pub unreadable: usize,
    /// Those that the comparison found but no rule needs: not fetched, or from before the first start.
    pub passed_over: usize,
    /// Filings that were seen but are not in the index.
    pub unlisted: usize,
    /// How many times the index was read.
    #[serde(default)]
    pub reads: u32,
    /// Lines of the index that could not be read.
    #[serde(default)]
    pub bad_lines: usize,
    /// The missed filings, until the receipt is final.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missed: Vec<Accession>,
    /// Unreadable filings that are tried again, until the receipt is final.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub again: Vec<Accession>,
    /// The first of those that were recovered, are unreadable or are not listed.
    pub named: Vec<Accession>,
    /// True if the operators were notified about it.
    #[serde(default, alias = "told")]
    pub reported: bool,
}

/// The progress of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// The index is not available yet.
    Waiting {
        /// How many times it was requested.
        attempts: u32,
        /// The earliest time of the next request.
        next_try: DateTime<Utc>,
        /// Why it was not available.
        reason: String,
    },
    /// The missed filings are being fetched.
    Fetching,
    /// Done.
    Compared,
    /// Given up: EDGAR publishes no index for that day.
    NoIndex,
}

impl Receipt {
    /// A receipt for a day whose index has not been requested yet.
    pub fn new(day: NaiveDate, now: DateTime<Utc>) -> Self {
        Self {
            day,
            at: now,
            state: Progress::Waiting { attempts: 0, next_try: now, reason: String::new() },
            listed: 0,
            seen: 0,
            recovered: 0,
            unreadable: 0,
            passed_over: 0,
            unlisted: 0,
            reads: 0,
            bad_lines: 0,
            missed: Vec::new(),
            again: Vec::new(),
            named: Vec::new(),
            reported: false,
        }
    }

    /// True if it will not change any more.
    pub fn is_final(&self) -> bool {
        matches!(self.state, Progress::Compared | Progress::NoIndex)
    }

    /// True if everything was seen in time and can be read.
    pub fn is_clean(&self) -> bool {
        match self.state {
            Progress::Compared => self.recovered + self.unreadable + self.unlisted + self.bad_lines == 0,
            Progress::NoIndex | Progress::Waiting { .. } | Progress::Fetching => false,
        }
    }

    /// True if the filing was missed, or is tried again.
    pub fn names_missed(&self, accession: Accession) -> bool {
        self.missed.contains(&accession) || self.again.contains(&accession)
    }

    /// Forgets which filings were missed: a final receipt keeps only their number.
    pub fn forget_what_was_missed(&mut self) {
        (self.missed, self.again) = (Vec::new(), Vec::new());
    }

    /// Names an accession if there is room.
    pub fn name(&mut self, accession: Accession) {
        if self.named.len() < MOST_NAMED && !self.named.contains(&accession) {
            self.named.push(accession);
        }
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { day, listed, seen, recovered, unreadable, passed_over, unlisted, .. } = self;
        match &self.state {
            Progress::Waiting { attempts: 0, .. } => return write!(f, "{day}: not requested yet"),
            Progress::Waiting { reason, attempts, .. } => {
                return write!(f, "{day}: no index after {attempts} attempts: {reason}");
            }
            Progress::NoIndex if *unlisted == 0 => {
                return write!(
                    f,
                    "{day}: EDGAR has no index and no filing was seen: if EDGAR was open, that day's filings are missing"
                );
            }
            Progress::NoIndex => return write!(f, "{day}: EDGAR has no index, though {unlisted} were seen"),
            Progress::Fetching => {
                write!(f, "{day}: being fetched {}; ", self.missed.len() + self.again.len())?;
            }
            Progress::Compared => write!(f, "{day}: ")?,
        }
        write!(f, "{listed} in the index, {seen} seen, {recovered} recovered, {unreadable} unreadable")?;
        if *passed_over > 0 {
            write!(f, ", {passed_over} passed over")?;
        }
        if self.bad_lines > 0 {
            write!(f, ", {} lines that cannot be read", self.bad_lines)?;
        }
        if *unlisted > 0 {
            write!(f, ", {unlisted} seen but not listed")?;
        }
        Ok(())
    }
}
