//! Which filings were seen, which are done, and how a filing becomes done with all that it causes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sled::transaction::{ConflictableTransactionError, TransactionalTree};

use super::error::{StoreError, abort};
use super::frontier::{FRONTIER, Frontier};
use super::handle::Store;
use super::history::place;
use super::mutes::Muted;
use super::pending::{Found, Pending};
use super::quarantine::Quarantined;
use super::record::{decode, encode};
use super::summary::Summed;
use super::{DeliveryStanding, Gathered, digests, placing};
use crate::alert::Key;
use crate::delivery::{Delivery, InFlight};
use crate::edgar::FilingRef;
use crate::filing::{Accession, Cik, PastFiling, edgar_day};

/// What is known of an accession.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    New,
    /// It was there when sellbell first ran; nothing was told of it.
    Baseline,
    /// No rule asked about its issuer, so it was not fetched.
    NotFetched,
    /// It cannot be read and is in quarantine.
    Unreadable,
    /// It was read into history and told nobody.
    Past,
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
    /// It could not be read; it is in quarantine.
    Unreadable,
    /// No rule asks about its issuer, so it was not fetched.
    NotFetched,
    /// It was read into history and told nobody: too old, or from before the first start.
    Past,
}

/// All that a filing causes.
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
    /// What comes in the one summary of what is too old to ring.
    pub summed: Vec<Summed>,
    /// What is added to messages that tell the same trade, where they stand.
    pub additions: Vec<Delivery>,
    /// When these deliveries may have been sent before, of which the store knows nothing: they are looked for.
    pub doubtful: BTreeMap<Key, InFlight>,
    /// What is not told, as it is muted.
    pub muted: Vec<Muted>,
    /// Reason and bytes of a filing that could not be read.
    pub unreadable: Option<(Quarantined, Vec<u8>)>,
}

impl Settled {
    /// A filing that ended so and caused nothing.
    pub fn new(accession: Accession, ending: Ending, at: DateTime<Utc>) -> Self {
        Self {
            accession,
            ending,
            at,
            history: None,
            deliveries: Vec::new(),
            gathered: Vec::new(),
            summed: Vec::new(),
            additions: Vec::new(),
            doubtful: BTreeMap::new(),
            muted: Vec::new(),
            unreadable: None,
        }
    }

    /// Whether it causes nothing but its own place in history.
    fn is_quiet(&self) -> bool {
        let Self { history, deliveries, gathered, summed, muted, unreadable, .. } = self;
        let own = history.iter().flat_map(|(_, past)| past).all(|past| past.accession == self.accession);
        own && deliveries.is_empty()
            && gathered.is_empty()
            && summed.is_empty()
            && muted.is_empty()
            && unreadable.is_none()
    }
}

/// What a poll found.
#[derive(Debug, Clone, Copy, Default)]
pub struct Discovered<'a> {
    /// To be fetched.
    pub new: &'a [FilingRef],
    /// Taken as known where nothing is known of them.
    pub known: &'a [FilingRef],
    /// Not fetched, since no rule asks about their issuers.
    pub not_fetched: &'a [FilingRef],
}

#[derive(Serialize, Deserialize)]
pub(super) struct Done {
    pub(super) ending: Ending,
    pub(super) at: DateTime<Utc>,
}

