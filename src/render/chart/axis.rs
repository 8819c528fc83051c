//! The axes of a chart: where a value or a day lies, and which labels are shown. Positions are from 0 to 1.

use chrono::{Datelike, Days, NaiveDate};
use rust_decimal::prelude::ToPrimitive;

use crate::filing::Usd;
use crate::text::Language;

/// An axis label and its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    pub(super) at: f64,
    pub(super) label: String,
}

/// Orders of magnitude that are shown, at most.
const MOST_DECADES: i32 = 5;
/// The highest exponent of ten on the axis.
const HIGHEST: i32 = 15;
const STEPS: [f64; 3] = [1.0, 2.0, 5.0];

/// A logarithmic axis of dollars.
#[derive(Debug)]
pub(super) struct ValueAxis {
    /// Its ends, as numbers of [`STEPS`] from one dollar on: 4 is $20.
    low: i32,
    high: i32,
    /// True if a value lies below the axis, and is shown at its end.
    is_cut: bool,
}

impl ValueAxis {
    /// The axis that has all values, or the highest five orders of magnitude of them.
    pub(super) fn of(values: impl Iterator<Item = Usd>) -> Self {
        let mut ends: Option<(f64, f64)> = None;
        for value in values.filter_map(logarithm) {
            let (low, high) = ends.unwrap_or((value, value));
            ends = Some((low.min(value), high.max(value)));
        }
        let (least, most) = ends.unwrap_or((4.0, 6.0));
        let high = (1..HIGHEST * 3).find(|step| exponent(*step) > most + 0.02).unwrap_or(HIGHEST * 3);
        let fitting = (0..high).rev().find(|step| exponent(*step) < least - 0.02).unwrap_or(0);
        let lowest = (high - MOST_DECADES * 3).max(0);
        // From end to end, at least one order of magnitude.
        let low = fitting.max(lowest).min((high - 3).max(0));
        Self { low, high: high.max(3), is_cut: exponent(low) > least }
    }

    /// From 0 at the bottom.
    pub(super) fn place(&self, value: Usd) -> f64 {
        let (low, high) = (exponent(self.low), exponent(self.high));
        ((logarithm(value).unwrap_or(low) - low) / (high - low)).clamp(0.0, 1.0)
    }

    /// Each step if there are few, else each order of magnitude.
    pub(super) fn ticks(&self, language: Language) -> Vec<Tick> {
        let (low, high) = (exponent(self.low), exponent(self.high));
        let few = self.high - self.low <= 5;
        let ticks = (self.low..=self.high).filter(|step| few || step % 3 == 0);
        ticks
            .map(|step| {
                let below = if self.is_cut && step == self.low { "\u{2264}" } else { "" };
                let label = format!("{below}{}", language.money_text(dollars(step)));
                Tick { at: (exponent(step) - low) / (high - low), label }
            })
            .collect()
    }
}

/// The decimal logarithm of a value of more than nothing.
fn logarithm(value: Usd) -> Option<f64> {
    value.decimal().to_f64().filter(|value| *value > 0.0).map(f64::log10)
}

fn exponent(step: i32) -> f64 {
    let [_, two, five] = STEPS.map(f64::log10);
    f64::from(step.div_euclid(3)) + [0.0, two, five][usize::try_from(step.rem_euclid(3)).unwrap_or(0)]
}

/// `$500K`.
fn dollars(step: i32) -> String {
    let digit = ["1", "2", "5"][usize::try_from(step.rem_euclid(3)).unwrap_or(0)];
    let decade = usize::try_from(step.div_euclid(3)).unwrap_or(0);
    let unit = ["", "K", "M", "B", "T", "Q"].get(decade / 3).copied().unwrap_or_default();
    format!("${digit}{}{unit}", "0".repeat(decade % 3))
}

/// Labels of the time axis, at most.
const MOST_LABELS: i64 = 6;
/// Up to this many days, the labels are days.
const DAYS: i64 = 75;

/// The axis of days.
#[derive(Debug)]
pub(super) struct TimeAxis {
    from: NaiveDate,
    until: NaiveDate,
}

impl TimeAxis {
    pub(super) fn new(from: NaiveDate, until: NaiveDate) -> Self {
        Self { from, until: until.max(from) }
    }

    fn days(&self) -> i64 {
        (self.until - self.from).num_days()
    }

    /// From 0 at the left; the middle of a day.
    #[allow(clippy::cast_precision_loss, reason = "days fit")]
    pub(super) fn place(&self, day: NaiveDate) -> f64 {
        (((day - self.from).num_days() as f64 + 0.5) / (self.days() as f64 + 1.0)).clamp(0.0, 1.0)
    }

    /// Days, months or years, six at most. The first and each January have their year.
    pub(super) fn ticks(&self, language: Language) -> Vec<Tick> {
        if self.days() <= DAYS { self.day_ticks(language) } else { self.month_ticks(language) }
    }

    fn day_ticks(&self, language: Language) -> Vec<Tick> {
        let step = [1, 2, 7, 14].into_iter().find(|step| self.days() / step < MOST_LABELS).unwrap_or(21);
        let days = (0..=self.days() / step)
            .filter_map(|n| self.until.checked_sub_days(Days::new(u64::try_from(n * step).ok()?)));
        days.map(|day| Tick { at: self.place(day), label: language.short_day(day) }).rev().collect()
    }

    fn month_ticks(&self, language: Language) -> Vec<Tick> {
        const STEPS: [i64; 4] = [1, 2, 3, 6];
        let months = self.days() / 30;
        let years =
            [1, 2, 5].into_iter().flat_map(|n| [1, 10, 100, 1_000, 10_000, 100_000].map(|ten| n * ten * 12));
        let mut steps: Vec<i64> = STEPS.into_iter().chain(years).collect();
        steps.sort_unstable();
        let step = steps.into_iter().find(|step| months / step < MOST_LABELS).unwrap_or(i64::MAX);
        let month = |day: NaiveDate| i64::from(day.year()) * 12 + i64::from(day.month0());
        let first = month(self.from).div_euclid(step) + 1;
        let starts = (first..=month(self.until).div_euclid(step)).filter_map(|n| {
            let month = n * step;
            let year = i32::try_from(month.div_euclid(12)).ok()?;
            NaiveDate::from_ymd_opt(year, u32::try_from(month.rem_euclid(12)).ok()? + 1, 1)
        });
        let named = |(n, day): (usize, NaiveDate)| {
            let label = match () {
                () if step >= 12 => day.format("%Y").to_string(),
                () if n == 0 || day.month0() == 0 => language.month_of_year(day),
                () => language.month(day),
            };
            Tick { at: self.place(day), label }
        };
        starts.enumerate().map(named).collect()
    }
}
