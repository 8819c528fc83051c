//! A filing as rules see it: facts that several rules need are computed once.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::fold::name_words;
use crate::filing::{Accession, Filing, PastFiling, Role};

/// Earlier filings of the issuer.
#[derive(Debug, Clone, Copy, Default)]
pub struct History<'a> {
    /// Earlier filings. The filing itself is skipped if it is among them.
    pub filings: &'a [PastFiling],
    /// All filings accepted since then are included; `None` if there is no history.
    pub since: Option<DateTime<Utc>>,
    /// The filing's own lots, by position, that count in another filing: one that reports the same trade, or
    /// an amendment.
    pub counted_in: Option<&'a BTreeMap<usize, Accession>>,
}

/// A filing and the earlier filings of its issuer.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The filing.
    pub filing: &'a Filing,
    /// Earlier filings.
    pub history: History<'a>,
    tickers: OnceCell<Vec<String>>,
    roles: OnceCell<Vec<Vec<Role>>>,
    names: OnceCell<Vec<Vec<String>>>,
    late: OnceCell<Option<Vec<usize>>>,
}

impl<'a> Subject<'a> {
    /// A filing together with its history.
    pub fn new(filing: &'a Filing, history: History<'a>) -> Self {
        Self {
            filing,
            history,
            tickers: OnceCell::new(),
            roles: OnceCell::new(),
            names: OnceCell::new(),
            late: OnceCell::new(),
        }
    }

    /// The tickers that rules can find the issuer by.
    pub(super) fn tickers(&self) -> &[String] {
        self.tickers.get_or_init(|| self.filing.issuer.all_tickers())
    }

    /// Each owner's roles.
    pub(super) fn roles(&self) -> &[Vec<Role>] {
        self.roles.get_or_init(|| self.filing.owners.iter().map(|owner| self.filing.roles(owner)).collect())
    }

    /// The words of each owner's name.
    pub(super) fn names(&self) -> &[Vec<String>] {
        self.names.get_or_init(|| self.filing.owners.iter().map(|owner| name_words(&owner.name)).collect())
    }

    /// The lots that were reported late; `None` if unknown.
    pub(super) fn late(&self) -> Option<&[usize]> {
        self.late.get_or_init(|| self.filing.late_lots()).as_deref()
    }
}
