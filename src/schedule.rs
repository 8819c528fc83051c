//! Cron schedules in a time zone, as a pure function of `now`.

mod error;
mod zone;

pub use error::ScheduleError;

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Offset, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

/// Longer than any change of a clock: Samoa skipped a whole day.
const LONGEST_CHANGE: TimeDelta = TimeDelta::hours(26);
/// A slot that is further away is approached in steps: the clock may change on the way.
const NEAR: TimeDelta = TimeDelta::days(3);
/// The most changes of the clock between a moment and the next slot, and steps towards it: real schedules
/// have few.
const MOST_STEPS: usize = 32;

/// A cron expression and the zone whose clock it follows.
///
/// If both the day of the month and the weekday are restricted, a day that matches either of them counts, as
/// in crontab. A field that begins with `*` (or `?`), `*/2` included, does not count as restricted.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// All fields, seconds first.
    expression: String,
    /// Each has its own slots: there is one, or one for the days of the month and one for the weekdays.
    crons: Vec<cron::Schedule>,
    zone: Tz,
}

/// Which passes of a repeated local time count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Passes {
    Each,
    First,
}

impl Schedule {
    /// Reads a cron expression of 5 fields, 6 with seconds first, or 7 with years last; weekdays by name.
    ///
    /// # Errors
    /// [`ScheduleError`] for a bad expression or zone.
    pub fn parse(expression: &str, zone: &str) -> Result<Self, ScheduleError> {
        let zone = zone::zone(zone)?;
        let written: Vec<&str> = expression.split_whitespace().collect();
        let (seconds, rest) = match written.len() {
            5 => ("0", &written[..]),
            6 | 7 => (written[0], &written[1..]),
            _ => return Err(ScheduleError::Cron(expression.to_owned())),
        };
        let [minute, hour, day, month, weekday, year @ ..] = rest else {
            return Err(ScheduleError::Cron(expression.to_owned()));
        };
        // The number after a slash is a step.
        let named =
            |part: &str| !part.split('/').next().unwrap_or_default().bytes().any(|b| b.is_ascii_digit());
        if !weekday.split(',').all(named) {
            return Err(ScheduleError::Weekday(expression.to_owned()));
        }
        let with = |day: &str, weekday: &str| {
            let fields = [&[seconds, minute, hour, day, month, weekday], year].concat();
            cron::Schedule::from_str(&fields.join(" "))
        };
        let crons = if is_open(day) || is_open(weekday) {
            with(day, weekday).map(|cron| vec![cron])
        } else {
            with(day, "*").and_then(|by_day| Ok(vec![by_day, with("*", weekday)?]))
        };
        let crons = crons.map_err(|_| match with("*", "*") {
            // The rest is readable.
            Ok(_) if with(day, "*").is_ok() => ScheduleError::Weekdays(expression.to_owned()),
            _ => ScheduleError::Cron(expression.to_owned()),
        })?;
        let expression = [&[seconds], rest].concat().join(" ");
        let schedule = Self { expression, crons, zone };
        match schedule.slot_from(DateTime::UNIX_EPOCH) {
            Some(_) => Ok(schedule),
            None => Err(ScheduleError::Never(written.join(" "))),
        }
    }

    /// The schedule, unless all of its slots are before `now`.
    ///
    /// # Errors
    /// [`ScheduleError::Over`].
    pub fn unless_over(self, now: DateTime<Utc>) -> Result<Self, ScheduleError> {
        match self.next_time(now) {
            Some(_) => Ok(self),
            None => Err(ScheduleError::Over(self.expression, now)),
        }
    }

    /// The first moment after `now` at which the local clock shows a slot; `None` if there is none left.
    ///
    /// For work that must not pause: a repeated local time counts each time. A slot that the clock skips
    /// comes as long after the change as it lies after the start of the skipped time.
    pub fn next_time(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.next(now, Passes::Each)
    }

    /// The first slot after `now`, each local slot once; `None` if there is none left.
    ///
    /// For work that is done once per slot, such as a digest: like [`Self::next_time`], but a repeated local
    /// time counts only the first time.
    pub fn next_slot(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.next(now, Passes::First)
    }

    /// The local time of a slot, `2026-11-23T07:30`, with seconds if it has any: the same for both passes of a
    /// repeated hour.
    pub fn local_slot(&self, slot: DateTime<Utc>) -> String {
        let local = slot.with_timezone(&self.zone);
        let format = if local.second() == 0 { "%Y-%m-%dT%H:%M" } else { "%Y-%m-%dT%H:%M:%S" };
        local.format(format).to_string()
    }