impl Store {
    /// What is known of a filing.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn standing(&self, accession: Accession) -> Result<Standing, StoreError> {
        let key = accession.to_string();
        if let Some(bytes) = self.inner.filings.get(&key).map_err(|error| self.failed(error))? {
            let done: Done = decode(&key, &bytes)?;
            return Ok(match done.ending {
                Ending::Baseline => Standing::Baseline,
                Ending::NotFetched => Standing::NotFetched,
                Ending::Unreadable => Standing::Unreadable,
                Ending::Past => Standing::Past,
                Ending::Rang | Ending::Quiet => Standing::Done,
            });
        }
        let pending = self.inner.pending.contains_key(&key).map_err(|error| self.failed(error))?;
        Ok(if pending { Standing::Pending } else { Standing::New })
    }

    /// Writes what a poll found, and last up to where the feed was read without a gap: sled keeps the order, so what a crash
    /// cuts off is found again. No transaction, which costs sled two more writes.
    ///
    /// # Errors
    /// Failures of the store; then the frontier stays where it was.
    pub async fn discovered(
        &self,
        found: Discovered<'_>,
        frontier: Frontier,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Discovered { new, known, not_fetched } = found;
        let inner = &self.inner;
        for filing in new.iter().chain(known).chain(not_fetched) {
            self.write(|| inner.days.insert(on_day(filing).as_str(), &[][..]))?;
        }
        for filing in new {
            let key = filing.accession.to_string();
            let found = Found::Feed;
            let record =
                Pending { filing: filing.clone(), seen_at: now, attempts: 0, not_before: now, found };
            let record = encode(&key, &record)?;
            self.write(|| inner.pending.insert(key.as_str(), record))?;
            self.write(|| inner.filings.remove(key.as_str()))?;
        }
        let ends = known.iter().map(|filing| (filing, Ending::Baseline));
        for (filing, ending) in ends.chain(not_fetched.iter().map(|filing| (filing, Ending::NotFetched))) {
            if ending == Ending::Baseline && self.standing(filing.accession).await? != Standing::New {
                continue;
            }
            let key = filing.accession.to_string();
            let record = encode(&key, &Done { ending, at: now })?;
            self.write(|| inner.filings.insert(key.as_str(), record))?;
        }
        if self.frontier().await? == Some(frontier) {
            return Ok(());
        }
        let record = encode(FRONTIER, &frontier)?;
        self.write(|| inner.meta.insert(FRONTIER, record)).map(drop)
    }

    /// The filings that are to be fetched: those of the feed, then those of indexes, oldest first.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn pending(&self) -> Result<Vec<Pending>, StoreError> {
        let mut all: Vec<Pending> = self.scan(&self.inner.pending, &[], usize::MAX)?;
        all.sort_by_key(|pending| (pending.found, pending.filing.accepted_at, pending.filing.accession));
        Ok(all)
    }

    /// Puts a filing off after a failed fetch.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn postpone(&self, pending: &Pending) -> Result<(), StoreError> {
        let key = pending.filing.accession.to_string();
        let bytes = encode(&key, pending)?;
        self.write(|| self.inner.pending.insert(key.as_str(), bytes)).map(drop)
    }

    /// Makes a filing done, with all that it causes, in one transaction. `false`: it was done before, and nothing is
    /// written. One that was not fetched can still be read into history.
    ///
    /// Where it causes nothing but its own place in history, as most do, that is written before "done", and needs no
    /// transaction: a crash in between has it read again, and a filing is no past of itself.
    ///
    /// # Errors
    /// Failures of the store; then it is not done.
    pub async fn commit(&self, settled: &Settled) -> Result<bool, StoreError> {
        let inner = &self.inner;
        let key = settled.accession.to_string();
        let done = encode(&key, &Done { ending: settled.ending, at: settled.at })?;
        let history = history_records(settled, &key)?;
        if let Some((issuer, past)) = &settled.history {
            self.keep_ratios(*issuer, past)?;
        }
        if self.is_quiet(settled, &key).await? {
            for (place, past) in history {
                self.write(|| inner.history.insert(place, past))?;
            }
            self.write(|| inner.filings.insert(key.as_str(), done))?;
            return self.write(|| inner.pending.remove(key.as_str())).map(|_| true);
        }
        let joined = self.joined(&settled.deliveries).await?;
        let additions = self.due_additions(&settled.additions).await?;
        let trees = (
            &inner.filings,
            &inner.pending,
            &inner.history,
            &inner.unreadable,
            &inner.quarantine,
            &inner.summary,
            &inner.queue,
            &inner.deliveries,
            &inner.gathered,
            &inner.digested,
            &inner.muted,
        );
        self.transact(
            &trees,
            |(
                filings,
                pending,
                past,
                unreadable,
                quarantine,
                summary,
                queue,
                known,
                gathered,
                digested,
                muted,
            )| {
                pending.remove(key.as_str())?;
                if !may_be_done(filings, &key, settled.ending)? {
                    return Ok(false);
                }
                filings.insert(key.as_str(), done.as_slice())?;
                for (place, record) in &history {
                    past.insert(place.as_str(), record.as_slice())?;
                }
                Self::confine_or_release(&key, quarantine, unreadable, settled.unreadable.as_ref())?;
                settled.summed.iter().try_for_each(|one| one.keep(summary))?;
                settled.muted.iter().try_for_each(|one| one.keep(muted, known))?;
                for delivery in &settled.deliveries {
                    let sends = settled.doubtful.get(&delivery.key).cloned();
                    let standing = sends.map_or(DeliveryStanding::Queued, DeliveryStanding::InFlight);
                    placing::enqueue_as(queue, known, delivery, &standing)?;
                }
                additions.iter().try_for_each(|addition| placing::enqueue(queue, known, addition))?;
                joined.iter().try_for_each(|(place, alert)| placing::join(queue, place, alert))?;
                settled.gathered.iter().try_for_each(|alert| digests::gather(gathered, digested, alert))?;
                Ok(true)
            },
        )
    }

    /// True if a filing causes nothing but its own place in history.
    async fn is_quiet(&self, settled: &Settled, key: &str) -> Result<bool, StoreError> {
        let was_confined = self.inner.quarantine.contains_key(key).map_err(|error| self.failed(error))?;
        Ok(settled.is_quiet()
            && !was_confined
            && self.standing(settled.accession).await? == Standing::Pending)
    }
}

/// Where in history a filing's lots stand, and the records of them.
fn history_records(settled: &Settled, key: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    let (issuer, past) = match &settled.history {
        Some((issuer, past)) => (*issuer, past.as_slice()),
        None => return Ok(Vec::new()),
    };
    past.iter().map(|past| Ok((place(issuer, past), encode(key, past)?))).collect()
}

/// True if a filing can become done so: it is not done yet, or was not fetched and is read into history now.
fn may_be_done(
    filings: &TransactionalTree,
    key: &str,
    ending: Ending,
) -> Result<bool, ConflictableTransactionError<StoreError>> {
    let Some(known) = filings.get(key)? else { return Ok(true) };
    let known: Done = decode(key, &known).map_err(abort)?;
    Ok(matches!(known.ending, Ending::Baseline | Ending::NotFetched) && ending == Ending::Past)
}

/// Its day in EDGAR's zone, and the filing.
fn on_day(filing: &FilingRef) -> String {
    format!("{}/{}", edgar_day(filing.accepted_at), filing.accession)
}
