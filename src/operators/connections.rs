//! The states of the connections to Discord's gateway, one per shard.

use chrono::{DateTime, TimeDelta, Utc};

/// The states of all connections.
#[derive(Debug, Clone)]
pub(super) struct Connections(Vec<Connection>);

#[derive(Debug, Clone)]
struct Connection {
    open: bool,
    /// Since when it has been in this state.
    since: DateTime<Utc>,
    /// Why it is not open, if known.
    reason: Option<String>,
    /// Consecutive failed attempts. None failed yet if it only waits for its turn.
    failures: u64,
}

impl Connection {
    fn new(now: DateTime<Utc>) -> Self {
        Self { open: false, since: now, reason: None, failures: 0 }
    }

    fn is_failing(&self) -> bool {
        !self.open && self.failures > 0
    }
}

impl Connections {
    /// Connections that were not tried yet.
    pub(super) fn new(count: usize, now: DateTime<Utc>) -> Self {
        Self(vec![Connection::new(now); count.max(1)])
    }

    /// Changes their number. If all of them failed, so did the ones that take their place.
    pub(super) fn resize(&mut self, count: usize, now: DateTime<Utc>) {
        if count == self.count() {
            return;
        }
        let first = self.0.iter().min_by_key(|one| one.since).cloned();
        let failed = first.filter(|_| self.0.iter().all(Connection::is_failing));
        self.0 = vec![failed.unwrap_or_else(|| Connection::new(now)); count.max(1)];
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// The number of one for the log, if there are several.
    pub(super) fn named(&self, index: usize) -> Option<usize> {
        (self.count() > 1).then_some(index)
    }

    /// How many are open.
    pub(super) fn open(&self) -> usize {
        self.0.iter().filter(|one| one.open).count()
    }

    /// Since when all are open, or not all are.
    pub(super) fn since(&self) -> DateTime<Utc> {
        let not_open = self.0.iter().filter(|one| !one.open).map(|one| one.since).min();
        let latest = || self.0.iter().map(|one| one.since).max();
        not_open.or_else(latest).unwrap_or_default()
    }

    /// Why the one that has failed for longest is not open, if known.
    pub(super) fn reason(&self) -> Option<String> {
        let failing = self.0.iter().filter(|one| one.is_failing());
        failing.min_by_key(|one| one.since)?.reason.clone()
    }

    /// The failed attempts of those that are not open.
    pub(super) fn failures(&self) -> u64 {
        self.0.iter().fold(0, |sum, one| sum.saturating_add(one.failures))
    }

    /// Those that have failed for so long.
    pub(super) fn down_for(&self, span: TimeDelta, now: DateTime<Utc>) -> Vec<usize> {
        let is_down = |one: &Connection| one.is_failing() && now - one.since >= span;
        self.0.iter().enumerate().filter(|(_, one)| is_down(one)).map(|(index, _)| index).collect()
    }

    /// No state began later than now: a clock that was ahead may have said so.
    pub(super) fn set_back(&mut self, now: DateTime<Utc>) {
        self.0.iter_mut().for_each(|one| one.since = one.since.min(now));
    }

    /// Records that one is open. Returns how many attempts had failed.
    pub(super) fn opened(&mut self, index: usize, now: DateTime<Utc>) -> u64 {
        let Some(one) = self.0.get_mut(index) else { return 0 };
        if !one.open {
            (one.open, one.since) = (true, now);
        }
        one.reason = None;
        std::mem::take(&mut one.failures)
    }

    /// Records that an attempt failed, or that a connection ended. Returns how many failed, and since when.
    pub(super) fn failed(&mut self, index: usize, reason: &str, now: DateTime<Utc>) -> (u64, DateTime<Utc>) {
        let Some(one) = self.0.get_mut(index) else { return (0, now) };
        if one.open {
            (one.open, one.since) = (false, now);
        }
        one.failures = one.failures.saturating_add(1);
        one.reason = Some(reason.to_owned());
        (one.failures, one.since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_counted_and_those_that_wait_for_their_turn_are_not_down() {
        let minutes = |minutes| DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes);
        let mut all = Connections::new(1, minutes(0));
        assert_eq!(all.failed(0, "why", minutes(1)), (1, minutes(0)));
        // Those that take the place of one that fails go on failing.
        all.resize(2, minutes(2));
        assert_eq!((all.down_for(TimeDelta::minutes(2), minutes(2)), all.failures()), (vec![0, 1], 2));
        assert_eq!((all.opened(0, minutes(3)), all.open(), all.since()), (1, 1, minutes(0)));
        assert_eq!((all.opened(1, minutes(4)), all.open(), all.since()), (1, 2, minutes(4)));
        assert_eq!((all.reason(), all.failures()), (None, 0));
        all.resize(3, minutes(5));
        assert_eq!((all.open(), all.down_for(TimeDelta::zero(), minutes(9))), (0, vec![]));
        all.opened(0, minutes(6));
        all.failed(2, "other", minutes(7));
        assert_eq!(all.down_for(TimeDelta::minutes(2), minutes(7)), [2], "since the start");
        assert_eq!(all.reason().as_deref(), Some("other"));
        all.set_back(minutes(1));
        assert_eq!(all.since(), minutes(1));
        // One that is unknown changes nothing.
        assert_eq!((all.failed(9, "x", minutes(2)), all.opened(9, minutes(2))), ((0, minutes(2)), 0));
    }
}
