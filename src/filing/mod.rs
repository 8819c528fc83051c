//! What a Form 3, 4 or 5 says, as plain values. Knows nothing of files, XML or the network.
//!
//! A missing element is `None`, never zero and never false: see [`Noted`].

mod amendment;
mod amount;
mod calendar;
mod chain;
mod code;
mod company;
mod conclusion;
mod debt;
mod far;
mod ids;
mod issuer;
mod line;
mod money;
mod past;
mod place;
mod position;
pub mod record;
mod relate;
mod role;
mod row;
mod split;
mod stake;
mod step;
mod symbol;
mod trade;
mod unit;

pub use amendment::{Changes, FieldChange, RowChange, changes};
pub(crate) use amount::grouped;
pub use amount::{Amount, AmountError, Shares, Usd};
pub use calendar::{due, edgar_day, edgar_time, is_business_day, is_mistyped};
pub use code::{Code, CodeError, Form};
pub use company::{CompanyFacts, CompanyRecord};
pub use conclusion::{Concluded, Evidence, Intent, Plan, PlanDate, Source};
pub(crate) use debt::is_debt;
pub use far::far_prices;
pub use ids::{Accession, Cik, IdError};
pub use issuer::{Issuer, is_spelt_among};
pub(crate) use line::fold_title;
pub use money::{Currency, CurrencyError};
pub use past::{Alerted, Link, PastFiling, PastOwner, Rang, Relation, Told};
pub use place::Place;
pub use position::{LineShare, ShareOfHoldings, lines, share_of_holdings, shares_of_holdings};
pub(crate) use relate::say_the_same;
pub use role::Role;
pub(crate) use row::lot_path;
pub use row::{ActualPrices, Adopted, Direction, Holding, Line, Lot, Noted, Ownership, Table, Terms};
pub(crate) use split::{Splits, splits};
pub use stake::{Deed, Source as StakeSource, Stake, stakes};
pub(crate) use step::missteps;
pub use symbol::{classes_alone, is_ticker, ticker_key, usual_spelling, wanted_ticker};
pub use trade::{LotFigures, Money, SecuritySums, Sums, Trade};
pub use unit::{AdsRatio, PriceOf, PricedBy, StatedRatio, Unit, Units};

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// One accession: an ownership document and, where it came in a submission, what its header adds.
#[derive(Debug, Clone, PartialEq)]
pub struct Filing {
    /// From the submission's header; a bare XML document names none.
    pub accession: Option<Accession>,
    /// When EDGAR accepted it, from the submission's header.
    pub accepted_at: Option<DateTime<Utc>>,
    /// `documentType`.
    pub form: Form,
    /// `schemaVersion`, such as `X0508`.
    pub schema_version: Option<String>,
    /// `periodOfReport`: the earliest transaction's date.
    pub period: Option<NaiveDate>,
    /// `dateOfOriginalSubmission`: what an amendment amends.
    pub date_of_original_submission: Option<NaiveDate>,
    /// `noSecuritiesOwned` (Form 3).
    pub no_securities_owned: Option<bool>,
    /// `notSubjectToSection16`: the exit box.
    pub not_subject_to_section_16: Option<bool>,
    /// `form3HoldingsReported` (Form 5).
    pub form_3_holdings_reported: Option<bool>,
    /// `form4TransactionsReported` (Form 5).
    pub form_4_transactions_reported: Option<bool>,
    /// `aff10b5One`, the 10b5-1 box; exists since 2023-04-01.
    pub plan_10b5_1: Option<bool>,
    /// The company.
    pub issuer: Issuer,
    /// The reporting persons, one to ten.
    pub owners: Vec<Owner>,
    /// Transaction rows: non-derivative first, then derivative, each in document order.
    pub lots: Vec<Lot>,
    /// Holding rows, in the same order.
    pub holdings: Vec<Holding>,
    /// The footnotes, in document order.
    pub footnotes: Vec<Footnote>,
    /// `remarks`.
    pub remarks: Option<String>,
    /// How many shares an ADS of the issuer stands for, where it states that, and all that do agree.
    pub ads_ratio: Option<AdsRatio>,
    /// Who signed, and when.
    pub signatures: Vec<Signature>,
    /// What was odd; nothing was repaired.
    pub warnings: Vec<Warning>,
}

