//! Closes the digest slots that have passed.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::alert::Alert;
use crate::config::{Mode, Settings};
use crate::delivery::{Body, Delivery};
use crate::destination::Destination;
use crate::digest::Digest;
use crate::parts::Parts;
use crate::schedule::Schedule;
use crate::store::{DigestMark, Store, StoreError};

/// How far a mark may be ahead of the clock after the clock was adjusted.
const CLOCK_DIFFERENCE: TimeDelta = TimeDelta::hours(1);

/// Makes digests.
pub struct Digests {
    settings: Arc<Settings>,
    store: Store,
}

impl Digests {
    pub(super) fn new(parts: &Parts) -> Self {
        Self { settings: Arc::clone(&parts.settings), store: parts.store.clone() }
    }

    /// Makes all due digests and returns how many. Slots that passed while nothing ran are combined into one.
    pub async fn digest_once(&self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        let mut made = 0;
        for recipient in &self.settings.email.recipients {
            made += usize::from(match &recipient.mode {
                Mode::Digest(schedule) => self.close_slot(&recipient.name, schedule, now).await?,
                Mode::Instant => self.send_leftovers(&recipient.name, now).await?,
            });
        }
        Ok(made)
    }

    /// Logs alerts that wait for the digest of a recipient no longer in the settings.
    pub(crate) async fn warn_of_orphans(&self) -> Result<(), StoreError> {
        for name in self.store.gathering().await? {
            if !self.settings.email.recipients.iter().any(|recipient| recipient.name == name) {
                tracing::warn!("alerts wait for email:{name}, which the settings no longer define");
            }
        }
        Ok(())
    }

    /// When the next digest is due.
    pub(crate) async fn next_digest(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, StoreError> {
        let mut next: Option<DateTime<Utc>> = None;
        for recipient in &self.settings.email.recipients {
            let Mode::Digest(schedule) = &recipient.mode else { continue };
            let since = self.store.digest_mark(&recipient.name).await?.map_or(now, |mark| mark.until);
            let slot = schedule.next_slot(since);
            next = [next, slot].into_iter().flatten().min();
        }
        Ok(next)
    }

    async fn close_slot(
        &self,
        recipient: &str,
        schedule: &Schedule,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        // A mark in the future comes from a wrong clock.
        let mark =
            self.store.digest_mark(recipient).await?.filter(|mark| mark.until <= now + CLOCK_DIFFERENCE);
        let Some(DigestMark { until: since, slot: last_slot }) = mark else {
            // Start now: the first slot is the next one.
            self.store.close_slot(recipient, None, now, &[], None).await?;
            return Ok(false);
        };
        let Some(slot) = schedule.next_slot(since).filter(|slot| *slot <= now) else { return Ok(false) };
        let name = schedule.local_slot(slot);
        let zone = schedule.zone().name();
        if last_slot.as_deref() == Some(slot_name(&name, zone).as_str()) {
            // The clock was set back and this slot had its digest, so waiting alerts stay for the next.
            self.store.close_slot(recipient, last_slot.as_deref(), now, &[], None).await?;
            return Ok(false);
        }
        self.queue_digest(recipient, &name, zone, since, now).await
    }

    /// Sends alerts that waited for the digest of a recipient that now gets e-mails at once.
    async fn send_leftovers(&self, recipient: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
        if self.store.gathered(recipient).await?.is_empty() {
            return Ok(false);
        }
        let since = self.store.digest_mark(recipient).await?.map_or(now, |mark| mark.until);
        self.queue_digest(recipient, &now.format("%Y-%m-%dT%H:%M").to_string(), "UTC", since, now).await
    }

    async fn queue_digest(
        &self,
        recipient: &str,
        slot: &str,
        zone: &str,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        loop {
            let alerts = self.store.gathered(recipient).await?;
            let digest = self.digest_of(recipient, &alerts, (slot, zone), (since, now));
            let name = slot_name(slot, zone);
            // If another filing has joined one of them meanwhile, read them again.
            if self.store.close_slot(recipient, Some(&name), now, &alerts, digest.as_ref()).await? {
                return Ok(digest.is_some());
            }
        }
    }

    fn digest_of(
        &self,
        recipient: &str,
        alerts: &[Alert],
        (slot, zone): (&str, &str),
        (since, now): (DateTime<Utc>, DateTime<Utc>),
    ) -> Option<Delivery> {
        (!alerts.is_empty()).then(|| {
            let alerts = alerts.to_vec();
            let digest = Digest::new(recipient, slot.to_owned(), zone.to_owned(), (since, now), alerts);
            tracing::info!(recipient, slot, filings = digest.entries.len(), "a digest is due");
            Delivery::new(Destination::Email(recipient.to_owned()), Body::Digest(Box::new(digest)), now)
        })
    }
}

/// A slot and its zone: the same time of day in another zone is another slot.
fn slot_name(slot: &str, zone: &str) -> String {
    format!("{slot} {zone}")
}
