//! Earlier trades of an alert's owners, and the line about them: `3rd sale in 30 days, $8.10M together`.

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::filing::{Code, Usd};

/// Days that count as recent, and as the last twelve months.
pub(super) const MONTH: u64 = 30;
pub(super) const YEAR: u64 = 365;
/// From this many trades within 30 days on, the line is about 30 days.
const MANY: usize = 3;

/// Earlier open-market trades of an alert's owners in the issuer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TradeHistory {
    /// The counted trades: sales (code S) or purchases (code P).
    pub kind: TradeKind,
    /// From this day on, every filing of the issuer is known; `null` if that is unknown.
    pub complete_since: Option<NaiveDate>,
    /// The last day of this alert's trades, from which the spans are counted back.
    pub until: NaiveDate,
    /// Trades within 30 days, this alert's included.
    pub days_30: TradeCount,
    /// Trades within 12 months, this alert's included.
    pub months_12: TradeCount,
    /// The last day of the trade before this one.
    pub previous: Option<NaiveDate>,
}

/// Sales or purchases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TradeKind {
    /// Code S.
    Sale,
    /// Code P.
    Purchase,
}

/// Trades in a span.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TradeCount {
    /// How many filings report such trades.
    pub filings: usize,
    /// The sum of their known values; `null` if none is known.
    pub value_usd: Option<Usd>,
    /// True if a value is unknown or odd, so that the true sum is higher.
    pub value_is_at_least: bool,
}

/// The one thing worth saying about earlier trades.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TradeRemark {
    /// It is one of several.
    Nth {
        /// How many filings report such trades, this alert's included.
        filings: usize,
        /// True if there may be more.
        is_at_least: bool,
        /// True if they are within 30 days, false if within 12 months.
        is_of_month: bool,
        /// The sum of their known values; `None` if none is known.
        value: Option<Usd>,
        /// True if the true sum may be higher.
        value_is_at_least: bool,
    },
    /// The one before ended on this day.
    FirstSince(NaiveDate),
    /// There was none in the two years before.
    FirstInTwoYears,
    /// There was none in the year before.
    FirstInYear,
}

impl TradeKind {
    pub(super) fn code(self) -> Code {
        match self {
            Self::Sale => Code::SALE,
            Self::Purchase => Code::PURCHASE,
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Purchase => "purchase",
        }
    }
}

impl TradeHistory {
    /// The one thing worth saying about it; `None` if history is too short to say anything.
    pub fn remark(&self) -> Option<TradeRemark> {
        for (count, least, days) in [(self.days_30, MANY, MONTH), (self.months_12, 2, YEAR)] {
            if count.filings >= least {
                let is_complete = self.is_complete_for(days);
                return Some(TradeRemark::Nth {
                    filings: count.filings,
                    is_at_least: !is_complete,
                    is_of_month: days == MONTH,
                    value: count.value_usd,
                    value_is_at_least: count.value_is_at_least || !is_complete,
                });
            }
        }
        match self.previous {
            Some(day) => self.is_complete_since(day).then_some(TradeRemark::FirstSince(day)),
            None if self.is_complete_for(2 * YEAR) => Some(TradeRemark::FirstInTwoYears),
            None => self.is_complete_for(YEAR).then_some(TradeRemark::FirstInYear),
        }
    }

    /// In words: `4th sale in 12 months, $31.00M together`; `None` if history is too short to say anything.
    pub fn text(&self) -> Option<String> {
        self.text_with(
            |filings, noun| format!("at least the {} {noun}", ordinal(filings)),
            |value| format!("at least {value}"),
        )
    }

    /// The same in few words, with a plus for `at least`: `2+ sales in 12 months, $35.71M+ together`.
    pub fn brief_text(&self) -> Option<String> {
        self.text_with(|filings, noun| format!("{filings}+ {noun}s"), |value| format!("{value}+"))
    }

    fn text_with(
        &self,
        at_least_filings: fn(usize, &str) -> String,
        at_least_value: fn(String) -> String,
    ) -> Option<String> {
        let noun = self.kind.noun();
        Some(match self.remark()? {
            TradeRemark::Nth { filings, is_at_least, is_of_month, value, value_is_at_least } => {
                let filings = match is_at_least {
                    true => at_least_filings(filings, noun),
                    false => format!("{} {noun}", ordinal(filings)),
                };
                let span = if is_of_month { "30 days" } else { "12 months" };
                let together = value.map(Usd::short).map_or_else(String::new, |value| {
                    format!(", {} together", if value_is_at_least { at_least_value(value) } else { value })
                });
                format!("{filings} in {span}{together}")
            }
            TradeRemark::FirstSince(day) => format!("first {noun} since {}", day.format("%b %Y")),
            TradeRemark::FirstInTwoYears => format!("first {noun} in 2 years"),
            TradeRemark::FirstInYear => format!("first {noun} in 12 months"),
        })
    }

    fn is_complete_for(&self, days: u64) -> bool {
        self.until.checked_sub_days(Days::new(days)).is_some_and(|first| self.is_complete_since(first))
    }

    fn is_complete_since(&self, day: NaiveDate) -> bool {
        self.complete_since.is_some_and(|since| since <= day)
    }
}

/// `1st`, `2nd`, `11th`, `23rd`.
fn ordinal(number: usize) -> String {
    let ending = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_end_as_they_should() {
        let of = [1, 2, 3, 4, 11, 12, 13, 21, 22, 101, 111, 112].map(ordinal);
        assert_eq!(
            of,
            ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "101st", "111th", "112th"]
        );
    }

    #[test]
    fn the_line_claims_no_more_than_history_knows() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let count = |filings, value: Option<&str>| TradeCount {
            filings,
            value_usd: value.map(|value| value.parse().unwrap()),
            value_is_at_least: false,
        };
        let history = |since: Option<&str>, month, year, previous: Option<&str>| TradeHistory {
            kind: TradeKind::Sale,
            complete_since: since.map(day),
            until: day("2026-11-20"),
            days_30: month,
            months_12: year,
            previous: previous.map(day),
        };
        let one = count(1, Some("5000000"));
        let year = count(4, Some("31000000"));
        for (since, month, year, previous, expected) in [
            (Some("2024-01-01"), one, one, None, Some("first sale in 2 years")),
            (Some("2025-11-01"), one, one, None, Some("first sale in 12 months")),
            (Some("2026-01-01"), one, one, None, None),
            (None, one, one, None, None),
            (Some("2024-01-01"), one, one, Some("2025-03-04"), Some("first sale since Mar 2025")),
            (Some("2025-06-01"), one, one, Some("2025-03-04"), None),
            (
                Some("2024-01-01"),
                one,
                year,
                Some("2026-09-01"),
                Some("4th sale in 12 months, $31.00M together"),
            ),
            (
                Some("2026-08-01"),
                one,
                year,
                Some("2026-09-01"),
                Some("at least the 4th sale in 12 months, at least $31.00M together"),
            ),
            (
                Some("2026-08-01"),
                count(3, Some("8100000")),
                year,
                Some("2026-11-10"),
                Some("3rd sale in 30 days, $8.10M together"),
            ),
            (Some("2024-01-01"), one, count(2, None), Some("2026-09-01"), Some("2nd sale in 12 months")),
        ] {
            let text = history(since, month, year, previous).text();
            assert_eq!(text.as_deref(), expected, "{since:?} {previous:?}");
        }
    }
}
