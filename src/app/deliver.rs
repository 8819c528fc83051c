//! One message to one destination.

use chrono::{DateTime, TimeDelta, Utc};

use super::App;
use super::choose::Chosen;
use super::lane::{DeliverReport, Lane};
use super::paused::{left_alone, retry_after};
use crate::delivery::{Batch, Body, Delivery, InFlight, Outcome};
use crate::destination::Destination;
use crate::notify::{Retry, SendError, Sent};
use crate::retry;
use crate::store::{Paused, StoreError};
use crate::summary::Summary;

/// How many deliveries of a destination are looked at in one round: at first, and where all of these failed before.
const LOOKED_AT: (usize, usize) = (20, 1_000);
/// A destination that fails is tried at least this often, unless it asks for more: it may be back.
const LONGEST_PAUSE: TimeDelta = TimeDelta::seconds(60);
/// No pause that a destination asks for is longer; one that seems so comes from a clock that was wrong.
const LONGEST_ASKED: TimeDelta = TimeDelta::hours(2);
/// A delivery that fails for so long and failed so often is given up.
const GIVEN_UP_AFTER: TimeDelta = TimeDelta::days(8);
const GIVEN_UP_ATTEMPTS: u32 = 50;

/// What came of a send.
pub(super) enum Sending {
    /// Taken.
    Sent(Sent),
    /// It was not its turn.
    Paced(DateTime<Utc>),
    /// Nothing was sent, and what is to be sent is to be chosen anew: these of an earlier try had arrived.
    Found(Vec<(Delivery, Outcome)>),
    /// Not taken.
    Failed(SendError),
}

impl App {
    /// Sends one message of a destination's queue: of those that are due the least tried, then the oldest, and where the
    /// destination is told of several in one message those that follow it. Nothing is sent that is not on the disk, and what
    /// became of it is on the disk before the next.
    ///
    /// # Errors
    /// Failures of the store; then nothing more is sent.
    pub async fn deliver_once(
        &self,
        destination: &Destination,
        lane: &mut Lane,
        now: DateTime<Utc>,
    ) -> Result<DeliverReport, StoreError> {
        let mut report = DeliverReport::default();
        if let Some(until) = lane.paused_until.filter(|until| ahead(*until, now)) {
            let (paced, asked) = (lane.failures == 0, lane.asked);
            return Ok(DeliverReport { next: Some(until), paced, asked, ..report });
        }
        let paused = self.store.paused(destination)?;
        if let Some(paused) = &paused {
            // Somebody may have mended it before a start.
            let alone = left_alone(paused, now).filter(|_| lane.is_paused && !lane.impatient);
            if alone.is_some() {
                return Ok(DeliverReport { next: alone, paused: true, ..report });
            }
        }
        let mut queued = self.store.queued(destination, LOOKED_AT.0)?;
        if queued.len() == LOOKED_AT.0 && queued.iter().all(|delivery| delivery.attempts > 0) {
            queued = self.store.queued(destination, LOOKED_AT.1)?;
        }
        if queued.is_empty() && paused.is_some() {
            self.store.resume(destination, &[])?;
        }
        let (batch, sends, look_only) = match self.choose(destination, &queued, lane, now)? {
            Chosen::Nothing(next) => return Ok(DeliverReport { next, ..report }),
            Chosen::Later(until) => return Ok(DeliverReport { next: Some(until), paced: true, ..report }),
            Chosen::Batch(batch, sends) => (batch, sends, false),
            Chosen::Look(batch, sends) => (batch, Some(sends), true),
        };
        report.next = Some(now);
        let sending = match &sends {
            Some(sends) => self.look(&batch, sends, now).await?,
            None => None,
        };
        let (batch, sending) = match (sending, batch.deliveries().first()) {
            (Some(sending), _) => (batch, sending),
            // Each has its own nonce.
            (None, Some(first)) if look_only => {
                let sends = self.in_flight(first)?;
                let first = Batch::one(first.clone());
                let sending = self.send(&first, sends, now).await?;
                (first, sending)
            }
            (None, _) => {
                let sending = self.send(&batch, sends, now).await?;
                (batch, sending)
            }
        };
        let sent = batch.deliveries();
        if sent.len() >= queued.len() {
            report.next = None;
        }
        match sending {
            Sending::Sent(Sent { message_id }) => {
                self.note_sent(&batch, message_id.as_deref(), now)?;
                let at = self.by_now(now);
                for delivery in sent {
                    let outcome = Outcome::Delivered { at, message_id: message_id.clone() };
                    self.store.leave_queue(delivery, &outcome)?;
                }
                report.delivered = sent.len();
                self.took(lane, paused.as_ref(), &mut report, now)?;
            }
            Sending::Found(found) => {
                for (delivery, outcome) in &found {
                    self.store.leave_queue(delivery, outcome)?;
                }
                (report.delivered, report.next) = (found.len(), Some(now));
                if !found.is_empty() {
                    self.took(lane, paused.as_ref(), &mut report, now)?;
                }
            }
            Sending::Paced(until) => {
                lane.paused_until = Some(until);
                (report.next, report.paced) = (Some(until), true);
            }
            Sending::Failed(error) => self.failed(&batch, &error, lane, &mut report, now)?,
        }
        self.store.flush().await?;
        if report.delivered > 0 {
            self.look_for_others(destination, now).await?;
        }
        Ok(report)
    }

