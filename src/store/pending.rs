//! Pending filings: seen but not done yet, in the order in which they are fetched.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::engine::{Range, Transaction};
use super::error::StoreError;
use super::handle::{Ended, Store};
use super::known::{Ending, FILINGS, Known};
use super::record::decode;
use super::table::{PAGE, Table};
use crate::edgar::FilingRef;
use crate::filing::{Accession, Cik};

/// Source, acceptance time, accession → a pending filing.
pub(super) const PENDING: Table<Pending> = Table::new("pending");

/// A filing that was seen but is not done yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    /// The filing to fetch.
    pub filing: FilingRef,
    /// When it was first seen.
    pub seen_at: DateTime<Utc>,
    /// How often fetching failed.
    pub attempts: u32,
    /// Do not try before this time.
    pub not_before: DateTime<Utc>,
    /// Where it was discovered.
    #[serde(default)]
    pub found: Found,
}

/// Where a filing was discovered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// The feed.
    #[default]
    Feed,
    /// A daily index, because the feed was not read in time or the filing is tried again.
    Index,
}

impl Found {
    /// The key prefix of such filings; those from the feed sort first.
    fn prefix(self) -> &'static str {
        match self {
            Self::Feed => "feed/",
            Self::Index => "index/",
        }
    }

    /// The keys of filings accepted before a given filing or time.
    fn before(self, accepted_at: DateTime<Utc>, accession: Option<Accession>) -> Range {
        let prefix = self.prefix();
        let until = match accession {
            Some(accession) => format!("{prefix}{}/{accession}", seconds(accepted_at)),
            None => format!("{prefix}{}/", seconds(accepted_at)),
        };
        Range::between(prefix, &until, usize::MAX)
    }
}

impl Pending {
    /// A filing that is due at once.
    pub fn new(filing: FilingRef, found: Found, seen_at: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        Self { filing, seen_at, attempts: 0, not_before: now, found }
    }

    pub(super) fn place(&self) -> String {
        let FilingRef { accepted_at, accession, .. } = self.filing;
        format!("{}{}/{accession}", self.found.prefix(), seconds(accepted_at))
    }
}

/// The state of a filing. If its record is unreadable, the pending filings are searched for it.
pub(super) async fn known(transaction: &Transaction, accession: Accession) -> Result<Option<Known>, Ended> {
    let key = accession.to_string();
    let Some(value) = transaction.get(FILINGS.space, &key).await? else { return Ok(None) };
    if let Ok(known) = decode(&key, &value) {
        return Ok(Some(known));
    }
    let none = FILINGS.get(transaction, &key).await?;
    let (end, mut range) = (format!("/{key}"), Range::first(PAGE));
    loop {
        let page = transaction.range(PENDING.space, &range).await?;
        if let Some((place, _)) = page.iter().find(|(place, _)| place.ends_with(&end)) {
            let known = Known::Pending { pending: place.clone() };
            FILINGS.put(transaction, &key, &known)?;
            return Ok(Some(known));
        }
        match page.last() {
            Some((last, _)) if page.len() == PAGE => range = range.after(last),
            _ => return Ok(none),
        }
    }
}

/// True for a filing that is neither pending nor has been read.
pub(super) async fn is_fresh(transaction: &Transaction, accession: Accession) -> Result<bool, Ended> {
    Ok(match known(transaction, accession).await? {
        None | Some(Known::Done { ending: Ending::Baseline | Ending::NotFetched, .. }) => true,
        // If the pending record was lost, the filing is discovered again.
        Some(Known::Pending { pending: place }) => !PENDING.has(transaction, &place).await?,
        Some(Known::Done { .. }) => false,
    })
}

/// Makes a filing pending, or updates its pending record.
pub(super) async fn put(transaction: &Transaction, pending: &Pending) -> Result<(), Ended> {
    remove(transaction, pending.filing.accession).await?;
    let (key, place) = (pending.filing.accession.to_string(), pending.place());
    PENDING.put(transaction, &place, pending)?;
    FILINGS.put(transaction, &key, &Known::Pending { pending: place })?;
    Ok(())
}

