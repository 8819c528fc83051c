//! The document as it is: every element of the schema as text, nothing interpreted.

use std::borrow::Cow;
use std::collections::BTreeSet;

/// The bare text of an element, if it is present.
pub(in crate::form4) type Text<'a> = Option<Cow<'a, str>>;

/// A data element: `<value>` and `<footnoteId id="…"/>`.
#[derive(Default)]
pub(in crate::form4) struct Data<'a> {
    /// True if the element is present.
    pub(in crate::form4) present: bool,
    pub(in crate::form4) value: Text<'a>,
    pub(in crate::form4) footnotes: Vec<String>,
}

#[derive(Default)]
pub(in crate::form4) struct Document<'a> {
    pub(in crate::form4) schema_version: Text<'a>,
    pub(in crate::form4) document_type: Text<'a>,
    pub(in crate::form4) period: Text<'a>,
    pub(in crate::form4) original_submission: Text<'a>,
    pub(in crate::form4) no_securities_owned: Text<'a>,
    pub(in crate::form4) not_subject: Text<'a>,
    pub(in crate::form4) form_3_holdings: Text<'a>,
    pub(in crate::form4) form_4_transactions: Text<'a>,
    pub(in crate::form4) aff_10b5_one: Text<'a>,
    pub(in crate::form4) issuer_cik: Text<'a>,
    pub(in crate::form4) issuer_name: Text<'a>,
    pub(in crate::form4) issuer_symbol: Text<'a>,
    pub(in crate::form4) issuer_foreign_symbol: Text<'a>,
    pub(in crate::form4) owners: Vec<Owner<'a>>,
    pub(in crate::form4) rows: Vec<Row<'a>>,
    pub(in crate::form4) footnotes: Vec<(String, Cow<'a, str>)>,
    pub(in crate::form4) remarks: Text<'a>,
    pub(in crate::form4) signatures: Vec<(Text<'a>, Text<'a>)>,
    /// Warnings about the elements themselves.
    pub(in crate::form4) odd: Odd,
}

/// Names of elements that should not be where they are.
#[derive(Default)]
pub(in crate::form4) struct Odd {
    /// No schema known to us has them.
    pub(in crate::form4) unknown: BTreeSet<String>,
    /// They may occur only once, and occurred again; the first counts.
    pub(in crate::form4) doubled: BTreeSet<String>,
}

#[derive(Default)]
pub(in crate::form4) struct Owner<'a> {
    pub(in crate::form4) cik: Text<'a>,
    pub(in crate::form4) name: Text<'a>,
    pub(in crate::form4) non_us: Text<'a>,
    pub(in crate::form4) street_1: Text<'a>,
    pub(in crate::form4) street_2: Text<'a>,
    pub(in crate::form4) city: Text<'a>,
    pub(in crate::form4) state: Text<'a>,
    pub(in crate::form4) zip: Text<'a>,
    pub(in crate::form4) state_description: Text<'a>,
    pub(in crate::form4) state_territory: Text<'a>,
    pub(in crate::form4) country: Text<'a>,
    pub(in crate::form4) director: Text<'a>,
    pub(in crate::form4) officer: Text<'a>,
    pub(in crate::form4) ten_percent: Text<'a>,
    pub(in crate::form4) other: Text<'a>,
    pub(in crate::form4) title: Text<'a>,
    pub(in crate::form4) other_text: Text<'a>,
}

/// A transaction or holding row of either table.
#[derive(Default)]
pub(in crate::form4) struct Row<'a> {
    pub(in crate::form4) derivative: bool,
    pub(in crate::form4) holding: bool,
    pub(in crate::form4) security: Data<'a>,
    pub(in crate::form4) exercise_price: Data<'a>,
    pub(in crate::form4) date: Data<'a>,
    pub(in crate::form4) deemed: Data<'a>,
    pub(in crate::form4) form_type: Text<'a>,
    pub(in crate::form4) code: Data<'a>,
    pub(in crate::form4) equity_swap: Text<'a>,
    pub(in crate::form4) timeliness: Data<'a>,
    pub(in crate::form4) shares: Data<'a>,
    pub(in crate::form4) total_value: Data<'a>,
    pub(in crate::form4) price: Data<'a>,
    pub(in crate::form4) direction: Data<'a>,
    pub(in crate::form4) exercise_date: Data<'a>,
    pub(in crate::form4) expiration_date: Data<'a>,
    pub(in crate::form4) underlying: Data<'a>,
    pub(in crate::form4) underlying_shares: Data<'a>,
    pub(in crate::form4) underlying_value: Data<'a>,
    pub(in crate::form4) shares_after: Data<'a>,
    pub(in crate::form4) value_after: Data<'a>,
    pub(in crate::form4) ownership: Data<'a>,
    pub(in crate::form4) nature: Data<'a>,
}
