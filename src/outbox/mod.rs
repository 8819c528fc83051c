//! The outbox: delivers each destination's queue within the destination's limits, and retries, pauses or
//! gives up what fails. Knows nothing about EDGAR.

mod charts;
mod deliver;
mod digest;
mod failed;
mod files;
mod given_up;
mod instances;
mod lane;
mod mutes;
mod overflow;
mod pause;
mod pick;
mod recovery;
mod retry;
mod set_aside;
mod slot;
mod unwanted;

pub use digest::{Digests, MOST_ALERTS};
pub use lane::{DeliverReport, Lane};
pub use mutes::{Mutes, unmute};
pub use retry::{Retried, Retry, retry};

pub(crate) use charts::drawn;
pub(crate) use given_up::GivenUpDeliveries;
pub(crate) use overflow::Overflow;
pub(crate) use pause::Pauses;
pub(crate) use recovery::Recovery;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{Semaphore, watch};

use crate::clock::Clock;
use crate::config::Settings;
use crate::notify::Notifier;
use crate::operators::Troubles;
use crate::parts::Parts;
use crate::store::Store;
use crate::wake::Wakes;
use charts::Charts;
use failed::Failures;
use files::FileTroubles;
use instances::Instances;
use pick::Picker;

/// The most destinations whose deliveries are loaded and rendered at once.
const LOADING_AT_ONCE: usize = 64;
/// The most destinations of a kind with large messages whose messages are in memory at once. A few more than
/// there are connections, so that these always have something to send.
const FEW_AT_ONCE: usize = 16;
/// The same for those that get alerts at once: they do not stand behind thousands that get digests.
const FEW_URGENT: usize = 8;

/// Everything that sends.
pub struct Outbox {
    /// Makes digests.
    pub digests: Digests,
    /// Starts and ends mutes.
    pub mutes: Mutes,
    pub(crate) overflow: Arc<Overflow>,
    pub(crate) pauses: Arc<Pauses>,
    pub(crate) given_up: Arc<GivenUpDeliveries>,
    pub(crate) recovery: Recovery,
    /// How often an immediate retry of each destination was requested, by name.
    pub(crate) retried: watch::Sender<BTreeMap<String, usize>>,
    /// Taken while deliveries are loaded and rendered.
    loading: Semaphore,
    /// Taken while a message of a kind with large messages is loaded, rendered and sent.
    few: Arc<Semaphore>,
    few_urgent: Arc<Semaphore>,
    charts: Charts,
    picker: Picker,
    failures: Failures,
    files: FileTroubles,
    instances: Instances,
    troubles: Arc<Troubles>,
    settings: Arc<Settings>,
    store: Store,
    notifier: Arc<Notifier>,
    wakes: Wakes,
    clock: Clock,
}

impl Outbox {
    /// Builds the outbox from these parts.
    pub fn new(parts: &Parts, troubles: &Arc<Troubles>) -> Self {
        let overflow = Arc::new(Overflow::new(parts));
        let given_up = Arc::new(GivenUpDeliveries::new(parts, Arc::clone(&overflow)));
        let pauses = Arc::new(Pauses::new(parts, Arc::clone(&given_up)));
        Self {
            digests: Digests::of(parts),
            mutes: Mutes::new(parts),
            loading: Semaphore::new(LOADING_AT_ONCE),
            few: Arc::new(Semaphore::new(FEW_AT_ONCE)),
            few_urgent: Arc::new(Semaphore::new(FEW_URGENT)),
            charts: Charts::new(parts),
            picker: Picker::new(parts, Arc::clone(&overflow)),
            failures: Failures::new(parts, Arc::clone(&pauses), Arc::clone(&given_up)),
            files: FileTroubles::new(parts, Arc::clone(troubles)),
            instances: Instances::new(parts, Arc::clone(troubles)),
            troubles: Arc::clone(troubles),
            recovery: Recovery::new(parts),
            retried: watch::Sender::default(),
            overflow,
            pauses,
            given_up,
            settings: Arc::clone(&parts.settings),
            store: parts.store.clone(),
            notifier: Arc::clone(&parts.notifier),
            wakes: parts.wakes.clone(),
            clock: parts.clock(),
        }
    }
}
