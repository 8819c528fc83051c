//! The engine below the store: ordered keyspaces of text keys and versioned JSON values, read one by one or in bounded ranges, and
//! written in transactions.
//!
//! An engine promises what the contract in its tests holds it to: a transaction is written as a whole or not at all, also where the
//! process ends within it; of two that touch the same key one comes after the other; what [`Engine::flush`] returned from is on
//! the disk. Nothing above this module knows which engine it is.

mod effect;
mod error;
mod opened;
mod range;
mod sled;
mod space;
mod transact;
mod transaction;

#[cfg(test)]
mod contract;

pub(super) use effect::Before;
pub use effect::Effect;
pub use error::EngineError;
pub(super) use opened::Engine;
pub(super) use range::Range;
pub(super) use sled::{MARK_KEY, OWN, SledEngine, is_held, is_in};
pub(super) use space::{Space, Value, Writes};
pub(super) use transaction::Transaction;
