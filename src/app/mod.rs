//! The ticks: poll once, deliver once, make digests once; and in `run` alone the loop that calls them.

mod backfill;
mod backoff;
mod choose;
mod dead;
mod deliver;
mod digest;
mod discover;
mod doubt;
mod failed;
mod feed;
mod fetch;
mod follow;
mod gateway;
mod lane;
mod late;
mod mutes;
mod once;
mod paused;
mod plan;
mod poll;
mod quarantine;
mod reach;
mod reconcile;
mod reload;
mod run;
mod settle;
mod stale;
mod status;
mod tickers;
mod together;
mod troubles;
mod wanted;

pub use backfill::BackfillReport;
pub use dead::{Retried, Retry, retry};
pub use gateway::{GatewayFailure, GatewayStatus};
pub use lane::{DeliverReport, Lane};
pub use mutes::unmute;
pub use once::{OnceReport, run_once};
pub use plan::destinations;
pub use poll::PollReport;
pub use reconcile::ReconcileReport;
pub use reload::{Reload, Watch};
pub use run::{RunError, run};
pub use status::{LatencyStatus, MuteLine, Quantiles, ReceiptLine, Running, Status};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use tokio::sync::{Notify, watch};

use crate::clock::Clock;
use crate::config::Settings;
use crate::filing::Accession;
use crate::notify::Notifier;
use crate::rules::{Rule, RuleSet};
use crate::source::Client;
use crate::store::Store;

/// All that the ticks work with.
pub struct App {
    /// The settings.
    pub settings: Settings,
    /// The rules in force.
    rules: RwLock<RuleSet>,
    /// What survives a restart.
    pub store: Store,
    /// EDGAR.
    pub client: Client,
    /// The destinations.
    pub notifier: Notifier,
    /// `--since`: taken, once, for the last time the bot was up.
    since: Mutex<Option<DateTime<Utc>>>,
    /// The unreadable entries of the feed that were told of.
    told: Mutex<BTreeSet<String>>,
    /// How the feed is read.
    habit: Mutex<feed::Habit>,
    /// The tickers of listed issuers, as far as they are known.
    listed: Mutex<tickers::Listed>,
    /// Which filings are fetched, as it was last found.
    wanted: Mutex<Option<wanted::Known>>,
    /// What was fetched of filings that wait for history.
    bodies: Mutex<BTreeMap<Accession, Vec<u8>>>,
    /// What became of filings since the start.
    tally: Mutex<status::Tally>,
    /// How the gateway is, where a bot connects.
    gateway: Mutex<Option<gateway::Gateway>>,
    /// Troubles that began again, and are not reported yet.
    held_back: Mutex<troubles::HeldBack>,
    /// What channels got lately.
    floods: Mutex<together::Floods>,
    /// The notices about destinations that are not repeated for a while.
    reported: Mutex<paused::Reported>,
    /// Rings when filings became pending that the feed did not show.
    found: Notify,
    /// Rings when something was muted, or a trouble is held back.
    muted: Notify,
    /// Rings when something was queued.
    wake: Notify,
    /// How often destinations were to be tried again at once, by name.
    retried: watch::Sender<BTreeMap<String, usize>>,
}

impl App {
    /// Puts the parts together.
    pub fn new(
        settings: Settings,
        rules: Vec<Rule>,
        store: Store,
        client: Client,
        notifier: Notifier,
        since: Option<DateTime<Utc>>,
    ) -> Self {
        Self {
            settings,
            rules: RwLock::new(RuleSet::new(rules)),
            store,
            client,
            notifier,
            since: Mutex::new(since),
            told: Mutex::default(),
            habit: Mutex::default(),
            listed: Mutex::default(),
            wanted: Mutex::default(),
            bodies: Mutex::default(),
            tally: Mutex::default(),
            gateway: Mutex::default(),
            held_back: Mutex::default(),
            floods: Mutex::default(),
            reported: Mutex::default(),
            found: Notify::new(),
            muted: Notify::new(),
            wake: Notify::new(),
            retried: watch::Sender::default(),
        }
    }

    /// The clock that it goes by.
    pub fn clock(&self) -> Clock {
        self.client.clock()
    }

    fn set_rules(&self, rules: RuleSet) {
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = rules;
    }

    /// The rules in force now.
    pub fn rules(&self) -> RuleSet {
        self.rules.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