    /// The zone whose clock it follows.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    fn next(&self, now: DateTime<Utc>, passes: Passes) -> Option<DateTime<Utc>> {
        let mut from = DateTime::from_timestamp(now.timestamp(), 0)? + TimeDelta::seconds(1);
        for _ in 0..MOST_STEPS {
            let found = self.from(from, passes)?;
            match self.change(from, found.min(from + NEAR)) {
                // After the change, the clock shows something else.
                Some(change) => from = change,
                None if found <= from + NEAR => return Some(found),
                None => from = found - LONGEST_CHANGE * 2,
            }
        }
        None
    }

    /// The first slot from a moment on, if the clock does not change after it.
    fn from(&self, from: DateTime<Utc>, passes: Passes) -> Option<DateTime<Utc>> {
        let offset = self.offset(from);
        let mut start = from + offset;
        let mut left_out = None;
        if let Some(change) = self.change(from - LONGEST_CHANGE, from) {
            let before = self.offset(change - TimeDelta::seconds(1));
            let (old, new) = (change + before, change + self.offset(change));
            if old < new {
                let slot = self.slot_from(from + before).filter(|slot| *slot < new);
                left_out = slot.map(|slot| slot - before);
            } else if passes == Passes::First {
                start = start.max(old);
            }
        }
        let shown = self.slot_from(start).map(|slot| slot - offset);
        [left_out, shown].into_iter().flatten().min()
    }

    /// The first slot at or after a local time. Local times are written as if they were UTC.
    fn slot_from(&self, local: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let before = local - TimeDelta::seconds(1);
        self.crons.iter().filter_map(|cron| cron.after(&before).next()).min()
    }

    /// How far the local clock is ahead of UTC.
    fn offset(&self, at: DateTime<Utc>) -> TimeDelta {
        let offset = self.zone.offset_from_utc_datetime(&at.naive_utc()).fix();
        TimeDelta::seconds(offset.local_minus_utc().into())
    }

    /// The first change of the local clock after `from` and not after `until`: the first moment with the new
    /// offset.
    fn change(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let (mut old, offset) = (from, self.offset(from));
        while old < until {
            let mut new = (old + TimeDelta::hours(1)).min(until);
            if self.offset(new) == offset {
                old = new;
                continue;
            }
            while new - old > TimeDelta::seconds(1) {
                let middle = old + TimeDelta::seconds((new - old).num_seconds() / 2);
                if self.offset(middle) == offset { old = middle } else { new = middle }
            }
            return Some(new);
        }
        None
    }
}

