//! Rules: what to look for in a filing. `docs/RULES.md` specifies the files.

mod load;
mod matcher;
mod wire;

pub use load::{LoadError, load_path, load_slice};
pub use matcher::{Match, Silent, evaluate};

use std::collections::BTreeSet;

use crate::destination::Destination;
use crate::filing::{Cik, Code, Shares, Usd};

/// One rule. All its conditions must hold; an empty list or `None` is no condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Unique over all files.
    pub name: String,
    /// For people.
    pub description: Option<String>,
    /// The issuer has one of these tickers, upper case.
    pub tickers: BTreeSet<String>,
    /// The issuer is one of these.
    pub ciks: BTreeSet<Cik>,
    /// The lots that count have one of these codes; never empty.
    pub codes: BTreeSet<Code>,
    /// The sum of those lots is worth at least this.
    pub min_value: Option<Usd>,
    /// The sum of those lots is at least this many.
    pub min_shares: Option<Shares>,
    /// Where its alerts go, besides the channels that subscribe.
    pub notify: Vec<Destination>,
}

#[cfg(test)]
mod tests;
