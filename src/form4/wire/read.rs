//! Reads the elements of a document.

use std::collections::BTreeSet;

use quick_xml::events::BytesStart;

use super::document::{Data, Document, Odd, Owner, Row, Text};
use crate::form4::cursor::{Cursor, local};
use crate::form4::error::ReadError;

/// More than this of anything in one document is an attack: the specification has 30 rows a table and 10
/// owners.
const MOST_ROWS: usize = 1_000;
const MOST_OWNERS: usize = 100;
const MOST_FOOTNOTES: usize = 1_000;
const MOST_IDS: usize = 100;
const MOST_SIGNATURES: usize = 100;

/// Reads the whole document; an unknown element is skipped and its name kept.
pub(in crate::form4) fn read(xml: &str) -> Result<Document<'_>, ReadError> {
    let mut cursor = Cursor::new(xml);
    let root = cursor.root()?;
    if local(&root) != "ownershipDocument" {
        let name = crate::text::clip(local(&root), 60).into_owned();
        return Err(
            cursor.error("not-ownership", format!("the root element is <{name}>, not <ownershipDocument>"))
        );
    }
    let mut d = Document::default();
    while let Some(element) = cursor.child()? {
        let slot = match local(&element) {
            "schemaVersion" => &mut d.schema_version,
            "documentType" => &mut d.document_type,
            "periodOfReport" => &mut d.period,
            "dateOfOriginalSubmission" => &mut d.original_submission,
            "noSecuritiesOwned" => &mut d.no_securities_owned,
            "notSubjectToSection16" => &mut d.not_subject,
            "form3HoldingsReported" => &mut d.form_3_holdings,
            "form4TransactionsReported" => &mut d.form_4_transactions,
            "aff10b5One" => &mut d.aff_10b5_one,
            "remarks" => &mut d.remarks,
            name => {
                match name {
                    "issuer" => issuer(&mut cursor, &mut d)?,
                    "reportingOwner" => owner(&mut cursor, &mut d)?,
                    "nonDerivativeTable" => table(&mut cursor, &mut d, false)?,
                    "derivativeTable" => table(&mut cursor, &mut d, true)?,
                    "footnotes" => footnotes(&mut cursor, &mut d)?,
                    "ownerSignature" => signature(&mut cursor, &mut d)?,
                    _ => d.odd.pass_over(&mut cursor, &element)?,
                }
                continue;
            }
        };
        keep(&mut cursor, slot, &element, &mut d.odd)?;
    }
    cursor.end()?;
    Ok(d)
}

impl Odd {
    fn pass_over(&mut self, cursor: &mut Cursor<'_>, element: &BytesStart<'_>) -> Result<(), ReadError> {
        note(&mut self.unknown, element);
        cursor.skip(element)
    }
}

fn note(names: &mut BTreeSet<String>, element: &BytesStart<'_>) {
    const MOST: usize = 20;
    if names.len() < MOST {
        names.insert(crate::text::clip(local(element), 60).into_owned());
    }
}

/// Keeps an element's text, unless the element occurred before.
fn keep<'a>(
    cursor: &mut Cursor<'a>,
    slot: &mut Text<'a>,
    element: &BytesStart<'_>,
    odd: &mut Odd,
) -> Result<(), ReadError> {
    let text = cursor.text()?;
    if slot.is_some() {
        note(&mut odd.doubled, element);
    } else {
        *slot = Some(text);
    }
    Ok(())
}

fn bound<T>(cursor: &Cursor<'_>, list: &[T], most: usize, what: &str) -> Result<(), ReadError> {
    if list.len() >= most {
        return Err(cursor.error("too-large", format!("there are more than {most} {what}")));
    }
    Ok(())
}

fn issuer<'a>(cursor: &mut Cursor<'a>, d: &mut Document<'a>) -> Result<(), ReadError> {
    while let Some(element) = cursor.child()? {
        let slot = match local(&element) {
            "issuerCik" => &mut d.issuer_cik,
            "issuerName" => &mut d.issuer_name,
            "issuerTradingSymbol" => &mut d.issuer_symbol,
            "issuerForeignTradingSymbol" => &mut d.issuer_foreign_symbol,
            _ => {
                d.odd.pass_over(cursor, &element)?;
                continue;
            }
        };
        keep(cursor, slot, &element, &mut d.odd)?;
    }
    Ok(())
}

