//! Filings as a test describes them, whose documents say the same as their entries in the feed.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::America::New_York;
use sellbell::filing::{edgar_day, is_business_day};

use super::at;
use crate::fakes::edgar::Published;

pub const QUALYS: &[u8] = include_bytes!("../../../src/replay/bundled/0009900001-21-000001.txt");

/// The seed filing as EDGAR lists it.
pub fn qualys() -> Published {
    Published {
        accession: "0009900001-21-000001",
        form: "4",
        issuer: 1_107_843,
        owner: 9_900_001,
        accepted: "2021-08-24T17:12:09-04:00",
        body: QUALYS.to_vec(),
    }
}

/// A small sale: 100 shares at ten dollars.
pub fn small_sale(accession: &'static str, issuer: u64, accepted: &'static str) -> Published {
    Published {
        accession,
        form: "4",
        issuer,
        owner: 7,
        accepted,
        body: submission(accession, "4", issuer, 7, at(accepted)),
    }
}

/// The second business day before a filing's: the last trade that is reported in time.
fn traded(accepted_at: DateTime<Utc>) -> NaiveDate {
    let days = std::iter::successors(edgar_day(accepted_at).pred_opt(), NaiveDate::pred_opt);
    days.filter(|day| is_business_day(*day)).nth(1).unwrap()
}

/// A whole submission text with one sale of 100 shares at ten dollars, two business days before its acceptance.
pub fn submission(
    accession: &str,
    form: &str,
    issuer: u64,
    owner: u64,
    accepted_at: DateTime<Utc>,
) -> Vec<u8> {
    let (day, traded) = (edgar_day(accepted_at).format("%Y%m%d"), traded(accepted_at));
    let accepted = accepted_at.with_timezone(&New_York).format("%Y%m%d%H%M%S");
    format!(
        "<SEC-DOCUMENT>{accession}.txt : {day}\n<SEC-HEADER>{accession}.hdr.sgml : {day}\n\
         <ACCEPTANCE-DATETIME>{accepted}\nACCESSION NUMBER:\t\t{accession}\n</SEC-HEADER>\n\
         <DOCUMENT>\n<TYPE>{form}\n<TEXT>\n<XML>\n<?xml version=\"1.0\"?>\n<ownershipDocument>\
         <schemaVersion>X0508</schemaVersion><documentType>{form}</documentType>\
         <periodOfReport>{traded}</periodOfReport><issuer><issuerCik>{issuer:010}</issuerCik>\
         <issuerName>Issuer {issuer}</issuerName><issuerTradingSymbol>NONE</issuerTradingSymbol></issuer>\
         <reportingOwner><reportingOwnerId><rptOwnerCik>{owner:010}</rptOwnerCik><rptOwnerName>DOE JANE</rptOwnerName>\
         </reportingOwnerId><reportingOwnerRelationship><isDirector>1</isDirector></reportingOwnerRelationship>\
         </reportingOwner><nonDerivativeTable><nonDerivativeTransaction>\
         <securityTitle><value>Common Stock</value></securityTitle>\
         <transactionDate><value>{traded}</value></transactionDate>\
         <transactionCoding><transactionFormType>4</transactionFormType><transactionCode>S</transactionCode>\
         <equitySwapInvolved>0</equitySwapInvolved></transactionCoding>\
         <transactionAmounts><transactionShares><value>100</value></transactionShares>\
         <transactionPricePerShare><value>10</value></transactionPricePerShare>\
         <transactionAcquiredDisposedCode><value>D</value></transactionAcquiredDisposedCode></transactionAmounts>\
         </nonDerivativeTransaction></nonDerivativeTable></ownershipDocument>\n</XML>\n</TEXT>\n</DOCUMENT>\n\
         </SEC-DOCUMENT>\n"
    )
    .into_bytes()
}