    /// Sends a batch.
    async fn send(
        &self,
        batch: &Batch,
        before: Option<InFlight>,
        now: DateTime<Utc>,
    ) -> Result<Sending, StoreError> {
        if let Err(until) = self.notifier.turn(batch, now) {
            return Ok(Sending::Paced(until));
        }
        let sends = InFlight::another(before.clone(), batch, now);
        for delivery in batch.deliveries() {
            self.store.set_in_flight(&delivery.key, Some(&sends))?;
        }
        self.store.flush().await?;
        // Waits that Discord asks for count from its answer.
        let now = self.by_now(now);
        match self.notifier.send(&batch.clone().sent_at(now), now).await {
            Ok(sent) => Ok(Sending::Sent(sent)),
            Err(error) => {
                if !error.may_have_arrived {
                    for delivery in batch.deliveries() {
                        self.store.set_in_flight(&delivery.key, before.as_ref())?;
                    }
                }
                Ok(Sending::Failed(error))
            }
        }
    }

    /// A destination took something: its failures are over, and what waited for that comes together.
    fn took(
        &self,
        lane: &mut Lane,
        paused: Option<&Paused>,
        report: &mut DeliverReport,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        (lane.failures, lane.is_paused, lane.took_at) = (0, false, Some(self.by_now(now)));
        lane.singly = lane.singly.saturating_sub(1);
        match paused {
            Some(paused) => self.resume(paused, now),
            None => Ok(()),
        }
        .inspect(|()| report.paused = false)
    }

