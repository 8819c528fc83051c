//! A quarter of the SEC's Insider Transactions Data Sets: tables of tab-separated rows, and their columns.

use chrono::NaiveDate;

use crate::text::decode;

/// The tables, in the order in which they are read: each filing's row of `SUBMISSION` comes before its other
/// rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sheet {
    Submission,
    Owner,
    NonDerivativeTransaction,
    NonDerivativeHolding,
    DerivativeTransaction,
    DerivativeHolding,
    Footnote,
    Signature,
}

impl Sheet {
    pub(super) const ALL: [Self; 8] = [
        Self::Submission,
        Self::Owner,
        Self::NonDerivativeTransaction,
        Self::NonDerivativeHolding,
        Self::DerivativeTransaction,
        Self::DerivativeHolding,
        Self::Footnote,
        Self::Signature,
    ];

    /// The name of its file, without `.tsv`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Submission => "SUBMISSION",
            Self::Owner => "REPORTINGOWNER",
            Self::NonDerivativeTransaction => "NONDERIV_TRANS",
            Self::NonDerivativeHolding => "NONDERIV_HOLDING",
            Self::DerivativeTransaction => "DERIV_TRANS",
            Self::DerivativeHolding => "DERIV_HOLDING",
            Self::Footnote => "FOOTNOTES",
            Self::Signature => "OWNER_SIGNATURE",
        }
    }
}

/// The columns of each table of one data set.
#[derive(Debug, Default)]
pub(super) struct DataSet {
    pub(super) columns: [Vec<String>; 8],
}

impl DataSet {
    pub(super) fn columns(&self, sheet: Sheet) -> &[String] {
        &self.columns[sheet as usize]
    }
}

/// One row of a table, with its fields by column name.
pub(super) struct Row<'a> {
    columns: &'a [String],
    fields: Vec<String>,
    /// True if it contains bytes that are invalid in its encoding.
    pub(super) doubtful: bool,
}

impl<'a> Row<'a> {
    pub(super) fn of(columns: &'a [String], line: &[u8]) -> Self {
        let (text, doubtful) = decode(line);
        let fields = text.split('\t').take(columns.len()).map(str::to_owned).collect();
        Self { columns, fields, doubtful }
    }

    /// A field; empty if the table has no such column.
    pub(super) fn get(&self, column: &str) -> &str {
        let at = self.columns.iter().position(|name| name == column);
        at.and_then(|at| self.fields.get(at)).map_or("", |field| field.trim())
    }

    /// The first of these fields that is not empty.
    pub(super) fn first(&self, columns: &[&str]) -> &str {
        columns.iter().map(|column| self.get(column)).find(|field| !field.is_empty()).unwrap_or_default()
    }
}

/// A date in the format of the tables, `11-MAR-2026`.
pub(super) fn day(field: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(field, "%d-%b-%Y").or_else(|_| field.parse()).ok()
}
