//! One poll: what is new on the feed becomes pending, and what is pending is settled.

use chrono::{DateTime, Utc};

use super::{Intake, PollReport};
use crate::store::StoreError;

impl Intake {
    /// Polls once: what is new on the feed is written down, then all that is due is fetched and settled.
    ///
    /// # Errors
    /// Failures of the store. EDGAR's are in the report.
    pub async fn poll_once(&self, now: DateTime<Utc>) -> Result<PollReport, StoreError> {
        let mut report = self.discovery.discover_once(now).await?;
        self.tickers.refresh_soon(now, &mut report).await?;
        if report.silent_until.is_none() && self.backoff.silent_until(now).await?.is_none() {
            self.settler.settle_due(now, &mut report).await?;
        }
        Ok(report)
    }
}
