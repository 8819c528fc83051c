//! The outcome of a poll.

use chrono::{DateTime, Utc};

use crate::source::FetchError;

/// The result of a poll.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PollReport {
    /// Pages of the feed that were read.
    pub pages: usize,
    /// Filings that were not known before the poll.
    pub new: usize,
    /// Filings that are not fetched because no rule covers their issuers.
    pub not_fetched: usize,
    /// New filings whose issuer the feed did not show.
    pub undecided: usize,
    /// Filings that a first run recorded as known.
    pub baseline: usize,
    /// Filings fetched and done.
    pub settled: usize,
    /// How many of these caused alerts.
    pub alerted: usize,
    /// How many of these could not be read.
    pub unreadable: usize,
    /// Filings read into history that cause no alerts: too old, or from before the first start.
    pub past: usize,
    /// Filings deferred after a failed fetch.
    pub postponed: usize,
    /// The last failure.
    pub trouble: Option<FetchError>,
    /// The end of the back-off, if one was in force; no requests were made then.
    pub silent_until: Option<DateTime<Utc>>,
}

impl PollReport {
    /// Adds the counts of filings from another report.
    pub(crate) fn add(&mut self, other: &Self) {
        self.pages += other.pages;
        self.new += other.new;
        self.not_fetched += other.not_fetched;
        self.undecided += other.undecided;
        self.baseline += other.baseline;
        self.settled += other.settled;
        self.alerted += other.alerted;
        self.unreadable += other.unreadable;
        self.past += other.past;
        self.postponed += other.postponed;
    }

    /// Combines this report with that of the following poll, which states how EDGAR answers now.
    pub(crate) fn then(self, next: Self) -> Self {
        let mut both = Self { trouble: next.trouble.clone(), silent_until: next.silent_until, ..self };
        both.add(&next);
        both
    }
}
