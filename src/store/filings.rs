//! Which filings were seen, which are done, and the one transaction that makes a filing done.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::record::{decode, encode};
use super::{Gathered, Store, StoreError, abort, digests, queue};
use crate::delivery::Delivery;
use crate::edgar::FilingRef;
use crate::edgar::tickers::Tickers;
use crate::filing::{Accession, Cik, PastFiling};

const FRONTIER: &str = "frontier";
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
}

impl Frontier {
    /// From here on every filing is in history.
    pub fn whole_since(&self) -> DateTime<Utc> {
        self.history_since.unwrap_or(self.floor)
    }
}

/// While EDGAR is asked nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Until when.
    pub until: DateTime<Utc>,
    /// How many troubles in a row led to it.
    pub in_a_row: u32,
    /// How many of them were blocks.
    #[serde(default)]
    pub blocks: u32,
}

/// A filing that was seen and is not done yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    /// What to fetch.
    pub filing: FilingRef,
    /// When it was first seen.
    pub seen_at: DateTime<Utc>,
    /// How often fetching failed.
    pub attempts: u32,
    /// Not to be tried before.
    pub not_before: DateTime<Utc>,
}

/// What is known of an accession.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    New,
    /// It was there when sellbell first ran; nothing was told of it.
    Baseline,
    /// Seen, and still to be fetched.
    Pending,
    /// Done.
    Done,
}

/// How a filing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It was there when sellbell first ran.
    Baseline,
    /// Rules rang.
    Rang,
    /// No rule rang.
    Quiet,
    /// It could not be read; reason and bytes are kept.
    Unreadable,
}

/// All that a filing causes, to be written at once.
#[derive(Debug, Clone)]
pub struct Settled {
    /// Which filing.
    pub accession: Accession,
    /// How it ended.
    pub ending: Ending,
    /// When.
    pub at: DateTime<Utc>,
    /// What history keeps: itself, and earlier filings of the issuer that it says something new of.
    pub history: Option<(Cik, Vec<PastFiling>)>,
    /// What is to be sent at once.
    pub deliveries: Vec<Delivery>,
    /// What waits for a digest.
    pub gathered: Vec<Gathered>,
    /// Reason and bytes of a filing that could not be read.
    pub unreadable: Option<(String, Vec<u8>)>,
}

#[derive(Serialize, Deserialize)]
struct Done {
    ending: Ending,
    at: DateTime<Utc>,
}

impl Store {
    /// Up to where the feed was seen; `None` before the first poll.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn frontier(&self) -> Result<Option<Frontier>, StoreError> {
        let bytes = self.inner.meta.get(FRONTIER).map_err(|error| self.failed(error))?;
        bytes.map(|bytes| decode(FRONTIER, &bytes)).transpose()
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
    pub fn set_silence(&self, silence: Option<Silence>) -> Result<(), StoreError> {
        match silence {
            Some(silence) => {
                let bytes = encode(SILENCE, &silence)?;
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

    /// What is known of a filing.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn standing(&self, accession: Accession) -> Result<Standing, StoreError> {
        let key = accession.to_string();
        if let Some(bytes) = self.inner.filings.get(&key).map_err(|error| self.failed(error))? {
            let done: Done = decode(&key, &bytes)?;
            return Ok(if done.ending == Ending::Baseline { Standing::Baseline } else { Standing::Done });
        }
        let pending = self.inner.pending.contains_key(&key).map_err(|error| self.failed(error))?;
        Ok(if pending { Standing::Pending } else { Standing::New })
    }

    /// Writes what a poll found, at once: the new filings, those that are taken as known where nothing is known of them,
    /// and up to where the feed was read without a gap.
    ///
    /// # Errors
    /// Failures of the store; then nothing of it is written.
    pub fn discovered(
        &self,
        new: &[FilingRef],
        known: &[FilingRef],
        frontier: Frontier,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if new.is_empty() && known.is_empty() && self.frontier()? == Some(frontier) {
            return Ok(());
        }
        let trees = (&self.inner.pending, &self.inner.filings, &self.inner.meta);
        self.transact(&trees, |(pending, filings, meta)| {
            for filing in new {
                let key = filing.accession.to_string();
                let record = Pending { filing: filing.clone(), seen_at: now, attempts: 0, not_before: now };
                filings.remove(key.as_str())?;
                pending.insert(key.as_str(), encode(&key, &record).map_err(abort)?)?;
            }
            for filing in known {
                let key = filing.accession.to_string();
                if filings.get(key.as_str())?.is_some() || pending.get(key.as_str())?.is_some() {
                    continue;
                }
                let record = Done { ending: Ending::Baseline, at: now };
                filings.insert(key.as_str(), encode(&key, &record).map_err(abort)?)?;
            }
            meta.insert(FRONTIER, encode(FRONTIER, &frontier).map_err(abort)?)?;
            Ok(())
        })
    }

    /// The filings that are to be fetched, oldest first.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn pending(&self) -> Result<Vec<Pending>, StoreError> {
        let mut all: Vec<Pending> = self.scan(&self.inner.pending, &[], usize::MAX)?;
        all.sort_by_key(|pending| (pending.filing.accepted_at, pending.filing.accession));
        Ok(all)
    }

    /// Puts a filing off after a failed fetch.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn postpone(&self, pending: &Pending) -> Result<(), StoreError> {
        let key = pending.filing.accession.to_string();
        let bytes = encode(&key, pending)?;
        self.write(|| self.inner.pending.insert(key.as_str(), bytes)).map(drop)
    }

