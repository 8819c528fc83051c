//! A filing: the ownership document and what its submission's header adds.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::role::{follow, roles, without_issuer};
use super::{
    Accession, AdsRatio, Cik, Code, Footnote, Form, Holding, Issuer, Lot, Owner, Role, Warning, due,
    edgar_day, is_mistyped, lot_path,
};

/// One accession: an ownership document and, if it came in a submission, what its header adds.
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
    /// `dateOfOriginalSubmission`: when the filing that an amendment amends was submitted.
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
    /// How many shares an ADS of the issuer represents, if that is stated and all statements agree.
    pub ads_ratio: Option<AdsRatio>,
    /// Who signed, and when.
    pub signatures: Vec<Signature>,
    /// Warnings; nothing was repaired.
    pub warnings: Vec<Warning>,
}

impl Filing {
    /// An owner's title; if it only says "See Remarks", the text found there.
    pub fn title<'a>(&'a self, owner: &'a Owner) -> Option<&'a str> {
        let title = owner.title.as_deref()?;
        Some(follow(title, self.remarks.as_deref(), &self.footnotes))
    }

    /// An owner's relationship to the issuer, from boxes and title.
    pub fn roles(&self, owner: &Owner) -> Vec<Role> {
        roles(owner, self.title(owner).map(|title| without_issuer(title, &self.issuer.name)))
    }

    /// The positions of the lots that were reported after the second business day that follows the trade;
    /// `None` if the acceptance time is unknown. An amendment is not late: its original may have been on
    /// time.
    ///
    /// The deemed execution date counts if there is one; a date that is a typing error never counts. Rows
    /// that are not due on a Form 4 so soon do not count: those of Form 5, small acquisitions (L),
    /// inheritances (W), and gifts (G) from before 2023-02-27 (SEC release 33-11138).
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
                // Reported early by choice, before it is due.
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

    /// True if one of these lots was reported late, according to [`Self::late_lots`]; `None` if that is not
    /// known: there is no acceptance time, or none is late and the date of one is missing or a typing error.
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

    /// The positions of the lots whose dates are typing errors: dates that cannot be right ([`is_mistyped`]),
    /// and texts that are not dates. Conditions about history skip them.
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
        lot_path(&self.lots, lot)
    }

    /// The day on which it was reported: the day of its acceptance, else that of the last signature.
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

/// One `ownerSignature`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// `signatureName`.
    pub name: Option<String>,
    /// `signatureDate`.
    pub date: Option<NaiveDate>,
}
