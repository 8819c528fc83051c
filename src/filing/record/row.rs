//! Rows as JSON: transactions and holdings.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::pricing::PricingRecord;
use crate::filing::{
    Amount, Code, Currency, Direction, Evidence, Holding, Intent, Lot, LotFigures, Ownership, Plan, PricedBy,
    Shares, Table, Terms, Unit, Usd,
};

/// A transaction row as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LotRecord {
    /// Which table.
    pub table: Table,
    /// Title of the security.
    pub security: Option<String>,
    /// Transaction date.
    pub date: Option<NaiveDate>,
    /// Deemed execution date.
    pub deemed_execution_date: Option<NaiveDate>,
    /// Transaction code.
    pub code: Option<Code>,
    /// Equity swap involved.
    pub equity_swap: Option<bool>,
    /// `E` early, `L` late.
    pub timeliness: Option<String>,
    /// How many.
    pub shares: Option<Shares>,
    /// For securities counted in money, in `currency`.
    pub total_value: Option<Amount>,
    /// Per share, in `currency`.
    pub price: Option<Amount>,
    /// `A` or `D`.
    pub acquired_disposed: Option<Direction>,
    /// Owned afterwards.
    pub shares_after: Option<Shares>,
    /// Owned afterwards, in dollars.
    pub value_after: Option<Usd>,
    /// `D` or `I`.
    pub ownership: Option<Ownership>,
    /// Nature of indirect ownership.
    pub nature: Option<String>,
    /// Distinct footnote ids of the row, in numeric order.
    pub footnotes: Vec<String>,
    /// A derivative's terms.
    pub terms: Option<TermsRecord>,
    /// Shares × price, exact, else the stated total, in dollars; never for a debt security.
    pub value: Option<Usd>,
    /// The currency and the unit of the price.
    #[serde(flatten)]
    pub pricing: PricingRecord,
    /// True if it is flagged as odd.
    #[serde(default)]
    pub value_is_odd: bool,
    /// The principal of a debt security, in dollars.
    #[serde(default)]
    pub principal: Option<Usd>,
    /// True if the row only moves shares between lines of the filing.
    #[serde(default)]
    pub moved: bool,
    /// How many splits within the filing come before it.
    #[serde(default)]
    pub splits_before: u8,
    /// Lowest actual price: from the range that a footnote states, else the price.
    pub price_low: Option<Usd>,
    /// Highest actual price, likewise.
    pub price_high: Option<Usd>,
    /// True if a footnote calls the price an average.
    pub price_is_average: Option<bool>,
    /// The evidence for the range.
    #[serde(default)]
    pub price_evidence: Option<String>,
    /// 10b5-1: `yes`, `no` or `unknown`; `null` only in records from before 0.2.
    pub plan: Option<Plan>,
    /// The evidence.
    #[serde(default)]
    pub plan_evidence: Option<String>,
    /// Adoption date of the plan, to the day or the month.
    pub plan_adopted: Option<String>,
    /// Why it was sold; `null` for codes other than S.
    pub intent: Option<Intent>,
    /// The box, or the footnote and the words that say so.
    pub intent_evidence: Option<String>,
}

impl From<&Lot> for LotRecord {
    fn from(lot: &Lot) -> Self {
        let line = &lot.line;
        Self {
            table: line.table,
            security: line.security.value.clone(),
            date: lot.date.value,
            deemed_execution_date: lot.deemed_execution_date.value,
            code: lot.code.value,
            equity_swap: lot.equity_swap,
            timeliness: lot.timeliness.value.clone(),
            shares: lot.shares.value,
            total_value: lot.total_value.value,
            price: lot.price.value,
            acquired_disposed: lot.direction.value,
            shares_after: line.shares_after.value,
            value_after: line.value_after.value,
            ownership: line.ownership.value,
            nature: line.nature.value.clone(),
            footnotes: lot.footnotes(),
            terms: line.terms.as_ref().map(TermsRecord::from),
            value: lot.value(),
            pricing: PricingRecord::from(lot),
            value_is_odd: lot.odd_value,
            principal: lot.principal(),
            moved: lot.moved,
            splits_before: lot.splits_before,
            price_low: lot.price_low(),
            price_high: lot.price_high(),
            price_is_average: lot.price_is_average,
            price_evidence: lot.actual_prices.as_ref().map(|prices| prices.evidence.to_string()),
            plan: Some(lot.plan.value),
            plan_evidence: lot.plan.evidence.as_ref().map(Evidence::to_string),
            plan_adopted: lot.plan_adopted.as_ref().map(|adopted| adopted.date.to_string()),
            intent: lot.intent.as_ref().map(|intent| intent.value),
            intent_evidence: lot
                .intent
                .as_ref()
                .and_then(|intent| intent.evidence.as_ref())
                .map(Evidence::to_string),
        }
    }
}

