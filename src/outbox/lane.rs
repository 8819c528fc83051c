//! The state of a destination between rounds of delivering, and the result of a round.

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::OwnedSemaphorePermit;

use crate::delivery::Delivery;

/// The longest pause a destination may ask for; a longer one comes from a wrong clock.
pub(super) const LONGEST_ASKED: TimeDelta = TimeDelta::hours(2);

/// A destination's state between rounds.
#[derive(Debug, Default)]
pub struct Lane {
    /// Consecutive failures.
    pub(super) failures: u32,
    /// Do not try before this time.
    pub(super) paused_until: Option<DateTime<Utc>>,
    /// True if deferred deliveries are also tried.
    pub(super) impatient: bool,
    /// True if we tried the destination and it is still paused.
    pub(super) is_paused: bool,
    /// True if the destination itself asked for the wait.
    pub(super) asked: bool,
    /// When the destination last accepted something.
    pub(super) took_at: Option<DateTime<Utc>>,
    /// Consecutive refusals, each possibly about a single message.
    pub(super) refused: u32,
    /// How many of the next messages carry a single delivery, because a batch was rejected and we do not know
    /// which delivery is at fault.
    pub(super) singly: usize,
    /// Its place among the few whose next message may be loaded, once it has waited for one.
    pub(super) place: Option<OwnedSemaphorePermit>,
}

impl Lane {
    /// A lane that also tries deferred deliveries, for a single run that must send all it can.
    pub fn impatient() -> Self {
        Self { impatient: true, ..Self::default() }
    }

    /// True if nothing is sent before this time, whatever is queued until then.
    pub fn is_closed_until(&self, time: DateTime<Utc>) -> bool {
        self.paused_until.is_some_and(|until| time <= until)
    }

    /// True if its destination has accepted something else since a delivery began to fail.
    pub(super) fn took_others(&self, delivery: &Delivery) -> bool {
        delivery.failing_since.zip(self.took_at).is_some_and(|(failing, took)| failing <= took)
    }
}

/// The result of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeliverReport {
    /// Accepted by the destination.
    pub delivered: usize,
    /// Given up.
    pub dead: usize,
    /// Failed, to be tried again.
    pub failed: usize,
    /// When there is something to do again; `None` if the queue is empty.
    pub next: Option<DateTime<Utc>>,
    /// True if the destination is paused, so new deliveries do not change when it is tried.
    pub paused: bool,
    /// True if the destination accepts more, but not before `next`.
    pub paced: bool,
    /// True if it failed because the destination asked to wait until `next`.
    pub asked: bool,
    /// True if nothing was loaded because as many as may be are being sent; [`Outbox::wait_for_place`] waits
    /// for one of them to end.
    ///
    /// [`Outbox::wait_for_place`]: super::Outbox::wait_for_place
    pub crowded: bool,
}

/// True if a set time is still in the future; one far away comes from a wrong clock and does not count.
pub(super) fn ahead(moment: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now < moment && moment - now <= LONGEST_ASKED
}
