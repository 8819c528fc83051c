//! The slots of a digest's schedule: which one is over, and its name.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::schedule::Schedule;
use crate::store::DigestMark;

/// How far a mark may be ahead of the clock after the clock was adjusted.
const CLOCK_DIFFERENCE: TimeDelta = TimeDelta::hours(1);
/// A digest that is made more than this after its slot says so.
const LATE: TimeDelta = TimeDelta::minutes(15);

/// A slot that ends now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    /// Its end on the schedule's own clock, `2026-11-23T17:30`.
    pub(super) local: String,
    /// The zone of that clock.
    pub(super) zone: &'static str,
    /// When it began.
    pub(super) since: DateTime<Utc>,
    /// When it was due, if that was a while ago.
    pub(super) due: Option<DateTime<Utc>>,
}

/// The state of a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Due {
    /// No slot counts yet: they do from now on.
    Begins,
    /// No slot is over.
    Nothing,
    /// A slot is over again after it had its digest, because the clock was set back. What waits stays for the
    /// next slot.
    Again,
    /// A slot is over. If several are, it is the first of them, and takes what waits for all.
    Slot(Slot),
}

impl Slot {
    /// A slot that ends now, whatever the schedule says.
    pub(super) fn at(mark: Option<&DigestMark>, zone: Tz, now: DateTime<Utc>) -> Self {
        let local = now.with_timezone(&zone).format("%Y-%m-%dT%H:%M").to_string();
        Self { local, zone: zone.name(), since: mark.map_or(now, |mark| mark.until.min(now)), due: None }
    }

    /// Its name: the same time of day in another zone is another slot.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.local, self.zone)
    }
}

/// The state of a schedule whose slots ended up to the mark.
pub(super) fn due(mark: Option<&DigestMark>, schedule: &Schedule, now: DateTime<Utc>) -> Due {
    // A mark in the future comes from a wrong clock.
    let Some(mark) = mark.filter(|mark| mark.until <= now + CLOCK_DIFFERENCE) else { return Due::Begins };
    let Some(end) = schedule.next_slot(mark.until).filter(|end| *end <= now) else { return Due::Nothing };
    let slot = Slot {
        local: schedule.local_slot(end),
        zone: schedule.zone().name(),
        since: mark.until,
        // A slot of a schedule that was not in force then was not due then.
        due: Some(end).filter(|_| now - end > LATE && mark.is_of(schedule)),
    };
    if mark.slot.as_ref() == Some(&slot.name()) { Due::Again } else { Due::Slot(slot) }
}
