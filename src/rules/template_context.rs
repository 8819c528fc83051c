//! The names that are available to `when` and `template`. `docs/RULES.md` lists them.

mod sample;

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Serialize;

use super::phrases;
use super::subject::Subject;
use crate::filing::record::LotRecord;
use crate::filing::{Direction, Lot, Sums, Trade, Unit, share_of_holdings, stakes};

/// The names, sorted.
pub(super) const NAMES: [&str; 33] = [
    "accession",
    "amendment",
    "average_price",
    "currency",
    "days",
    "direction",
    "filed_late",
    "first_date",
    "footnotes",
    "form",
    "intent",
    "intents",
    "issuer",
    "last_date",
    "lots",
    "owner",
    "owners",
    "period",
    "plan",
    "plans",
    "remarks",
    "securities",
    "share_of_holdings",
    "shares",
    "shares_text",
    "stake_after",
    "stake_before",
    "stake_change",
    "url",
    "value",
    "value_is_at_least",
    "value_is_odd",
    "value_text",
];

/// The values of these names for a filing and some of its lots. Figures are floating-point numbers here, or
/// `none` if unknown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct TemplateContext {
    accession: Option<String>,
    amendment: bool,
    average_price: Option<f64>,
    currency: Option<String>,
    days: usize,
    direction: Option<&'static str>,
    filed_late: Option<bool>,
    first_date: Option<String>,
    footnotes: BTreeMap<String, String>,
    form: String,
    intent: Option<&'static str>,
    intents: Vec<&'static str>,
    issuer: IssuerContext,
    last_date: Option<String>,
    lots: Vec<LotContext>,
    owner: String,
    owners: Vec<OwnerContext>,
    period: Option<String>,
    plan: &'static str,
    plans: Vec<&'static str>,
    remarks: String,
    securities: Vec<SecurityContext>,
    share_of_holdings: Option<f64>,
    shares: Option<f64>,
    shares_text: String,
    stake_after: Option<f64>,
    stake_before: Option<f64>,
    stake_change: Option<f64>,
    url: Option<String>,
    value: Option<f64>,
    value_is_at_least: bool,
    value_is_odd: bool,
    value_text: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct IssuerContext {
    cik: u64,
    name: String,
    ticker: Option<String>,
    tickers: Vec<String>,
    country: Option<&'static str>,
    foreign: Option<bool>,
    foreign_symbol: Option<String>,
    incorporated_in: Option<&'static str>,
    sector: Option<String>,
    sic: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct SecurityContext {
    security: Option<String>,
    unit: Unit,
    direction: Option<&'static str>,
    shares: Option<f64>,
    value: Option<f64>,
    currency: Option<String>,
    amount: Option<f64>,
    average_price: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct OwnerContext {
    cik: Option<u64>,
    name: String,
    roles: Vec<&'static str>,
    title: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct LotContext {
    row: usize,
    code: Option<String>,
    date: Option<String>,
    shares: Option<f64>,
    price: Option<f64>,
    value: Option<f64>,
    currency: Option<String>,
    amount: Option<f64>,
    unit: Unit,
    shares_after: Option<f64>,
    direction: Option<&'static str>,
    security: Option<String>,
    table: &'static str,
    ownership: Option<&'static str>,
    nature: Option<String>,
    plan: &'static str,
    plan_adopted: Option<String>,
    intent: Option<&'static str>,
}

impl TemplateContext {
    /// The values for these lots of a filing.
    pub(super) fn of(subject: &Subject<'_>, lots: &[usize]) -> Self {
        let filing = subject.filing;
        let trade = Trade::of(lots.iter().map(|&lot| filing.lots[lot].figures()));
        let only = trade.sums.only();
        let share = share_of_holdings(&filing.lots, lots).map(|share| share.fraction);
        let stakes = stakes(filing, lots);
        let stake = if let [one] = stakes.as_slice() { Some(one) } else { None };
        let late = filing.filed_late(lots.iter().copied());
        let shown: Vec<LotContext> = lots.iter().map(|&lot| LotContext::of(lot, &filing.lots[lot])).collect();
        let mut plans: Vec<&'static str> = shown.iter().map(|lot| lot.plan).collect();
        let mut intents: Vec<&'static str> = shown.iter().filter_map(|lot| lot.intent).collect();
        for all in [&mut plans, &mut intents] {
            all.sort_unstable();
            all.dedup();
        }
        let agreed = |all: &[&'static str]| match all {
            [] => None,
            [one] => Some(*one),
            _ => Some("mixed"),
        };
        let day = |date: chrono::NaiveDate| date.to_string();
        Self {
            accession: filing.accession.map(|accession| accession.to_string()),
            amendment: filing.form.is_amendment(),
            average_price: only
                .and_then(|sums| sums.average_price.filter(|_| sums.is_in_dollars()))
                .and_then(|price| float(price.decimal())),
            currency: only.and_then(|sums| Some(sums.currency?.to_string())),
            days: trade.days,
            direction: trade.direction_word(),
            filed_late: late,
            first_date: trade.dates.map(|dates| day(dates.0)),
            footnotes: filing.footnotes.iter().map(|note| (note.id.clone(), note.text.clone())).collect(),
            form: filing.form.to_string(),
            intent: agreed(&intents),
            intents,
            issuer: IssuerContext::of(subject),
            last_date: trade.dates.map(|dates| day(dates.1)),
            owner: filing.owners.first().map(|owner| owner.name.clone()).unwrap_or_default(),
            owners: OwnerContext::of_each(subject),
            period: filing.period.map(day),
            plan: agreed(&plans).unwrap_or("unknown"),
            plans,
            remarks: filing.remarks.clone().unwrap_or_default(),
            securities: trade.ways().flat_map(SecurityContext::of).collect(),
            share_of_holdings: share.and_then(float),
            shares: only.and_then(|sums| float(sums.shares?.decimal())),
            shares_text: phrases::shares(&trade),
            stake_after: stake.and_then(|stake| float(stake.ends?.1.decimal())),
            stake_before: stake.and_then(|stake| float(stake.ends?.0.decimal())),
            stake_change: stake.and_then(|stake| float(stake.change?)),
            url: filing.url(),
            value: trade.sums.value.and_then(|value| float(value.decimal())),
            value_is_at_least: trade.sums.value_is_at_least,
            value_is_odd: trade.sums.value_is_odd,
            value_text: phrases::worth(&trade),
            lots: shown,
        }
    }
}

impl TemplateContext {
    /// The same, with a number in place of each unknown figure; `None` if all figures that `words` name are
    /// known.
    pub(super) fn with_unknown(&self, words: &[&str], number: f64) -> Option<Self> {
        let mut names = self.clone();
        let mut figures = vec![
            ("average_price", &mut names.average_price),
            ("share_of_holdings", &mut names.share_of_holdings),
            ("shares", &mut names.shares),
            ("stake_after", &mut names.stake_after),
            ("stake_before", &mut names.stake_before),
            ("stake_change", &mut names.stake_change),
            ("value", &mut names.value),
        ];
        for lot in &mut names.lots {
            let own =
                [&mut lot.shares, &mut lot.price, &mut lot.value, &mut lot.amount, &mut lot.shares_after];
            figures.extend(own.map(|figure| ("lots", figure)));
        }
        for security in &mut names.securities {
            let own = [
                &mut security.shares,
                &mut security.value,
                &mut security.amount,
                &mut security.average_price,
            ];
            figures.extend(own.map(|figure| ("securities", figure)));
        }
        let mut has = false;
        for (_, figure) in
            figures.into_iter().filter(|(name, figure)| figure.is_none() && words.contains(name))
        {
            *figure = Some(number);
            has = true;
        }
        has.then_some(names)
    }
}

impl IssuerContext {
    fn of(subject: &Subject<'_>) -> Self {
        let issuer = &subject.filing.issuer;
        Self {
            cik: issuer.cik.number(),
            name: issuer.name.clone(),
            ticker: issuer.tickers().into_iter().next(),
            tickers: subject.tickers().to_vec(),
            country: issuer.facts.located_in.map(|place| place.country),
            foreign: issuer.is_foreign(),
            foreign_symbol: issuer.foreign_symbol.clone(),
            incorporated_in: issuer.facts.incorporated_in.map(|place| place.name),
            sector: issuer.facts.sector.clone(),
            sic: issuer.facts.sic.clone(),
        }
    }
}

impl OwnerContext {
    fn of_each(subject: &Subject<'_>) -> Vec<Self> {
        let filing = subject.filing;
        let owners = filing.owners.iter().zip(subject.roles());
        owners
            .map(|(owner, roles)| Self {
                cik: owner.cik.map(|cik| cik.number()),
                name: owner.name.clone(),
                roles: roles.iter().map(|role| role.word()).collect(),
                title: filing.title(owner).map(str::to_owned),
            })
            .collect()
    }
}

impl SecurityContext {
    fn of(sums: &Sums) -> impl Iterator<Item = Self> {
        let direction = sums.direction.map(Direction::word);
        sums.securities.iter().map(move |sums| Self {
            security: sums.security.clone(),
            unit: sums.unit,
            direction,
            shares: sums.shares.and_then(|shares| float(shares.decimal())),
            value: sums.value_usd.and_then(|value| float(value.decimal())),
            currency: sums.currency.map(|currency| currency.to_string()),
            amount: sums
                .amounts
                .iter()
                .find(|money| Some(money.currency) == sums.currency)
                .and_then(|money| float(money.amount.decimal())),
            average_price: sums.average_price.and_then(|price| float(price.decimal())),
        })
    }
}

impl LotContext {
    fn of(position: usize, lot: &Lot) -> Self {
        let record = LotRecord::from(lot);
        let amount = |decimal: Option<Decimal>| decimal.and_then(float);
        Self {
            row: position + 1,
            code: record.code.map(|code| code.to_string()),
            date: record.date.map(|date| date.to_string()),
            shares: amount(record.shares.map(|shares| shares.decimal())),
            price: amount(record.dollar_price().map(|price| price.decimal())),
            value: amount(record.value.map(|value| value.decimal())),
            currency: record.pricing.currency.map(|currency| currency.to_string()),
            amount: amount(lot.amount().map(|amount| amount.decimal())),
            unit: record.pricing.unit,
            shares_after: amount(record.shares_after.map(|shares| shares.decimal())),
            table: phrases::table(record.table),
            ownership: record.ownership.map(phrases::ownership),
            direction: record.acquired_disposed.map(Direction::word),
            security: record.security,
            nature: record.nature,
            plan: lot.plan.value.word(),
            plan_adopted: record.plan_adopted,
            intent: record.intent.map(|intent| intent.word()),
        }
    }
}

fn float(number: Decimal) -> Option<f64> {
    number.to_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_of_the_list() {
        let sample = serde_json::to_value(TemplateContext::sample()).unwrap();
        let names: Vec<&String> = sample.as_object().unwrap().keys().collect();
        assert_eq!(names, NAMES);
        // The sample is complete, so that everything tried on it finds a value.
        assert!(!sample.to_string().contains("null"), "{sample}");
    }
}
