//! An open engine, and how to read from it.

use std::path::Path;
use std::sync::Arc;

use super::error::EngineError;
use super::range::Range;
use super::sled::SledEngine;
use super::space::{Space, Value};

/// An open engine. Clones share it.
#[derive(Debug, Clone)]
pub(in crate::store) enum Engine {
    /// An embedded database in one folder that only one process can open.
    Sled(Arc<SledEngine>),
}

impl Engine {
    /// The value of a key.
    pub(in crate::store) async fn get(&self, space: Space, key: &str) -> Result<Option<Value>, EngineError> {
        match self {
            Self::Sled(sled) => sled.get(space, key),
        }
    }

    /// The keys and values of a range, in its order.
    pub(in crate::store) async fn range(
        &self,
        space: Space,
        range: &Range,
    ) -> Result<Vec<(String, Value)>, EngineError> {
        match self {
            Self::Sled(sled) => sled.range(space, range),
        }
    }

    /// The number of keys in a range.
    pub(in crate::store) async fn count(&self, space: Space, range: &Range) -> Result<usize, EngineError> {
        match self {
            Self::Sled(sled) => sled.count(space, range),
        }
    }

    /// Flushes all writes to disk; returns at once if nothing is new.
    pub(in crate::store) async fn flush(&self) -> Result<(), EngineError> {
        match self {
            Self::Sled(sled) => SledEngine::flush(sled).await,
        }
    }

    /// The store's folder.
    pub(in crate::store) fn dir(&self) -> &Path {
        match self {
            Self::Sled(sled) => sled.dir(),
        }
    }

    /// True if the disk had lost the last writes when the store was opened.
    pub(in crate::store) fn has_lost(&self) -> bool {
        match self {
            Self::Sled(sled) => sled.has_lost(),
        }
    }

    /// Its size on disk, in bytes.
    pub(in crate::store) fn size_on_disk(&self) -> Result<u64, EngineError> {
        match self {
            Self::Sled(sled) => sled.size_on_disk(),
        }
    }
}
