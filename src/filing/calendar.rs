//! Business days, and when a Form 4 is due.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, Utc, Weekday};
use chrono_tz::America::New_York;

/// The last day on which a trade of this date can be reported on time: the second business day after it
/// (Section 16(a)(2)(C) of the Securities Exchange Act).
pub fn due(traded: NaiveDate) -> Option<NaiveDate> {
    let mut day = traded;
    for _ in 0..2 {
        day = day.checked_add_days(Days::new(1))?;
        while !is_business_day(day) {
            day = day.checked_add_days(Days::new(1))?;
        }
    }
    Some(day)
}

/// True if the date of a trade reported on a given day must be a typing error: it is before the Securities
/// Exchange Act (1934-06-06), 20 years or more before the report, more than 30 days after it, or on the same
/// day of the year as the filing's period and ten years or more before that.
///
/// Trades are honestly reported years late, so a date that is merely old is not an error.
pub fn is_mistyped(traded: NaiveDate, reported: Option<NaiveDate>, period: Option<NaiveDate>) -> bool {
    const MOST_YEARS_LATE: u32 = 20;
    const MOST_DAYS_EARLY: u64 = 30;
    const DECADE: i32 = 10;
    if is_before_the_act(traded) {
        return true;
    }
    let Some(reported) = reported.filter(|day| !is_before_the_act(*day)) else { return false };
    let too_old =
        traded.checked_add_months(Months::new(12 * MOST_YEARS_LATE)).is_some_and(|by| by <= reported);
    let too_new = reported.checked_add_days(Days::new(MOST_DAYS_EARLY)).is_some_and(|by| traded > by);
    let other_decade = period.is_some_and(|period| {
        (period.month(), period.day()) == (traded.month(), traded.day())
            && period.year() - traded.year() >= DECADE
            && period <= reported
    });
    too_old || too_new || other_decade
}

fn is_before_the_act(day: NaiveDate) -> bool {
    (day.year(), day.month(), day.day()) < (1934, 6, 6)
}

/// The day in New York, EDGAR's own clock.
pub fn edgar_day(time: DateTime<Utc>) -> NaiveDate {
    time.with_timezone(&New_York).date_naive()
}

/// A time of day in New York, EDGAR's own zone. If the hour occurs twice, the first one counts; if it is
/// skipped, the time is read as UTC.
pub fn edgar_time(day: NaiveDate, hour: u32, minute: u32) -> DateTime<Utc> {
    let time = day.and_time(NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default());
    let local = time.and_local_timezone(New_York).earliest();
    local.map_or_else(|| time.and_utc(), |local| local.to_utc())
}

/// True if EDGAR accepts filings that day: not on weekends, federal holidays (5 U.S.C. 6103), or days on
/// which executive orders closed federal offices, and EDGAR with them.
pub fn is_business_day(day: NaiveDate) -> bool {
    !is_weekend(day) && !is_holiday(day) && !CLOSED.contains(&(day.year(), day.month(), day.day()))
}

/// Two days of mourning and two Christmas Eves.
const CLOSED: [(i32, u32, u32); 4] = [(2018, 12, 5), (2019, 12, 24), (2020, 12, 24), (2025, 1, 9)];

