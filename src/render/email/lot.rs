//! A lot as a row of an e-mail.

use serde::Serialize;

use crate::filing::record::LotRecord;

#[derive(Serialize)]
pub(super) struct LotView {
    date: String,
    shares: String,
    price: String,
    value: String,
    after: String,
}

impl LotView {
    /// The row for a lot, with `+` or `-` before its number if the alert has lots in both directions.
    pub(super) fn new(lot: &LotRecord, sign: &str) -> Self {
        Self {
            date: lot.date.map_or("no date".into(), |date| date.to_string()),
            shares: match lot.principal {
                Some(principal) => format!("{principal} principal"),
                None => lot.number_text().map_or("?".into(), |shares| format!("{sign}{shares}")),
            },
            price: match (lot.price, lot.principal) {
                (Some(_), None) => lot.price_text().unwrap_or_default(),
                (Some(price), Some(_)) => price.plain(),
                (None, _) if lot.value.is_some() => "stated total".into(),
                (None, _) => "unknown".into(),
            },
            value: lot.worth_text().unwrap_or_else(|| "unknown".into()),
            after: lot.shares_after.map_or("?".into(), |shares| shares.to_string()),
        }
    }
}