    /// What history has of an issuer's filings that were accepted since `since`, oldest first: at most the newest 1,000. And
    /// from when on that is whole; `None` before the first poll.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn history(
        &self,
        issuer: Cik,
        since: DateTime<Utc>,
    ) -> Result<(Vec<PastFiling>, Option<DateTime<Utc>>), StoreError> {
        const MOST: usize = 1_000;
        let (from, until) = (moment(issuer, since), format!("{:010}0", issuer.number()));
        let past: Vec<PastFiling> =
            self.newest(&self.inner.history, from.as_bytes()..until.as_bytes(), MOST)?;
        let cut = past.first().filter(|_| past.len() >= MOST).map(|oldest| oldest.accepted_at);
        let whole = self.frontier()?.map(|frontier| frontier.whole_since());
        let whole = whole.map(|whole| cut.map_or(whole, |cut| whole.max(cut)));
        Ok((past, whole))
    }

    /// Makes a filing done, with all that it causes, in one transaction. `false`: it was done before, and nothing is
    /// written.
    ///
    /// # Errors
    /// Failures of the store; then nothing of it is written.
    pub fn commit(&self, settled: &Settled) -> Result<bool, StoreError> {
        let inner = &self.inner;
        let key = settled.accession.to_string();
        let done = encode(&key, &Done { ending: settled.ending, at: settled.at })?;
        let mut history = Vec::new();
        for (issuer, past) in
            settled.history.iter().flat_map(|(issuer, past)| past.iter().map(|past| (*issuer, past)))
        {
            history.push((place(issuer, past), encode(&key, past)?));
        }
        let joined = self.joined(&settled.deliveries)?;
        let trees = (
            &inner.filings,
            &inner.pending,
            &inner.history,
            &inner.unreadable,
            &inner.queue,
            &inner.deliveries,
            &inner.gathered,
            &inner.digested,
        );
        self.transact(
            &trees,
            |(filings, pending, lot_tree, unreadable, queue, deliveries, gathered, digested)| {
                pending.remove(key.as_str())?;
                if filings.get(key.as_str())?.is_some() {
                    return Ok(false);
                }
                filings.insert(key.as_str(), done.as_slice())?;
                for (place, past) in &history {
                    lot_tree.insert(place.as_str(), past.as_slice())?;
                }
                if let Some((reason, bytes)) = &settled.unreadable {
                    let mut record = encode(&key, reason).map_err(abort)?;
                    record.push(b'\n');
                    record.extend_from_slice(bytes);
                    unreadable.insert(key.as_str(), record)?;
                }
                for delivery in &settled.deliveries {
                    queue::enqueue(queue, deliveries, delivery)?;
                }
                for (place, alert) in &joined {
                    queue::join(queue, place, alert)?;
                }
                for alert in &settled.gathered {
                    digests::gather(gathered, digested, alert)?;
                }
                Ok(true)
            },
        )
    }
}

/// Issuer, acceptance time, accession: an issuer's filings come in their order.
fn place(issuer: Cik, past: &PastFiling) -> String {
    format!("{}/{}", moment(issuer, past.accepted_at), past.accession)
}

fn moment(issuer: Cik, time: DateTime<Utc>) -> String {
    format!("{:010}/{:012}", issuer.number(), time.timestamp().max(0))
}
