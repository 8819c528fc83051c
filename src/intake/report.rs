//! The outcome of a poll.

use chrono::{DateTime, Utc};

use crate::source::FetchError;

/// The result of a poll.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PollReport {
    /// Pages of the feed that were read.
    pub pages: usize,
    /// Filings that were not known before.
    pub new: usize,
    /// Filings that are not fetched, since no rule asks about their issuers.
    pub not_fetched: usize,
    /// Of the new ones, those whose issuer the feed did not show.
    pub undecided: usize,
    /// Filings that a first run took as known.
    pub baseline: usize,
    /// Filings fetched and done.
    pub settled: usize,
    /// Of these, the ones that caused alerts.
    pub rang: usize,
    /// Of these, the ones that could not be read.
    pub unreadable: usize,
    /// Filings read into history that cause no alerts: too old, or from before the first start.
    pub past: usize,
    /// Filings that are deferred after a failed fetch.
    pub postponed: usize,
    /// The last trouble.
    pub trouble: Option<FetchError>,
    /// Until when EDGAR is asked nothing; then nothing was asked.
    pub silent_until: Option<DateTime<Utc>>,
}

impl PollReport {
    /// Adds the filings that another report has.
    pub(crate) fn add(&mut self, other: &Self) {
        self.pages += other.pages;
        self.new += other.new;
        self.not_fetched += other.not_fetched;
        self.undecided += other.undecided;
        self.baseline += other.baseline;
        self.settled += other.settled;
        self.rang += other.rang;
        self.unreadable += other.unreadable;
        self.past += other.past;
        self.postponed += other.postponed;
    }

    /// This one and the one of the poll that followed, which says how EDGAR answers now.
    pub(crate) fn then(self, next: Self) -> Self {
        let mut both = Self { trouble: next.trouble.clone(), silent_until: next.silent_until, ..self };
        both.add(&next);
        both
    }
}
