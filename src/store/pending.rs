//! Filings that were seen and are not done yet, in the order in which they are fetched.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::engine::{Range, Transaction};
use super::error::StoreError;
use super::handle::{Ended, Store};
use super::known::{Ending, FILINGS, Known};
use super::table::Table;
use crate::edgar::FilingRef;
use crate::filing::{Accession, Cik};

/// What showed it, acceptance time, accession → a filing that was seen and is not done.
pub(super) const PENDING: Table<Pending> = Table::new("pending");
/// Issuer, acceptance time, accession → that the filing is pending.
pub(super) const PENDING_OF: Table<()> = Table::new("pending_of");
/// When it is due, accession → that the filing was put off after a failure.
pub(super) const DEFERRED: Table<()> = Table::new("deferred");

/// In an issuer's place where an index showed the filing: its issuer is known once it is read.
const UNKNOWN: &str = "unknown";

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
    /// What showed it.
    #[serde(default)]
    pub found: Found,
}

/// What showed a filing.
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
    /// What the places of such filings begin with: those of the feed come first.
    fn prefix(self) -> &'static str {
        match self {
            Self::Feed => "feed/",
            Self::Index => "index/",
        }
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

    /// Its place among those of its issuer.
    pub(super) fn place_of_issuer(&self) -> Option<String> {
        let FilingRef { accepted_at, accession, issuer, .. } = self.filing;
        let of = match (issuer, self.found) {
            (Some(issuer), _) => issuer_key(issuer),
            (None, Found::Index) => UNKNOWN.to_owned(),
            (None, Found::Feed) => return None,
        };
        Some(format!("{of}/{}/{accession}", seconds(accepted_at)))
    }

    pub(super) fn place_of_deferred(&self) -> Option<String> {
        (self.attempts > 0).then(|| format!("{}/{}", seconds(self.not_before), self.filing.accession))
    }
}

/// Makes a filing pending, or changes how it is.
pub(super) async fn put(transaction: &Transaction, pending: &Pending) -> Result<(), Ended> {
    remove(transaction, pending.filing.accession).await?;
    let (key, place) = (pending.filing.accession.to_string(), pending.place());
    PENDING.put(transaction, &place, pending)?;
    FILINGS.put(transaction, &key, &Known::Pending { pending: place })?;
    if let Some(place) = pending.place_of_issuer() {
        PENDING_OF.put(transaction, &place, &())?;
    }
    if let Some(place) = pending.place_of_deferred() {
        DEFERRED.put(transaction, &place, &())?;
    }
    Ok(())
}

/// Has a filing be no longer pending. The caller says what is known of it instead.
pub(super) async fn remove(transaction: &Transaction, accession: Accession) -> Result<(), Ended> {
    let known = FILINGS.get(transaction, &accession.to_string()).await?;
    let Some(Known::Pending { pending: place }) = known else { return Ok(()) };
    if let Some(pending) = PENDING.get(transaction, &place).await? {
        PENDING.delete(transaction, &place);
        if let Some(place) = pending.place_of_issuer() {
            PENDING_OF.delete(transaction, &place);
        }
        if let Some(place) = pending.place_of_deferred() {
            DEFERRED.delete(transaction, &place);
        }
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
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn pending(&self, most: usize) -> Result<Vec<Pending>, StoreError> {
        self.records(&PENDING, &Range::first(most)).await
    }

    /// How many filings are to be fetched.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn pending_len(&self) -> Result<usize, StoreError> {
        self.count(&PENDING, &Range::first(usize::MAX)).await
    }

    /// Whether filings that something showed are to be fetched.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn is_pending(&self, found: Found) -> Result<bool, StoreError> {
        Ok(self.count(&PENDING, &Range::prefix(found.prefix(), 1)).await? > 0)
    }

    /// Looks at the filings that are to be fetched in their order, until it is told to stop.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn each_pending(&self, mut look: impl FnMut(Pending) -> bool) -> Result<(), StoreError> {
        self.each(&PENDING, Range::first(usize::MAX), |_, pending| look(pending)).await
    }

    /// When the newest of an issuer's filings was accepted that are to be fetched and came before another one.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn pending_before(
        &self,
        issuer: Cik,
        accepted_at: DateTime<Utc>,
        accession: Option<Accession>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let of = issuer_key(issuer);
        let until = match accession {
            Some(accession) => format!("{of}/{}/{accession}", seconds(accepted_at)),
            None => format!("{of}/{}/", seconds(accepted_at)),
        };
        let range = Range::between(&format!("{of}/"), &until, 1).backwards();
        let newest = self.range(&PENDING_OF, &range).await?.pop();
        let time = newest.and_then(|(place, ())| place.split('/').nth(1)?.parse().ok());
        Ok(time.and_then(|seconds| DateTime::from_timestamp(seconds, 0)))
    }

    /// Whether a filing that an index showed, of which the issuer is not known, is to be fetched and was accepted before a moment.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn unknown_pending_before(
        &self,
        moment: DateTime<Utc>,
        but: Accession,
    ) -> Result<bool, StoreError> {
        let range = Range::between(&format!("{UNKNOWN}/"), &format!("{UNKNOWN}/{}/", seconds(moment)), 2);
        let found = self.range(&PENDING_OF, &range).await?;
        Ok(found.iter().any(|(place, ())| accession_in(place) != Some(but)))
    }

    /// When the first of the filings is due that were put off after a failure; `None` where none was.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn deferred_until(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let first = self.range(&DEFERRED, &Range::first(1)).await?.pop();
        let Some(accession) = first.and_then(|(place, ())| accession_in(&place)) else { return Ok(None) };
        Ok(self.pending_of(accession).await?.map(|pending| pending.not_before))
    }

    /// A filing that is to be fetched.
    async fn pending_of(&self, accession: Accession) -> Result<Option<Pending>, StoreError> {
        match self.get(&FILINGS, &accession.to_string()).await? {
            Some(Known::Pending { pending: place }) => self.get(&PENDING, &place).await,
            Some(Known::Done { .. }) | None => Ok(None),
        }
    }

    /// Puts a filing off after a failed fetch.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn postpone(&self, pending: &Pending) -> Result<(), StoreError> {
        self.transaction(|transaction| async move { put(&transaction, pending).await }).await
    }
}

/// The accession at the end of a place.
fn accession_in(place: &str) -> Option<Accession> {
    place.rsplit('/').next()?.parse().ok()
}

/// As text whose order is that of the times.
fn seconds(time: DateTime<Utc>) -> String {
    format!("{:012}", time.timestamp().max(0))
}

fn issuer_key(issuer: Cik) -> String {
    format!("{:010}", issuer.number())
}
