//! The state of each filing, and the transaction that settles a filing with everything it causes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::engine::Transaction;
use super::error::StoreError;
use super::frontier::{self, Frontier};
use super::handle::{Ended, Store};
use super::known::{Ending, FILINGS, Known};
use super::ledger::DAYS;
use super::mutes::{self, Muted};
use super::pending::{self, Found, PENDING, Pending};
use super::placing::{self, QUEUE, Stood};
use super::quarantine::{self, Quarantined};
use super::record::decode;
use super::{Gathered, Summed, alerts, digests, history, late_alerts, trades};
use crate::alert::{Alert, Key};
use crate::delivery::{Delivery, InFlight, Outcome};
use crate::edgar::FilingRef;
use crate::filing::{Accession, Cik, PastFiling, edgar_day};

/// The state of an accession.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not seen yet.
    New,
    /// EDGAR listed it when sellbell first ran; it causes no alerts.
    Baseline,
    /// It was not fetched because no rule covers its issuer.
    NotFetched,
    /// It cannot be read and is in quarantine.
    Unreadable,
    /// It was read into history, without alerts.
    Past,
    /// Seen but not fetched yet.
    Pending,
    /// Done.
    Done,
}

/// Everything that a filing causes.
#[derive(Debug, Clone)]
pub struct Settled {
    /// The filing's accession number.
    pub accession: Accession,
    /// Its outcome.
    pub ending: Ending,
    /// When it was settled.
    pub at: DateTime<Utc>,
    /// New history records: the filing itself, and earlier filings of the issuer that it adds information
    /// about.
    pub history: Option<(Cik, Vec<PastFiling>)>,
    /// Its alerts to keep, each once.
    pub alerts: Vec<Alert>,
    /// Deliveries to send at once.
    pub deliveries: Vec<Delivery>,
    /// Alerts queued for a digest.
    pub gathered: Vec<Gathered>,
    /// Late alerts.
    pub summed: Vec<Summed>,
    /// Additions to sent messages about the same trade.
    pub additions: Vec<Delivery>,
    /// Deliveries that may have been sent without a record in the store, and when; they are looked for at
    /// their destinations.
    pub doubtful: BTreeMap<Key, InFlight>,
    /// Muted alerts.
    pub muted: Vec<Muted>,
    /// The reason and the bytes of an unreadable filing.
    pub unreadable: Option<(Quarantined, Vec<u8>)>,
}

impl Settled {
    /// A filing with this outcome that caused nothing.
    pub fn new(accession: Accession, ending: Ending, at: DateTime<Utc>) -> Self {
        Self {
            accession,
            ending,
            at,
            history: None,
            alerts: Vec::new(),
            deliveries: Vec::new(),
            gathered: Vec::new(),
            summed: Vec::new(),
            additions: Vec::new(),
            doubtful: BTreeMap::new(),
            muted: Vec::new(),
            unreadable: None,
        }
    }
}

/// The result of a poll.
#[derive(Debug, Clone, Copy, Default)]
pub struct Discovered<'a> {
    /// Filings to fetch.
    pub new: &'a [FilingRef],
    /// Filings to record as already known, unless they have a record.
    pub known: &'a [FilingRef],
    /// Filings not to fetch because no rule covers their issuers.
    pub not_fetched: &'a [FilingRef],
    /// The frontier that the poll started from, if it may have changed since.
    pub read: Option<Frontier>,
}

impl Store {
    /// The state of a filing.
    pub async fn standing(&self, accession: Accession) -> Result<Standing, StoreError> {
        let key = accession.to_string();
        let Some(value) = self.stored_value(FILINGS.space, &key).await? else { return Ok(Standing::New) };
        if let Ok(Known::Done { ending, .. }) = decode(&key, &value) {
            return Ok(done(ending));
        }
        self.transaction(|transaction| async move {
            Ok(match pending::known(&transaction, accession).await? {
                Some(Known::Done { ending, .. }) => done(ending),
                // If the pending record was lost, the filing is discovered again.
                Some(Known::Pending { pending: place }) if PENDING.has(&transaction, &place).await? => {
                    Standing::Pending
                }
                Some(Known::Pending { .. }) | None => Standing::New,
            })
        })
        .await
    }

