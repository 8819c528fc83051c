//! How well currencies, conversions and ADS are read: invented rows, half of them held back until the reader was written.

use std::fmt::Write as _;

use rust_decimal::Decimal;
use sellbell::filing::Usd;
use sellbell::filing::record::LotRecord;
use serde::Deserialize;

use super::{Filed, Row, filed};

#[derive(Deserialize)]
struct Labelled {
    id: String,
    /// `read`: while the reader was written; `held`: only measured; `later`: faults that were found since.
    set: String,
    symbol: Option<String>,
    foreign_symbol: Option<String>,
    #[serde(flatten)]
    row: Row,
    /// ISO 4217, or `unknown`.
    currency: String,
    #[serde(default)]
    converts: bool,
    #[serde(default)]
    contradicts: bool,
    value_usd: Option<Usd>,
}

#[derive(Default)]
struct Score {
    right: usize,
    wrong: usize,
    missed: usize,
}

impl Score {
    fn add(&mut self, expected: bool, found: bool) {
        match (expected, found) {
            (true, true) => self.right += 1,
            (false, true) => self.wrong += 1,
            (true, false) => self.missed += 1,
            (false, false) => {}
        }
    }

    fn line(&self) -> String {
        let share = |of: usize| if of == 0 { 1.0 } else { self.right as f64 / of as f64 };
        format!(
            "{:>3}  precision {:.3}  recall {:.3}",
            self.right + self.missed,
            share(self.right + self.wrong),
            share(self.right + self.missed)
        )
    }
}

/// Reads each row, and says where value, currency or contradiction are not as labelled.
#[track_caller]
fn check(text: &str, known: &[&str]) {
    let (mut wrong, mut table) = (Vec::new(), String::new());
    for set in ["read", "held", "later"] {
        let (mut conversions, mut others) = (Score::default(), Score::default());
        let rows = text.lines().map(|line| serde_json::from_str::<Labelled>(line).unwrap());
        for labelled in rows.filter(|labelled| labelled.set == set) {
            let filing = Filed {
                symbol: labelled.symbol.clone().unwrap_or_default(),
                foreign_symbol: labelled.foreign_symbol.clone().unwrap_or_default(),
                header: String::new(),
                ..filed(std::slice::from_ref(&labelled.row))
            }
            .read();
            let lot = LotRecord::from(&filing.lots[0]);
            let currency = lot.pricing.currency.map_or("unknown".to_owned(), |currency| currency.to_string());
            let contradicts = filing.warnings.iter().any(|warning| warning.code == "conversion-contradicts");
            let priced = labelled.row.price.as_deref().is_some_and(|price| !price.is_empty());
            let said = lot.pricing.currency_evidence.is_some();
            conversions.add(labelled.converts, said && currency == "USD" && labelled.currency == "USD");
            others.add(labelled.currency != "USD", currency != "USD" && currency == labelled.currency);
            let value = lot.value.map(|value| value.decimal());
            let same = match (value, labelled.value_usd.map(Usd::decimal)) {
                (Some(value), Some(expected)) => (value - expected).abs() < Decimal::new(2, 2),
                (value, expected) => value.is_none() && expected.is_none(),
            };
            let is_right =
                same && (!priced || currency == labelled.currency) && contradicts == labelled.contradicts;
            if !is_right && !known.contains(&labelled.id.as_str()) {
                wrong.push(format!("{}: {value:?} {currency}, contradicts: {contradicts}", labelled.id));
            }
        }
        writeln!(table, "{set}: conversions {}", conversions.line()).unwrap();
        writeln!(table, "{set}: other currencies, or none known {}", others.line()).unwrap();
    }
    let sets = text.lines().map(|line| serde_json::from_str::<Labelled>(line).unwrap().set);
    assert!(sets.into_iter().all(|set| ["read", "held", "later"].contains(&set.as_str())));
    eprintln!("{table}");
    assert!(wrong.is_empty(), "{}\n{table}", wrong.join("\n"));
}

#[test]
fn currencies_and_conversions_are_read_in_any_order_of_words() {
    // Nothing says that `AMXL` is a symbol.
    check(include_str!("../language/currencies.jsonl"), &["bm53"]);
}

#[test]
fn a_price_is_of_a_share_or_of_an_ads_as_the_notes_say() {
    check(include_str!("../language/ads.jsonl"), &[]);
}

#[test]
fn companies_that_are_listed_directly_keep_their_values() {
    check(include_str!("../language/directly_listed.jsonl"), &[]);
}
