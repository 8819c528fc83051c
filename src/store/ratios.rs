//! How many shares an ADS of an issuer stands for, as its filings state it.

use chrono::{DateTime, Utc};

use super::error::StoreError;
use super::handle::Store;
use super::history::{moment, place};
use super::record::encode;
use crate::filing::{AdsRatio, Cik, Filing, PastFiling, StatedRatio};

impl Store {
    /// The ratio that holds for a filing of an issuer that EDGAR accepted at a time: the newest that a filing of that time or before
    /// states. A later one wins from its own time on.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn ads_ratio(
        &self,
        issuer: Cik,
        accepted_at: DateTime<Utc>,
    ) -> Result<Option<StatedRatio>, StoreError> {
        let (from, until) =
            (moment(issuer, DateTime::UNIX_EPOCH), format!("{}0", moment(issuer, accepted_at)));
        Ok(self.newest(&self.inner.ratios, from.as_bytes()..until.as_bytes(), 1)?.pop())
    }

    /// Tells a filing the ratio of its issuer's ADS, where it does not state one itself. Without a time of its own, it is of `accepted_at`.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn teach(&self, filing: &mut Filing, accepted_at: DateTime<Utc>) -> Result<(), StoreError> {
        let accepted_at = filing.accepted_at.unwrap_or(accepted_at);
        if filing.may_learn()
            && let Some(ratio) = self.ads_ratio(filing.issuer.cik, accepted_at).await?
        {
            filing.learn(&AdsRatio::from(&ratio));
        }
        Ok(())
    }

    /// Keeps what filings state. Written before they are done, which needs no transaction: read again, they state the same.
    pub(super) fn keep_ratios(&self, issuer: Cik, past: &[PastFiling]) -> Result<(), StoreError> {
        for filing in past {
            let Some(ratio) = &filing.ads_ratio else { continue };
            let key = place(issuer, filing);
            let record = encode(&key, ratio)?;
            self.write(|| self.inner.ratios.insert(key.as_str(), record))?;
        }
        Ok(())
    }
}
