//! Which issuers have a complete history, and since when.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::handle::Store;
use super::table::Single;
use crate::filing::Cik;

pub(super) const COVERAGE: Single<Coverage> = Single::new("coverage");

/// The issuers whose filings are all fetched, and since when. If every rule names its issuers, other issuers'
/// filings are not fetched.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Coverage {
    /// Since when the filings of all issuers are fetched; `None` while only some issuers are.
    pub all_since: Option<DateTime<Utc>>,
    /// Since when the filings of each issuer are fetched.
    pub issuers: BTreeMap<Cik, DateTime<Utc>>,
    /// Issuers whose past was fetched.
    pub filled: BTreeMap<Cik, Filled>,
}

/// A completely fetched stretch of an issuer's past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filled {
    /// Start of the stretch.
    pub since: DateTime<Utc>,
    /// End of the stretch.
    pub until: DateTime<Utc>,
}

impl Coverage {
    /// Since when an issuer's history is complete, given that discovery is complete since `found`.
    pub fn whole_since(&self, issuer: Cik, found: DateTime<Utc>) -> DateTime<Utc> {
        let own = self.issuers.get(&issuer).copied();
        let fetched = match (self.all_since, own) {
            (Some(all), Some(own)) => all.min(own),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => DateTime::<Utc>::MAX_UTC,
        };
        let whole = found.max(fetched);
        match self.filled.get(&issuer) {
            Some(filled) if whole <= filled.until => whole.min(filled.since),
            _ => whole,
        }
    }
}

impl Store {
    /// Which issuers' filings are fetched; `None` means all issuers, until this is first decided.
    pub async fn coverage(&self) -> Result<Option<Coverage>, StoreError> {
        self.single(&COVERAGE).await
    }

    /// Replaces the coverage unless it changed since it was read. Returns `false` and writes nothing if it
    /// did; the caller must then read it again.
    pub async fn replace_coverage(
        &self,
        read: Option<&Coverage>,
        coverage: &Coverage,
    ) -> Result<bool, StoreError> {
        self.replace_single(&COVERAGE, read, Some(coverage)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuers_history_is_whole_where_each_stretch_joins_on_to_the_next() {
        let at = |day: u32| format!("2023-03-{day:02}T00:00:00Z").parse::<DateTime<Utc>>().unwrap();
        let issuer = Cik::new(70).unwrap();
        let check =
            |all: Option<u32>, own: Option<u32>, filled: Option<(u32, u32)>, expected: Option<u32>| {
                let coverage = Coverage {
                    all_since: all.map(at),
                    issuers: own.map(|own| (issuer, at(own))).into_iter().collect(),
                    filled: filled
                        .map(|(since, until)| (issuer, Filled { since: at(since), until: at(until) }))
                        .into_iter()
                        .collect(),
                };
                let expected = expected.map_or(DateTime::<Utc>::MAX_UTC, at);
                assert_eq!(coverage.whole_since(issuer, at(10)), expected, "{coverage:?}");
            };
        check(Some(5), None, None, Some(10));
        check(Some(12), None, None, Some(12));
        check(Some(12), Some(11), None, Some(11));
        check(None, Some(11), None, Some(11));
        check(None, None, None, None);
        // The filled stretch must reach the start of the rest, or there is a gap between them.
        check(Some(5), None, Some((1, 11)), Some(1));
        check(Some(5), None, Some((1, 9)), Some(10));
        check(None, None, Some((1, 20)), None);
        check(None, Some(15), Some((1, 15)), Some(1));
    }
}
