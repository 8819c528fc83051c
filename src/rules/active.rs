//! The rules in force: those of files, and the watches of channels.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use super::index::RuleSet;
use super::rule::Rule;
use super::watch::Watch;

/// The rules in force. An edit replaces those of files as a whole; watches come and go one by one. Clones share
/// them.
#[derive(Debug, Clone)]
pub struct ActiveRules(Arc<RwLock<Active>>);

#[derive(Debug)]
struct Active {
    files: RuleSet,
    watches: BTreeSet<Watch>,
    /// All of them together.
    all: RuleSet,
}

impl Active {
    fn merge(&mut self) {
        self.all = match self.watches.is_empty() {
            true => self.files.clone(),
            false => {
                let watches = self.watches.iter().map(Watch::rule);
                let rules: Vec<Rule> = self.files.iter().cloned().chain(watches).collect();
                RuleSet::new(rules)
            }
        };
    }
}

impl ActiveRules {
    /// Puts these rules of files in force until they are replaced.
    pub fn new(files: RuleSet) -> Self {
        let (watches, all) = (BTreeSet::new(), files.clone());
        Self(Arc::new(RwLock::new(Active { files, watches, all })))
    }

    /// All rules now in force. Work on one filing keeps them until it is done.
    pub fn current(&self) -> RuleSet {
        self.0.read().unwrap_or_else(PoisonError::into_inner).all.clone()
    }

    /// The rules of files that are now in force.
    pub fn of_files(&self) -> RuleSet {
        self.0.read().unwrap_or_else(PoisonError::into_inner).files.clone()
    }

    /// Puts other rules of files in force.
    pub fn replace(&self, files: RuleSet) {
        self.edit(|active| active.files = files);
    }

    /// Puts watches in force, besides those that are.
    pub fn watch(&self, watches: impl IntoIterator<Item = Watch>) {
        self.edit(|active| active.watches.extend(watches));
    }

    /// Ends a watch.
    pub fn unwatch(&self, watch: &Watch) {
        self.edit(|active| {
            active.watches.remove(watch);
        });
    }

    /// Makes [`Self::current`] return another set of the same rules, if there are watches: whoever compares them sees
    /// that subscriptions to watches have changed.
    pub fn touch(&self) {
        self.edit(|_| {});
    }

    fn edit(&self, edit: impl FnOnce(&mut Active)) {
        let mut active = self.0.write().unwrap_or_else(PoisonError::into_inner);
        edit(&mut active);
        active.merge();
    }
}
