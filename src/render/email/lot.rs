//! A lot as a row of an e-mail.

use serde::Serialize;

use crate::alert::Alert;
use crate::filing::record::LotRecord;
use crate::text::Language::{self, English, German};

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
    pub(super) fn new(lot: &LotRecord, alert: &Alert, language: Language) -> Self {
        let sign = alert.sign(lot);
        let (no_date, unknown, total, principal) = match language {
            English => ("no date", "unknown", "stated total", "principal"),
            German => ("ohne Datum", "unbekannt", "Gesamtbetrag", "Nennwert"),
        };
        Self {
            date: lot.date.map_or_else(|| no_date.into(), |date| language.day(date)),
            shares: match lot.principal {
                Some(sum) => format!("{} {principal}", language.usd(sum)),
                None => lot
                    .number_text()
                    .map_or("?".into(), |shares| format!("{sign}{}", language.number(&shares))),
            },
            price: match (lot.price, lot.principal) {
                (Some(_), None) => {
                    lot.price_text().map(|text| language.price_text(&text)).unwrap_or_default()
                }
                (Some(price), Some(_)) => language.number(&price.plain()),
                (None, _) if lot.value.is_some() => total.into(),
                (None, _) => unknown.into(),
            },
            value: lot.worth_text().map_or_else(|| unknown.into(), |worth| language.money_text(worth)),
            after: lot.shares_after.map_or("?".into(), |shares| language.shares(shares)),
        }
    }
}
