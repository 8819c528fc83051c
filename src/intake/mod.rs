//! The intake: reads the feed and the daily indexes, and fetches and settles filings, each with everything it
//! causes in one transaction. Knows nothing about sending.

mod addressees;
mod backfill;
mod backoff;
mod calendar;
mod discover;
mod feed;
mod feed_alarm;
mod fetch;
mod fetcher;
mod history;
mod late;
mod plan;
mod poll;
mod quarantine;
mod reach;
mod reconcile;
mod report;
mod scope;
mod settle;
mod tickers;

pub use addressees::{Addressee, addressees, destinations_of};
pub use backfill::{BackfillReport, Backfiller};
pub use discover::Discovery;
pub use feed_alarm::FeedAlarm;
pub use quarantine::Quarantine;
pub use reconcile::{ReconcileReport, Reconciler};
pub use report::PollReport;
pub use settle::Settler;
pub use tickers::TickerList;

pub(crate) use backoff::Backoff;
pub(crate) use calendar::MOST_DAYS;
pub(crate) use fetch::Fetches;
pub(crate) use scope::{InScope, Scope};

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::parts::Parts;
use history::HistoryGate;

/// Everything that reads from EDGAR.
pub struct Intake {
    /// Discovers new filings on the feed.
    pub discovery: Discovery,
    /// Fetches filings and settles them.
    pub settler: Settler,
    /// Compares days with EDGAR's indexes.
    pub reconciler: Reconciler,
    /// Fetches issuers' past filings.
    pub backfiller: Backfiller,
    /// Keeps unreadable filings.
    pub quarantine: Arc<Quarantine>,
    /// Detects that the feed shows nothing new.
    pub feed_alarm: FeedAlarm,
    /// EDGAR's list of tickers.
    pub tickers: Arc<TickerList>,
    pub(crate) backoff: Arc<Backoff>,
    pub(crate) scope: Arc<Scope>,
}

impl Intake {
    /// Builds the intake from these parts. `since` is used once as the time when the bot was last running.
    pub fn new(parts: &Parts, since: Option<DateTime<Utc>>) -> Self {
        let backoff = Arc::new(Backoff::new(parts));
        let tickers = Arc::new(TickerList::new(parts, Arc::clone(&backoff)));
        let scope = Arc::new(Scope::new(parts, Arc::clone(&tickers)));
        let history = Arc::new(HistoryGate::new(parts));
        let quarantine = Arc::new(Quarantine::new(parts));
        let settler = Settler::new(
            parts,
            Arc::clone(&backoff),
            Arc::clone(&tickers),
            Arc::clone(&history),
            Arc::clone(&quarantine),
        );
        Self {
            discovery: Discovery::new(parts, since, Arc::clone(&scope), Arc::clone(&backoff)),
            settler,
            reconciler: Reconciler::new(parts, Arc::clone(&scope), Arc::clone(&backoff), history),
            backfiller: Backfiller::new(parts, Arc::clone(&backoff)),
            quarantine,
            feed_alarm: FeedAlarm::new(parts, Arc::clone(&backoff)),
            tickers,
            backoff,
            scope,
        }
    }
}
