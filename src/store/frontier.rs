//! Up to where EDGAR was read, while it is asked nothing, and the tickers that it lists.

use std::sync::PoisonError;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::record::{decode, encode};
use super::{Store, StoreError, abort};
use crate::alert::Key;
use crate::edgar::tickers::Tickers;

pub(super) const FRONTIER: &str = "frontier";
const SILENCE: &str = "silence";
const TICKERS: &str = "tickers";

/// Up to where the feed was seen without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frontier {
    /// Filings accepted before this are not new: the first run's moment, or `--since`.
    pub floor: DateTime<Utc>,
    /// The newest acceptance time when the feed was last read down to what was known.
    pub seen_until: DateTime<Utc>,
    /// Whether filings that a first run took as known ring after all: while `--since` looks back.
    #[serde(default)]
    pub baseline_rings: bool,
    /// From here on every filing is in history; `None` in records of older versions, where it is the floor.
    #[serde(default)]
    pub history_since: Option<DateTime<Utc>>,
    /// A stretch that the feed no longer showed and that the daily indexes close.
    #[serde(default)]
    pub hole: Option<Hole>,
    /// `--since` or `look_back`, until all of it is read: what was accepted from then on rings, however old it is.
    #[serde(default)]
    pub asked_since: Option<DateTime<Utc>>,
}

/// A stretch that the feed no longer showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hole {
    /// From when on history was whole before.
    pub whole_since: DateTime<Utc>,
    /// The last day that is compared with its index before it is whole again.
    pub until: NaiveDate,
}

impl Frontier {
    /// From a moment on: what was accepted earlier is not new.
    pub fn at(moment: DateTime<Utc>) -> Self {
        Self {
            floor: moment,
            seen_until: moment,
            baseline_rings: false,
            history_since: Some(moment),
            hole: None,
            asked_since: None,
        }
    }

    /// From here on every filing is in history.
    pub fn whole_since(&self) -> DateTime<Utc> {
        self.history_since.unwrap_or(self.floor)
    }
}

/// While EDGAR is asked nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Until when.
    pub until: DateTime<Utc>,
    /// How many troubles in a row led to it.
    pub in_a_row: u32,
    /// How many of them were blocks.
    #[serde(default)]
    pub blocks: u32,
    /// Whose contact was refused, as a hash of it: another one may ask at once.
    #[serde(default)]
    pub refused: Option<Key>,
    /// The last of them, for people.
    #[serde(default)]
    pub reason: String,
}

impl Store {
    /// Up to where the feed was seen; `None` before the first poll.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn frontier(&self) -> Result<Option<Frontier>, StoreError> {
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
    pub fn close_hole(&self, next: NaiveDate, all_read: bool) -> Result<(), StoreError> {
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
    pub fn silence(&self) -> Result<Option<Silence>, StoreError> {
        self.single(&self.inner.meta, SILENCE)
    }

    /// Begins or ends the silence towards EDGAR.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn set_silence(&self, silence: Option<&Silence>) -> Result<(), StoreError> {
        match silence {
            Some(silence) if self.silence()?.as_ref() == Some(silence) => Ok(()),
            Some(silence) => {
                let bytes = encode(SILENCE, silence)?;
                self.write(|| self.inner.meta.insert(SILENCE, bytes)).map(drop)
            }
            None if self.silence()?.is_some() => self.write(|| self.inner.meta.remove(SILENCE)).map(drop),
            None => Ok(()),
        }
    }

    /// The tickers of listed issuers, and when they were fetched.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn tickers(&self) -> Result<Option<(DateTime<Utc>, Tickers)>, StoreError> {
        self.single(&self.inner.meta, TICKERS)
    }

    /// Keeps the tickers of listed issuers.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn set_tickers(&self, fetched_at: DateTime<Utc>, tickers: &Tickers) -> Result<(), StoreError> {
        let bytes = encode(TICKERS, &(fetched_at, tickers))?;
        self.write(|| self.inner.meta.insert(TICKERS, bytes)).map(drop)
    }
}
