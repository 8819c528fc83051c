//! History in a temporary file, so that memory does not grow with it: an issuer's filings by their positions
//! in the file.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::filing::{Accession, Cik, PastFiling, StatedRatio};

/// The most filings of an issuer that are looked back on, the same number as the store returns.
const MOST: usize = 1_000;

/// Why history could not be kept or read back.
#[derive(Debug, Error)]
pub enum HistoryError {
    /// The temporary file.
    #[error("history's temporary file: {0}; set TMPDIR to a folder with room")]
    Io(#[from] io::Error),
    /// A record of it.
    #[error("a record of history: {0}")]
    Record(#[from] serde_json::Error),
}

/// The position of a filing's record.
#[derive(Debug, Clone, Copy)]
struct RecordPosition {
    accession: Accession,
    accepted_at: DateTime<Utc>,
    offset: u64,
    length: u32,
}

#[derive(Debug)]
pub(super) struct HistoryFile {
    file: File,
    end: u64,
    places: HashMap<Cik, Vec<RecordPosition>>,
    since: Option<DateTime<Utc>>,
    /// The ADS ratios that filings state for their issuers, by time of acceptance.
    ratios: HashMap<Cik, Vec<(DateTime<Utc>, StatedRatio)>>,
}

impl HistoryFile {
    pub(super) fn new() -> Result<Self, HistoryError> {
        Ok(Self {
            file: tempfile::tempfile()?,
            end: 0,
            places: HashMap::new(),
            since: None,
            ratios: HashMap::new(),
        })
    }

    /// History begins at the time of the first filing.
    pub(super) fn begin(&mut self, accepted_at: DateTime<Utc>) {
        self.since.get_or_insert(accepted_at);
    }

    /// An issuer's filings since a time, oldest first, and the time from which they are complete.
    pub(super) fn of(
        &mut self,
        issuer: Cik,
        since: DateTime<Utc>,
    ) -> Result<(Vec<PastFiling>, Option<DateTime<Utc>>), HistoryError> {
        let all = self.places.get(&issuer).map_or(&[][..], Vec::as_slice);
        let wanted = all.partition_point(|place| place.accepted_at < since);
        let start = wanted.max(all.len().saturating_sub(MOST));
        let cut = all.get(start).filter(|_| start > wanted).map(|oldest| oldest.accepted_at);
        let mut filings = Vec::new();
        for place in &all[start..] {
            let mut bytes = vec![0; usize::try_from(place.length).unwrap_or_default()];
            self.file.seek(SeekFrom::Start(place.offset))?;
            self.file.read_exact(&mut bytes)?;
            filings.push(serde_json::from_slice(&bytes)?);
        }
        Ok((filings, self.since.max(cut)))
    }

    /// The ratio of an issuer's ADS that applies at a time: the newest one stated by then.
    pub(super) fn ads_ratio(&self, issuer: Cik, accepted_at: DateTime<Utc>) -> Option<&StatedRatio> {
        let stated = self.ratios.get(&issuer)?;
        let until = stated.partition_point(|(at, _)| *at <= accepted_at);
        stated[..until].last().map(|(_, ratio)| ratio)
    }

    fn keep_ratio(&mut self, issuer: Cik, filing: &PastFiling) {
        let Some(ratio) = &filing.ads_ratio else { return };
        let stated = self.ratios.entry(issuer).or_default();
        let until = stated.partition_point(|(at, _)| *at <= filing.accepted_at);
        // A ratio that repeats the one before it adds nothing.
        if until.checked_sub(1).is_none_or(|last| stated[last].1.shares != ratio.shares) {
            stated.insert(until, (filing.accepted_at, ratio.clone()));
        }
    }

    /// Keeps filings, replacing those kept before.
    pub(super) fn keep(&mut self, issuer: Cik, filings: &[PastFiling]) -> Result<(), HistoryError> {
        for filing in filings {
            self.keep_ratio(issuer, filing);
            let bytes = serde_json::to_vec(filing)?;
            self.file.seek(SeekFrom::Start(self.end))?;
            self.file.write_all(&bytes)?;
            let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
            let PastFiling { accession, accepted_at, .. } = *filing;
            let place = RecordPosition { accession, accepted_at, offset: self.end, length };
            self.end += u64::from(length);
            let places = self.places.entry(issuer).or_default();
            match places.iter_mut().rev().find(|known| known.accession == accession) {
                Some(known) => *known = place,
                None => {
                    let at = places.partition_point(|known| known.accepted_at <= accepted_at);
                    places.insert(at, place);
                }
            }
        }
        Ok(())
    }

    /// Its size in the file, and the size of its index in memory.
    pub(super) fn bytes(&self) -> (u64, usize) {
        let entries: usize = self.places.values().map(Vec::capacity).sum();
        (
            self.end,
            entries * size_of::<RecordPosition>()
                + self.places.len() * size_of::<(Cik, Vec<RecordPosition>)>(),
        )
    }
}
