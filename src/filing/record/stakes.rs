//! The stake before and after as JSON.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::super::{Shares, Stake, StakeSource, Table, Usd};

/// The stake in a security as JSON, over all rows and lines of the filing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StakeRecord {
    /// Which table.
    pub table: Table,
    /// Title of the security.
    pub security: Option<String>,
    /// Owned before the filing's first row.
    pub before: Option<Shares>,
    /// Owned after its last.
    pub after: Option<Shares>,
    /// (after − before) ÷ before, to eight digits; what was owned before a split counts as what it became.
    pub change: Option<String>,
    /// How it came about, in the order of the rows.
    pub sources: Vec<SourceRecord>,
}

/// A step of a stake, as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceRecord {
    /// `exercised`, `granted`, `bought`, `sold`, `withheld`, `given away` and so on.
    pub what: String,
    /// In words for people: `had 300 withheld`.
    pub text: String,
    /// The total number of shares.
    pub shares: Option<Shares>,
    /// The price, if there is one.
    pub price: Option<Usd>,
}

impl From<Stake> for StakeRecord {
    fn from(stake: Stake) -> Self {
        Self {
            table: stake.table,
            security: stake.security,
            before: stake.ends.map(|ends| ends.0),
            after: stake.ends.map(|ends| ends.1),
            change: stake.change.map(eight_digits),
            sources: stake.sources.into_iter().map(SourceRecord::from).collect(),
        }
    }
}

impl From<StakeSource> for SourceRecord {
    fn from(source: StakeSource) -> Self {
        let number =
            source.shares.map_or_else(|| "an unknown number".to_owned(), |shares| shares.to_string());
        Self {
            what: source.deed.word().to_owned(),
            text: source.deed.phrase(&number),
            shares: source.shares,
            price: source.price,
        }
    }
}

/// A fraction as written in our JSON.
pub(crate) fn eight_digits(fraction: Decimal) -> String {
    fraction.round_dp(8).normalize().to_string()
}