impl Filing {
    /// An owner's title; where it only says "See Remarks", what stands there.
    pub fn title<'a>(&'a self, owner: &'a Owner) -> Option<&'a str> {
        let title = owner.title.as_deref()?;
        Some(role::follow(title, self.remarks.as_deref(), &self.footnotes))
    }

    /// What an owner is to the issuer, by boxes and title.
    pub fn roles(&self, owner: &Owner) -> Vec<Role> {
        role::roles(owner, self.title(owner).map(|title| role::without_issuer(title, &self.issuer.name)))
    }

    /// The lots that were reported after the second business day that follows the trade, by position; `None` where the
    /// acceptance time is unknown. An amendment is not late: its original may have been in time.
    ///
    /// The date that counts is the deemed execution date where there is one, and none that is a typing error. Rows that need not be on a Form 4 so soon do not
    /// count: those of Form 5, small acquisitions (L), inheritances (W), and gifts (G) of before 2023-02-27 (SEC release
    /// 33-11138).
    pub fn late_lots(&self) -> Option<Vec<usize>> {
        let accepted = edgar_day(self.accepted_at?);
        let counts = self.can_be_late();
        let mistyped = |date: &NaiveDate| is_mistyped(*date, self.reported(), self.period);
        let gifts_since = NaiveDate::from_ymd_opt(2023, 2, 27);
        let is_late = |lot: &&Lot| {
            let Some(traded) = lot.date.value.filter(|date| !mistyped(date)) else { return false };
            let deferred = match lot.code.value.map(Code::letter) {
                Some('L' | 'W') => true,
                Some('G') => gifts_since.is_some_and(|since| traded < since),
                Some('S' | 'P') => false,
                // Reported early of one's own accord, before it is due.
                _ => {
                    lot.form.is_some_and(|form| form.number() == 5)
                        || lot.timeliness.value.as_deref() == Some("E")
                }
            };
            let deemed = lot.deemed_execution_date.value.filter(|date| !mistyped(date));
            let from = deemed.map_or(traded, |deemed| deemed.max(traded));
            !deferred && due(from).is_some_and(|due| accepted > due)
        };
        let late = self.lots.iter().enumerate().filter(|(_, lot)| counts && is_late(lot));
        Some(late.map(|(i, _)| i).collect())
    }

    /// Whether one of these lots was reported late, as [`Self::late_lots`] says; `None` where that is not known: without an
    /// acceptance time, or where none is late and the date of one is missing or a typing error.
    pub fn filed_late(&self, lots: impl IntoIterator<Item = usize>) -> Option<bool> {
        let late = self.late_lots()?;
        let lots: Vec<usize> = lots.into_iter().collect();
        if lots.iter().any(|lot| late.contains(lot)) {
            return Some(true);
        }
        let dated = |&lot: &usize| {
            let date = self.lots.get(lot).and_then(|lot| lot.date.value);
            date.is_some_and(|date| !is_mistyped(date, self.reported(), self.period))
        };
        (!self.can_be_late() || lots.iter().all(dated)).then_some(false)
    }

    fn can_be_late(&self) -> bool {
        self.form.is_form_4() && !self.form.is_amendment()
    }

    /// The lots whose dates are typing errors, by position: dates that cannot be right ([`is_mistyped`]), and texts that are
    /// no date. Conditions about history pass over them.
    pub fn mistyped_lots(&self) -> BTreeSet<usize> {
        let unread: BTreeSet<&str> = self
            .warnings
            .iter()
            .filter(|warning| warning.code == "bad-date")
            .filter_map(|warning| warning.at.strip_suffix("/transactionDate"))
            .collect();
        let is_unread = |i: usize| !unread.is_empty() && unread.contains(self.lot_path(i).as_str());
        (0..self.lots.len())
            .filter(|&i| match self.lots[i].date.value {
                Some(date) => is_mistyped(date, self.reported(), self.period),
                None => is_unread(i),
            })
            .collect()
    }

