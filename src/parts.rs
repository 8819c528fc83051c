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

/// The parts that intake and outbox share. Each of their structs uses the ones that it needs. Clones share
/// them.
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
    /// The clock that everything uses.
    pub fn clock(&self) -> Clock {
        self.client.clock()
    }
}
