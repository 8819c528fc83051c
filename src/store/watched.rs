//! Facts about EDGAR: the frontier, the back-off, the tickers that it lists.

use chrono::{DateTime, NaiveDate, Utc};

use super::engine::Range;
use super::error::StoreError;
use super::frontier::{self, FRONTIER, Frontier, Silence};
use super::handle::Store;
use super::pending::PENDING;
use super::table::{META, Single};
use crate::edgar::tickers::Tickers;

const SILENCE: Single<Silence> = Single::new("silence");
const TICKERS: Single<(DateTime<Utc>, Tickers)> = Single::new("tickers");

impl Store {
    /// How far the feed has been read; `None` before the first poll.
    pub async fn frontier(&self) -> Result<Option<Frontier>, StoreError> {
        frontier::read(self.stored_value(META, FRONTIER).await?)
    }

    /// Closes the hole if the daily indexes before `next` cover it, and ends a look-back if nothing of it is
    /// left to read.
    pub async fn close_hole(&self, next: NaiveDate) -> Result<(), StoreError> {
        self.transaction(|transaction| async move {
            let Some(mut frontier) = frontier::get(&transaction).await? else { return Ok(()) };
            if let Some(hole) = frontier.hole.take_if(|hole| hole.until < next) {
                frontier.history_since = Some(hole.whole_since);
            }
            let all_read = transaction.range(PENDING.space, &Range::first(1)).await?.is_empty();
            if all_read && frontier.hole.is_none() && !frontier.baseline_alerts {
                frontier.asked_since = None;
            }
            frontier::set(&transaction, frontier).await
        })
        .await
    }

    /// The current or last back-off towards EDGAR.
    pub async fn silence(&self) -> Result<Option<Silence>, StoreError> {
        self.single(&SILENCE).await
    }

    /// Starts or ends the back-off towards EDGAR, unless it changed since it was read. Returns `false` if it
    /// did; the caller must then read it again.
    pub async fn replace_silence(
        &self,
        read: Option<&Silence>,
        silence: Option<&Silence>,
    ) -> Result<bool, StoreError> {
        self.replace_single(&SILENCE, read, silence).await
    }

    /// The tickers of listed issuers, and when they were fetched.
    pub async fn tickers(&self) -> Result<Option<(DateTime<Utc>, Tickers)>, StoreError> {
        self.single(&TICKERS).await
    }

    /// Saves the tickers of listed issuers.
    pub async fn set_tickers(&self, fetched_at: DateTime<Utc>, tickers: &Tickers) -> Result<(), StoreError> {
        self.transaction(|transaction| async move {
            Ok(TICKERS.put(&transaction, &(fetched_at, tickers.clone()))?)
        })
        .await
    }
}