/// Removes a filing's pending record. The caller writes its new state.
pub(super) async fn remove(transaction: &Transaction, accession: Accession) -> Result<(), Ended> {
    if let Some(Known::Pending { pending: place }) = known(transaction, accession).await? {
        PENDING.delete(transaction, &place);
    }
    Ok(())
}

/// Records that a filing is not fetched.
pub(super) async fn pass_over(
    transaction: &Transaction,
    filing: &FilingRef,
    now: DateTime<Utc>,
) -> Result<(), Ended> {
    remove(transaction, filing.accession).await?;
    let done = Known::Done { ending: Ending::NotFetched, at: now };
    Ok(FILINGS.put(transaction, &filing.accession.to_string(), &done)?)
}

impl Store {
    /// Up to `most` pending filings: those from the feed, then those from indexes, each oldest first.
    pub async fn pending(&self, most: usize) -> Result<Vec<Pending>, StoreError> {
        self.records(&PENDING, &Range::first(most)).await
    }

    /// How many filings are pending.
    pub async fn pending_len(&self) -> Result<usize, StoreError> {
        self.count(&PENDING, &Range::first(usize::MAX)).await
    }

    /// True if any filing discovered there is pending.
    pub async fn is_pending(&self, found: Found) -> Result<bool, StoreError> {
        Ok(self.count(&PENDING, &Range::prefix(found.prefix(), 1)).await? > 0)
    }

    /// Visits pending filings in order, until the visitor returns `false`.
    pub async fn each_pending(&self, mut look: impl FnMut(Pending) -> bool) -> Result<(), StoreError> {
        self.each(&PENDING, Range::first(usize::MAX), |_, pending| look(pending)).await
    }

    /// The acceptance time of the issuer's newest pending filing before the given one. This scans all pending
    /// filings before it; they are few because they are fetched first.
    pub async fn pending_before(
        &self,
        issuer: Cik,
        accepted_at: DateTime<Utc>,
        accession: Option<Accession>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let mut newest = None;
        for found in [Found::Feed, Found::Index] {
            self.each(&PENDING, found.before(accepted_at, accession), |_, Pending { filing, .. }| {
                if filing.issuer == Some(issuer) {
                    newest = newest.max(Some(filing.accepted_at));
                }
                true
            })
            .await?;
        }
        Ok(newest)
    }

    /// True if another pending filing from an index has no known issuer and was accepted before `moment`.
    pub async fn unknown_pending_before(
        &self,
        moment: DateTime<Utc>,
        but: Accession,
    ) -> Result<bool, StoreError> {
        let mut is_there = false;
        self.each(&PENDING, Found::Index.before(moment, None), |_, Pending { filing, .. }| {
            is_there = filing.issuer.is_none() && filing.accession != but;
            !is_there
        })
        .await?;
        Ok(is_there)
    }

    /// When the first deferred filing is due; `None` if none is deferred.
    pub async fn deferred_until(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let mut first: Option<DateTime<Utc>> = None;
        self.each_pending(|Pending { attempts, not_before, .. }| {
            if attempts > 0 {
                first = Some(first.map_or(not_before, |first| first.min(not_before)));
            }
            true
        })
        .await?;
        Ok(first)
    }

    /// Defers a filing after a failed fetch, unless it is done.
    pub async fn postpone(&self, pending: &Pending) -> Result<(), StoreError> {
        self.transaction(|transaction| async move {
            match known(&transaction, pending.filing.accession).await? {
                Some(Known::Done { .. }) => Ok(()),
                Some(Known::Pending { .. }) | None => put(&transaction, pending).await,
            }
        })
        .await
    }
}

/// A time as text that sorts chronologically.
fn seconds(time: DateTime<Utc>) -> String {
    format!("{:012}", time.timestamp().max(0))
}
