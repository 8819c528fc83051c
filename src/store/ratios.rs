//! How many shares an ADS of an issuer stands for, as its filings state it.

use chrono::{DateTime, Utc};

use super::engine::Range;
use super::error::StoreError;
use super::handle::Store;
use super::table::Table;
use crate::filing::{AdsRatio, Cik, Filing, StatedRatio};

/// Issuer, acceptance time, accession → the ratio of its ADS that a filing states.
pub(super) const RATIOS: Table<StatedRatio> = Table::new("ratios");

impl Store {
    /// The ratio that holds for a filing of an issuer that EDGAR accepted at a time: the newest that a filing of that time or before
    /// states. A later one wins from its own time on.
    pub async fn ads_ratio(
        &self,
        issuer: Cik,
        accepted_at: DateTime<Utc>,
    ) -> Result<Option<StatedRatio>, StoreError> {
        let (from, until) =
            (moment(issuer, DateTime::UNIX_EPOCH), format!("{}0", moment(issuer, accepted_at)));
        Ok(self.records(&RATIOS, &Range::between(&from, &until, 1).backwards()).await?.pop())
    }

    /// Tells a filing the ratio of its issuer's ADS, where it does not state one itself. Without a time of its own, it is of `accepted_at`.
    pub async fn teach(&self, filing: &mut Filing, accepted_at: DateTime<Utc>) -> Result<(), StoreError> {
        let accepted_at = filing.accepted_at.unwrap_or(accepted_at);
        if filing.may_learn()
            && let Some(ratio) = self.ads_ratio(filing.issuer.cik, accepted_at).await?
        {
            filing.learn(&AdsRatio::from(&ratio));
        }
        Ok(())
    }
}

/// An issuer and a time, as the places of what is kept of its filings begin.
pub(super) fn moment(issuer: Cik, time: DateTime<Utc>) -> String {
    format!("{:010}/{:012}", issuer.number(), time.timestamp().max(0))
}
