//! The back-off towards EDGAR: sends no requests for a while after EDGAR blocked us or asked us to wait.
//!
//! It survives a restart. Temporary failures are not recorded here: [`crate::source::Client`] repeats those
//! requests by itself.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::PollReport;
use crate::alert::Key;
use crate::notice::{About, EdgarNews, Notice};
use crate::operators::Operators;
use crate::parts::Parts;
use crate::source::{Client, FetchError, Trouble};
use crate::store::{Silence, Store, StoreError};

/// The back-off after a block for too many requests (EDGAR's own lasts ten minutes), doubled for each
/// consecutive one.
const BLOCKED: TimeDelta = TimeDelta::minutes(10);
/// The back-off after a refused user agent, doubled for each consecutive one up to a day: a person must act.
const REFUSED: TimeDelta = TimeDelta::hours(1);
/// A block within this time after another one counts as consecutive, whatever EDGAR answered in between.
const REMEMBERED: TimeDelta = TimeDelta::hours(3);
/// A longer back-off is logged.
const NOTABLE: TimeDelta = TimeDelta::minutes(1);
/// The longest back-off; a longer one comes from a wrong clock.
const LONGEST: TimeDelta = TimeDelta::hours(25);

/// Decides whether EDGAR may be asked now.
pub(crate) struct Backoff {
    /// A hash of our contact: a different contact than the refused one may ask at once.
    contact: Key,
    store: Store,
    client: Arc<Client>,
    operators: Arc<Operators>,
}

impl Backoff {
    pub(super) fn new(parts: &Parts) -> Self {
        Self {
            contact: Key::of(&["contact", &parts.settings.edgar.contact]),
            store: parts.store.clone(),
            client: Arc::clone(&parts.client),
            operators: Arc::clone(&parts.operators),
        }
    }

    /// The end of the back-off, if one is in force.
    pub(crate) async fn silent_until(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.note_blocks(now).await?;
        self.noted_silence(now).await
    }

    async fn noted_silence(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, StoreError> {
        Ok(self.store.silence().await?.and_then(|silence| self.stands(&silence, now)))
    }

    /// The end of a stored back-off; `None` if it is not in force.
    fn stands(&self, silence: &Silence, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        // A different contact was refused.
        if silence.refused.as_ref().is_some_and(|refused| *refused != self.contact) {
            return None;
        }
        Some(silence.until).filter(|until| now < *until && *until - now <= LONGEST)
    }

    /// When EDGAR may be asked again, if not now: after a back-off, or at the next probe during an outage.
    pub(crate) async fn left_alone_until(
        &self,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        if let Some(until) = self.silent_until(now).await? {
            return Ok(Some(until));
        }
        let next = self.client.outage().map(|outage| outage.next_probe);
        Ok(next.filter(|next| *next > self.client.clock().now()))
    }

    /// Records that EDGAR answered all requests since `now`. The next block then counts as the first again if
    /// the last one ended long ago.
    pub(super) async fn answered(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        // A back-off that was in force then or has begun since is newer than those answers.
        if self.silent_until(now).await?.is_some() {
            return Ok(());
        }
        let Some(silence) = self.store.silence().await? else { return Ok(()) };
        let fresh = silence.until <= now && now - silence.until < REMEMBERED;
        let kept = (silence.blocks > 0 && fresh).then_some(Silence { in_a_row: 0, ..silence.clone() });
        // A back-off that has begun since is newer than those answers.
        self.store.replace_silence(Some(&silence), kept.as_ref()).await.map(drop)
    }

    /// Records a failure. If EDGAR blocks us or asks us to wait, this starts a back-off, longer for each
    /// consecutive one.
    pub(super) async fn note(
        &self,
        error: FetchError,
        now: DateTime<Utc>,
        report: &mut PollReport,
    ) -> Result<(), StoreError> {
        if error.trouble.was_not_asked() {
            // No request was made, so this says nothing about EDGAR.
            report.trouble = report.trouble.take().or(Some(error));
            return Ok(());
        }
        if error.is_grave() {
            self.note_blocks(now).await?;
        } else if error.trouble.is_block() {
            self.back_off(&error, now).await?;
        }
        if error.is_grave() || error.trouble.is_block() {
            // Flush at once: after a crash, EDGAR must not be asked too early.
            self.store.flush().await?;
        }
        report.trouble = Some(error);
        Ok(())
    }

    /// Records every answer that blocks us or asks us to wait and is not recorded yet, even if the task that
    /// asked is gone.
    pub(crate) async fn note_blocks(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        for error in self.client.take_graves() {
            self.back_off(&error, now).await?;
        }
        Ok(())
    }

    async fn back_off(&self, error: &FetchError, now: DateTime<Utc>) -> Result<(), StoreError> {
        loop {
            let read = self.store.silence().await?;
            let (silence, span) = self.silence_after(error, read.as_ref(), now);
            if self.store.replace_silence(read.as_ref(), Some(&silence)).await? {
                return self.report(error, &silence, span, now).await;
            }
        }
    }

    /// The back-off after a failure, and how long this failure alone requires.
    fn silence_after(
        &self,
        error: &FetchError,
        read: Option<&Silence>,
        now: DateTime<Utc>,
    ) -> (Silence, TimeDelta) {
        let blocked = error.trouble.is_block();
        let stands = read.and_then(|last| self.stands(last, now));
        let last = read.filter(|last| now - last.until < REMEMBERED);
        let in_a_row = last.as_ref().map_or(0, |silence| silence.in_a_row) + 1;
        let blocks = last.as_ref().map_or(0, |silence| silence.blocks) + u32::from(blocked);
        let longer = 2_i32.pow(blocks.clamp(1, 5) - 1);
        let own = match error.trouble {
            Trouble::AgentRefused => REFUSED * longer,
            _ if blocked => BLOCKED * longer,
            _ => TimeDelta::zero(),
        };
        let asked = error.retry_after.and_then(|wait| TimeDelta::from_std(wait).ok());
        let span = asked.map_or(own, |asked| asked.max(own));
        let until = self.client.clock().by_now(now) + span;
        let refused = (error.trouble == Trouble::AgentRefused).then(|| self.contact.clone());
        // Keep the back-off from another request's answer if it is longer.
        let (until, refused) = match stands.filter(|stands| *stands > until) {
            Some(stands) => (stands, last.as_ref().and_then(|last| last.refused.clone()).or(refused)),
            None => (until, refused),
        };
        self.client.close_until(until);
        (Silence { until, in_a_row, blocks, refused, reason: error.message.clone() }, span)
    }

    async fn report(
        &self,
        error: &FetchError,
        silence: &Silence,
        span: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if error.trouble.is_block() && silence.blocks == 1 {
            tracing::error!("{error}; no requests to EDGAR for {} minutes", span.num_minutes());
            let news = EdgarNews::Blocks {
                refuses_contact: error.trouble == Trouble::AgentRefused,
                error: error.to_string(),
                minutes: span.num_minutes(),
            };
            self.operators.notify(&Notice::new(now, About::Edgar(news)), now).await?;
        } else if span > NOTABLE {
            tracing::warn!("{error}; no requests to EDGAR for {} more minutes", span.num_minutes());
        }
        Ok(())
    }
}
