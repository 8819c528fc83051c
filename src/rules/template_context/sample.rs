//! The values for a complete filing.

use std::collections::BTreeMap;

use super::{IssuerContext, LotContext, OwnerContext, SecurityContext, TemplateContext};
use crate::filing::Unit;

impl TemplateContext {
    /// The values for a complete filing, to try expressions and templates on.
    pub(in crate::rules) fn sample() -> Self {
        Self {
            accession: text("0009900001-21-000001"),
            amendment: false,
            average_price: Some(110.2893),
            currency: text("USD"),
            days: 1,
            direction: Some("disposed"),
            filed_late: Some(false),
            first_date: text("2021-08-20"),
            footnotes: BTreeMap::from([("F1".to_owned(), "A weighted average price.".to_owned())]),
            form: "4".to_owned(),
            intent: Some("plan"),
            intents: vec!["plan"],
            issuer: IssuerContext::sample(),
            last_date: text("2021-08-20"),
            lots: vec![LotContext::sample()],
            owner: "DOE JANE".to_owned(),
            owners: vec![OwnerContext::sample()],
            period: text("2021-08-20"),
            plan: "yes",
            plans: vec!["yes"],
            remarks: "None.".to_owned(),
            securities: vec![SecurityContext::sample()],
            share_of_holdings: Some(0.0046),
            shares: Some(23_139.0),
            shares_text: "23,139 shares".to_owned(),
            stake_after: Some(5_048_392.0),
            stake_before: Some(5_071_531.0),
            stake_change: Some(-0.0046),
            url: text(
                "https://www.sec.gov/Archives/edgar/data/1107843/000990000121000001/0009900001-21-000001-index.htm",
            ),
            value: Some(2_551_984.112_7),
            value_is_at_least: false,
            value_is_odd: false,
            value_text: "$2,551,984.11".to_owned(),
        }
    }
}

impl IssuerContext {
    fn sample() -> Self {
        Self {
            cik: 1_107_843,
            name: "QUALYS, INC.".to_owned(),
            ticker: text("QLYS"),
            tickers: vec!["QLYS".to_owned()],
            country: Some("US"),
            foreign: Some(false),
            foreign_symbol: text("2330.TW"),
            incorporated_in: Some("Delaware"),
            sector: text("SERVICES-PREPACKAGED SOFTWARE"),
            sic: text("7372"),
        }
    }
}

impl OwnerContext {
    fn sample() -> Self {
        Self {
            cik: Some(9_900_001),
            name: "DOE JANE".to_owned(),
            roles: vec!["cfo", "director"],
            title: text("Chief Financial Officer"),
        }
    }
}

impl SecurityContext {
    fn sample() -> Self {
        Self {
            security: text("Common Stock"),
            unit: Unit::Share,
            direction: Some("disposed"),
            shares: Some(23_139.0),
            value: Some(2_551_984.112_7),
            currency: text("USD"),
            amount: Some(2_551_984.112_7),
            average_price: Some(110.2893),
        }
    }
}

impl LotContext {
    fn sample() -> Self {
        Self {
            row: 1,
            code: text("S"),
            date: text("2021-08-20"),
            shares: Some(23_139.0),
            price: Some(110.2893),
            value: Some(2_551_984.112_7),
            currency: text("USD"),
            amount: Some(2_551_984.112_7),
            unit: Unit::Share,
            shares_after: Some(5_048_392.0),
            direction: Some("disposed"),
            security: text("Common Stock"),
            table: "non-derivative",
            ownership: Some("direct"),
            nature: text("By trust"),
            plan: "yes",
            plan_adopted: text("2021-03-01"),
            intent: Some("plan"),
        }
    }
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}
