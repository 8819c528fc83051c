//! The document as it stands: every element of the schema as text, nothing interpreted.

use std::borrow::Cow;
use std::collections::BTreeSet;

use quick_xml::events::BytesStart;

use super::ReadError;
use super::cursor::Cursor;

/// Bare text of an element, if the element is there.
pub(super) type Text<'a> = Option<Cow<'a, str>>;

/// A data element: `<value>` and `<footnoteId id="…"/>`.
#[derive(Default)]
pub(super) struct Data<'a> {
    pub(super) value: Text<'a>,
    pub(super) footnotes: Vec<String>,
}

#[derive(Default)]
pub(super) struct Document<'a> {
    pub(super) schema_version: Text<'a>,
    pub(super) document_type: Text<'a>,
    pub(super) period: Text<'a>,
    pub(super) original_submission: Text<'a>,
    pub(super) no_securities_owned: Text<'a>,
    pub(super) not_subject: Text<'a>,
    pub(super) form_3_holdings: Text<'a>,
    pub(super) form_4_transactions: Text<'a>,
    pub(super) aff_10b5_one: Text<'a>,
    pub(super) issuer_cik: Text<'a>,
    pub(super) issuer_name: Text<'a>,
    pub(super) issuer_symbol: Text<'a>,
    pub(super) issuer_foreign_symbol: Text<'a>,
    pub(super) owners: Vec<Owner<'a>>,
    pub(super) rows: Vec<Row<'a>>,
    pub(super) footnotes: Vec<(String, Cow<'a, str>)>,
    pub(super) remarks: Text<'a>,
    pub(super) signatures: Vec<(Text<'a>, Text<'a>)>,
    /// Names of elements that the schemas known to us do not have.
    pub(super) unknown: BTreeSet<String>,
}

#[derive(Default)]
pub(super) struct Owner<'a> {
    pub(super) cik: Text<'a>,
    pub(super) name: Text<'a>,
    pub(super) non_us: Text<'a>,
    pub(super) street_1: Text<'a>,
    pub(super) street_2: Text<'a>,
    pub(super) city: Text<'a>,
    pub(super) state: Text<'a>,
    pub(super) zip: Text<'a>,
    pub(super) state_description: Text<'a>,
    pub(super) director: Text<'a>,
    pub(super) officer: Text<'a>,
    pub(super) ten_percent: Text<'a>,
    pub(super) other: Text<'a>,
    pub(super) title: Text<'a>,
    pub(super) other_text: Text<'a>,
}

/// A transaction or holding row of either table.
#[derive(Default)]
pub(super) struct Row<'a> {
    pub(super) derivative: bool,
    pub(super) holding: bool,
    pub(super) security: Data<'a>,
    pub(super) exercise_price: Data<'a>,
    pub(super) date: Data<'a>,
    pub(super) deemed: Data<'a>,
    pub(super) form_type: Text<'a>,
    pub(super) code: Data<'a>,
    pub(super) equity_swap: Text<'a>,
    pub(super) timeliness: Data<'a>,
    pub(super) shares: Data<'a>,
    pub(super) total_value: Data<'a>,
    pub(super) price: Data<'a>,
    pub(super) direction: Data<'a>,
    pub(super) exercise_date: Data<'a>,
    pub(super) expiration_date: Data<'a>,
    pub(super) underlying: Data<'a>,
    pub(super) underlying_shares: Data<'a>,
    pub(super) underlying_value: Data<'a>,
    pub(super) shares_after: Data<'a>,
    pub(super) value_after: Data<'a>,
    pub(super) ownership: Data<'a>,
    pub(super) nature: Data<'a>,
}

