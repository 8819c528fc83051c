//! Ends the digest slots that are over: each slot of an inbox once, and each alert in one digest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::slot::{Due, Slot, due};
use crate::alert::Alert;
use crate::config::{Address, DigestMode, Mode, Settings, WhenEmpty};
use crate::delivery::{Body, Delivery, Outcome};
use crate::destination::{Destination, Inbox};
use crate::digest::Digest;
use crate::filing::{Accession, Cik};
use crate::parts::Parts;
use crate::store::{DeliveryStanding, DigestMark, SlotEnd, Store, StoreError};

/// The most alerts in a digest; further ones wait for the next.
pub const MOST_ALERTS: usize = 5_000;
/// The most issuers that are kept to tell which ones are new in the next digest.
const MOST_ISSUERS: usize = 1_000;
/// Muted alerts are counted up to this many.
const MOST_MUTED: usize = 10_000;

/// Makes digests.
pub struct Digests {
    settings: Arc<Settings>,
    store: Store,
}

/// The alerts that wait for an inbox, as a digest.
struct Made {
    alerts: Vec<Alert>,
    digest: Digest,
}

impl Digests {
    /// The digests of a store.
    pub fn new(settings: Arc<Settings>, store: Store) -> Self {
        Self { settings, store }
    }

    pub(super) fn of(parts: &Parts) -> Self {
        Self::new(Arc::clone(&parts.settings), parts.store.clone())
    }

    /// Makes all due digests and returns how many. Slots that passed while nothing ran are combined into one.
    pub async fn digest_once(&self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        let mut made = 0;
        for recipient in &self.settings.email.recipients {
            for Address { inbox, .. } in &recipient.addresses {
                made += usize::from(loop {
                    if let Some(made) = self.end_due(inbox, &recipient.mode, now).await? {
                        break made;
                    }
                });
            }
        }
        Ok(made)
    }