    /// Saves the filings found by a poll and the new frontier, in one transaction.
    pub async fn discovered(
        &self,
        found: Discovered<'_>,
        reached: Frontier,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Discovered { new, known, not_fetched, read } = found;
        self.transaction(|transaction| async move {
            for filing in new.iter().chain(known).chain(not_fetched) {
                DAYS.put(&transaction, &on_day(filing), &())?;
            }
            for filing in new {
                // It may have become pending or done since.
                if pending::is_fresh(&transaction, filing.accession).await? {
                    let found = Pending::new(filing.clone(), Found::Feed, now, now);
                    pending::put(&transaction, &found).await?;
                }
            }
            for filing in known {
                let key = filing.accession.to_string();
                if pending::known(&transaction, filing.accession).await?.is_none() {
                    FILINGS.put(&transaction, &key, &Known::Done { ending: Ending::Baseline, at: now })?;
                }
            }
            for filing in not_fetched {
                if pending::is_fresh(&transaction, filing.accession).await? {
                    pending::pass_over(&transaction, filing, now).await?;
                }
            }
            let stored = frontier::get(&transaction).await?;
            let merged = read.zip(stored).map_or(reached, |(read, stored)| reached.merged(read, stored));
            frontier::set(&transaction, merged).await
        })
        .await
    }

    /// Marks a filing as done and writes everything it causes, in one transaction. Returns `false` and writes
    /// nothing if it was done before. A filing that was not fetched can still be read into history.
    ///
    /// # Errors
    /// Failures of the store; the filing is then not done.
    pub async fn commit(&self, settled: &Settled) -> Result<bool, StoreError> {
        self.transaction(|transaction| async move { settle(&transaction, settled).await }).await
    }
}

fn done(ending: Ending) -> Standing {
    match ending {
        Ending::Baseline => Standing::Baseline,
        Ending::NotFetched => Standing::NotFetched,
        Ending::Unreadable => Standing::Unreadable,
        Ending::Past => Standing::Past,
        Ending::Alerted | Ending::Quiet => Standing::Done,
    }
}

/// Marks a filing as done and writes everything it causes; `false` if it was done before.
pub(super) async fn settle(transaction: &Transaction, settled: &Settled) -> Result<bool, Ended> {
    let Settled { accession, ending, at, .. } = *settled;
    let key = accession.to_string();
    let known = pending::known(transaction, accession).await?;
    pending::remove(transaction, accession).await?;
    if !may_be_done(known.as_ref(), ending) {
        return Ok(false);
    }
    FILINGS.put(transaction, &key, &Known::Done { ending, at })?;
    quarantine::confine_or_release(transaction, &key, settled.unreadable.as_ref()).await?;
    if let Some((issuer, past)) = &settled.history {
        history::keep(transaction, *issuer, past)?;
        for filing in past {
            trades::index(transaction, *issuer, filing).await?;
        }
    }
    alerts::keep(transaction, &settled.alerts, at)?;
    late_alerts::keep(transaction, &settled.summed)?;
    mutes::keep(transaction, &settled.muted).await?;
    let mut due = Vec::new();
    for addition in &settled.additions {
        if is_due(transaction, addition).await? {
            due.push(addition);
        }
    }
    for delivery in &settled.deliveries {
        let in_flight = settled.doubtful.get(&delivery.key).cloned();
        placing::enqueue_or_join(transaction, &Delivery { in_flight, ..delivery.clone() }).await?;
    }
    for addition in due {
        placing::enqueue(transaction, addition).await?;
    }
    digests::gather(transaction, &settled.gathered).await?;
    Ok(true)
}

/// True if a filing can be settled with this outcome: it is not done yet, or it was not fetched and is now
/// read into history.
fn may_be_done(known: Option<&Known>, ends: Ending) -> bool {
    match known {
        None | Some(Known::Pending { .. }) => true,
        Some(Known::Done { ending, .. }) => {
            matches!(ending, Ending::Baseline | Ending::NotFetched) && ends == Ending::Past
        }
    }
}

/// True if an addition must be sent: its message was or may have been sent, alone or within another. A
/// waiting message takes it in by itself.
async fn is_due(transaction: &Transaction, addition: &Delivery) -> Result<bool, Ended> {
    let Some(concerned) = &addition.concerns else { return Ok(false) };
    Ok(match placing::stood(transaction, concerned).await? {
        Some(Stood::Left(Outcome::Delivered { .. }) | Stood::Joined(_) | Stood::In { .. }) => true,
        Some(Stood::Waits(place)) => {
            let waits = QUEUE.get(transaction, &place).await?;
            waits.is_some_and(|waits| waits.in_flight.is_some())
        }
        _ => false,
    })
}

/// The filing's day in EDGAR's time zone, and its accession number.
fn on_day(filing: &FilingRef) -> String {
    format!("{}/{}", edgar_day(filing.accepted_at), filing.accession)
}
