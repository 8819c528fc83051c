//! The rules in force.

use std::sync::{Arc, PoisonError, RwLock};

use super::index::RuleSet;

/// The rules in force, which an edit replaces as a whole. Clones share them.
#[derive(Debug, Clone)]
pub struct ActiveRules(Arc<RwLock<RuleSet>>);

impl ActiveRules {
    /// Puts these rules in force until they are replaced.
    pub fn new(rules: RuleSet) -> Self {
        Self(Arc::new(RwLock::new(rules)))
    }

    /// The rules now in force. Work on one filing keeps them until it is done.
    pub fn current(&self) -> RuleSet {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts other rules in force.
    pub fn replace(&self, rules: RuleSet) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = rules;
    }
}
