//! The trades that a chart shows, among the rows of filings.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::data::{ChartTrade, Emphasis};
use crate::filing::record::LotRecord;
use crate::filing::{Code, Currency, Plan, Usd};

/// How far back a chart goes.
pub(super) const MONTHS: u32 = 24;
/// Room for a name in the title.
pub(super) const NAME: usize = 24;

/// Trades that are found, and the currencies of their prices.
#[derive(Default)]
pub(super) struct Found {
    pub(super) trades: Vec<ChartTrade>,
    /// Rows with a value in dollars.
    pub(super) dollars: usize,
    /// Rows with a price in another currency.
    pub(super) foreign: usize,
}

impl Found {
    /// Adds the sales and purchases among the rows of a filing.
    pub(super) fn add<'l>(
        &mut self,
        lots: impl Iterator<Item = (NaiveDate, &'l LotRecord)>,
        emphasis: Emphasis,
    ) {
        let mut sums: BTreeMap<(NaiveDate, bool, bool), Usd> = BTreeMap::new();
        for (day, lot) in lots.filter(|(_, lot)| !lot.moved) {
            let is_purchase = match lot.code {
                Some(Code::PURCHASE) => true,
                Some(Code::SALE) => false,
                _ => continue,
            };
            let Some(value) = lot.counted_value().filter(|value| !value.is_zero()) else {
                let currency = lot.pricing.currency;
                self.foreign += usize::from(lot.price.is_some() && currency != Some(Currency::USD));
                continue;
            };
            self.dollars += 1;
            let sum = sums.entry((day, is_purchase, lot.plan == Some(Plan::Yes))).or_default();
            // A sum with too many digits to be exact does not happen among real trades; the rest of it is shown.
            *sum = sum.plus(value).unwrap_or(*sum);
        }
        let trades = sums.into_iter().map(|((day, is_purchase, is_plan), value)| ChartTrade {
            day,
            value,
            is_purchase,
            is_plan,
            emphasis,
        });
        self.trades.extend(trades);
    }
}
