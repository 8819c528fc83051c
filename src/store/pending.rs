//! Filings that were seen and are not done yet, in the order in which they are fetched.

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

/// A filing that was seen and is not done yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    /// The filing to fetch.
    pub filing: FilingRef,
    /// When it was first seen.
    pub seen_at: DateTime<Utc>,
    /// How often fetching failed.
    pub attempts: u32,
    /// Not to be tried before.
    pub not_before: DateTime<Utc>,
    /// Its source.
    #[serde(default)]
    pub found: Found,
}

/// The source that showed a filing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// The feed.
    #[default]
    Feed,
    /// A daily index: the feed was not read in time, or it is tried again.
    Index,
}

impl Found {
    /// The prefix of the places of such filings: those of the feed come first.
    fn prefix(self) -> &'static str {
        match self {
            Self::Feed => "feed/",
            Self::Index => "index/",
        }
    }

    /// The places of those that were accepted before a filing, or before a moment.
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

/// The state of a filing. Where that cannot be read, it is looked for among those that are pending.
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

/// True for a filing that is neither to be fetched nor was read.
pub(super) async fn is_fresh(transaction: &Transaction, accession: Accession) -> Result<bool, Ended> {
    Ok(match known(transaction, accession).await? {
        None | Some(Known::Done { ending: Ending::Baseline | Ending::NotFetched, .. }) => true,
        // Where that record was lost, it is found anew.
        Some(Known::Pending { pending: place }) => !PENDING.has(transaction, &place).await?,
        Some(Known::Done { .. }) => false,
    })
}

/// Makes a filing pending, or changes how it is.
pub(super) async fn put(transaction: &Transaction, pending: &Pending) -> Result<(), Ended> {
    remove(transaction, pending.filing.accession).await?;
    let (key, place) = (pending.filing.accession.to_string(), pending.place());
    PENDING.put(transaction, &place, pending)?;
    FILINGS.put(transaction, &key, &Known::Pending { pending: place })?;
    Ok(())
}

/// Has a filing be no longer pending. The caller says what is known of it instead.
pub(super) async fn remove(transaction: &Transaction, accession: Accession) -> Result<(), Ended> {
    if let Some(Known::Pending { pending: place }) = known(transaction, accession).await? {
        PENDING.delete(transaction, &place);
    }
    Ok(())
}

/// Notes that a filing is not fetched.
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
    /// The filings that are to be fetched: those of the feed, then those of indexes, oldest first, at most `most`.
    pub async fn pending(&self, most: usize) -> Result<Vec<Pending>, StoreError> {
        self.records(&PENDING, &Range::first(most)).await
    }

    /// How many filings are to be fetched.
    pub async fn pending_len(&self) -> Result<usize, StoreError> {
        self.count(&PENDING, &Range::first(usize::MAX)).await
    }

    /// True if filings that something showed are to be fetched.
    pub async fn is_pending(&self, found: Found) -> Result<bool, StoreError> {
        Ok(self.count(&PENDING, &Range::prefix(found.prefix(), 1)).await? > 0)
    }

    /// Looks at the filings that are to be fetched in their order, until the visitor stops it.
    pub async fn each_pending(&self, mut look: impl FnMut(Pending) -> bool) -> Result<(), StoreError> {
        self.each(&PENDING, Range::first(usize::MAX), |_, pending| look(pending)).await
    }

    /// When the newest of an issuer's filings was accepted that are to be fetched and came before another one. Those that came before it
    /// are looked at, which are fetched before it and so are few.
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

    /// True if another filing that an index showed, of which the issuer is not known, is to be fetched and was accepted before a moment.
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

    /// Puts a filing off after a failed fetch, unless it is done.
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

/// As text whose order is that of the times.
fn seconds(time: DateTime<Utc>) -> String {
    format!("{:012}", time.timestamp().max(0))
}
