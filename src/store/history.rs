//! History: records of an issuer's filings, ordered by acceptance.

use chrono::{DateTime, Utc};

use super::engine::{Range, Transaction};
use super::error::StoreError;
use super::handle::Store;
use super::ratios::{RATIOS, moment};
use super::table::Table;
use crate::decide::HistoryReach;
use crate::filing::{Cik, Filing, PastFiling};

/// Issuer, acceptance time, accession → the history record of a filing.
pub(super) const HISTORY: Table<PastFiling> = Table::new("past");

/// Saves history records of an issuer's filings, with the ADS ratios that they state.
pub(super) fn keep(transaction: &Transaction, issuer: Cik, past: &[PastFiling]) -> Result<(), StoreError> {
    for filing in past {
        let place = place(issuer, filing);
        HISTORY.put(transaction, &place, filing)?;
        if let Some(ratio) = &filing.ads_ratio {
            RATIOS.put(transaction, &place, ratio)?;
        }
    }
    Ok(())
}

impl Store {
    /// The history of an issuer's filings accepted since `since`, oldest first, limited to the newest 1,000;
    /// and since when it is complete, `None` before the first poll.
    pub async fn history(
        &self,
        issuer: Cik,
        since: DateTime<Utc>,
    ) -> Result<(Vec<PastFiling>, Option<DateTime<Utc>>), StoreError> {
        const MOST: usize = 1_000;
        let (from, until) = (moment(issuer, since), format!("{:010}0", issuer.number()));
        let mut past = self.records(&HISTORY, &Range::between(&from, &until, MOST).backwards()).await?;
        past.reverse();
        let cut = past.first().filter(|_| past.len() >= MOST).map(|oldest| oldest.accepted_at);
        let whole = self.frontier().await?.map(|frontier| frontier.whole_since());
        let whole = match self.coverage().await? {
            Some(coverage) => whole.map(|whole| coverage.whole_since(issuer, whole)),
            None => whole,
        };
        let whole = whole.map(|whole| cut.map_or(whole, |cut| whole.max(cut)));
        Ok((past, whole))
    }

    /// The history for a filing since `since`, or for an amendment since its first version; and since when it
    /// is complete.
    pub async fn history_for(
        &self,
        filing: &Filing,
        since: DateTime<Utc>,
    ) -> Result<(Vec<PastFiling>, Option<DateTime<Utc>>), StoreError> {
        let mut reach = HistoryReach::new(filing, since);
        loop {
            let history = self.history(filing.issuer.cik, reach.since()).await?;
            if !reach.goes_further(&history.0) {
                return Ok(history);
            }
        }
    }
}

/// Issuer, acceptance time, accession, so that an issuer's filings are in order.
pub(super) fn place(issuer: Cik, past: &PastFiling) -> String {
    format!("{}/{}", moment(issuer, past.accepted_at), past.accession)
}
