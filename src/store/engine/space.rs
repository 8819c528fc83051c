//! Keyspaces, values and writes.

use std::collections::BTreeMap;

/// A keyspace, with keys ordered by their bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::store) struct Space(pub(in crate::store) &'static str);

/// A value: one byte for the version of its format, then JSON.
pub(in crate::store) type Value = Vec<u8>;

/// The writes of a transaction: for each keyspace and key the new value, or `None` to delete the key.
pub(in crate::store) type Writes = BTreeMap<(Space, String), Option<Value>>;
