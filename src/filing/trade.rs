//! A trade: some lots of one filing taken together.

use chrono::NaiveDate;

use super::{Shares, Usd};

/// What a trade needs to know of one lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LotFigures {
    /// Transaction date.
    pub date: Option<NaiveDate>,
    /// How many.
    pub shares: Option<Shares>,
    /// Shares × price.
    pub value: Option<Usd>,
    /// Lowest actual price.
    pub price_low: Option<Usd>,
    /// Highest actual price.
    pub price_high: Option<Usd>,
}

/// The figures of several lots together. Definitions: `docs/RULES.md`, "figures".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trade {
    /// The sum over the lots that state a number of shares; `None` where none does.
    pub shares: Option<Shares>,
    /// Whether a lot states no number of shares, so that the true sum is higher than `shares`.
    pub shares_is_at_least: bool,
    /// The sum over the priced lots; `None` where no lot has a price.
    pub value: Option<Usd>,
    /// Whether a lot had no usable price or number of shares, so that the true value is higher than `value`.
    pub value_is_at_least: bool,
    /// Value ÷ shares over the priced lots.
    pub average_price: Option<Usd>,
    /// Lowest and highest actual price; `None` where a lot's price is unknown.
    pub price_range: Option<(Usd, Usd)>,
    /// The first and last transaction dates.
    pub dates: Option<(NaiveDate, NaiveDate)>,
    /// On how many different days the lots were traded.
    pub days: usize,
}

impl Trade {
    /// The figures of these lots. A sum that does not fit in 28 digits counts as unpriced from there on.
    pub fn of(lots: impl IntoIterator<Item = LotFigures>) -> Self {
        let mut shares: Option<Shares> = None;
        let mut shares_is_at_least = false;
        let mut value: Option<Usd> = None;
        let mut priced_shares = Shares::ZERO;
        let mut value_is_at_least = false;
        let mut dates: Vec<NaiveDate> = Vec::new();
        let mut lows: Vec<Option<Usd>> = Vec::new();
        let mut highs: Vec<Option<Usd>> = Vec::new();
        for lot in lots {
            dates.extend(lot.date);
            lows.push(lot.price_low);
            highs.push(lot.price_high);
            match lot.shares.and_then(|n| shares.unwrap_or_default().plus(n)) {
                Some(sum) => shares = Some(sum),
                None => shares_is_at_least = true,
            }
            let added = lot.value.and_then(|v| value.unwrap_or_default().plus(v));
            let counted = lot.shares.and_then(|n| priced_shares.plus(n));
            match (added, counted) {
                (Some(total), Some(count)) => {
                    value = Some(total);
                    priced_shares = count;
                }
                _ => value_is_at_least = true,
            }
        }
        let all = |prices: Vec<Option<Usd>>| prices.into_iter().collect::<Option<Vec<Usd>>>();
        let low = all(lows).and_then(|lows| lows.into_iter().min());
        let high = all(highs).and_then(|highs| highs.into_iter().max());
        dates.sort_unstable();
        dates.dedup();
        Self {
            shares,
            shares_is_at_least,
            value,
            value_is_at_least,
            average_price: value.and_then(|v| v.per(priced_shares)),
            price_range: low.zip(high),
            dates: dates.first().copied().zip(dates.last().copied()),
            days: dates.len(),
        }
    }
}
