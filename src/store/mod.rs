//! The state that survives a restart: typed methods over a storage engine.
//!
//! Every record is a version byte followed by JSON. The deliveries of a filing are written in the same
//! transaction that marks it as done ([`Store::commit`]), and are on disk once [`Store::flush`] returns.

mod alarm;
mod alerts;
mod backfill;
mod check;
mod corrupt;
mod counts;
mod coverage;
mod damage;
mod dead;
mod digests;
mod doubt;
mod engine;
mod error;
mod filings;
mod frontier;
mod handle;
mod history;
mod known;
mod late_alerts;
mod latency;
mod ledger;
mod listed;
mod migrate;
mod mutes;
mod open;
mod overflow_lines;
mod paused;
mod pending;
mod people;
mod place_names;
mod placing;
mod prune;
mod quarantine;
mod queue;
mod ratios;
mod record;
mod registration;
mod set_aside;
mod standings;
mod subscription;
mod subscriptions;
mod table;
mod tables;
mod trades;
mod troubles;
mod unsubscribed;
mod watched;

pub use crate::receipt::{Progress, Receipt};
pub use alarm::Alarm;
pub use alerts::ALERTS_KEPT;
pub use backfill::{Backfill, BackfillStep};
pub use check::Checked;
pub use counts::Counts;
pub use coverage::{Coverage, Filled};
pub use dead::{Dead, GivenUp, Tries};
pub use digests::{DigestMark, DigestStanding, Gathered, SlotEnd};
pub use doubt::Doubt;
pub use engine::{Effect, EngineError};
pub use error::StoreError;
pub use filings::{Discovered, Settled, Standing};
pub use frontier::{Frontier, Hole, Silence};
pub use handle::Store;
pub use known::Ending;
pub use late_alerts::Summed;
pub use latency::Latency;
pub use ledger::Ledger;
pub use listed::ListedSubscription;
pub use mutes::Muted;
pub use paused::Paused;
pub use pending::{Found, Pending};
pub use people::KnownOf;
pub use placing::DeliveryStanding;
pub use prune::KEPT;
pub use quarantine::Quarantined;
pub use registration::Registration;
pub use set_aside::{Gone, SET_ASIDE_FOR, SetAside, SetAsideNow};
pub use subscription::{OwnSubscription, Subscriber, Subscribing, Subscription};
pub use trades::IssuersFiling;
pub use troubles::Trouble;
pub use unsubscribed::Unsubscribed;

#[cfg(test)]
mod tests;
