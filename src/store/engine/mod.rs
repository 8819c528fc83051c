//! The storage engine: ordered keyspaces of text keys and versioned JSON values, read one by one or in
//! bounded ranges, and written in transactions.
//!
//! An engine guarantees what the contract in its tests checks: a transaction is written completely or not at
//! all, even if the process ends in the middle of it; two transactions that touch the same key run one after
//! the other; once [`Engine::flush`] returns, everything written before it is on disk. Nothing above this
//! module knows which engine is in use.

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
