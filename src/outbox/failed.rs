//! Messages that were not accepted: when they are tried again, and which others are tried first.

use std::slice;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::given_up::GivenUpDeliveries;
use super::lane::{DeliverReport, LONGEST_ASKED, Lane, ahead};
use super::pause::{Pauses, left_alone, retry_after};
use crate::clock::Clock;
use crate::delivery::{Batch, Body, Delivery};
use crate::destination::Destination;
use crate::notify::{Retry, SendError};
use crate::parts::Parts;
use crate::retry;
use crate::store::{Gone, Store, StoreError};
use crate::summary::Summary;

/// A failing destination is tried at least this often, unless it asks for a longer wait: it may be back.
const LONGEST_PAUSE: TimeDelta = TimeDelta::seconds(60);
/// The wait before a mail that may have arrived is sent again, because each try may be one more mail. It
/// doubles each time, up to the longest pause of a destination.
const IN_DOUBT: TimeDelta = TimeDelta::minutes(1);
/// A delivery that has failed for this long and this often is given up.
const GIVEN_UP_AFTER: TimeDelta = TimeDelta::days(8);
const GIVEN_UP_ATTEMPTS: u32 = 50;
/// How many consecutive refusals, each possibly about a single message, pause the destination.
const REFUSED_IN_A_ROW: u32 = 3;
/// How many waiting deliveries to search for one that was not refused.
const LOOKED_AT: usize = 1_000;

/// Decides what happens to messages that were not accepted.
pub(super) struct Failures {
    store: Store,
    clock: Clock,
    pauses: Arc<Pauses>,
    given_up: Arc<GivenUpDeliveries>,
}

impl Failures {
    pub(super) fn new(parts: &Parts, pauses: Arc<Pauses>, given_up: Arc<GivenUpDeliveries>) -> Self {
        Self { store: parts.store.clone(), clock: parts.clock(), pauses, given_up }
    }

    /// Decides what happens to a batch that was not accepted.
    pub(super) async fn failed(
        &self,
        batch: &Batch,
        error: &SendError,
        lane: &mut Lane,
        report: &mut DeliverReport,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if let Some(why) = self.gone(batch.destination(), error).await? {
            report.dead = batch.deliveries().len();
            report.next = Some(now);
            return self.given_up.give_up_quietly(batch.deliveries(), &why.to_string(), now).await;
        }
        match error.retry {
            Retry::Closed => self.closed(batch, error, lane, report, now).await,
            Retry::Never | Retry::Gone => match self.refused(batch, error, lane, report, now).await? {
                true => Ok(()),
                false => self.later(batch, error, lane, report, now).await,
            },
            Retry::Later | Retry::After(_) => self.later(batch, error, lane, report, now).await,
        }
    }

    /// Why a destination that refuses a message is gone, if the gateway reported that.
    async fn gone(&self, destination: &Destination, error: &SendError) -> Result<Option<Gone>, StoreError> {
        match (destination, error.retry) {
            (Destination::Channel(id), Retry::Closed | Retry::Never | Retry::Gone) => {
                self.store.gone(*id).await
            }
            _ => Ok(None),
        }
    }

    /// The destination reports that it accepts nothing. If that may be about this one message, others are
    /// tried first.
    async fn closed(
        &self,
        batch: &Batch,
        error: &SendError,
        lane: &mut Lane,
        report: &mut DeliverReport,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        match batch.deliveries() {
            // It accepts others, so only this one is tried less and less often.
            [delivery] if error.of_message && lane.took_others(delivery) => {
                if is_old(delivery, now) {
                    self.given_up.give_up(delivery, error, now).await?;
                    report.dead = 1;
                } else {
                    self.try_seldom(delivery, error, now).await?;
                    (report.failed, report.next) = (1, Some(now));
                }
            }
            sent if error.of_message && self.others_come_first(sent, lane, now).await? => {
                self.put_behind_others(sent, lane, now).await?;
                (report.failed, report.next) = (sent.len(), Some(now));
            }
            sent => {
                if error.of_message {
                    self.put_behind_others(sent, lane, now).await?;
                }
                (report.failed, report.paused, lane.is_paused) = (sent.len(), true, true);
                let paused = self.pauses.pause(batch.destination(), error, now).await?;
                self.pauses.give_up_kept(&paused, now).await?;
                report.next = left_alone(&paused, now);
            }
        }
        Ok(())
    }

