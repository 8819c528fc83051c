//! Turns one filing's rows of the data set's tables back into the XML of the ownership document that they
//! come from.
//!
//! The rows are written as XML and read as XML, so that a figure, a date or a box means the same whichever
//! way it came. The column names are the SEC's, including `EXCERCISE_DATE`.

use std::borrow::Cow;

use super::data_set::{DataSet, Row, Sheet, day};
use super::header::HeaderFacts;
use super::spool::SpooledRow;
use crate::filing::{Filing, Warning};
use crate::form4;
use crate::reader::Unreadable;
use crate::text::clip;

/// Elements of a row and their columns; a column's footnotes are in the column with the same name and `_FN`.
const ELEMENTS: [(&str, &[&str]); 14] = [
    ("securityTitle", &["SECURITY_TITLE"]),
    ("conversionOrExercisePrice", &["CONV_EXERCISE_PRICE"]),
    ("transactionTimeliness", &["TRANS_TIMELINESS"]),
    ("transactionShares", &["TRANS_SHARES"]),
    ("transactionTotalValue", &["TRANS_TOTAL_VALUE"]),
    ("transactionPricePerShare", &["TRANS_PRICEPERSHARE"]),
    ("transactionAcquiredDisposedCode", &["TRANS_ACQUIRED_DISP_CD"]),
    ("underlyingSecurityTitle", &["UNDLYNG_SEC_TITLE"]),
    ("underlyingSecurityShares", &["UNDLYNG_SEC_SHARES"]),
    ("underlyingSecurityValue", &["UNDLYNG_SEC_VALUE"]),
    ("sharesOwnedFollowingTransaction", &["SHRS_OWND_FOLWNG_TRANS"]),
    ("valueOwnedFollowingTransaction", &["VALU_OWND_FOLWNG_TRANS"]),
    ("directOrIndirectOwnership", &["DIRECT_INDIRECT_OWNERSHIP"]),
    ("natureOfOwnership", &["NATURE_OF_OWNERSHIP"]),
];
const DATES: [(&str, &[&str]); 4] = [
    ("transactionDate", &["TRANS_DATE"]),
    ("deemedExecutionDate", &["DEEMED_EXECUTION_DATE"]),
    ("exerciseDate", &["EXCERCISE_DATE", "EXERCISE_DATE"]),
    ("expirationDate", &["EXPIRATION_DATE"]),
];
/// The footnotes of a row's codes are under different names.
const CODING_NOTES: [&str; 3] = ["EQUITY_SWAP_TRANS_CD_FN", "EQUITY_SWAP_INVOLVED_FN", "TRANS_FORM_TYPE_FN"];
const ADDRESS: [(&str, &str); 6] = [
    ("rptOwnerStreet1", "RPTOWNER_STREET1"),
    ("rptOwnerStreet2", "RPTOWNER_STREET2"),
    ("rptOwnerCity", "RPTOWNER_CITY"),
    ("rptOwnerState", "RPTOWNER_STATE"),
    ("rptOwnerZipCode", "RPTOWNER_ZIPCODE"),
    ("rptOwnerStateDescription", "RPTOWNER_STATE_DESC"),
];

/// The most unknown relationships of one owner that are shown.
const MOST_ROLES: usize = 10;

/// The filing of these rows, including the conclusions about each row.
pub(super) fn filing(
    data_set: &DataSet,
    spooled: &[SpooledRow],
    facts: &HeaderFacts,
) -> Result<Filing, Unreadable> {
    let rows = Rows::of(data_set, spooled);
    let mut filing = form4::parse(&rows.document()).map_err(|error| Unreadable {
        kind: error.kind,
        message: error.message,
        at: error.at,
    })?;
    filing.accession = facts.accession;
    filing.accepted_at = facts.accepted_at;
    form4::conclude(&mut filing);
    filing.warnings.extend(rows.unknown_roles());
    if rows.sheets.iter().flatten().any(|row| row.doubtful) {
        filing.warnings.push(Warning {
            code: "bad-encoding".into(),
            message: "bytes that its encoding does not have were replaced or guessed at".into(),
            at: "the tables".into(),
        });
    }
    Ok(filing)
}

/// The rows of one filing by table.
struct Rows<'a> {
    sheets: [Vec<Row<'a>>; 8],
}

