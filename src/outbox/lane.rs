//! The state of a destination between rounds of delivering, and the result of a round.

use chrono::{DateTime, TimeDelta, Utc};

use crate::delivery::Delivery;

/// No pause that a destination asks for is longer; one that seems so comes from a clock that was wrong.
pub(super) const LONGEST_ASKED: TimeDelta = TimeDelta::hours(2);

/// A destination's state between rounds.
#[derive(Debug, Default)]
pub struct Lane {
    /// Failures in a row.
    pub(super) failures: u32,
    /// Not to be tried before.
    pub(super) paused_until: Option<DateTime<Utc>>,
    /// True if deferred deliveries are tried, too.
    pub(super) impatient: bool,
    /// True if a pause of the destination was found to last.
    pub(super) is_paused: bool,
    /// True if the destination itself asked for the wait.
    pub(super) asked: bool,
    /// When the destination took something.
    pub(super) took_at: Option<DateTime<Utc>>,
    /// Refusals in a row, each perhaps about its one message.
    pub(super) refused: u32,
    /// How many of the next messages carry a single delivery, because a batch was rejected and we do not know which delivery is at
    /// fault.
    pub(super) singly: usize,
}

impl Lane {
    /// A lane that tries deferred deliveries, too: for one run that must send all it can.
    pub fn impatient() -> Self {
        Self { impatient: true, ..Self::default() }
    }

    /// True if its destination took something else since a delivery began to fail.
    pub(super) fn took_others(&self, delivery: &Delivery) -> bool {
        delivery.failing_since.zip(self.took_at).is_some_and(|(failing, took)| failing <= took)
    }
}

/// The result of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeliverReport {
    /// Taken by the destination.
    pub delivered: usize,
    /// Given up.
    pub dead: usize,
    /// Failed, to be tried again.
    pub failed: usize,
    /// When there is something to do again; `None` where the queue is empty.
    pub next: Option<DateTime<Utc>>,
    /// True if the destination is paused, so that nothing that is new changes that.
    pub paused: bool,
    /// True if the destination takes more, but not before `next`.
    pub paced: bool,
    /// True if it failed because the destination asks to wait until `next`.
    pub asked: bool,
}

/// True if a moment that was set is still to come; one that is far away comes from a clock that was wrong.
pub(super) fn ahead(moment: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now < moment && moment - now <= LONGEST_ASKED
}
