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
    /// Up to where the feed was seen; `None` before the first poll.
    pub async fn frontier(&self) -> Result<Option<Frontier>, StoreError> {
        frontier::read(self.stored_value(META, FRONTIER).await?)
    }

    /// Notes that the daily indexes before `next` have closed the hole, where it lies before that day, and that a look back is
    /// over, where nothing of it is left to be read.
    pub async fn close_hole(&self, next: NaiveDate) -> Result<(), StoreError> {
        self.transaction(|transaction| async move {
            let Some(mut frontier) = frontier::get(&transaction).await? else { return Ok(()) };
            if let Some(hole) = frontier.hole.take_if(|hole| hole.until < next) {
                frontier.history_since = Some(hole.whole_since);
            }
            let all_read = transaction.range(PENDING.space, &Range::first(1)).await?.is_empty();
            if all_read && frontier.hole.is_none() && !frontier.baseline_rings {
                frontier.asked_since = None;
            }
            frontier::set(&transaction, frontier).await
        })
        .await
    }

    /// The silence towards EDGAR, or the last one.
    pub async fn silence(&self) -> Result<Option<Silence>, StoreError> {
        self.single(&SILENCE).await
    }

    /// Begins or ends the silence towards EDGAR, where it is still as it was read; `false` where it is another, which has to be read.
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

    /// Keeps the tickers of listed issuers.
    pub async fn set_tickers(&self, fetched_at: DateTime<Utc>, tickers: &Tickers) -> Result<(), StoreError> {
        self.transaction(|transaction| async move {
            Ok(TICKERS.put(&transaction, &(fetched_at, tickers.clone()))?)
        })
        .await
    }
}
