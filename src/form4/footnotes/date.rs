//! Dates as people write them in notes.

use std::ops::Range;
use std::sync::LazyLock;

use chrono::NaiveDate;
use regex::{Captures, Regex};

use crate::filing::PlanDate;

/// A date and its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DateFound {
    pub(super) at: Range<usize>,
    pub(super) date: PlanDate,
}

static DATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let month = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?";
    let nth = r"(?:st|nd|rd|th)?";
    Regex::new(&format!(
        r"(?ix-u)
        \b(?P<y1>(?:19|20)\d\d)-(?P<m1>\d\d)-(?P<d1>\d\d)\b
        | \b(?P<n2>{month})\s*(?P<d2>\d{{1,2}}){nth}\s*(?:,\s*|\s)\s*(?P<y2>(?:19|20)\d\d|'\d\d)\b
        | \b(?P<d3>\d{{1,2}}){nth}(?:\s+(?:day\s+of\s+|of\s+)?|\s?-\s?)(?P<n3>{month})(?:,?\s+|\s?-\s?)(?P<y3>(?:19|20)\d\d|\d\d)\b
        | \b(?P<m4>\d{{1,2}})\s?[/.-]\s?(?P<d4>\d{{1,2}})\s?[/.-]\s?(?P<y4>(?:19|20)\d\d|\d\d)\b
        | \b(?P<y6>20[0-2]\d)(?P<m6>0[1-9]|1[0-2])(?P<d6>[0-3]\d)\b
        | \b(?P<m7>0?[1-9]|1[0-2])/(?P<y7>20\d\d)\b
        | \b(?P<n5>{month})(?:\s+of)?,?\s+(?P<y5>(?:19|20)\d\d)\b"
    ))
    .ok()
});

/// The dates in a text, in order: days, or months if no day is given. A date that is not in the calendar is
/// left out.
pub(super) fn dates(text: &str) -> Vec<DateFound> {
    let Some(pattern) = DATE.as_ref() else { return Vec::new() };
    pattern
        .captures_iter(text)
        .filter_map(|found| Some(DateFound { at: found.get(0)?.range(), date: date(&found)? }))
        .collect()
}

fn date(found: &Captures<'_>) -> Option<PlanDate> {
    let number = |name: &str| found.name(name)?.as_str().trim_start_matches('\'').parse::<u32>().ok();
    let month = |name: &str| month(found.name(name)?.as_str());
    let day = |year: u32, month: u32, day: u32| {
        // Two digits are of this century: Rule 10b5-1 plans have existed since 2000.
        let year = if year < 100 { year + 2000 } else { year };
        // 15/3/2023 can only be the fifteenth of March.
        let (month, day) = if month > 12 { (day, month) } else { (month, day) };
        NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day).map(PlanDate::Day)
    };
    if let Some(year) = number("y1") {
        return day(year, number("m1")?, number("d1")?);
    }
    if let Some(year) = number("y2") {
        return day(year, month("n2")?, number("d2")?);
    }
    if let Some(year) = number("y3") {
        return day(year, month("n3")?, number("d3")?);
    }
    if let Some(year) = number("y4") {
        return day(year, number("m4")?, number("d4")?);
    }
    if let Some(year) = number("y6") {
        return day(year, number("m6")?, number("d6")?);
    }
    if let Some(year) = number("y7") {
        return NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, number("m7")?, 1).map(PlanDate::Month);
    }
    let year = i32::try_from(number("y5")?).ok()?;
    NaiveDate::from_ymd_opt(year, month("n5")?, 1).map(PlanDate::Month)
}

fn month(name: &str) -> Option<u32> {
    const NAMES: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let start = name.get(..3)?.to_ascii_lowercase();
    NAMES.iter().position(|known| *known == start).and_then(|i| u32::try_from(i + 1).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found: Vec<String> = dates(text).iter().map(|found| found.date.to_string()).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn days_and_months_are_read_however_they_are_written() {
        check("on September 12, 2022.", &["2022-09-12"]);
        check("on Sept. 12th, 2022 and MARCH 3 2021", &["2022-09-12", "2021-03-03"]);
        check("on March 15,2023 or March15, 2023", &["2023-03-15", "2023-03-15"]);
        check("the 5th day of May 2022; 12 June, 2020", &["2022-05-05", "2020-06-12"]);
        check(
            "11/17/2022, 2/10/23, 02-28-2023, 1.5.2021",
            &["2022-11-17", "2023-02-10", "2023-02-28", "2021-01-05"],
        );
        check(
            "the 27th of August, 2018; 12-MAR-2014, 6-Aug-2021, 03-Jun-13",
            &["2018-08-27", "2014-03-12", "2021-08-06", "2013-06-03"],
        );
        check("adopted on Feb 13 '09.", &["2009-02-13"]);
        check("2022-11-23", &["2022-11-23"]);
        check("in September 2022, or in May of 2021", &["2022-09", "2021-05"]);
        check("15/3/2023", &["2023-03-15"]);
        check("20111129, 06-15-2009, 03/2018", &["2011-11-29", "2009-06-15", "2018-03"]);
    }

    #[test]
    fn what_is_no_date_is_none() {
        check("February 30, 2022 and 13/13/2022", &[]);
        check("may 100 shares, 10/b5, 1/2 of 3", &[]);
        check("Rule 10b5-1 and $12.10", &[]);
    }
}