impl<'a> Rows<'a> {
    fn of(data_set: &'a DataSet, spooled: &[SpooledRow]) -> Self {
        let mut sheets: [Vec<Row<'a>>; 8] = Default::default();
        for row in spooled {
            if let Some(&sheet) = Sheet::ALL.get(usize::from(row.table)) {
                sheets[sheet as usize].push(Row::of(data_set.columns(sheet), &row.line));
            }
        }
        for sheet in Sheet::ALL {
            let key = format!("{}_SK", sheet.name());
            // The order of the document. Owners, footnotes and signatures have no key and keep the order of
            // the table.
            sheets[sheet as usize].sort_by_key(|row| row.get(&key).parse::<u64>().unwrap_or(u64::MAX));
        }
        Self { sheets }
    }

    fn sheet(&self, sheet: Sheet) -> &[Row<'a>] {
        &self.sheets[sheet as usize]
    }

    fn document(&self) -> String {
        let mut xml = Xml { text: String::with_capacity(8 * 1024) };
        xml.within("ownershipDocument", |xml| {
            if let Some(row) = self.sheet(Sheet::Submission).first() {
                submission(xml, row);
            }
            for row in self.sheet(Sheet::Owner) {
                xml.within("reportingOwner", |xml| owner(xml, row));
            }
            let tables = [
                (
                    "nonDerivativeTable",
                    "nonDerivative",
                    Sheet::NonDerivativeTransaction,
                    Sheet::NonDerivativeHolding,
                ),
                ("derivativeTable", "derivative", Sheet::DerivativeTransaction, Sheet::DerivativeHolding),
            ];
            for (table, prefix, transactions, holdings) in tables {
                xml.within(table, |xml| {
                    for row in self.sheet(transactions) {
                        xml.within(&format!("{prefix}Transaction"), |xml| line(xml, row));
                    }
                    for row in self.sheet(holdings) {
                        xml.within(&format!("{prefix}Holding"), |xml| line(xml, row));
                    }
                });
            }
            xml.within("footnotes", |xml| {
                for row in self.sheet(Sheet::Footnote) {
                    xml.footnote(row.get("FOOTNOTE_ID"), row.get("FOOTNOTE_TXT"));
                }
            });
            for row in self.sheet(Sheet::Signature) {
                xml.within("ownerSignature", |xml| {
                    xml.leaf("signatureName", row.get("OWNERSIGNATURENAME"));
                    xml.leaf("signatureDate", &iso(row.get("OWNERSIGNATUREDATE")));
                });
            }
        });
        xml.text
    }

    fn unknown_roles(&self) -> impl Iterator<Item = Warning> {
        self.sheet(Sheet::Owner).iter().enumerate().flat_map(|(i, row)| {
            let unknown = roles(row).filter(|role| !ROLES.iter().any(|(name, _)| role == name));
            let unknown = unknown.take(MOST_ROLES);
            unknown.map(move |role| Warning {
                code: "bad-code".into(),
                message: format!("`{}` is no relationship that this element can have", clip(&role, 40)),
                at: format!("reportingOwner[{}]/reportingOwnerRelationship", i + 1),
            })
        })
    }
}

const ROLES: [(&str, &str); 4] = [
    ("director", "isDirector"),
    ("officer", "isOfficer"),
    ("tenpercentowner", "isTenPercentOwner"),
    ("other", "isOther"),
];

/// The words of `RPTOWNER_RELATIONSHIP`: `Director,TenPercentOwner`.
fn roles(row: &Row<'_>) -> impl Iterator<Item = String> {
    let words = row.get("RPTOWNER_RELATIONSHIP").split([',', ';', '|', '/']);
    let letters = |word: &str| word.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    words.map(move |word| letters(word).to_ascii_lowercase()).filter(|word| !word.is_empty())
}

fn submission(xml: &mut Xml, row: &Row<'_>) {
    xml.leaf("documentType", row.get("DOCUMENT_TYPE"));
    xml.leaf("periodOfReport", &iso(row.get("PERIOD_OF_REPORT")));
    xml.leaf("dateOfOriginalSubmission", &iso(row.get("DATE_OF_ORIG_SUB")));
    xml.leaf("noSecuritiesOwned", row.get("NO_SECURITIES_OWNED"));
    xml.leaf("notSubjectToSection16", row.get("NOT_SUBJECT_SEC16"));
    xml.leaf("form3HoldingsReported", row.get("FORM3_HOLDINGS_REPORTED"));
    xml.leaf("form4TransactionsReported", row.get("FORM4_TRANS_REPORTED"));
    xml.leaf("aff10b5One", row.get("AFF10B5ONE"));
    xml.within("issuer", |xml| {
        xml.leaf("issuerCik", row.get("ISSUERCIK"));
        xml.leaf("issuerName", row.get("ISSUERNAME"));
        xml.leaf("issuerTradingSymbol", row.get("ISSUERTRADINGSYMBOL"));
    });
    xml.leaf("remarks", row.get("REMARKS"));
}

fn owner(xml: &mut Xml, row: &Row<'_>) {
    xml.within("reportingOwnerId", |xml| {
        xml.leaf("rptOwnerCik", row.get("RPTOWNERCIK"));
        xml.leaf("rptOwnerName", row.get("RPTOWNERNAME"));
    });
    xml.within("reportingOwnerAddress", |xml| {
        for (element, column) in ADDRESS {
            xml.leaf(element, row.get(column));
        }
    });
    xml.within("reportingOwnerRelationship", |xml| {
        for (name, element) in ROLES {
            if roles(row).any(|role| role == name) {
                xml.leaf(element, "1");
            }
        }
        xml.leaf("officerTitle", row.get("RPTOWNER_TITLE"));
        xml.leaf("otherText", row.get("RPTOWNER_TXT"));
    });
}

/// A transaction or holding of either table. Anything that a table has no column for is absent.
fn line(xml: &mut Xml, row: &Row<'_>) {
    xml.within("transactionCoding", |xml| {
        xml.leaf("transactionFormType", row.get("TRANS_FORM_TYPE"));
        xml.leaf("transactionCode", row.get("TRANS_CODE"));
        xml.leaf("equitySwapInvolved", row.get("EQUITY_SWAP_INVOLVED"));
        for column in CODING_NOTES {
            xml.footnote_ids(row.get(column));
        }
    });
    for (element, columns) in ELEMENTS {
        xml.data(element, row.first(columns), row, columns);
    }
    for (element, columns) in DATES {
        xml.data(element, &iso(row.first(columns)), row, columns);
    }
}

/// A table's date in the document's format. An invalid date is kept for the reader to report.
fn iso(field: &str) -> Cow<'_, str> {
    day(field).map_or(Cow::Borrowed(field), |day| Cow::Owned(day.to_string()))
}