    /// What becomes of a batch that was not taken.
    fn failed(
        &self,
        batch: &Batch,
        error: &SendError,
        lane: &mut Lane,
        report: &mut DeliverReport,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let destination = batch.destination();
        let old = |delivery: &Delivery| {
            let failing = delivery.failing_since.is_some_and(|since| now - since > GIVEN_UP_AFTER);
            failing && delivery.attempts >= GIVEN_UP_ATTEMPTS
        };
        match (error.retry, batch.deliveries()) {
            // It takes others: this one alone is tried less and less often.
            (Retry::Closed, [delivery])
                if error.of_message && lane.took_others(delivery) && !old(delivery) =>
            {
                self.try_seldom(delivery, error, now)?;
                (report.failed, report.next) = (1, Some(now));
            }
            (Retry::Closed, [delivery]) if error.of_message && lane.took_others(delivery) => {
                self.give_up(delivery, error, now)?;
                report.dead = 1;
            }
            (Retry::Closed, sent) => {
                for delivery in sent.iter().filter(|_| error.of_message) {
                    // It may be this one: others are tried before it.
                    let failing_since = delivery.failing_since.or(Some(now));
                    let attempts = delivery.attempts + 1;
                    self.store.requeue(&Delivery { attempts, failing_since, ..delivery.clone() })?;
                }
                if error.of_message && sent.len() > 1 {
                    // Which of them it is shows when each comes by itself.
                    lane.singly = sent.len();
                }
                (report.failed, report.paused, lane.is_paused) = (sent.len(), true, true);
                let paused = self.pause(destination, error, now)?;
                self.give_up_kept(&paused, now)?;
                report.next = left_alone(&paused, now);
            }
            (Retry::Gone, [Delivery { body: Body::Summary(summary), .. }])
                if summary.message_id.is_some() =>
            {
                tracing::info!(%destination, %error, "its message is made anew");
                self.rewrite_body(batch, &Summary { message_id: None, ..(**summary).clone() })?;
                report.next = Some(now);
            }
            (Retry::Gone, [delivery]) if batch.concerned().is_some() => {
                tracing::info!(%destination, key = %delivery.key, %error, "it cannot be changed any more, and is answered");
                let answers = batch.concerned().map(|(id, _)| id.to_owned());
                self.store.rewrite(&Delivery { concerns: None, answers, ..delivery.clone() })?;
                report.next = Some(now);
            }
            // Which of them it is shows when each comes by itself.
            (Retry::Never, [_, _, ..]) => {
                tracing::warn!(%destination, %error, "several in one message were not taken: they are sent singly");
                lane.singly = batch.deliveries().len();
                for delivery in batch.deliveries() {
                    // An earlier try may have arrived all the same: that is looked for, and not sent so again.
                    if let Some(sends) = self.in_flight(delivery)? {
                        self.store.set_in_flight(&delivery.key, Some(&sends.in_doubt()))?;
                    }
                }
                report.next = Some(now);
            }
            (Retry::Never, [Delivery { body: Body::Summary(summary), .. }])
                if !summary.mention.is_empty() =>
            {
                tracing::warn!(%destination, %error, "a summary is sent without its pings");
                let body = Summary { mention: Vec::new(), ..(**summary).clone() };
                self.rewrite_body(batch, &body)?;
                report.next = Some(now);
            }
            (Retry::Never | Retry::Gone, [delivery]) if delivery.answers.is_some() => {
                self.store.rewrite(&Delivery { answers: None, ..delivery.clone() })?;
                report.next = Some(now);
            }
            (Retry::Never | Retry::Gone, [delivery]) => {
                self.give_up(delivery, error, now)?;
                lane.singly = lane.singly.saturating_sub(1);
                report.dead = 1;
            }
            (_, [delivery]) if old(delivery) => {
                self.give_up(delivery, error, now)?;
                report.dead = 1;
            }
            (_, sent) => {
                let until = self.put_off(batch, error, lane, now);
                for delivery in sent {
                    let attempts = delivery.attempts + 1;
                    let failing_since = delivery.failing_since.or(Some(now));
                    let put_off = Delivery { attempts, not_before: until, failing_since, ..delivery.clone() };
                    self.store.requeue(&put_off)?;
                }
                if sent.iter().any(old) {
                    lane.singly = sent.len();
                }
                (report.failed, report.next, report.asked) = (sent.len(), Some(until), lane.asked);
            }
        }
        Ok(())
    }

    /// A delivery that its destination does not take, while it takes others.
    fn try_seldom(
        &self,
        delivery: &Delivery,
        error: &SendError,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Delivery { destination, key, attempts, .. } = delivery;
        tracing::warn!(%destination, %key, %error, "not taken while others are, tried again later");
        let not_before = self.by_now(now) + retry_after(*attempts);
        self.store.requeue(&Delivery { attempts: attempts + 1, not_before, ..delivery.clone() })
    }

    /// A summary that is sent otherwise: as a new message with all that it has, where somebody deleted the one before.
    fn rewrite_body(&self, batch: &Batch, summary: &Summary) -> Result<(), StoreError> {
        for delivery in batch.deliveries() {
            let body = Body::Summary(Box::new(summary.clone()));
            self.store.rewrite(&Delivery { body, ..delivery.clone() })?;
        }
        Ok(())
    }

    /// A failure is nearly always the destination's, so the whole lane pauses, and no delivery longer than it: until when.
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
        // The answer may have come some time after this round began.
        let until = self.by_now(now) + pause;
        lane.paused_until = Some(until);
        let (destination, key) = (batch.destination(), batch.key());
        if lane.failures == 1 {
            tracing::warn!(%destination, %key, %error, "not delivered, tried again later");
        } else {
            tracing::debug!(%destination, %key, %error, failures = lane.failures, "still not delivered");
        }
        until
    }
}

/// Whether a moment that was set is still to come; one that is far away comes from a clock that was wrong.
pub(super) fn ahead(moment: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now < moment && moment - now <= LONGEST_ASKED
}
