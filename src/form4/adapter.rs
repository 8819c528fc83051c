//! Wire text into domain values. What cannot be read becomes `None` and a warning, never a guess.

use std::fmt::Display;
use std::str::FromStr;

use chrono::NaiveDate;

use super::review;
use super::wire::{self, Data, Document, Row, Text};
use super::{LONGEST_MESSAGE, ReadError};
use crate::filing::{
    Address, CompanyFacts, Concluded, Currency, Direction, Filing, Footnote, Holding, Issuer, Line, Lot,
    Noted, Owner, Ownership, Shares, Signature, Table, Terms, Units, Warning,
};
use crate::text::{clip, fold};

/// Names and titles of real filings have some hundred characters at most, footnotes and remarks some thousand.
const SHORT_TEXT: usize = 2_000;
const LONG_TEXT: usize = 100_000;
/// Bytes of all texts of a filing, the long and the short by themselves. Real ones have some ten thousand.
const MOST_TEXT: usize = 1_000_000;

/// The filing of a document.
pub(super) fn filing(mut d: Document<'_>) -> Result<Filing, ReadError> {
    let form = required(d.document_type.as_ref(), "documentType")?;
    let cik = required(d.issuer_cik.as_ref(), "issuer/issuerCik")?;
    if d.owners.is_empty() {
        return Err(incomplete("there is no reporting owner", "reportingOwner"));
    }
    let mut adapter = Adapter { warnings: Vec::new(), long: MOST_TEXT, short: MOST_TEXT };
    let a = &mut adapter;
    for name in &d.odd.doubled {
        a.warn("doubled-element", format!("<{name}> stands where it stood before; the first counts"), name);
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
        owners: d.owners.iter().enumerate().map(|(i, owner)| a.owner(owner, i + 1)).collect(),
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
    a.rows(d.rows, &mut filing);
    filing.warnings = adapter.warnings;
    Ok(filing)
}

struct Adapter {
    warnings: Vec<Warning>,
    /// Bytes left for long texts and for short ones.
    long: usize,
    short: usize,
}

impl Adapter {
    fn rows(&mut self, rows: Vec<Row<'_>>, filing: &mut Filing) {
        let mut counts = [0_usize; 4];
        let mut rows = rows;
        filing.lots.reserve(rows.iter().filter(|row| !row.holding).count());
        // Non-derivative rows first, whatever order the tables came in.
        rows.sort_by_key(|row| row.derivative);
        for mut row in rows {
            let count = &mut counts[usize::from(row.derivative) * 2 + usize::from(row.holding)];
            *count += 1;
            let table = if row.derivative { "derivative" } else { "nonDerivative" };
            let kind = if row.holding { "Holding" } else { "Transaction" };
            let at = format_args!("{table}{kind}[{count}]");
            if row.holding {
                filing.holdings.push(Holding {
                    line: self.line(&mut row, &at),
                    form: self.parsed(&row.form_type, &at, "transactionFormType", "bad-code"),
                    coding_footnotes: std::mem::take(&mut row.code.footnotes),
                });
            } else {
                let lot = self.lot(&mut row, &at);
                filing.lots.push(lot);
            }
        }
    }

    fn lot(&mut self, row: &mut Row<'_>, at: &dyn Display) -> Lot {
        Lot {
            line: self.line(row, at),
            date: self.noted_date(&mut row.date, at, "transactionDate"),
            deemed_execution_date: self.noted_date(&mut row.deemed, at, "deemedExecutionDate"),
            form: self.parsed(&row.form_type, at, "transactionFormType", "bad-code"),
            code: self.noted(&mut row.code, at, "transactionCode", "bad-code"),
            equity_swap: self.flag(&row.equity_swap, || format!("{at}/equitySwapInvolved")),
            timeliness: self.noted_text(&mut row.timeliness),
            shares: self.count(&mut row.shares, at, "transactionShares"),
            total_value: self.noted(&mut row.total_value, at, "transactionTotalValue", "bad-number"),
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
            price: self.noted(&mut row.price, at, "transactionPricePerShare", "bad-number"),
            direction: self.letter(&mut row.direction, at, "transactionAcquiredDisposedCode", |letter| {
                match letter {
                    "A" => Some(Direction::Acquired),
                    "D" => Some(Direction::Disposed),
                    _ => None,
                }
            }),
        }
    }

    fn line(&mut self, row: &mut Row<'_>, at: &dyn Display) -> Line {
        let terms = row.derivative.then(|| Terms {
            exercise_price: self.noted(
                &mut row.exercise_price,
                at,
                "conversionOrExercisePrice",
                "bad-number",
            ),
            exercise_date: self.noted_date(&mut row.exercise_date, at, "exerciseDate"),
            expiration_date: self.noted_date(&mut row.expiration_date, at, "expirationDate"),
            underlying: self.noted_text(&mut row.underlying),
            underlying_shares: self.noted(
                &mut row.underlying_shares,
                at,
                "underlyingSecurityShares",
                "bad-number",
            ),
            underlying_value: self.noted(
                &mut row.underlying_value,
                at,
                "underlyingSecurityValue",
                "bad-number",
            ),
        });
        Line {
            table: if row.derivative { Table::Derivative } else { Table::NonDerivative },
            security: self.noted_text(&mut row.security),
            shares_after: self.count(&mut row.shares_after, at, "sharesOwnedFollowingTransaction"),
            value_after: self.noted(&mut row.value_after, at, "valueOwnedFollowingTransaction", "bad-number"),
            ownership: self.letter(
                &mut row.ownership,
                at,
                "directOrIndirectOwnership",
                |letter| match letter {
                    "D" => Some(Ownership::Direct),
                    "I" => Some(Ownership::Indirect),
                    _ => None,
                },
            ),
            nature: self.noted_text(&mut row.nature),
            terms,
        }
    }

    fn owner(&mut self, owner: &wire::Owner<'_>, number: usize) -> Owner {
        let at = |name: &str| format!("reportingOwner[{number}]/{name}");
        let mut role = |flag: &Text<'_>, name: &str| self.flag(flag, || at(name)).unwrap_or(false);
        let director = role(&owner.director, "isDirector");
        let officer = role(&owner.officer, "isOfficer");
        let ten_percent_owner = role(&owner.ten_percent, "isTenPercentOwner");
        let other = role(&owner.other, "isOther");
        Owner {
            cik: self.parsed(&owner.cik, &"reportingOwner", "rptOwnerCik", "bad-cik"),
            name: self.mandatory(&owner.name, || at("rptOwnerName")),
            address: Address {
                outside_us: self.flag(&owner.non_us, || at("rptOwnerNonUSAddressFlag")),
                street_1: self.text(&owner.street_1),
                street_2: self.text(&owner.street_2),
                city: self.text(&owner.city),
                state: self.text(&owner.state),
                zip: self.text(&owner.zip),
                state_description: self.text(&owner.state_description),
                state_territory: self.text(&owner.state_territory),
                country: self.text(&owner.country),
            },
            director,
            officer,
            ten_percent_owner,
            other,
            title: self.text(&owner.title),
            other_text: self.text(&owner.other_text),
        }
    }

    fn mandatory(&mut self, wire: &Text<'_>, at: impl FnOnce() -> String) -> String {
        self.text(wire).unwrap_or_else(|| {
            self.warn("missing-element", "a name that the form requires is missing".into(), &at());
            String::new()
        })
    }

    fn noted<T>(&mut self, data: &mut Data<'_>, at: &dyn Display, name: &str, code: &str) -> Noted<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        Noted {
            value: self.parsed(&data.value, at, name, code),
            footnotes: std::mem::take(&mut data.footnotes),
        }
    }

    /// A number of shares. `36.000` is 36, and where a point separates thousands 36,000.
    fn count(&mut self, data: &mut Data<'_>, at: &dyn Display, name: &str) -> Noted<Shares> {
        let written = data.value.as_deref().map(str::trim).unwrap_or_default();
        if let Some(whole) = written.strip_suffix(".000")
            && (1..=3).contains(&whole.len())
            && whole.bytes().all(|b| b.is_ascii_digit())
            && whole.bytes().any(|b| b != b'0')
        {
            let message = format!("the number is written `{written}`: it may be {whole} or {whole},000");
            self.warn("count-like-thousands", message, &format!("{at}/{name}"));
        }
        self.noted(data, at, name, "bad-number")
    }

    fn parsed<T>(&mut self, wire: &Text<'_>, at: &dyn Display, name: &str, code: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        let trimmed = wire.as_deref().map(str::trim).filter(|t| !t.is_empty())?;
        trimmed
            .parse()
            .map_err(|error: T::Err| self.warn(code, error.to_string(), &format!("{at}/{name}")))
            .ok()
    }

    fn letter<T>(
        &mut self,
        data: &mut Data<'_>,
        at: &dyn Display,
        name: &str,
        read: fn(&str) -> Option<T>,
    ) -> Noted<T> {
        let trimmed = data.value.as_deref().map(str::trim).filter(|t| !t.is_empty());
        let value = trimmed.and_then(|letter| {
            let value = read(letter);
            if value.is_none() {
                let message = format!("`{}` is not a code that this element can have", clip(letter, 20));
                self.warn("bad-code", message, &format!("{at}/{name}"));
            }
            value
        });
        Noted { value, footnotes: std::mem::take(&mut data.footnotes) }
    }

    fn noted_date(&mut self, data: &mut Data<'_>, at: &dyn Display, name: &str) -> Noted<NaiveDate> {
        Noted {
            value: self.date(&data.value, || format!("{at}/{name}")),
            footnotes: std::mem::take(&mut data.footnotes),
        }
    }

    /// An `xs:date` may end in a time zone, `2023-06-29-05:00`: the date is its first ten characters.
    fn date(&mut self, wire: &Text<'_>, at: impl FnOnce() -> String) -> Option<NaiveDate> {
        let trimmed = wire.as_deref().map(str::trim).filter(|t| !t.is_empty())?;
        let day = trimmed.get(..10).filter(|day| {
            day.bytes()
                .enumerate()
                .all(|(i, b)| if matches!(i, 4 | 7) { b == b'-' } else { b.is_ascii_digit() })
        });
        let zone = trimmed.get(10..).unwrap_or_default();
        let zoned = zone.is_empty() || zone == "Z" || zone.len() == 6 && zone.starts_with(['-', '+']);
        let number = |digits: &str| digits.parse::<u32>().ok();
        let date = day.filter(|_| zoned).and_then(|day| {
            let year = i32::try_from(number(&day[..4])?).ok()?;
            NaiveDate::from_ymd_opt(year, number(&day[5..7])?, number(&day[8..])?)
        });
        if date.is_none() {
            let message = format!("`{}` is not a date: expected YYYY-MM-DD", clip(trimmed, 40));
            self.warn("bad-date", message, &at());
        }
        date
    }

    fn flag(&mut self, wire: &Text<'_>, at: impl FnOnce() -> String) -> Option<bool> {
        match wire.as_deref().map(str::trim) {
            None | Some("") => None,
            Some("1" | "true") => Some(true),
            Some("0" | "false") => Some(false),
            Some(other) => {
                let message = format!("`{}` is not 0, 1, true or false", clip(other, 20));
                self.warn("bad-flag", message, &at());
                None
            }
        }
    }

    fn text(&mut self, wire: &Text<'_>) -> Option<String> {
        let (kept, is_cut) = bounded(wire.as_deref()?, SHORT_TEXT, &mut self.short);
        self.cut(is_cut, SHORT_TEXT);
        kept
    }

    fn long_text(&mut self, text: &str) -> Option<String> {
        let (kept, is_cut) = bounded(text, LONG_TEXT, &mut self.long);
        self.cut(is_cut, LONG_TEXT);
        kept
    }

    fn noted_text(&mut self, data: &mut Data<'_>) -> Noted<String> {
        Noted { value: self.text(&data.value), footnotes: std::mem::take(&mut data.footnotes) }
    }

    fn cut(&mut self, is_cut: bool, most: usize) {
        // Once says it all.
        if is_cut && !self.warnings.iter().any(|warning| warning.code == "too-long") {
            let message = format!("texts were cut to {most} characters, and to {MOST_TEXT} bytes in all");
            self.warn("too-long", message, "the document");
        }
    }

    fn warn(&mut self, code: &str, message: String, at: &str) {
        review::warn(&mut self.warnings, code, message, at);
    }
}

/// A text of at most so many characters, from what room is left, and whether it is cut.
fn bounded(text: &str, most: usize, room: &mut usize) -> (Option<String>, bool) {
    let folded = fold(text);
    let mut kept = clip(&folded, most);
    if kept.len() > *room {
        kept = clip(&folded, *room / 4);
    }
    *room = room.saturating_sub(kept.len());
    let is_cut = kept.len() < folded.len();
    ((!kept.is_empty()).then(|| kept.into_owned()), is_cut)
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
