//! One transaction.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::error::EngineError;
use super::opened::Engine;
use super::range::Range;
use super::space::{Space, Value, Writes};

/// A transaction; its reads see its own writes. Clones share the same transaction.
#[derive(Debug, Clone)]
pub(in crate::store) struct Transaction {
    engine: Engine,
    writes: Arc<Mutex<Writes>>,
}

impl Transaction {
    pub(super) fn on(engine: Engine) -> Self {
        Self { engine, writes: Arc::default() }
    }

    fn writes(&self) -> MutexGuard<'_, Writes> {
        self.writes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its writes, ordered by keyspace and key.
    pub(super) fn into_writes(self) -> Writes {
        std::mem::take(&mut *self.writes())
    }

    /// The value of a key.
    pub(in crate::store) async fn get(&self, space: Space, key: &str) -> Result<Option<Value>, EngineError> {
        let own = self.writes().get(&(space, key.to_owned())).cloned();
        match own {
            Some(own) => Ok(own),
            None => self.engine.get(space, key).await,
        }
    }

    /// The keys and values of a range, in its order.
    pub(in crate::store) async fn range(
        &self,
        space: Space,
        range: &Range,
    ) -> Result<Vec<(String, Value)>, EngineError> {
        let own: Writes = {
            let writes = self.writes();
            let from = (space, range.from.clone());
            let own = writes.range(from..).take_while(|((of, _), _)| *of == space);
            own.filter(|((_, key), _)| range.contains(key))
                .map(|(place, value)| (place.clone(), value.clone()))
                .collect()
        };
        // Read extra records to make up for deleted ones.
        let gone = own.values().filter(|value| value.is_none()).count();
        let wider = Range { most: range.most.saturating_add(gone), ..range.clone() };
        let mut all: BTreeMap<String, Value> = self.engine.range(space, &wider).await?.into_iter().collect();
        for ((_, key), value) in own {
            match value {
                Some(value) => all.insert(key, value),
                None => all.remove(&key),
            };
        }
        Ok(match range.backwards {
            true => all.into_iter().rev().take(range.most).collect(),
            false => all.into_iter().take(range.most).collect(),
        })
    }

    /// Sets the value of a key.
    pub(in crate::store) fn put(&self, space: Space, key: impl Into<String>, value: Value) {
        self.writes().insert((space, key.into()), Some(value));
    }

    /// Removes a key.
    pub(in crate::store) fn delete(&self, space: Space, key: impl Into<String>) {
        self.writes().insert((space, key.into()), None);
    }
}