/// True if a day field does not restrict the days. As in crontab, its first character decides.
fn is_open(field: &str) -> bool {
    field.starts_with(['*', '?'])
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.expression, self.zone)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    type Next = fn(&Schedule, DateTime<Utc>) -> Option<DateTime<Utc>>;

    #[track_caller]
    fn check_by(next: Next, expression: &str, zone: &str, now: &str, expected: &[&str]) {
        let schedule = Schedule::parse(expression, zone).unwrap();
        let mut now: DateTime<Utc> = now.parse().unwrap();
        for slot in expected {
            now = next(&schedule, now).unwrap();
            assert_eq!(now, slot.parse::<DateTime<Utc>>().unwrap(), "{expression}");
        }
    }

    #[track_caller]
    fn check(expression: &str, zone: &str, now: &str, expected: &[&str]) {
        check_by(Schedule::next_slot, expression, zone, now, expected);
    }

    #[track_caller]
    fn polls(expression: &str, zone: &str, now: &str, expected: &[&str]) {
        check_by(Schedule::next_time, expression, zone, now, expected);
    }

    /// All times of some days by definition: the clock is read every minute.
    fn read_off(
        schedule: &Schedule,
        passes: Passes,
        from: DateTime<Utc>,
        minutes: i64,
    ) -> Vec<DateTime<Utc>> {
        let local = |at: DateTime<Utc>| at.with_timezone(&schedule.zone).naive_local().and_utc();
        let is_slot = |local: DateTime<Utc>| schedule.crons.iter().any(|cron| cron.includes(local));
        let (mut times, mut shown) = (BTreeSet::new(), BTreeSet::new());
        let minute = TimeDelta::minutes(1);
        for n in -1600..minutes {
            let at = from + minute * i32::try_from(n).unwrap();
            let before = local(at - minute) - (at - minute);
            let mut left_out = local(at - minute) + minute;
            while left_out < local(at) {
                if is_slot(left_out) {
                    times.insert(left_out - before);
                }
                left_out += minute;
            }
            let is_first = shown.insert(local(at));
            if is_slot(local(at)) && (passes == Passes::Each || is_first) {
                times.insert(at);
            }
        }
        times
            .into_iter()
            .filter(|time| (from..from + minute * i32::try_from(minutes).unwrap()).contains(time))
            .collect()
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
        let polled = |now: &str, expected: &[&str]| polls("* * * * * *", "America/New_York", now, expected);
        each(
            "2026-03-08T06:59:58Z",
            &["2026-03-08T06:59:59Z", "2026-03-08T07:00:00Z", "2026-03-08T07:00:01Z"],
        );
        each("2026-03-08T12:00:00Z", &["2026-03-08T12:00:01Z"]);
        // The second pass of the hour is skipped.
        each("2026-11-01T05:59:58Z", &["2026-11-01T05:59:59Z", "2026-11-01T07:00:00Z"]);
        each("2026-11-01T06:30:00Z", &["2026-11-01T07:00:00Z", "2026-11-01T07:00:01Z"]);
        // Polling does not pause.
        polled("2026-03-08T06:59:58Z", &["2026-03-08T06:59:59Z", "2026-03-08T07:00:00Z"]);
        polled("2026-11-01T05:59:58Z", &["2026-11-01T05:59:59Z", "2026-11-01T06:00:00Z"]);
        polled("2026-11-01T06:59:59Z", &["2026-11-01T07:00:00Z", "2026-11-01T07:00:01Z"]);
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
    fn an_hour_that_comes_twice_is_polled_twice() {
        polls(
            "*/30 1 * * *",
            "America/New_York",
            "2026-11-01T05:00:00Z",
            &["2026-11-01T05:30:00Z", "2026-11-01T06:00:00Z", "2026-11-01T06:30:00Z", "2026-11-02T06:00:00Z"],
        );
    }

    #[test]
    fn clocks_of_every_kind_are_followed_as_they_are_read() {
        // Half an hour, at midnight, across midnight, a whole day, twice a year with the moon, never.
        let changes = [
            ("Australia/Lord_Howe", "2026-04-04T00:00:00Z"),
            ("Australia/Lord_Howe", "2026-10-03T00:00:00Z"),
            ("America/Havana", "2026-03-07T12:00:00Z"),
            ("America/Havana", "2026-10-31T12:00:00Z"),
            ("America/Santiago", "2026-09-05T12:00:00Z"),
            ("America/Santiago", "2026-04-04T12:00:00Z"),
            ("Africa/Cairo", "2026-04-23T12:00:00Z"),
            ("Africa/Cairo", "2026-10-29T12:00:00Z"),
            ("Pacific/Apia", "2011-12-29T00:00:00Z"),
            ("Africa/Casablanca", "2026-02-14T12:00:00Z"),
            ("America/New_York", "2026-03-07T12:00:00Z"),
            ("America/New_York", "2026-10-31T12:00:00Z"),
            ("Asia/Kathmandu", "2026-10-31T12:00:00Z"),
        ];
        let expressions = [
            "*/7 * * * *",
            "*/20 * * * *",
            "15 2-3 * * *",
            "0 0 * * *",
            "45 23,0,1 * * *",
            "40 1 1 * Sun",
            "59 23 * * Mon-Fri",
        ];
        for (zone, from) in changes {
            let from: DateTime<Utc> = from.parse().unwrap();
            for expression in expressions {
                let schedule = Schedule::parse(expression, zone).unwrap();
                for (passes, next) in [
                    (Passes::Each, Schedule::next_time as Next),
                    (Passes::First, Schedule::next_slot as Next),
                ] {
                    let minutes = 3 * 24 * 60;
                    let expected = read_off(&schedule, passes, from, minutes);
                    let mut found = Vec::new();
                    let mut now = from - TimeDelta::seconds(1);
                    while let Some(time) =
                        next(&schedule, now).filter(|time| *time < from + TimeDelta::days(3))
                    {
                        found.push(time);
                        now = time;
                    }
                    assert_eq!(found, expected, "{expression} in {zone} from {from}, {passes:?}");
                }
            }
        }
    }

    #[test]
    fn a_day_of_the_month_or_a_weekday_where_both_are_given() {
        // The 1st of November 2026 is a Sunday.
        check(
            "0 7 1 * Mon",
            "UTC",
            "2026-10-30T00:00:00Z",
            &["2026-11-01T07:00:00Z", "2026-11-02T07:00:00Z", "2026-11-09T07:00:00Z"],
        );
        check("0 0 7 31 2 Mon 2026-2027", "UTC", "2026-03-01T00:00:00Z", &["2027-02-01T07:00:00Z"]);
        // The range contains every day, so the weekday restricts nothing.
        check("0 7 1-31 * Mon", "UTC", "2026-11-02T08:00:00Z", &["2026-11-03T07:00:00Z"]);
        // A field that begins with a star does not count as restricted: both must hold.
        check(
            "0 7 */2 * Mon",
            "UTC",
            "2026-11-01T00:00:00Z",
            &["2026-11-09T07:00:00Z", "2026-11-23T07:00:00Z"],
        );
        check("0 7 1 * */2", "UTC", "2026-11-01T08:00:00Z", &["2026-12-01T07:00:00Z"]);
        check("0 7 *,5 * Mon", "UTC", "2026-11-03T00:00:00Z", &["2026-11-09T07:00:00Z"]);
        check("0 7 ? * Mon", "UTC", "2026-11-03T00:00:00Z", &["2026-11-09T07:00:00Z"]);
        // Sunday, Tuesday, Thursday, Saturday; Monday, Wednesday, Friday.
        check(
            "0 7 * * */2",
            "UTC",
            "2026-11-01T08:00:00Z",
            &["2026-11-03T07:00:00Z", "2026-11-05T07:00:00Z"],
        );
        check(
            "0 7 * * Mon-Fri/2",
            "UTC",
            "2026-11-02T08:00:00Z",
            &["2026-11-04T07:00:00Z", "2026-11-06T07:00:00Z"],
        );
    }

    #[test]
    fn bad_schedules_say_what_to_write() {
        let error = |expression, zone| Schedule::parse(expression, zone).map(|_| ()).unwrap_err();
        assert!(matches!(error("0 7 * * 1-5", "UTC"), ScheduleError::Weekday(_)));
        assert!(matches!(error("0 0 31 2 *", "UTC"), ScheduleError::Never(_)));
        assert!(matches!(error("hourly", "UTC"), ScheduleError::Cron(_)));
        assert!(matches!(error("61 7 * * *", "UTC"), ScheduleError::Cron(_)));
        assert!(matches!(error("0 7 * * Mon,3", "UTC"), ScheduleError::Weekday(_)));
        assert!(matches!(error("0 7 * * Sat-Sun", "UTC"), ScheduleError::Weekdays(_)));
        assert!(matches!(error("0 7 1 * Son", "UTC"), ScheduleError::Weekdays(_)));
        assert!(matches!(error("0 7 32 * Mon", "UTC"), ScheduleError::Cron(_)));
        assert!(matches!(error("0 0 31 2,4,6 *", "UTC"), ScheduleError::Never(_)));
        assert!(matches!(error("0 7 * * *", "Mars/Base"), ScheduleError::Zone { .. }));
    }

    #[test]
    fn a_schedule_that_is_over_is_refused() {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let over = Schedule::parse("0 0 7 1 1 * 2020", "UTC").unwrap();
        assert_eq!((over.next_time(now), over.next_slot(now)), (None, None));
        let error = over.unless_over(now).unwrap_err().to_string();
        assert!(error.starts_with("`0 0 7 1 1 * 2020` is over: it has no time after 2026-01-01"), "{error}");
        for ahead in ["0 0 7 1 1 * 2020-2099", "0 0 7 1 1 * 2026", "0 0 7 29 2 * 2020,2096", "0 7 * * *"] {
            let schedule = Schedule::parse(ahead, "America/New_York").unwrap();
            assert!(schedule.unless_over(now).is_ok(), "{ahead}");
        }
        // The last slot of the last year is still to come if the clock is behind.
        let last = Schedule::parse("59 59 23 31 12 * 2025", "Pacific/Honolulu").unwrap();
        assert_eq!(last.next_slot(now), Some("2026-01-01T09:59:59Z".parse().unwrap()));
    }
}