fn owner<'a>(cursor: &mut Cursor<'a>, d: &mut Document<'a>) -> Result<(), ReadError> {
    bound(cursor, &d.owners, MOST_OWNERS, "reporting owners")?;
    let mut owner = Owner::default();
    while let Some(group) = cursor.child()? {
        if !matches!(
            local(&group),
            "reportingOwnerId" | "reportingOwnerAddress" | "reportingOwnerRelationship"
        ) {
            d.odd.pass_over(cursor, &group)?;
            continue;
        }
        while let Some(element) = cursor.child()? {
            let slot = match local(&element) {
                "rptOwnerCik" => &mut owner.cik,
                "rptOwnerName" => &mut owner.name,
                "rptOwnerNonUSAddressFlag" => &mut owner.non_us,
                "rptOwnerStreet1" => &mut owner.street_1,
                "rptOwnerStreet2" => &mut owner.street_2,
                "rptOwnerCity" => &mut owner.city,
                "rptOwnerState" => &mut owner.state,
                "rptOwnerZipCode" => &mut owner.zip,
                "rptOwnerStateDescription" => &mut owner.state_description,
                "rptOwnerNonUSStateTerritory" => &mut owner.state_territory,
                "rptOwnerCountry" => &mut owner.country,
                // EDGAR's own, for the filer only.
                "rptOwnerCcc" | "rptOwnerGoodAddress" => {
                    cursor.skip(&element)?;
                    continue;
                }
                "isDirector" => &mut owner.director,
                "isOfficer" => &mut owner.officer,
                "isTenPercentOwner" => &mut owner.ten_percent,
                "isOther" => &mut owner.other,
                "officerTitle" => &mut owner.title,
                "otherText" => &mut owner.other_text,
                _ => {
                    d.odd.pass_over(cursor, &element)?;
                    continue;
                }
            };
            keep(cursor, slot, &element, &mut d.odd)?;
        }
    }
    d.owners.push(owner);
    Ok(())
}

fn table<'a>(cursor: &mut Cursor<'a>, d: &mut Document<'a>, derivative: bool) -> Result<(), ReadError> {
    while let Some(element) = cursor.child()? {
        let holding = match (local(&element), derivative) {
            ("nonDerivativeTransaction", false) | ("derivativeTransaction", true) => false,
            ("nonDerivativeHolding", false) | ("derivativeHolding", true) => true,
            _ => {
                d.odd.pass_over(cursor, &element)?;
                continue;
            }
        };
        bound(cursor, &d.rows, MOST_ROWS, "rows")?;
        let mut row = Row { derivative, holding, ..Row::default() };
        fill(cursor, d, &mut row, true)?;
        d.rows.push(row);
    }
    Ok(())
}

