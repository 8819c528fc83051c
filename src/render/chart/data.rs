//! A chart as data.

use chrono::NaiveDate;

use crate::filing::Usd;
use crate::text::Language;

/// How many trades a chart shows, at most: this alert's first, then the largest.
pub const MOST_TRADES: usize = 400;

/// The trades of an issuer over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// The language of its words and numbers.
    pub language: Language,
    /// What it shows: `SNPS insiders, 24 months`. It is cut to the width of the picture; accents and letters
    /// that the built-in font lacks are left out.
    pub title: String,
    /// The first day of the time axis.
    pub from: NaiveDate,
    /// The last day of the time axis.
    pub until: NaiveDate,
    /// The trades, in any order. Those outside these days and those without a value are left out.
    pub trades: Vec<ChartTrade>,
}

/// A trade in a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChartTrade {
    /// When.
    pub day: NaiveDate,
    /// For how much; a trade for nothing is not shown.
    pub value: Usd,
    /// True for a purchase, false for a sale.
    pub is_purchase: bool,
    /// True if it is known to be under a 10b5-1 plan.
    pub is_plan: bool,
    /// Whose.
    pub emphasis: Emphasis,
}

/// Whose a trade is, as seen from the alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Emphasis {
    /// It is the alert's trade.
    ThisAlert,
    /// An owner of the alert made it.
    SameInsider,
    /// Another insider made it.
    Others,
}

impl Chart {
    /// The trades that can be shown.
    pub(super) fn shown(&self) -> impl Iterator<Item = &ChartTrade> {
        let days = self.from..=self.until;
        self.trades.iter().filter(move |trade| days.contains(&trade.day) && trade.value > Usd::ZERO)
    }

    /// How many of them [`MOST_TRADES`] leaves out.
    pub(super) fn left_out(&self) -> usize {
        self.shown().count().saturating_sub(MOST_TRADES)
    }
}