    /// The path of a lot: `nonDerivativeTransaction[2]`.
    pub fn lot_path(&self, lot: usize) -> String {
        row::lot_path(&self.lots, lot)
    }

    /// The day on which it was reported: that of its acceptance, or of the last signature.
    pub(crate) fn reported(&self) -> Option<NaiveDate> {
        let signed = self.signatures.iter().filter_map(|signature| signature.date).max();
        self.accepted_at.map(edgar_day).or(signed)
    }

    /// EDGAR's index page of this filing, for people to open; `None` without an accession.
    pub fn url(&self) -> Option<String> {
        self.accession.map(|accession| index_url(self.issuer.cik, accession))
    }
}

/// The address of a filing's index page on sec.gov.
pub fn index_url(filer: Cik, accession: Accession) -> String {
    format!("https://www.sec.gov/Archives/edgar/data/{filer}/{}/{accession}-index.htm", accession.undashed())
}

/// A reporting person: who they are to the issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// `rptOwnerCik`.
    pub cik: Option<Cik>,
    /// `rptOwnerName`, `LAST FIRST MIDDLE` for people, as filed.
    pub name: String,
    /// `reportingOwnerAddress`.
    pub address: Address,
    /// `isDirector`.
    pub director: bool,
    /// `isOfficer`.
    pub officer: bool,
    /// `isTenPercentOwner`.
    pub ten_percent_owner: bool,
    /// `isOther`.
    pub other: bool,
    /// `officerTitle`.
    pub title: Option<String>,
    /// `otherText`: what `other` means.
    pub other_text: Option<String>,
}

/// An owner's address as filed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Address {
    /// `rptOwnerNonUSAddressFlag`, newer schemas only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outside_us: Option<bool>,
    /// `rptOwnerStreet1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street_1: Option<String>,
    /// `rptOwnerStreet2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street_2: Option<String>,
    /// `rptOwnerCity`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// `rptOwnerState`, EDGAR's two-character code of a state or country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// `rptOwnerZipCode`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zip: Option<String>,
    /// `rptOwnerStateDescription`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_description: Option<String>,
    /// `rptOwnerNonUSStateTerritory`, newer schemas only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_territory: Option<String>,
    /// `rptOwnerCountry`, newer schemas only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

impl Address {
    /// The state or country: EDGAR's code in either element, according to the schema.
    pub fn place(&self) -> Option<Place> {
        Place::of_code(self.country.as_deref().or(self.state.as_deref())?)
    }
}

/// A footnote and the id that rows refer to, such as `F1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footnote {
    /// `F1` to `F99`.
    pub id: String,
    /// Its text, white space folded.
    pub text: String,
}

/// One `ownerSignature`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// `signatureName`.
    pub name: Option<String>,
    /// `signatureDate`.
    pub date: Option<NaiveDate>,
}

/// Something odd in a filing. It is told, and nothing is repaired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// A stable code, such as `bad-number`; listed in `docs/WARNINGS.md`.
    pub code: String,
    /// What is odd, for people.
    pub message: String,
    /// Where: an element's path, such as `nonDerivativeTransaction[2]/transactionShares`.
    #[serde(rename = "where")]
    pub at: String,
}

impl Warning {
    /// Whether it is about a number, price, value or date of a row, rather than about names or the form.
    pub fn is_about_figures(&self) -> bool {
        let of = [
            "price-",
            "value-",
            "count-",
            "conversion-",
            "zero-",
            "total-",
            "direction-",
            "split-",
            "debt-",
            "bad-number",
            "date-",
        ];
        of.iter().any(|start| self.code.starts_with(start))
    }
}