/// Reads the whole document; an element that is not known is passed over and its name kept.
pub(super) fn read(xml: &str) -> Result<Document<'_>, ReadError> {
    let mut cursor = Cursor::new(xml);
    let root = cursor.root()?;
    if root.local_name().as_ref() != "ownershipDocument" {
        let name = crate::text::clip(root.local_name().as_ref(), 60).into_owned();
        return Err(
            cursor.error("not-ownership", format!("the root element is <{name}>, not <ownershipDocument>"))
        );
    }
    let mut d = Document::default();
    while let Some(element) = cursor.child()? {
        match element.local_name().as_ref() {
            "schemaVersion" => d.schema_version = Some(cursor.text()?),
            "documentType" => d.document_type = Some(cursor.text()?),
            "periodOfReport" => d.period = Some(cursor.text()?),
            "dateOfOriginalSubmission" => d.original_submission = Some(cursor.text()?),
            "noSecuritiesOwned" => d.no_securities_owned = Some(cursor.text()?),
            "notSubjectToSection16" => d.not_subject = Some(cursor.text()?),
            "form3HoldingsReported" => d.form_3_holdings = Some(cursor.text()?),
            "form4TransactionsReported" => d.form_4_transactions = Some(cursor.text()?),
            "aff10b5One" => d.aff_10b5_one = Some(cursor.text()?),
            "issuer" => issuer(&mut cursor, &mut d)?,
            "reportingOwner" => owner(&mut cursor, &mut d)?,
            "nonDerivativeTable" => table(&mut cursor, &mut d, false)?,
            "derivativeTable" => table(&mut cursor, &mut d, true)?,
            "footnotes" => footnotes(&mut cursor, &mut d)?,
            "remarks" => d.remarks = Some(cursor.text()?),
            "ownerSignature" => signature(&mut cursor, &mut d)?,
            _ => d.pass_over(&mut cursor, &element)?,
        }
    }
    Ok(d)
}

impl Document<'_> {
    fn pass_over(&mut self, cursor: &mut Cursor<'_>, element: &BytesStart<'_>) -> Result<(), ReadError> {
        const MOST: usize = 20;
        if self.unknown.len() < MOST {
            self.unknown.insert(crate::text::clip(element.local_name().as_ref(), 60).into_owned());
        }
        cursor.skip(element)
    }
}

fn issuer<'a>(cursor: &mut Cursor<'a>, d: &mut Document<'a>) -> Result<(), ReadError> {
    while let Some(element) = cursor.child()? {
        match element.local_name().as_ref() {
            "issuerCik" => d.issuer_cik = Some(cursor.text()?),
            "issuerName" => d.issuer_name = Some(cursor.text()?),
            "issuerTradingSymbol" => d.issuer_symbol = Some(cursor.text()?),
            "issuerForeignTradingSymbol" => d.issuer_foreign_symbol = Some(cursor.text()?),
            _ => d.pass_over(cursor, &element)?,
        }
    }
    Ok(())
}

fn owner<'a>(cursor: &mut Cursor<'a>, d: &mut Document<'a>) -> Result<(), ReadError> {
    let mut owner = Owner::default();
    while let Some(group) = cursor.child()? {
        let group_name = group.local_name();
        if !matches!(
            group_name.as_ref(),
            "reportingOwnerId" | "reportingOwnerAddress" | "reportingOwnerRelationship"
        ) {
            d.pass_over(cursor, &group)?;
            continue;
        }
        while let Some(element) = cursor.child()? {
            let slot = match element.local_name().as_ref() {
                "rptOwnerCik" => &mut owner.cik,
                "rptOwnerName" => &mut owner.name,
                "rptOwnerNonUSAddressFlag" => &mut owner.non_us,
                "rptOwnerStreet1" => &mut owner.street_1,
                "rptOwnerStreet2" => &mut owner.street_2,
                "rptOwnerCity" => &mut owner.city,
                "rptOwnerState" => &mut owner.state,
                "rptOwnerZipCode" => &mut owner.zip,
                "rptOwnerStateDescription" | "rptOwnerNonUSStateTerritory" | "rptOwnerCountry" => {
                    &mut owner.state_description
                }
                "isDirector" => &mut owner.director,
                "isOfficer" => &mut owner.officer,
                "isTenPercentOwner" => &mut owner.ten_percent,
                "isOther" => &mut owner.other,
                "officerTitle" => &mut owner.title,
                "otherText" => &mut owner.other_text,
                _ => {
                    d.pass_over(cursor, &element)?;
                    continue;
                }
            };
            *slot = Some(cursor.text()?);
        }
    }
    d.owners.push(owner);
    Ok(())
}

