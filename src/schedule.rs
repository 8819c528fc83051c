//! Cron schedules in a time zone, as a pure function of `now`.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Days, LocalResult, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use thiserror::Error;

/// How many slots of an hour that comes twice are looked through for the next one: an hour and more of seconds.
const MOST_SKIPPED: usize = 10_000;

/// A change of the clock matters for so long.
const LATELY: TimeDelta = TimeDelta::hours(6);

/// A cron expression and the zone whose clock it speaks of.
#[derive(Debug, Clone)]
pub struct Schedule {
    cron: cron::Schedule,
    zone: Tz,
}

/// Why a text is not a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScheduleError {
    /// Not cron, or with a number of fields that is not 5, 6 or 7.
    #[error(
        "`{0}` is not a cron expression: expected 5 fields (minute hour day month weekday), or 6 with seconds first"
    )]
    Cron(String),
    /// A day that no calendar has.
    #[error("`{0}` never comes: the calendar has no such day")]
    Never(String),
    /// Numbered weekdays mean different days in different programs.
    #[error("`{0}` numbers its weekdays: use names, like Mon-Fri")]
    Weekday(String),
    /// Not a name of the IANA time zone database.
    #[error("`{0}` is not a time zone: expected a name like America/New_York")]
    Zone(String),
}

impl Schedule {
    /// Reads a cron expression of 5 fields, 6 with seconds first, or 7 with years last; weekdays by name.
    ///
    /// # Errors
    /// [`ScheduleError`] for a bad expression or zone.
    pub fn parse(expression: &str, zone: &str) -> Result<Self, ScheduleError> {
        let zone = Tz::from_str(zone).map_err(|_| ScheduleError::Zone(zone.to_owned()))?;
        let fields: Vec<&str> = expression.split_whitespace().collect();
        let full = match fields.len() {
            5 => format!("0 {expression}"),
            6 | 7 => expression.to_owned(),
            _ => return Err(ScheduleError::Cron(expression.to_owned())),
        };
        let weekday = fields[if fields.len() == 5 { 4 } else { 5 }];
        if weekday.bytes().any(|b| b.is_ascii_digit()) {
            return Err(ScheduleError::Weekday(expression.to_owned()));
        }
        let cron = cron::Schedule::from_str(&full).map_err(|_| ScheduleError::Cron(expression.to_owned()))?;
        if cron.after(&DateTime::UNIX_EPOCH).next().is_none() {
            return Err(ScheduleError::Never(expression.to_owned()));
        }
        Ok(Self { cron, zone })
    }

    /// The first slot after `now`; `None` where there is none any more.
    ///
    /// Slots are counted on the local clock: one within an hour that is left out comes right after the gap, and one
    /// within an hour that comes twice comes the first time only.
    pub fn next_after(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = |moment: DateTime<Utc>| moment.with_timezone(&self.zone).naive_local();
        // A slot in a gap maps behind it: where the clock was changed not long ago the search starts early enough to meet it.
        let changed = local(now) - local(now - LATELY) != LATELY;
        let start = if changed { local(now) - TimeDelta::hours(1) } else { local(now) };
        self.cron
            .after(&start.and_utc())
            .take(MOST_SKIPPED)
            .filter_map(|slot| self.instant(slot.naive_utc()))
            .find(|&instant| instant > now)
    }

    /// The local day and minute of a slot, `2026-11-23T07:30`: the same for both passes of an hour that comes twice.
    pub fn local_slot(&self, slot: DateTime<Utc>) -> String {
        slot.with_timezone(&self.zone).format("%Y-%m-%dT%H:%M").to_string()
    }

    /// The zone whose clock it speaks of.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    fn instant(&self, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        match self.zone.from_local_datetime(&local) {
            LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => Some(time.to_utc()),
            LocalResult::None => {
                // The offset of the day before is still in force at the gap's start.
                let day_before =
                    self.zone.from_local_datetime(&local.checked_sub_days(Days::new(1))?).earliest()?;
                Some(day_before.to_utc() + TimeDelta::days(1))
            }
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.cron.source(), self.zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expression: &str, zone: &str, now: &str, expected: &[&str]) {
        let schedule = Schedule::parse(expression, zone).unwrap();
        let mut now: DateTime<Utc> = now.parse().unwrap();
        for slot in expected {
            now = schedule.next_after(now).unwrap();
            assert_eq!(now, slot.parse::<DateTime<Utc>>().unwrap(), "{expression}");
        }
    }

    #[test]
    fn polls_run_in_edgars_hours_only() {
        let poll = "*/2 * 6-21 * * Mon-Fri";
        check(
            poll,
            "America/New_York",
            "2026-11-23T15:00:00Z",
            &["2026-11-23T15:00:02Z", "2026-11-23T15:00:04Z"],
        );
        // Friday's last, then Monday's first.
        check(
            poll,
            "America/New_York",
            "2026-11-28T02:59:56Z",
            &["2026-11-28T02:59:58Z", "2026-11-30T11:00:00Z"],
        );
    }

    #[test]
    fn a_slot_in_the_hour_that_is_left_out_comes_right_after_it() {
        check(
            "30 2 * * *",
            "America/New_York",
            "2026-03-07T12:00:00Z",
            &["2026-03-08T07:30:00Z", "2026-03-09T06:30:00Z"],
        );
    }

    #[test]
    fn each_second_comes_on_days_when_the_clock_changes_too() {
        let each = |now: &str, expected: &[&str]| check("* * * * * *", "America/New_York", now, expected);
        each(
            "2026-03-08T06:59:58Z",
            &["2026-03-08T06:59:59Z", "2026-03-08T07:00:00Z", "2026-03-08T07:00:01Z"],
        );
        each("2026-03-08T12:00:00Z", &["2026-03-08T12:00:01Z"]);
        // The second pass of the hour is left out.
        each("2026-11-01T05:59:58Z", &["2026-11-01T05:59:59Z", "2026-11-01T07:00:00Z"]);
        each("2026-11-01T06:30:00Z", &["2026-11-01T07:00:00Z", "2026-11-01T07:00:01Z"]);
    }

    #[test]
    fn a_slot_in_the_hour_that_comes_twice_comes_once() {
        check(
            "30 1 * * *",
            "America/New_York",
            "2026-10-31T12:00:00Z",
            &["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"],
        );
    }

    #[test]
    fn bad_schedules_say_what_to_write() {
        let error = |expression, zone| Schedule::parse(expression, zone).map(|_| ()).unwrap_err();
        assert!(matches!(error("0 7 * * 1-5", "UTC"), ScheduleError::Weekday(_)));
        assert!(matches!(error("0 0 31 2 *", "UTC"), ScheduleError::Never(_)));
        assert!(matches!(error("hourly", "UTC"), ScheduleError::Cron(_)));
        assert!(matches!(error("61 7 * * *", "UTC"), ScheduleError::Cron(_)));
        assert!(matches!(error("0 7 * * *", "Mars/Base"), ScheduleError::Zone(_)));
    }

    #[test]
    fn a_schedule_that_is_over_has_no_next() {
        let over = Schedule::parse("0 0 7 1 1 * 2020", "UTC").unwrap();
        assert_eq!(over.next_after("2026-01-01T00:00:00Z".parse().unwrap()), None);
    }
}