/// An XML text that is being written.
struct Xml {
    text: String,
}

impl Xml {
    fn within(&mut self, element: &str, content: impl FnOnce(&mut Self)) {
        self.text.extend(["<", element, ">"]);
        content(self);
        self.text.extend(["</", element, ">"]);
    }

    fn leaf(&mut self, element: &str, value: &str) {
        if !value.is_empty() {
            self.within(element, |xml| xml.escaped(value));
        }
    }

    fn data(&mut self, element: &str, value: &str, row: &Row<'_>, columns: &[&str]) {
        self.within(element, |xml| {
            xml.leaf("value", value);
            for column in columns {
                xml.footnote_ids(row.get(&format!("{column}_FN")));
            }
        });
    }

    /// The footnote ids of a cell, `F1, F2`.
    fn footnote_ids(&mut self, cell: &str) {
        for id in cell.split(|c: char| !c.is_alphanumeric()).filter(|id| !id.is_empty()) {
            self.text.push_str("<footnoteId id=\"");
            self.escaped(id);
            self.text.push_str("\"/>");
        }
    }

    fn footnote(&mut self, id: &str, text: &str) {
        self.text.push_str("<footnote id=\"");
        self.escaped(id);
        self.text.push_str("\">");
        self.escaped(text);
        self.text.push_str("</footnote>");
    }

    fn escaped(&mut self, value: &str) {
        for c in value.chars() {
            match c {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '"' => self.text.push_str("&quot;"),
                // XML cannot represent other control characters.
                c if c.is_control() && !matches!(c, '\n' | '\t') => self.text.push(' '),
                c => self.text.push(c),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_as_the_tables_have_them() {
        for (field, iso_date) in [
            ("11-MAR-2026", "2026-03-11"),
            ("01-sep-2021", "2021-09-01"),
            ("2021-09-01", "2021-09-01"),
            ("31-JUN-2021", "31-JUN-2021"),
            ("soon", "soon"),
            ("", ""),
        ] {
            assert_eq!(iso(field), iso_date);
        }
    }

    #[test]
    fn roles_are_words_in_one_cell() {
        let columns = ["RPTOWNER_RELATIONSHIP".to_owned()];
        for (cell, expected) in [
            ("Director,Officer", vec!["director", "officer"]),
            ("Ten Percent Owner; OTHER", vec!["tenpercentowner", "other"]),
            ("", vec![]),
        ] {
            assert_eq!(roles(&Row::of(&columns, cell.as_bytes())).collect::<Vec<_>>(), expected);
        }
    }
}
