//! Keyspaces, and what is written to them.

use std::collections::BTreeMap;

/// A keyspace: its keys are in the order of their bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::store) struct Space(pub(in crate::store) &'static str);

/// A value: the version of its shape in one byte, then JSON.
pub(in crate::store) type Value = Vec<u8>;

/// The writes of a transaction: by keyspace and key the new value, or `None` where the key goes.
pub(in crate::store) type Writes = BTreeMap<(Space, String), Option<Value>>;