/// Reads the elements of a row. Its groups are entered one level deep, because a hostile document may nest
/// them endlessly.
fn fill<'a>(
    cursor: &mut Cursor<'a>,
    d: &mut Document<'a>,
    row: &mut Row<'a>,
    enter_groups: bool,
) -> Result<(), ReadError> {
    while let Some(element) = cursor.child()? {
        let slot = match local(&element) {
            "transactionAmounts" | "postTransactionAmounts" | "ownershipNature" | "underlyingSecurity"
                if enter_groups =>
            {
                fill(cursor, d, row, false)?;
                continue;
            }
            "transactionCoding" if enter_groups => {
                coding(cursor, d, row)?;
                continue;
            }
            "securityTitle" => &mut row.security,
            "conversionOrExercisePrice" => &mut row.exercise_price,
            "transactionDate" => &mut row.date,
            "deemedExecutionDate" => &mut row.deemed,
            "transactionTimeliness" => &mut row.timeliness,
            "transactionShares" => &mut row.shares,
            "transactionTotalValue" => &mut row.total_value,
            "transactionPricePerShare" => &mut row.price,
            "transactionAcquiredDisposedCode" => &mut row.direction,
            "exerciseDate" => &mut row.exercise_date,
            "expirationDate" => &mut row.expiration_date,
            "underlyingSecurityTitle" => &mut row.underlying,
            "underlyingSecurityShares" => &mut row.underlying_shares,
            "underlyingSecurityValue" => &mut row.underlying_value,
            "sharesOwnedFollowingTransaction" => &mut row.shares_after,
            "valueOwnedFollowingTransaction" => &mut row.value_after,
            "directOrIndirectOwnership" => &mut row.ownership,
            "natureOfOwnership" => &mut row.nature,
            _ => {
                d.odd.pass_over(cursor, &element)?;
                continue;
            }
        };
        let data = data(cursor, d)?;
        if slot.present {
            note(&mut d.odd.doubled, &element);
        } else {
            *slot = data;
        }
    }
    Ok(())
}

fn coding<'a>(cursor: &mut Cursor<'a>, d: &mut Document<'a>, row: &mut Row<'a>) -> Result<(), ReadError> {
    while let Some(element) = cursor.child()? {
        let slot = match local(&element) {
            "transactionFormType" => &mut row.form_type,
            "transactionCode" => &mut row.code.value,
            "equitySwapInvolved" => &mut row.equity_swap,
            "footnoteId" => {
                footnote_id(cursor, &element, &mut row.code.footnotes)?;
                continue;
            }
            _ => {
                d.odd.pass_over(cursor, &element)?;
                continue;
            }
        };
        keep(cursor, slot, &element, &mut d.odd)?;
    }
    Ok(())
}

fn data<'a>(cursor: &mut Cursor<'a>, d: &mut Document<'a>) -> Result<Data<'a>, ReadError> {
    let mut data = Data { present: true, ..Data::default() };
    while let Some(element) = cursor.child()? {
        match local(&element) {
            "value" => keep(cursor, &mut data.value, &element, &mut d.odd)?,
            "footnoteId" => footnote_id(cursor, &element, &mut data.footnotes)?,
            _ => d.odd.pass_over(cursor, &element)?,
        }
    }
    Ok(data)
}

fn footnote_id(
    cursor: &mut Cursor<'_>,
    element: &BytesStart<'_>,
    ids: &mut Vec<String>,
) -> Result<(), ReadError> {
    bound(cursor, ids, MOST_IDS, "footnotes of one element")?;
    cursor.refer()?;
    ids.extend(id(element));
    cursor.skip(element)
}

fn footnotes<'a>(cursor: &mut Cursor<'a>, d: &mut Document<'a>) -> Result<(), ReadError> {
    while let Some(element) = cursor.child()? {
        if local(&element) == "footnote" {
            bound(cursor, &d.footnotes, MOST_FOOTNOTES, "footnotes")?;
            let id = id(&element).unwrap_or_default();
            let text = cursor.text()?;
            d.footnotes.push((id, text));
        } else {
            d.odd.pass_over(cursor, &element)?;
        }
    }
    Ok(())
}

fn signature<'a>(cursor: &mut Cursor<'a>, d: &mut Document<'a>) -> Result<(), ReadError> {
    bound(cursor, &d.signatures, MOST_SIGNATURES, "signatures")?;
    let (mut name, mut date) = (None, None);
    while let Some(element) = cursor.child()? {
        match local(&element) {
            "signatureName" => keep(cursor, &mut name, &element, &mut d.odd)?,
            "signatureDate" => keep(cursor, &mut date, &element, &mut d.odd)?,
            _ => d.odd.pass_over(cursor, &element)?,
        }
    }
    d.signatures.push((name, date));
    Ok(())
}

fn id(element: &BytesStart<'_>) -> Option<String> {
    let attribute = element.try_get_attribute("id").ok()??;
    Some(crate::text::clip(attribute.value.trim(), 20).into_owned())
}