    /// Makes the digest of all that waits for an inbox now, whatever its schedule says. Returns how many
    /// filings it has; `None` if nothing waits.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn send_now(&self, inbox: &Inbox, now: DateTime<Utc>) -> Result<Option<usize>, StoreError> {
        if self.has_unsubscribed(inbox).await? {
            return Ok(None);
        }
        loop {
            let read = self.store.digest_mark(inbox).await?;
            let Some(Made { alerts, digest }) = self.waiting(inbox, read.as_ref(), now).await? else {
                return Ok(None);
            };
            let filings = digest.entries.len();
            // The schedule's own slots stay as they are.
            let slot = read.as_ref().and_then(|mark| mark.slot.clone());
            let mark = DigestMark { slot, ..self.mark(inbox, read.as_ref(), Some(&digest), now) };
            if self.end(inbox, read.as_ref(), &mark, &alerts, Some(digest)).await? {
                return Ok(Some(filings));
            }
        }
    }

    /// The digest of all that waits for an inbox, as it would be sent now; `None` if nothing waits.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn preview(&self, inbox: &Inbox, now: DateTime<Utc>) -> Result<Option<Digest>, StoreError> {
        let read = self.store.digest_mark(inbox).await?;
        Ok(self.waiting(inbox, read.as_ref(), now).await?.map(|made| made.digest))
    }

    /// The digest of these alerts, as if they had waited for an inbox since a time.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn preview_of(
        &self,
        inbox: &Inbox,
        alerts: &[Alert],
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Digest, StoreError> {
        let slot = Slot { since, ..Slot::at(None, self.zone(inbox), now) };
        self.digest_of(inbox, None, slot, alerts, now).await
    }

    /// Logs alerts that wait for the digest of an inbox no longer in the settings.
    pub(crate) async fn warn_of_orphans(&self) -> Result<(), StoreError> {
        for inbox in self.store.gathering().await? {
            if self.settings.address(&inbox).is_none() {
                tracing::warn!("alerts wait for email:{inbox}, which the settings no longer define");
            }
        }
        Ok(())
    }

    /// When the next digest is due.
    pub(crate) async fn next_digest(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, StoreError> {
        let mut next: Option<DateTime<Utc>> = None;
        for recipient in &self.settings.email.recipients {
            let Mode::Digest(mode) = &recipient.mode else { continue };
            for Address { inbox, .. } in &recipient.addresses {
                let since = self.store.digest_mark(inbox).await?.map_or(now, |mark| mark.until);
                next = [next, mode.schedule.next_slot(since)].into_iter().flatten().min();
            }
        }
        Ok(next)
    }

    /// Ends the slot of an inbox that is over. Returns true if it has a digest, or `None` if something changed
    /// meanwhile, so that it must be looked at again.
    async fn end_due(
        &self,
        inbox: &Inbox,
        mode: &Mode,
        now: DateTime<Utc>,
    ) -> Result<Option<bool>, StoreError> {
        let read = self.store.digest_mark(inbox).await?;
        let read = read.as_ref();
        let (slot, when_empty) = match mode {
            Mode::Digest(mode) => match due(read, &mode.schedule, now) {
                Due::Nothing => return Ok(Some(false)),
                Due::Begins => {
                    let mark = DigestMark { slot: None, ..self.mark(inbox, read, None, now) };
                    return Ok(self.end(inbox, read, &mark, &[], None).await?.then_some(false));
                }
                Due::Again => {
                    let mark = self.mark(inbox, read, None, now);
                    return Ok(self.end(inbox, read, &mark, &[], None).await?.then_some(false));
                }
                Due::Slot(slot) => (slot, mode.when_empty),
            },
            // It got digests before.
            Mode::Instant if self.store.gathered(inbox, 1).await?.is_empty() => return Ok(Some(false)),
            Mode::Instant => (Slot::at(read, Tz::UTC, now), WhenEmpty::Skip),
        };
        let name = slot.name();
        let Made { alerts, digest } = self.made(inbox, read, slot, now).await?;
        let is_wanted = !self.has_unsubscribed(inbox).await?;
        let says = is_wanted && (!alerts.is_empty() || when_empty == WhenEmpty::Heartbeat);
        let digest = Some(digest).filter(|_| says);
        let is_made = digest.is_some();
        let mark = DigestMark { slot: Some(name), ..self.mark(inbox, read, digest.as_ref(), now) };
        Ok(self.end(inbox, read, &mark, &alerts, digest).await?.then_some(is_made))
    }

    /// Writes the end of a slot; false if something changed meanwhile.
    async fn end(
        &self,
        inbox: &Inbox,
        read: Option<&DigestMark>,
        mark: &DigestMark,
        alerts: &[Alert],
        digest: Option<Digest>,
    ) -> Result<bool, StoreError> {
        let said = digest.as_ref().map(|digest| (digest.slot.clone(), digest.entries.len()));
        let digest = digest.map(|digest| {
            Delivery::new(Destination::Email(inbox.clone()), Body::Digest(Box::new(digest)), mark.until)
        });
        let end = SlotEnd { inbox, read, mark, alerts, digest: digest.as_ref() };
        let has_ended = self.store.end_slot(end).await?;
        if let Some((slot, filings)) = said.filter(|_| has_ended) {
            tracing::info!(recipient = %inbox, slot, filings, "a digest is due");
        }
        Ok(has_ended)
    }

    /// The digest of a slot that ends now, with all that waits for an inbox; `None` if nothing waits.
    async fn waiting(
        &self,
        inbox: &Inbox,
        read: Option<&DigestMark>,
        now: DateTime<Utc>,
    ) -> Result<Option<Made>, StoreError> {
        let made = self.made(inbox, read, Slot::at(read, self.zone(inbox), now), now).await?;
        Ok(Some(made).filter(|made| !made.alerts.is_empty()))
    }

    /// The digest of a slot, with all that waits for an inbox.
    async fn made(
        &self,
        inbox: &Inbox,
        read: Option<&DigestMark>,
        slot: Slot,
        now: DateTime<Utc>,
    ) -> Result<Made, StoreError> {
        let alerts = self.store.gathered(inbox, MOST_ALERTS).await?;
        let digest = self.digest_of(inbox, read, slot, &alerts, now).await?;
        Ok(Made { alerts, digest })
    }

    /// The digest of a slot with these alerts.
    async fn digest_of(
        &self,
        inbox: &Inbox,
        read: Option<&DigestMark>,
        slot: Slot,
        alerts: &[Alert],
        now: DateTime<Utc>,
    ) -> Result<Digest, StoreError> {
        let destination = Destination::Email(inbox.clone());
        let Slot { local, zone, since, due } = slot;
        let mut digest =
            Digest::new(&inbox.to_string(), local, zone.to_owned(), (since, now), alerts.to_vec());
        let sent = self.sent_at_once(&destination, alerts).await?;
        for entry in &mut digest.entries {
            entry.sent_at = sent.get(&entry.alert.accession).copied();
        }
        let before = read.and_then(|mark| mark.issuers.as_ref());
        digest.new_issuers = before.map(|before| &issuers(&digest) - before);
        digest.muted = self.muted(&destination, now).await?;
        digest.due = due;
        Ok(digest.bounded())
    }

    /// When those of these alerts that were also sent at once were sent, by their filings.
    async fn sent_at_once(
        &self,
        destination: &Destination,
        alerts: &[Alert],
    ) -> Result<BTreeMap<Accession, DateTime<Utc>>, StoreError> {
        let mut sent = BTreeMap::new();
        for alert in alerts {
            let key = Delivery::key_of(&alert.key, destination);
            if let Some(DeliveryStanding::Left(Outcome::Delivered { at, .. })) =
                self.store.message_standing(&key).await?
            {
                let first = sent.entry(alert.accession).or_insert(at);
                *first = at.min(*first);
            }
        }
        Ok(sent)
    }

    /// True if the reader of an inbox stopped its e-mails.
    async fn has_unsubscribed(&self, inbox: &Inbox) -> Result<bool, StoreError> {
        match self.settings.address(inbox) {
            Some(address) => self.store.has_unsubscribed(inbox, &address.id()).await,
            None => Ok(false),
        }
    }

    /// How many alerts mutes hold back from a destination.
    async fn muted(&self, destination: &Destination, now: DateTime<Utc>) -> Result<usize, StoreError> {
        let mut count = 0;
        for mute in self.store.mutes().await? {
            if mute.holds(now) && mute.what.reaches(destination) && count < MOST_MUTED {
                count += self.store.muted_for(&mute.what, destination, MOST_MUTED - count).await?;
            }
        }
        Ok(count)
    }

    /// The mark after a slot, with the name of the slot before.
    fn mark(
        &self,
        inbox: &Inbox,
        read: Option<&DigestMark>,
        digest: Option<&Digest>,
        now: DateTime<Utc>,
    ) -> DigestMark {
        let issuers = match digest.filter(|digest| !digest.entries.is_empty()) {
            Some(digest) => Some(issuers(digest)).filter(|issuers| issuers.len() <= MOST_ISSUERS),
            None => read.and_then(|mark| mark.issuers.clone()),
        };
        DigestMark {
            until: now,
            slot: read.and_then(|mark| mark.slot.clone()),
            schedule: self.mode(inbox).map(|mode| mode.schedule.to_string()),
            issuers,
        }
    }

    fn zone(&self, inbox: &Inbox) -> Tz {
        self.mode(inbox).map_or(Tz::UTC, |mode| mode.schedule.zone())
    }

    fn mode(&self, inbox: &Inbox) -> Option<&DigestMode> {
        match &self.settings.recipient(inbox)?.mode {
            Mode::Digest(mode) => Some(mode),
            Mode::Instant => None,
        }
    }
}

/// The issuers in a digest.
fn issuers(digest: &Digest) -> BTreeSet<Cik> {
    digest.entries.iter().map(|entry| entry.alert.issuer.cik).collect()
}
