//! The parts that intake and outbox share.

use std::sync::Arc;

use crate::clock::Clock;
use crate::config::Settings;
use crate::metrics::Metrics;
use crate::notify::Notifier;
use crate::operators::Operators;
use crate::rules::ActiveRules;
use crate::source::Client;
use crate::store::Store;
use crate::wake::Wakes;

/// The parts that intake and outbox share; each of their structs takes those that it works with. Clones share them.
#[derive(Clone)]
pub struct Parts {
    /// The settings.
    pub settings: Arc<Settings>,
    /// The rules in force.
    pub rules: ActiveRules,
    /// The store, which survives a restart.
    pub store: Store,
    /// EDGAR.
    pub client: Arc<Client>,
    /// The destinations.
    pub notifier: Arc<Notifier>,
    /// Whoever runs the bot.
    pub operators: Arc<Operators>,
    /// Counters since the start.
    pub metrics: Arc<Metrics>,
    /// Wakes the loops.
    pub wakes: Wakes,
}

impl Parts {
    /// The clock that all go by.
    pub fn clock(&self) -> Clock {
        self.client.clock()
    }
}
