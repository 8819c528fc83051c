//! The JSON contract of a filing: what `show --json` prints and what alerts carry of it.
//!
//! Decimals are strings without trailing zeros, dates `YYYY-MM-DD`, what is absent is `null`.

mod pricing;
mod stakes;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

pub use pricing::PricingRecord;
pub(crate) use stakes::eight_digits;
pub use stakes::{SourceRecord, StakeRecord};

use super::{
    Accession, Address, Amount, Cik, Code, CompanyRecord, Currency, Direction, Evidence, Filing, Form,
    Holding, Intent, Lot, LotFigures, Owner, Ownership, Plan, Role, Shares, Signature, Table, Terms, Usd,
    Warning, stakes,
};

/// A filing as JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FilingRecord {
    /// The name that it was read under.
    pub file: String,
    /// Accession number, dashed.
    pub accession: Option<Accession>,
    /// `3`, `4`, `5`, with `/A` for amendments.
    pub form: Form,
    /// Such as `X0508`.
    pub schema_version: Option<String>,
    /// When EDGAR accepted it (RFC 3339, UTC).
    pub accepted_at: Option<DateTime<Utc>>,
    /// The earliest transaction's date.
    pub period: Option<NaiveDate>,
    /// What an amendment amends.
    pub date_of_original_submission: Option<NaiveDate>,
    /// The exit box.
    pub not_subject_to_section_16: Option<bool>,
    /// The 10b5-1 box.
    pub plan_10b5_1: Option<bool>,
    /// The company.
    pub issuer: IssuerRecord,
    /// The reporting persons.
    pub owners: Vec<OwnerRecord>,
    /// Whether a row was reported after the second business day; `null` where that is not known.
    pub filed_late: Option<bool>,
    /// Non-derivative rows first, then derivative ones, each in document order.
    pub transactions: Vec<LotRecord>,
    /// In the same order.
    pub holdings: Vec<HoldingRecord>,
    /// The stake in each security of the transactions.
    pub stakes: Vec<StakeRecord>,
    /// Id → text.
    pub footnotes: BTreeMap<String, String>,
    /// Free text.
    pub remarks: Option<String>,
    /// Who signed, and when.
    pub signatures: Vec<Signature>,
    /// What was odd.
    pub warnings: Vec<Warning>,
}

/// An issuer as JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IssuerRecord {
    /// The key.
    pub cik: Cik,
    /// As filed.
    pub name: String,
    /// As typed.
    pub symbol: Option<String>,
    /// What the header says of it, and its symbol in another market.
    #[serde(flatten)]
    pub company: CompanyRecord,
}

/// An owner as JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OwnerRecord {
    /// The key.
    pub cik: Option<Cik>,
    /// As filed.
    pub name: String,
    /// Address as filed; what it lacks is left out.
    pub address: Address,
    /// `isDirector`; an absent box is `false`.
    pub director: bool,
    /// `isOfficer`, likewise.
    pub officer: bool,
    /// `isTenPercentOwner`, likewise.
    pub ten_percent_owner: bool,
    /// `isOther`, likewise.
    pub other: bool,
    /// `officerTitle`.
    pub title: Option<String>,
    /// `otherText`: what "other" means.
    pub other_text: Option<String>,
    /// By boxes and title, "See Remarks" followed.
    pub roles: Vec<Role>,
}

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
    /// Shares × price, exact, else the stated total, in dollars; never so of a debt security.
    pub value: Option<Usd>,
    /// What the price is stated in, and of.
    #[serde(flatten)]
    pub pricing: PricingRecord,
    /// Whether it is flagged as odd.
    #[serde(default)]
    pub value_is_odd: bool,
    /// The principal of a debt security, in dollars.
    #[serde(default)]
    pub principal: Option<Usd>,
    /// Whether the row only moves shares between lines of the filing.
    #[serde(default)]
    pub moved: bool,
    /// How many splits within the filing come before it.
    #[serde(default)]
    pub splits_before: u8,
    /// Lowest actual price: of the range that a footnote states, else the price.
    pub price_low: Option<Usd>,
    /// Highest actual price, likewise.
    pub price_high: Option<Usd>,
    /// Whether a footnote calls the price an average.
    pub price_is_average: Option<bool>,
    /// What states the range.
    #[serde(default)]
    pub price_evidence: Option<String>,
    /// 10b5-1: `yes`, `no` or `unknown`; `null` only in records of before 0.2.
    pub plan: Option<Plan>,
    /// What says so.
    #[serde(default)]
    pub plan_evidence: Option<String>,
    /// Adoption date of the plan, to the day or the month.
    pub plan_adopted: Option<String>,
    /// Why it was sold; `null` for other codes than S.
    pub intent: Option<Intent>,
    /// The box, or the footnote and the words that say so.
    pub intent_evidence: Option<String>,
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

impl FilingRecord {
    /// The record of a filing read under the name `file`.
    pub fn new(file: &str, filing: &Filing) -> Self {
        Self {
            file: file.to_owned(),
            accession: filing.accession,
            form: filing.form,
            schema_version: filing.schema_version.clone(),
            accepted_at: filing.accepted_at,
            period: filing.period,
            date_of_original_submission: filing.date_of_original_submission,
            not_subject_to_section_16: filing.not_subject_to_section_16,
            plan_10b5_1: filing.plan_10b5_1,
            issuer: IssuerRecord {
                cik: filing.issuer.cik,
                name: filing.issuer.name.clone(),
                symbol: filing.issuer.symbol.clone(),
                company: CompanyRecord::from(&filing.issuer),
            },
            owners: filing.owners.iter().map(|owner| OwnerRecord::new(filing, owner)).collect(),
            filed_late: filing.filed_late(0..filing.lots.len()),
            transactions: filing.lots.iter().map(LotRecord::from).collect(),
            holdings: filing.holdings.iter().map(HoldingRecord::from).collect(),
            stakes: stakes(filing, &(0..filing.lots.len()).collect::<Vec<_>>())
                .into_iter()
                .map(StakeRecord::from)
                .collect(),
            footnotes: filing.footnotes.iter().map(|f| (f.id.clone(), f.text.clone())).collect(),
            remarks: filing.remarks.clone(),
            signatures: filing.signatures.clone(),
            warnings: filing.warnings.clone(),
        }
    }
}

impl OwnerRecord {
    fn new(filing: &Filing, owner: &Owner) -> Self {
        Self {
            roles: filing.roles(owner),
            cik: owner.cik,
            name: owner.name.clone(),
            address: owner.address.clone(),
            director: owner.director,
            officer: owner.officer,
            ten_percent_owner: owner.ten_percent_owner,
            other: owner.other,
            title: owner.title.clone(),
            other_text: owner.other_text.clone(),
        }
    }
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
    /// What a [`super::Trade`] needs of it.
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

    /// The price, where it is in dollars; `None` of a debt security, whose price may be in per cent.
    pub fn dollar_price(&self) -> Option<Usd> {
        let in_dollars = self.pricing.currency == Some(Currency::USD);
        self.price.filter(|_| in_dollars && self.principal.is_none()).map(Amount::dollars)
    }

    /// The value that a sum over filings counts: an odd one is in none.
    pub fn counted_value(&self) -> Option<Usd> {
        self.value.filter(|_| !self.value_is_odd)
    }
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
