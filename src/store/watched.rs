//! What is known of EDGAR: the frontier, the back-off, the tickers that it lists.

use std::sync::PoisonError;

use chrono::{DateTime, NaiveDate, Utc};

use super::error::{StoreError, abort};
use super::frontier::{FRONTIER, Frontier, Silence};
use super::handle::Store;
use super::record::{decode, encode};
use crate::edgar::tickers::Tickers;

const SILENCE: &str = "silence";
const TICKERS: &str = "tickers";

impl Store {
    /// Up to where the feed was seen; `None` before the first poll.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn frontier(&self) -> Result<Option<Frontier>, StoreError> {
        let bytes = self.inner.meta.get(FRONTIER).map_err(|error| self.failed(error))?;
        let Some(bytes) = bytes else { return Ok(None) };
        // It is asked for at every turn.
        let mut last = self.inner.frontier.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((known, frontier)) if *known == bytes => Ok(Some(*frontier)),
            _ => {
                let frontier = decode(FRONTIER, &bytes)?;
                *last = Some((bytes, frontier));
                Ok(Some(frontier))
            }
        }
    }

    /// Notes that the daily indexes before `next` have closed the hole, where it lies before that day, and that a look back is
    /// over, where nothing of it is left to be read.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn close_hole(&self, next: NaiveDate, all_read: bool) -> Result<(), StoreError> {
        self.transact(&self.inner.meta, |meta| {
            let Some(bytes) = meta.get(FRONTIER)? else { return Ok(()) };
            let mut frontier: Frontier = decode(FRONTIER, &bytes).map_err(abort)?;
            let before = frontier;
            if let Some(hole) = frontier.hole.take_if(|hole| hole.until < next) {
                frontier.history_since = Some(hole.whole_since);
            }
            if all_read && frontier.hole.is_none() && !frontier.baseline_rings {
                frontier.asked_since = None;
            }
            if frontier != before {
                meta.insert(FRONTIER, encode(FRONTIER, &frontier).map_err(abort)?)?;
            }
            Ok(())
        })
    }

    /// The silence towards EDGAR, or the last one.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn silence(&self) -> Result<Option<Silence>, StoreError> {
        self.single(&self.inner.meta, SILENCE)
    }

    /// Begins or ends the silence towards EDGAR.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn set_silence(&self, silence: Option<&Silence>) -> Result<(), StoreError> {
        match silence {
            Some(silence) if self.silence().await?.as_ref() == Some(silence) => Ok(()),
            Some(silence) => {
                let bytes = encode(SILENCE, silence)?;
                self.write(|| self.inner.meta.insert(SILENCE, bytes)).map(drop)
            }
            None if self.silence().await?.is_some() => {
                self.write(|| self.inner.meta.remove(SILENCE)).map(drop)
            }
            None => Ok(()),
        }
    }

    /// The tickers of listed issuers, and when they were fetched.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn tickers(&self) -> Result<Option<(DateTime<Utc>, Tickers)>, StoreError> {
        self.single(&self.inner.meta, TICKERS)
    }

    /// Keeps the tickers of listed issuers.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn set_tickers(&self, fetched_at: DateTime<Utc>, tickers: &Tickers) -> Result<(), StoreError> {
        let bytes = encode(TICKERS, &(fetched_at, tickers))?;
        self.write(|| self.inner.meta.insert(TICKERS, bytes)).map(drop)
    }
}