impl LotRecord {
    /// The facts about it that a [`crate::filing::Trade`] needs.
    pub fn figures(&self) -> LotFigures<'_> {
        let shares = self.shares.filter(|_| self.principal.is_none());
        LotFigures {
            date: self.date,
            direction: self.acquired_disposed,
            table: self.table,
            security: self.security.as_deref(),
            counted: self.pricing.unit,
            priced_by: self.pricing.priced_by,
            has_price: self.price.or(self.total_value).is_some_and(|price| !price.is_zero()),
            currency: self.pricing.currency,
            shares,
            priced: shares.and_then(|shares| self.pricing.priced(shares)),
            principal: self.principal,
            amount: self.pricing.amount.or(self.value.map(|value| value.decimal().into())),
            value: self.value,
            odd_value: self.value_is_odd,
            price_low: self.price_low,
            price_high: self.price_high,
            splits_before: self.splits_before,
        }
    }

    /// The price, if it is in dollars; `None` for a debt security, whose price may be in percent.
    pub fn dollar_price(&self) -> Option<Usd> {
        let in_dollars = self.pricing.currency == Some(Currency::USD);
        self.price.filter(|_| in_dollars && self.principal.is_none()).map(Amount::dollars)
    }

    /// The value for sums over filings, which leave out odd ones.
    pub fn counted_value(&self) -> Option<Usd> {
        self.value.filter(|_| !self.value_is_odd)
    }

    /// Its price as shown to people, in its currency and with its unit: `$110.2893`, `NT$41.10`,
    /// `$10.68 per ADS`; `None` without one.
    pub fn price_text(&self) -> Option<String> {
        let hundredths = self.pricing.price_in_hundredths;
        let price = self.price.and_then(|price| if hundredths { price.hundredth() } else { Some(price) })?;
        let price = price.exact_in(self.pricing.currency);
        let unit = match self.pricing.priced_by {
            PricedBy::Ads => " per ADS",
            PricedBy::Unclear => " per share or ADS",
            PricedBy::Count => "",
        };
        Some(format!("{price}{unit}"))
    }

    /// Its number as shown to people, with its unit unless that is shares: `1,000`, `10 ADS`; `None` if none
    /// is stated.
    pub fn number_text(&self) -> Option<String> {
        let unit = if self.pricing.unit == Unit::Ads { " ADS" } else { "" };
        self.shares.map(|shares| format!("{shares}{unit}"))
    }

    /// Its value as shown to people, in its currency; `None` if unknown.
    pub fn worth_text(&self) -> Option<String> {
        let foreign = self.pricing.amount.filter(|_| self.pricing.currency.is_some());
        self.value.map(|value| value.to_string()).or_else(|| Some(foreign?.text_in(self.pricing.currency)))
    }
}

/// A holding row as JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HoldingRecord {
    /// Which table.
    pub table: Table,
    /// Title of the security.
    pub security: Option<String>,
    /// Owned.
    pub shares_after: Option<Shares>,
    /// Owned, in dollars.
    pub value_after: Option<Usd>,
    /// `D` or `I`.
    pub ownership: Option<Ownership>,
    /// Nature of indirect ownership.
    pub nature: Option<String>,
    /// Distinct footnote ids of the row, in numeric order.
    pub footnotes: Vec<String>,
    /// A derivative's terms.
    pub terms: Option<TermsRecord>,
}

impl From<&Holding> for HoldingRecord {
    fn from(holding: &Holding) -> Self {
        let line = &holding.line;
        Self {
            table: line.table,
            security: line.security.value.clone(),
            shares_after: line.shares_after.value,
            value_after: line.value_after.value,
            ownership: line.ownership.value,
            nature: line.nature.value.clone(),
            footnotes: holding.footnotes(),
            terms: line.terms.as_ref().map(TermsRecord::from),
        }
    }
}

/// A derivative's terms as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TermsRecord {
    /// Conversion or exercise price.
    pub exercise_price: Option<Amount>,
    /// First day of exercise.
    pub exercise_date: Option<NaiveDate>,
    /// Last day.
    pub expiration_date: Option<NaiveDate>,
    /// Title of the underlying security.
    pub underlying: Option<String>,
    /// Units of it.
    pub underlying_shares: Option<Shares>,
    /// Dollars of it.
    pub underlying_value: Option<Usd>,
}

impl From<&Terms> for TermsRecord {
    fn from(terms: &Terms) -> Self {
        Self {
            exercise_price: terms.exercise_price.value,
            exercise_date: terms.exercise_date.value,
            expiration_date: terms.expiration_date.value,
            underlying: terms.underlying.value.clone(),
            underlying_shares: terms.underlying_shares.value,
            underlying_value: terms.underlying_value.value,
        }
    }
}