fn is_weekend(day: NaiveDate) -> bool {
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

/// A holiday on a Saturday is observed on the Friday before, one on a Sunday on the Monday after.
fn is_holiday(day: NaiveDate) -> bool {
    let kept_for = match day.weekday() {
        Weekday::Fri => [Some(day), day.succ_opt()],
        Weekday::Mon => [Some(day), day.pred_opt()],
        _ => [Some(day), None],
    };
    kept_for.into_iter().flatten().any(is_fixed_holiday) || is_moving_holiday(day)
}

fn is_fixed_holiday(day: NaiveDate) -> bool {
    match (day.month(), day.day()) {
        (1, 1) | (7, 4) | (11, 11) | (12, 25) => true,
        // Juneteenth has been one since 17 June 2021.
        (6, 19) => day.year() >= 2021,
        _ => false,
    }
}

fn is_moving_holiday(day: NaiveDate) -> bool {
    let week = (day.day() - 1) / 7 + 1;
    match (day.month(), day.weekday()) {
        // Martin Luther King's and Washington's birthdays.
        (1 | 2, Weekday::Mon) => week == 3,
        // Memorial Day: May's last Monday.
        (5, Weekday::Mon) => day.day() > 24,
        // Labor Day.
        (9, Weekday::Mon) => week == 1,
        // Columbus Day.
        (10, Weekday::Mon) => week == 2,
        // Thanksgiving.
        (11, Weekday::Thu) => week == 4,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_second_business_day_passes_over_weekends_and_holidays() {
        for (traded, last) in [
            ("2021-08-20", "2021-08-24"),
            ("2023-03-06", "2023-03-08"),
            ("2023-03-09", "2023-03-13"),
            ("2023-03-11", "2023-03-14"),
            ("2023-05-26", "2023-05-31"),
            ("2023-11-21", "2023-11-24"),
            ("2022-12-22", "2022-12-27"),
            ("2021-12-22", "2021-12-27"),
            ("2021-12-30", "2022-01-04"),
            ("2021-06-16", "2021-06-21"),
            ("2020-06-17", "2020-06-19"),
            ("2026-07-01", "2026-07-06"),
            ("2018-12-04", "2018-12-07"),
            ("2020-12-22", "2020-12-28"),
        ] {
            assert_eq!(due(day(traded)), Some(day(last)), "{traded}");
        }
        assert_eq!(due(NaiveDate::MAX), None);
    }

    #[test]
    fn each_federal_holiday_of_a_year_is_none() {
        let holidays: Vec<String> = day("2023-01-01")
            .iter_days()
            .take(365)
            .filter(|&day| !is_business_day(day) && !is_weekend(day))
            .map(|day| day.format("%m-%d").to_string())
            .collect();
        let kept = [
            "01-02", "01-16", "02-20", "05-29", "06-19", "07-04", "09-04", "10-09", "11-10", "11-23", "12-25",
        ];
        assert_eq!(holidays, kept);
    }

    #[test]
    fn a_date_that_cannot_be_is_a_typing_error_and_one_that_is_only_old_is_not() {
        let reported = day("2026-11-27");
        for (traded, expected) in [
            ("0026-11-25", true),
            ("0022-11-25", true),
            ("0202-11-25", true),
            ("1026-11-25", true),
            ("1934-06-05", true),
            ("1934-06-06", true),
            ("2006-11-25", true),
            ("2006-11-27", true),
            ("2006-11-28", false),
            ("2016-11-25", true),
            ("2016-11-24", false),
            ("2003-06-30", true),
            ("2019-11-25", false),
            ("2025-11-25", false),
            ("2026-11-27", false),
            ("2026-12-27", false),
            ("2026-12-28", true),
            ("2027-11-25", true),
            ("2206-11-25", true),
            ("9999-12-31", true),
        ] {
            assert_eq!(
                is_mistyped(day(traded), Some(reported), Some(day("2026-11-25"))),
                expected,
                "{traded}"
            );
        }
        assert!(!is_mistyped(day("2003-06-30"), Some(day("2010-02-01")), Some(day("2003-06-30"))));
        assert!(is_mistyped(day("0026-11-25"), None, None) && !is_mistyped(day("2206-11-25"), None, None));
        // A report whose own date is mistyped says nothing about the trade's.
        assert!(!is_mistyped(day("2026-11-25"), Some(day("0026-11-27")), None));
        assert!(!is_mistyped(NaiveDate::MAX, None, None) && is_mistyped(NaiveDate::MIN, None, None));
    }

    #[test]
    fn a_late_evening_in_new_york_is_the_same_day() {
        assert_eq!(edgar_day("2023-03-09T02:59:00Z".parse().unwrap()), day("2023-03-08"));
    }
}
