//! Converts wire text into domain values. What cannot be read becomes `None` and a warning, never a guess.

use std::fmt::Display;
use std::str::FromStr;

use super::elements::Elements;
use super::error::{LONGEST_MESSAGE, ReadError};
use super::wire::{self, Document, Row, Text};
use crate::filing::{
    Address, CompanyFacts, Concluded, Currency, Direction, Filing, Footnote, Holding, Issuer, Line, Lot,
    Owner, Ownership, Signature, Table, Terms, Units,
};
use crate::text::clip;

/// The filing of a document.
pub(super) fn filing(mut d: Document<'_>) -> Result<Filing, ReadError> {
    let form = required(d.document_type.as_ref(), "documentType")?;
    let cik = required(d.issuer_cik.as_ref(), "issuer/issuerCik")?;
    if d.owners.is_empty() {
        return Err(incomplete("there is no reporting owner", "reportingOwner"));
    }
    let mut elements = Elements::new();
    let a = &mut elements;
    for name in &d.odd.doubled {
        a.warn("doubled-element", format!("<{name}> occurs twice; the first counts"), name);
    }
    for name in &d.odd.unknown {
        a.warn(
            "unknown-element",
            format!("<{name}> is not in the schemas that sellbell knows; passed over"),
            name,
        );
    }
    let issuer = Issuer {
        cik,
        name: a.mandatory(&d.issuer_name, || "issuer/issuerName".into()),
        symbol: a.text(&d.issuer_symbol),
        foreign_symbol: a.text(&d.issuer_foreign_symbol),
        facts: CompanyFacts::default(),
        listed: Vec::new(),
        taken: Vec::new(),
    };
    let mut filing = Filing {
        accession: None,
        accepted_at: None,
        form,
        schema_version: a.text(&d.schema_version),
        period: a.date(&d.period, || "periodOfReport".into()),
        date_of_original_submission: a.date(&d.original_submission, || "dateOfOriginalSubmission".into()),
        no_securities_owned: a.flag(&d.no_securities_owned, || "noSecuritiesOwned".into()),
        not_subject_to_section_16: a.flag(&d.not_subject, || "notSubjectToSection16".into()),
        form_3_holdings_reported: a.flag(&d.form_3_holdings, || "form3HoldingsReported".into()),
        form_4_transactions_reported: a.flag(&d.form_4_transactions, || "form4TransactionsReported".into()),
        plan_10b5_1: a.flag(&d.aff_10b5_one, || "aff10b5One".into()),
        issuer,
        owners: d.owners.iter().enumerate().map(|(i, one)| owner(a, one, i + 1)).collect(),
        lots: Vec::new(),
        holdings: Vec::new(),
        footnotes: d
            .footnotes
            .drain(..)
            .map(|(id, text)| Footnote { id, text: a.long_text(&text).unwrap_or_default() })
            .collect(),
        ads_ratio: None,
        remarks: d.remarks.as_deref().and_then(|text| a.long_text(text)),
        signatures: d
            .signatures
            .iter()
            .map(|(name, date)| Signature {
                name: a.text(name),
                date: a.date(date, || "ownerSignature/signatureDate".into()),
            })
            .collect(),
        warnings: Vec::new(),
    };
    rows(a, d.rows, &mut filing);
    filing.warnings = elements.warnings;
    Ok(filing)
}

fn rows(e: &mut Elements, rows: Vec<Row<'_>>, filing: &mut Filing) {
    let mut counts = [0_usize; 4];
    let mut rows = rows;
    filing.lots.reserve(rows.iter().filter(|row| !row.holding).count());
    // Non-derivative rows first, whatever the order of the tables.
    rows.sort_by_key(|row| row.derivative);
    for mut row in rows {
        let count = &mut counts[usize::from(row.derivative) * 2 + usize::from(row.holding)];
        *count += 1;
        let table = if row.derivative { "derivative" } else { "nonDerivative" };
        let kind = if row.holding { "Holding" } else { "Transaction" };
        let at = format_args!("{table}{kind}[{count}]");
        if row.holding {
            filing.holdings.push(Holding {
                line: line(e, &mut row, &at),
                form: e.parsed(&row.form_type, &at, "transactionFormType", "bad-code"),
                coding_footnotes: std::mem::take(&mut row.code.footnotes),
            });
        } else {
            let lot = lot(e, &mut row, &at);
            filing.lots.push(lot);
        }
    }
}

