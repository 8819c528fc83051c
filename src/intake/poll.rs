//! One poll: new filings on the feed become pending, and pending filings are settled.

use chrono::{DateTime, Utc};

use super::{Intake, PollReport};
use crate::store::StoreError;

impl Intake {
    /// Polls once: records new filings on the feed, then fetches and settles all due filings.
    ///
    /// # Errors
    /// Failures of the store. Failures of EDGAR are in the report.
    pub async fn poll_once(&self, now: DateTime<Utc>) -> Result<PollReport, StoreError> {
        let mut report = self.discovery.discover_once(now).await?;
        self.tickers.refresh_soon(now, &mut report).await?;
        if report.silent_until.is_none() && self.backoff.silent_until(now).await?.is_none() {
            self.settler.settle_due(now, &mut report).await?;
        }
        Ok(report)
    }
}
