//! Figures about the alerts that a rule would have sent.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use serde::Serialize;

use crate::alert::Alert;
use crate::filing::{Accession, Usd, is_business_day};

/// How many of the largest alerts are kept.
const MOST_LARGEST: usize = 10;

/// The figures of one rule.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Tally {
    /// The rule.
    pub rule: String,
    /// Alerts that it would have sent.
    pub alerts: usize,
    /// Alerts about a trade that another filing had already reported: their owners are added to that alert.
    pub merged: usize,
    /// How many alerts withdrew an earlier one.
    pub withdrawn: usize,
    /// Alerts held back by the cooldown.
    pub cooled: usize,
    /// Alerts by day (EDGAR's).
    pub by_day: BTreeMap<NaiveDate, usize>,
    /// The largest by value, the largest first.
    pub largest: Vec<Largest>,
}

/// An alert among the largest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Largest {
    /// Its value, if it is known and not odd.
    pub value_usd: Option<Usd>,
    /// The day of its filing.
    pub day: NaiveDate,
    /// The filing.
    pub accession: Accession,
    /// The alert as one line.
    pub text: String,
}

impl Tally {
    pub(super) fn of(rule: &str) -> Self {
        Self { rule: rule.to_owned(), ..Self::default() }
    }

    /// Counts an alert; `false` if it is not sent as a new one.
    pub(super) fn count(&mut self, alert: &Alert, day: NaiveDate) -> bool {
        if alert.withdrawn {
            self.withdrawn += 1;
            return true;
        }
        if alert.is_reported_before() {
            self.merged += 1;
            return false;
        }
        self.alerts += 1;
        *self.by_day.entry(day).or_default() += 1;
        let value = alert.sound_value();
        let place = self.largest.partition_point(|other| other.value_usd >= value);
        if place < MOST_LARGEST {
            let (accession, text) = (alert.accession, alert.text.clone());
            self.largest.insert(place, Largest { value_usd: value, day, accession, text });
            self.largest.truncate(MOST_LARGEST);
        }
        true
    }

    /// Alerts on each day of a span on which EDGAR accepts filings, days without an alert included.
    pub fn days(&self, first: NaiveDate, last: NaiveDate) -> Vec<usize> {
        let mut days = Vec::new();
        let mut day = Some(first);
        while let Some(today) = day.filter(|day| *day <= last) {
            let alerts = self.by_day.get(&today).copied();
            if alerts.is_some() || is_business_day(today) {
                days.push(alerts.unwrap_or(0));
            }
            day = today.checked_add_days(Days::new(1));
        }
        days
    }

    /// Alerts per day: the median, the 95th percentile and the maximum.
    pub fn percentiles(days: &[usize]) -> (usize, usize, usize) {
        let mut sorted = days.to_vec();
        sorted.sort_unstable();
        let at = |percent: usize| {
            let rank = (sorted.len() * percent).div_ceil(100).max(1);
            sorted.get(rank - 1).copied().unwrap_or(0)
        };
        (at(50), at(95), at(100))
    }

    /// Alerts in each of at most `columns` stretches of the span.
    pub fn histogram(days: &[usize], columns: usize) -> Vec<usize> {
        let size = days.len().div_ceil(columns.max(1)).max(1);
        days.chunks(size).map(|stretch| stretch.iter().sum()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_without_an_alert_count_and_weekends_do_not() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let mut tally = Tally::of("a");
        tally.by_day = [(day("2023-03-06"), 3), (day("2023-03-10"), 1)].into();
        let days = tally.days(day("2023-03-06"), day("2023-03-19"));
        assert_eq!(days, [3, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
        assert_eq!(Tally::percentiles(&days), (0, 3, 3));
        assert_eq!(Tally::percentiles(&[]), (0, 0, 0));
        assert_eq!(Tally::percentiles(&[2, 1]), (1, 2, 2));
        assert_eq!(Tally::histogram(&days, 2), [4, 0]);
        assert_eq!(Tally::histogram(&days, 20).len(), 10);
    }
}
