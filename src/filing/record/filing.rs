//! A filing as JSON: its header, its people, and its rows.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use super::{CompanyRecord, HoldingRecord, LotRecord, StakeRecord};
use crate::filing::{Accession, Address, Cik, Filing, Form, Owner, Role, Signature, Warning, stakes};

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
    /// The filing that an amendment amends.
    pub date_of_original_submission: Option<NaiveDate>,
    /// The exit box.
    pub not_subject_to_section_16: Option<bool>,
    /// The 10b5-1 box.
    pub plan_10b5_1: Option<bool>,
    /// The company.
    pub issuer: IssuerRecord,
    /// The reporting persons.
    pub owners: Vec<OwnerRecord>,
    /// True if a row was reported after the second business day; `null` if unknown.
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
    /// Warnings.
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
    /// The facts in the header, and its symbol in another market.
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
    /// Address as filed; missing parts are left out.
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
    /// From boxes and title, following "See Remarks".
    pub roles: Vec<Role>,
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
