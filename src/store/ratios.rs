//! How many shares an issuer's ADS represents, as stated in its filings.

use chrono::{DateTime, Utc};

use super::engine::Range;
use super::error::StoreError;
use super::handle::Store;
use super::table::Table;
use crate::filing::{AdsRatio, Cik, Filing, StatedRatio};

/// Issuer, acceptance time, accession → the ADS ratio that a filing states.
pub(super) const RATIOS: Table<StatedRatio> = Table::new("ratios");

impl Store {
    /// The ratio that applies to an issuer's filing accepted at the given time: the newest one stated in a
    /// filing accepted by then.
    pub async fn ads_ratio(
        &self,
        issuer: Cik,
        accepted_at: DateTime<Utc>,
    ) -> Result<Option<StatedRatio>, StoreError> {
        let (from, until) =
            (moment(issuer, DateTime::UNIX_EPOCH), format!("{}0", moment(issuer, accepted_at)));
        Ok(self.records(&RATIOS, &Range::between(&from, &until, 1).backwards()).await?.pop())
    }

    /// Sets the ADS ratio of a filing that does not state one itself. `accepted_at` is used if the filing has
    /// no acceptance time.
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

/// An issuer and a time: the key prefix of what is stored about its filings.
pub(super) fn moment(issuer: Cik, time: DateTime<Utc>) -> String {
    format!("{:010}/{:012}", issuer.number(), time.timestamp().max(0))
}