    /// The message can never be sent as it is: it is sent in another way, or given up. Returns `false` if it
    /// is neither but tried again later.
    async fn refused(
        &self,
        batch: &Batch,
        error: &SendError,
        lane: &mut Lane,
        report: &mut DeliverReport,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let (destination, is_gone) = (batch.destination(), error.retry == Retry::Gone);
        match batch.deliveries() {
            [Delivery { body: Body::Summary(summary), .. }] if is_gone && summary.message_id.is_some() => {
                tracing::info!(%destination, %error, "its message is rebuilt");
                self.rewrite_body(batch, &Summary { message_id: None, ..(**summary).clone() }).await?;
                report.next = Some(now);
            }
            [delivery] if is_gone && batch.concerned().is_some() => {
                tracing::info!(%destination, key = %delivery.key, %error, "it can no longer be edited, so a reply is sent");
                let answers = batch.concerned().map(|(id, _)| id.to_owned());
                self.store.rewrite(&Delivery { concerns: None, answers, ..delivery.clone() }).await?;
                report.next = Some(now);
            }
            [Delivery { body: Body::Summary(summary), .. }] if !is_gone && !summary.mention.is_empty() => {
                tracing::warn!(%destination, %error, "an overflow message is sent without its pings");
                let body = Summary { mention: Vec::new(), ..(**summary).clone() };
                self.rewrite_body(batch, &body).await?;
                report.next = Some(now);
            }
            [delivery] if delivery.answers.is_some() => {
                self.store.rewrite(&Delivery { answers: None, ..delivery.clone() }).await?;
                report.next = Some(now);
            }
            [delivery] => {
                self.given_up.give_up(delivery, error, now).await?;
                lane.singly = lane.singly.saturating_sub(1);
                report.dead = 1;
            }
            // Send each on its own to find out which one is at fault.
            [_, _, ..] if !is_gone => {
                tracing::warn!(%destination, %error, "a message with several alerts was rejected: they are sent one by one");
                lane.singly = batch.deliveries().len();
                for delivery in batch.deliveries() {
                    // An earlier try may have arrived all the same; look for it, and do not send it this way
                    // again.
                    if let Some(sends) = self.store.in_flight(&delivery.key).await? {
                        self.store.set_in_flight(slice::from_ref(delivery), Some(&sends.in_doubt())).await?;
                    }
                }
                report.next = Some(now);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// A failure that may be temporary: the batch is tried again later, except for deliveries that have
    /// failed for too long.
    async fn later(
        &self,
        batch: &Batch,
        error: &SendError,
        lane: &mut Lane,
        report: &mut DeliverReport,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let sent = batch.deliveries();
        if let [delivery] = sent
            && is_old(delivery, now)
        {
            self.given_up.give_up(delivery, error, now).await?;
            report.dead = 1;
            return Ok(());
        }
        let until = self.put_off(batch, error, lane, now);
        let put_off = sent.iter().map(|delivery| Delivery {
            attempts: delivery.attempts + 1,
            not_before: again_at(delivery, error, until),
            failing_since: delivery.failing_since.or(Some(now)),
            ..delivery.clone()
        });
        self.store.requeue(&put_off.collect::<Vec<_>>()).await?;
        if sent.iter().any(|delivery| is_old(delivery, now)) {
            lane.singly = sent.len();
        }
        (report.failed, report.next, report.asked) = (sent.len(), Some(until), lane.asked);
        Ok(())
    }

    /// True if other messages must be tried first, before a refusal that may be about one message counts for
    /// the destination.
    async fn others_come_first(
        &self,
        sent: &[Delivery],
        lane: &Lane,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let [refused] = sent else { return Ok(lane.refused + 1 < REFUSED_IN_A_ROW) };
        let is_untried = |other: &Delivery| {
            other.key != refused.key && other.failing_since.is_none() && !ahead(other.not_before, now)
        };
        Ok(lane.refused + 1 < REFUSED_IN_A_ROW
            && self.store.queued(&refused.destination, LOOKED_AT).await?.iter().any(is_untried))
    }

    /// Puts these behind others. Several are sent one by one to find out which one is at fault.
    async fn put_behind_others(
        &self,
        sent: &[Delivery],
        lane: &mut Lane,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        lane.refused += 1;
        if sent.len() > 1 {
            lane.singly = sent.len();
        }
        let behind = sent.iter().map(|delivery| Delivery {
            attempts: delivery.attempts + 1,
            failing_since: delivery.failing_since.or((sent.len() == 1).then_some(now)),
            ..delivery.clone()
        });
        self.store.requeue(&behind.collect::<Vec<_>>()).await
    }

    /// Handles a delivery that its destination refuses while it accepts others.
    async fn try_seldom(
        &self,
        delivery: &Delivery,
        error: &SendError,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Delivery { destination, key, attempts, .. } = delivery;
        tracing::warn!(%destination, %key, %error, "rejected while others are accepted, will retry later");
        self.pauses.report_refused(destination, error, now).await?;
        let not_before = self.clock.by_now(now) + retry_after(*attempts);
        self.store.requeue(&[Delivery { attempts: attempts + 1, not_before, ..delivery.clone() }]).await
    }

    /// Changes a message about many alerts to be sent as a new one with all its lines, because somebody
    /// deleted the earlier message.
    async fn rewrite_body(&self, batch: &Batch, summary: &Summary) -> Result<(), StoreError> {
        for delivery in batch.deliveries() {
            let body = Body::Summary(Box::new(summary.clone()));
            self.store.rewrite(&Delivery { body, ..delivery.clone() }).await?;
        }
        Ok(())
    }

    /// Defers a batch. A failure is nearly always the destination's, so the whole lane pauses, and no
    /// delivery waits longer than the lane. Returns until when.
    fn put_off(
        &self,
        batch: &Batch,
        error: &SendError,
        lane: &mut Lane,
        now: DateTime<Utc>,
    ) -> DateTime<Utc> {
        lane.failures += 1;
        lane.asked = matches!(error.retry, Retry::After(_));
        let own = TimeDelta::from_std(retry::delay(lane.failures, batch.key().seed()));
        let own = own.map_or(LONGEST_PAUSE, |wait| wait.min(LONGEST_PAUSE));
        let pause = match error.retry {
            Retry::After(wait) => {
                TimeDelta::from_std(wait).unwrap_or(LONGEST_PAUSE).clamp(own, LONGEST_ASKED)
            }
            Retry::Later | Retry::Never | Retry::Gone | Retry::Closed => own,
        };
        // The answer may have arrived some time after this round began.
        let until = self.clock.by_now(now) + pause;
        lane.paused_until = Some(until);
        let (destination, key) = (batch.destination(), batch.key());
        if lane.failures == 1 {
            tracing::warn!(%destination, %key, %error, "not delivered, will retry later");
        } else {
            tracing::debug!(%destination, %key, %error, failures = lane.failures, "still not delivered");
        }
        until
    }
}

/// True if a delivery has failed for so long and so often that it must be given up.
fn is_old(delivery: &Delivery, now: DateTime<Utc>) -> bool {
    let failing = delivery.failing_since.is_some_and(|since| now - since > GIVEN_UP_AFTER);
    failing && delivery.attempts >= GIVEN_UP_ATTEMPTS
}

/// When to try a delivery again, given that its destination is tried again at `until`.
fn again_at(delivery: &Delivery, error: &SendError, until: DateTime<Utc>) -> DateTime<Utc> {
    if !delivery.destination.capabilities().repeats_slowly || !error.may_have_arrived {
        return until;
    }
    let wait = IN_DOUBT * 2_i32.pow(delivery.attempts.min(10));
    until + wait.min(retry_after(u32::MAX))
}
