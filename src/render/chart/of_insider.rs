//! The chart of an insider, from their filings about all companies.

use chrono::{Months, NaiveDate};

use super::data::{Chart, Emphasis};
use super::found::{Found, MONTHS, NAME};
use crate::filing::PastFiling;
use crate::text::{Language, clip, plain};

impl Chart {
    /// The chart of an insider's own trades in all companies in the 24 months up to a day. It starts with the
    /// day from which `past` is complete, or with the first trade if that is unknown or later; then the title
    /// says so.
    ///
    /// `None` if there are no trades with a value in dollars on two days, or if most prices are in another
    /// currency.
    pub fn of_insider<'p>(
        name: &str,
        past: impl Iterator<Item = &'p PastFiling>,
        complete_since: Option<NaiveDate>,
        until: NaiveDate,
    ) -> Option<Self> {
        let earliest = until.checked_sub_months(Months::new(MONTHS))?;
        let mut found = Found::default();
        for filing in past {
            let counted = filing.lots.iter().enumerate().filter(|(lot, _)| !filing.not_counted.contains(lot));
            let dated = counted.filter_map(|(number, lot)| Some((filing.day_of(number)?, lot)));
            found.add(dated.filter(|(day, _)| (earliest..=until).contains(day)), Emphasis::SameInsider);
        }
        let Found { trades, dollars, foreign } = found;
        let first = trades.iter().map(|trade| trade.day).min()?;
        if trades.iter().all(|trade| trade.day == first) || foreign > dollars {
            return None;
        }
        let name = clip(&plain(name), NAME).into_owned();
        let language = Language::English;
        let month = |day: NaiveDate| language.month_of_year(day);
        let (from, title) = match complete_since {
            Some(since) if since <= earliest => (earliest, format!("{name}, {MONTHS} months")),
            Some(since) if since <= first => (since, format!("{name} since {}", month(since))),
            _ => (first, format!("{name}, known trades since {}", month(first))),
        };
        Some(Self { language, title, from, until, trades })
    }
}