fn lot(e: &mut Elements, row: &mut Row<'_>, at: &dyn Display) -> Lot {
    Lot {
        line: line(e, row, at),
        date: e.noted_date(&mut row.date, at, "transactionDate"),
        deemed_execution_date: e.noted_date(&mut row.deemed, at, "deemedExecutionDate"),
        form: e.parsed(&row.form_type, at, "transactionFormType", "bad-code"),
        code: e.noted(&mut row.code, at, "transactionCode", "bad-code"),
        equity_swap: e.flag(&row.equity_swap, || format!("{at}/equitySwapInvolved")),
        timeliness: e.noted_text(&mut row.timeliness),
        shares: e.count(&mut row.shares, at, "transactionShares"),
        total_value: e.noted(&mut row.total_value, at, "transactionTotalValue", "bad-number"),
        price_is_average: row
            .price
            .value
            .as_deref()
            .and_then(|price| (!price.trim().is_empty()).then_some(false)),
        actual_prices: None,
        plan: Concluded::default(),
        plan_adopted: None,
        intent: None,
        currency: Concluded { value: Some(Currency::USD), evidence: None },
        units: Units::default(),
        debt: false,
        odd_value: false,
        moved: false,
        splits_before: 0,
        price: e.noted(&mut row.price, at, "transactionPricePerShare", "bad-number"),
        direction: e.letter(
            &mut row.direction,
            at,
            "transactionAcquiredDisposedCode",
            |letter| match letter {
                "A" => Some(Direction::Acquired),
                "D" => Some(Direction::Disposed),
                _ => None,
            },
        ),
    }
}

fn line(e: &mut Elements, row: &mut Row<'_>, at: &dyn Display) -> Line {
    let terms = row.derivative.then(|| Terms {
        exercise_price: e.noted(&mut row.exercise_price, at, "conversionOrExercisePrice", "bad-number"),
        exercise_date: e.noted_date(&mut row.exercise_date, at, "exerciseDate"),
        expiration_date: e.noted_date(&mut row.expiration_date, at, "expirationDate"),
        underlying: e.noted_text(&mut row.underlying),
        underlying_shares: e.noted(&mut row.underlying_shares, at, "underlyingSecurityShares", "bad-number"),
        underlying_value: e.noted(&mut row.underlying_value, at, "underlyingSecurityValue", "bad-number"),
    });
    Line {
        table: if row.derivative { Table::Derivative } else { Table::NonDerivative },
        security: e.noted_text(&mut row.security),
        shares_after: e.count(&mut row.shares_after, at, "sharesOwnedFollowingTransaction"),
        value_after: e.noted(&mut row.value_after, at, "valueOwnedFollowingTransaction", "bad-number"),
        ownership: e.letter(&mut row.ownership, at, "directOrIndirectOwnership", |letter| match letter {
            "D" => Some(Ownership::Direct),
            "I" => Some(Ownership::Indirect),
            _ => None,
        }),
        nature: e.noted_text(&mut row.nature),
        terms,
    }
}

fn owner(e: &mut Elements, owner: &wire::Owner<'_>, number: usize) -> Owner {
    let at = |name: &str| format!("reportingOwner[{number}]/{name}");
    let mut role = |flag: &Text<'_>, name: &str| e.flag(flag, || at(name)).unwrap_or(false);
    let director = role(&owner.director, "isDirector");
    let officer = role(&owner.officer, "isOfficer");
    let ten_percent_owner = role(&owner.ten_percent, "isTenPercentOwner");
    let other = role(&owner.other, "isOther");
    Owner {
        cik: e.parsed(&owner.cik, &"reportingOwner", "rptOwnerCik", "bad-cik"),
        name: e.mandatory(&owner.name, || at("rptOwnerName")),
        address: Address {
            outside_us: e.flag(&owner.non_us, || at("rptOwnerNonUSAddressFlag")),
            street_1: e.text(&owner.street_1),
            street_2: e.text(&owner.street_2),
            city: e.text(&owner.city),
            state: e.text(&owner.state),
            zip: e.text(&owner.zip),
            state_description: e.text(&owner.state_description),
            state_territory: e.text(&owner.state_territory),
            country: e.text(&owner.country),
        },
        director,
        officer,
        ten_percent_owner,
        other,
        title: e.text(&owner.title),
        other_text: e.text(&owner.other_text),
    }
}

fn required<T>(wire: Option<&std::borrow::Cow<'_, str>>, at: &str) -> Result<T, ReadError>
where
    T: FromStr,
    T::Err: Display,
{
    match wire {
        None => Err(incomplete("the element is missing", at)),
        Some(text) => text.trim().parse().map_err(|error: T::Err| incomplete(&error.to_string(), at)),
    }
}

fn incomplete(message: &str, at: &str) -> ReadError {
    let message = clip(message, LONGEST_MESSAGE).into_owned();
    ReadError { kind: "incomplete", message, at: at.to_owned() }
}
