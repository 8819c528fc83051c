//! Builds the program from its parts, in one place: for `run`, `demo`, `replay`, tests and benchmarks alike.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::clock::Clock;
use crate::config::Settings;
use crate::destination::Destination;
use crate::intake::Intake;
use crate::metrics::Metrics;
use crate::notify::{Notifier, Output, Secrets, SetupError};
use crate::operators::{GatewayHealth, Operators, Troubles};
use crate::outbox::Outbox;
use crate::parts::Parts;
use crate::render::terminal::Colour;
use crate::rules::{ActiveRules, Rule, RuleSet};
use crate::source::{Client, ClientError};
use crate::store::{Store, StoreError};
use crate::trust::Roots;
use crate::wake::Wakes;

/// The parts that the program is built from.
pub struct Setup<'a> {
    /// The settings.
    pub settings: Settings,
    /// The rules that are in force at first.
    pub rules: Vec<Rule>,
    /// The secrets of the destinations.
    pub secrets: &'a Secrets,
    /// True for destinations that need their secret.
    pub used: &'a dyn Fn(&Destination) -> bool,
    /// Authorities that may sign EDGAR's certificate, in addition to the built-in ones.
    pub roots: &'a Roots,
    /// The clock that everything uses.
    pub clock: Clock,
    /// Where `terminal` and `jsonl` write.
    pub output: Output,
    /// The colour support of `terminal`.
    pub colour: Colour,
}

/// Why the program cannot be built.
#[derive(Debug, Error)]
pub enum AssembleError {
    /// The client for EDGAR cannot be made.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A destination cannot be served.
    #[error(transparent)]
    Destination(#[from] SetupError),
}

/// The program without its store.
pub struct Assembly {
    settings: Settings,
    rules: Vec<Rule>,
    client: Client,
    notifier: Notifier,
}

/// The assembled program: its parts, with no state of its own.
pub struct App {
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
    /// Troubles that last.
    pub troubles: Arc<Troubles>,
    /// The connection to Discord's gateway.
    pub gateway: GatewayHealth,
    /// Counters since the start.
    pub metrics: Arc<Metrics>,
    /// Wakes the loops.
    pub wakes: Wakes,
    /// Everything that reads EDGAR.
    pub intake: Intake,
    /// Everything that sends.
    pub outbox: Outbox,
}

/// Builds everything that needs no store.
///
/// # Errors
/// A client that cannot be created; a used destination whose secret is missing or unusable.
pub fn assemble(setup: Setup<'_>) -> Result<Assembly, AssembleError> {
    let Setup { settings, rules, secrets, used, roots, clock, output, colour } = setup;
    let client = Client::trusting(&settings.edgar, clock, roots)?;
    let notifier = Notifier::new(&settings, secrets, used, output, colour)?;
    Ok(Assembly { settings, rules, client, notifier })
}

impl Assembly {
    /// The same, with the inboxes of e-mail recipients named as the store knows them.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn knowing(mut self, store: &Store) -> Result<Self, StoreError> {
        self.settings.name_inboxes(&store.known_addresses().await?);
        self.notifier.name_inboxes(&self.settings);
        Ok(self)
    }

    /// The program with a store. `since` is used once, as the last time the bot was up.
    pub fn on(self, store: Store, since: Option<DateTime<Utc>>) -> App {
        let (settings, wakes) = (Arc::new(self.settings), Wakes::default());
        let notifier = Arc::new(self.notifier);
        let operators = Operators::new(&settings, store.clone(), Arc::clone(&notifier), wakes.clone());
        let parts = Parts {
            settings,
            rules: ActiveRules::new(RuleSet::new(self.rules)),
            store,
            client: Arc::new(self.client),
            notifier,
            operators: Arc::new(operators),
            metrics: Arc::default(),
            wakes,
        };
        let troubles = Troubles::new(parts.store.clone(), Arc::clone(&parts.operators), parts.wakes.clone());
        let troubles = Arc::new(troubles);
        let intake = Intake::new(&parts, since);
        let outbox = Outbox::new(&parts, &troubles);
        let gateway = GatewayHealth::new(Arc::clone(&parts.notifier), Arc::clone(&troubles));
        let Parts { settings, rules, store, client, notifier, operators, metrics, wakes } = parts;
        App {
            settings,
            rules,
            store,
            client,
            notifier,
            operators,
            troubles,
            gateway,
            metrics,
            wakes,
            intake,
            outbox,
        }
    }
}

impl App {
    /// The clock that it uses.
    pub fn clock(&self) -> Clock {
        self.client.clock()
    }
}
