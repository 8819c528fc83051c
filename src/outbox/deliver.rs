//! One message to one destination.

use chrono::{DateTime, Utc};

use super::Outbox;
use super::lane::{DeliverReport, Lane, ahead};
use super::pause::left_alone;
use super::pick::Picked;
use super::recovery::Looked;
use crate::delivery::{Batch, Delivery, InFlight, Outcome};
use crate::destination::Destination;
use crate::notify::{SendError, Sent};
use crate::store::{Paused, StoreError};

/// How many deliveries of a destination are looked at in one round: at first, and where all of these failed before.
const LOOKED_AT: (usize, usize) = (20, 1_000);

/// The result of a send.
enum Sending {
    /// Taken.
    Sent(Sent),
    /// It was not its turn.
    Paced(DateTime<Utc>),
    /// Nothing was sent, and the next message is to be chosen anew: these of an earlier try had arrived, or one of them no longer waits.
    Found(Vec<(Delivery, Outcome)>),
    /// Not taken.
    Failed(SendError),
}

impl Outbox {
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
        // What cannot be sent now is not looked for.
        if let Err(until) = self.notifier.line_up(destination, now) {
            lane.paused_until = Some(until);
            return Ok(DeliverReport { next: Some(until), paced: true, ..report });
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
        let (batch, sends, look_only) = match self.picker.pick(destination, &queued, lane, now)? {
            Picked::Nothing(next) => return Ok(DeliverReport { next, ..report }),
            Picked::Later(until) => return Ok(DeliverReport { next: Some(until), paced: true, ..report }),
            Picked::Batch(batch, sends) => (batch, sends, false),
            Picked::Look(batch, sends) => (batch, Some(sends), true),
        };
        report.next = Some(now);
        let sending = match &sends {
            Some(sends) => match self.recovery.look(&batch, sends, now).await? {
                Looked::Again => None,
                Looked::Arrived(found) => Some(Sending::Found(found)),
                Looked::Failed(error) => Some(Sending::Failed(error)),
            },
            None => None,
        };
        let (batch, sending) = match (sending, batch.deliveries().first()) {
            (Some(sending), _) => (batch, sending),
            // Each has its own nonce.
            (None, Some(first)) if look_only => {
                let sends = self.store.in_flight(&first.key)?;
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
                self.overflow.count_sent(&batch, message_id.as_deref(), now);
                self.files.note(destination, now)?;
                let at = self.clock.by_now(now);
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
            Sending::Failed(error) => self.failures.failed(&batch, &error, lane, &mut report, now)?,
        }
        self.store.flush().await?;
        if report.delivered > 0 {
            self.instances.look_for_others(destination, now).await?;
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
        if !self.store.set_in_flight(batch.keys(), Some(&sends))? {
            return Ok(Sending::Found(Vec::new()));
        }
        self.store.flush().await?;
        // Waits that Discord asks for count from its answer.
        let now = self.clock.by_now(now);
        match self.notifier.send(&batch.clone().sent_at(now), now).await {
            Ok(sent) => Ok(Sending::Sent(sent)),
            Err(error) => {
                if !error.may_have_arrived {
                    self.store.set_in_flight(batch.keys(), before.as_ref())?;
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
        (lane.failures, lane.is_paused, lane.took_at) = (0, false, Some(self.clock.by_now(now)));
        (lane.singly, lane.refused) = (lane.singly.saturating_sub(1), 0);
        match paused {
            Some(paused) => self.pauses.resume(paused, now),
            None => Ok(()),
        }
        .inspect(|()| report.paused = false)
    }
}