fn table<'a>(cursor: &mut Cursor<'a>, d: &mut Document<'a>, derivative: bool) -> Result<(), ReadError> {
    while let Some(element) = cursor.child()? {
        let holding = match element.local_name().as_ref() {
            "nonDerivativeTransaction" | "derivativeTransaction" => false,
            "nonDerivativeHolding" | "derivativeHolding" => true,
            _ => {
                d.pass_over(cursor, &element)?;
                continue;
            }
        };
        let mut row = Row { derivative, holding, ..Row::default() };
        fill(cursor, d, &mut row, true)?;
        d.rows.push(row);
    }
    Ok(())
}

/// Reads the elements of a row. Its groups are entered one level deep: a hostile document may nest them without end.
fn fill<'a>(
    cursor: &mut Cursor<'a>,
    d: &mut Document<'a>,
    row: &mut Row<'a>,
    enter_groups: bool,
) -> Result<(), ReadError> {
    while let Some(element) = cursor.child()? {
        let slot = match element.local_name().as_ref() {
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
                d.pass_over(cursor, &element)?;
                continue;
            }
        };
        *slot = data(cursor, d)?;
    }
    Ok(())
}

fn coding<'a>(cursor: &mut Cursor<'a>, d: &mut Document<'a>, row: &mut Row<'a>) -> Result<(), ReadError> {
    while let Some(element) = cursor.child()? {
        match element.local_name().as_ref() {
            "transactionFormType" => row.form_type = Some(cursor.text()?),
            "transactionCode" => row.code.value = Some(cursor.text()?),
            "equitySwapInvolved" => row.equity_swap = Some(cursor.text()?),
            "footnoteId" => {
                row.code.footnotes.extend(id(&element));
                cursor.skip(&element)?;
            }
            _ => d.pass_over(cursor, &element)?,
        }
    }
    Ok(())
}

fn data<'a>(cursor: &mut Cursor<'a>, d: &mut Document<'a>) -> Result<Data<'a>, ReadError> {
    let mut data = Data::default();
    while let Some(element) = cursor.child()? {
        match element.local_name().as_ref() {
            "value" => data.value = Some(cursor.text()?),
            "footnoteId" => {
                data.footnotes.extend(id(&element));
                cursor.skip(&element)?;
            }
            _ => d.pass_over(cursor, &element)?,
        }
    }
    Ok(data)
}

fn footnotes<'a>(cursor: &mut Cursor<'a>, d: &mut Document<'a>) -> Result<(), ReadError> {
    while let Some(element) = cursor.child()? {
        if element.local_name().as_ref() == "footnote" {
            let id = id(&element).unwrap_or_default();
            let text = cursor.text()?;
            d.footnotes.push((id, text));
        } else {
            d.pass_over(cursor, &element)?;
        }
    }
    Ok(())
}

fn signature<'a>(cursor: &mut Cursor<'a>, d: &mut Document<'a>) -> Result<(), ReadError> {
    let (mut name, mut date) = (None, None);
    while let Some(element) = cursor.child()? {
        match element.local_name().as_ref() {
            "signatureName" => name = Some(cursor.text()?),
            "signatureDate" => date = Some(cursor.text()?),
            _ => d.pass_over(cursor, &element)?,
        }
    }
    d.signatures.push((name, date));
    Ok(())
}

fn id(element: &BytesStart<'_>) -> Option<String> {
    let attribute = element.try_get_attribute("id").ok()??;
    Some(attribute.value.trim().to_owned())
}
