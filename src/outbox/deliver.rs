//! Sends one message to one destination.

use std::slice;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use super::Outbox;
use super::lane::{DeliverReport, Lane, ahead};
use super::pause::left_alone;
use super::pick::Picked;
use super::recovery::Looked;
use crate::delivery::{Batch, Body, Delivery, InFlight, Outcome};
use crate::destination::Destination;
use crate::notify::{SendError, Sent};
use crate::render::discord::Message;
use crate::store::{Paused, StoreError};

/// How many deliveries of a destination to look at in one round: if each is sent on its own, if several can
/// be combined, and if all of those failed before.
const LOOKED_AT: [usize; 3] = [2, 20, 1_000];

/// The result of sending.
enum Sending {
    /// It was accepted.
    Sent(Sent),
    /// It was not its turn yet.
    Paced(DateTime<Utc>),
    /// Nothing was sent, and the next message must be picked again: these deliveries of an earlier try had
    /// arrived, or one no longer waits.
    Found(Vec<(Delivery, Outcome)>),
    /// It was not accepted.
    Failed(SendError),
}

impl Outbox {
    /// Sends one message from a destination's queue: the least tried of the due deliveries, then the oldest,
    /// together with those that follow it if the destination accepts several in one message. Nothing is sent
    /// before it is on disk, and its outcome is on disk before the next message.
    ///
    /// # Errors
    /// Failures of the store; nothing more is then sent.
    pub async fn deliver_once(
        &self,
        destination: &Destination,
        lane: &mut Lane,
        now: DateTime<Utc>,
    ) -> Result<DeliverReport, StoreError> {
        let place = lane.place.take();
        let paused = self.store.paused(destination).await?;
        if let Some(report) = self.waits(destination, lane, paused.as_ref(), now) {
            return Ok(report);
        }
        let mut report = DeliverReport::default();
        if self.give_up_unwanted(destination, now).await? {
            self.notifier.leave_line(destination);
            self.store.flush().await?;
            return Ok(DeliverReport { next: Some(now), ..report });
        }
        let Some((_place, loading)) = self.begin_to_load(destination, place).await else {
            return Ok(DeliverReport { next: Some(now), crowded: true, ..report });
        };
        let queued = self.look_at(destination, now).await?;
        let looked_at = queued.len();
        let picked = self.picker.pick(destination, queued, lane, now).await?;
        let (batch, sending) = match picked {
            Picked::Nothing(next) => {
                self.notifier.leave_line(destination);
                return Ok(DeliverReport { next, ..report });
            }
            Picked::Later(until) => return Ok(DeliverReport { next: Some(until), paced: true, ..report }),
            Picked::New(mut batch, message) => {
                let sending = self.send(&mut batch, None, (message, loading), now).await?;
                (batch, sending)
            }
            Picked::Again(batch, sends) => {
                drop(loading);
                self.look_or_send(batch, sends, false, now).await?
            }
            Picked::Look(batch, sends) => {
                drop(loading);
                self.look_or_send(batch, sends, true, now).await?
            }
        };
        report.next = Some(now).filter(|_| batch.deliveries().len() < looked_at);
        match sending {
            Sending::Sent(Sent { message_id }) => {
                if self.note_sent(&batch, message_id, now).await? {
                    report.next = Some(now);
                }
                report.delivered = batch.deliveries().len();
                self.took(lane, paused.as_ref(), &mut report, now).await?;
            }
            Sending::Found(found) => {
                for (delivery, outcome) in &found {
                    self.store.leave_queue(slice::from_ref(delivery), outcome).await?;
                }
                (report.delivered, report.next) = (found.len(), Some(now));
                if !found.is_empty() {
                    self.took(lane, paused.as_ref(), &mut report, now).await?;
                }
            }
            Sending::Paced(until) => {
                lane.paused_until = Some(until);
                (report.next, report.paced) = (Some(until), true);
            }
            Sending::Failed(error) => self.failures.failed(&batch, &error, lane, &mut report, now).await?,
        }
        self.store.flush().await?;
        if report.delivered > 0 {
            self.instances.look_for_others(destination, now).await?;
        }
        Ok(report)
    }

    /// Waits until a message of a kind with large messages may be loaded, and keeps that place for the next
    /// round of a destination's lane.
    pub async fn wait_for_place(&self, destination: &Destination, lane: &mut Lane) {
        // They are never closed.
        lane.place = Arc::clone(self.places(destination)).acquire_owned().await.ok();
    }

    /// The places for messages of a kind with large messages.
    fn places(&self, destination: &Destination) -> &Arc<Semaphore> {
        match self.settings.digest_mode(destination) {
            Some(_) => &self.few,
            None => &self.few_urgent,
        }
    }

    /// The permit to load deliveries. It is held to the end of the round for a kind with large messages, and
    /// otherwise until it is their turn. `None` if too many are being sent.
    async fn begin_to_load(
        &self,
        destination: &Destination,
        place: Option<OwnedSemaphorePermit>,
    ) -> Option<(Option<OwnedSemaphorePermit>, Option<SemaphorePermit<'_>>)> {
        if !destination.capabilities().few_at_once {
            return Some((None, self.loading.acquire().await.ok()));
        }
        let place = place.or_else(|| Arc::clone(self.places(destination)).try_acquire_owned().ok())?;
        Some((Some(place), None))
    }

    /// The first waiting deliveries of a destination, as many as needed to pick the next message.
    async fn look_at(
        &self,
        destination: &Destination,
        now: DateTime<Utc>,
    ) -> Result<Vec<Delivery>, StoreError> {
        let [singly, together, all] = LOOKED_AT;
        if !destination.capabilities().batches {
            let queued = self.store.queued(destination, singly).await?;
            // Nothing behind it can have fewer attempts or be older.
            let is_next =
                |first: &Delivery| first.attempts == 0 && first.concerns.is_none() && first.not_before <= now;
            if queued.len() < singly || queued.first().is_some_and(is_next) {
                return Ok(queued);
            }
        }
        let queued = self.store.queued(destination, together).await?;
        if queued.len() == together && queued.iter().all(|delivery| delivery.attempts > 0) {
            return self.store.queued(destination, all).await;
        }
        Ok(queued)
    }

    /// The report of a round in which a destination is left alone; `None` if it is not.
    fn waits(
        &self,
        destination: &Destination,
        lane: &mut Lane,
        paused: Option<&Paused>,
        now: DateTime<Utc>,
    ) -> Option<DeliverReport> {
        let report = DeliverReport::default();
        if let Some(until) = lane.paused_until.filter(|until| ahead(*until, now)) {
            let (paced, asked) = (lane.failures == 0, lane.asked);
            return Some(DeliverReport { next: Some(until), paced, asked, ..report });
        }
        // Do not look for deliveries that cannot be sent now.
        if let Err(until) = self.notifier.line_up(destination, now) {
            lane.paused_until = Some(until);
            return Some(DeliverReport { next: Some(until), paced: true, ..report });
        }
        // Try at start-up: somebody may have fixed it before.
        let alone = paused.filter(|_| lane.is_paused && !lane.impatient);
        let next = alone.and_then(|paused| left_alone(paused, now))?;
        Some(DeliverReport { next: Some(next), paused: true, ..report })
    }

    /// Looks for a batch that may have arrived, and sends it if it did not. If it cannot be looked for now,
    /// only its first delivery is sent.
    async fn look_or_send(
        &self,
        batch: Batch,
        sends: InFlight,
        look_only: bool,
        now: DateTime<Utc>,
    ) -> Result<(Batch, Sending), StoreError> {
        match self.recovery.look(&batch, &sends, now).await? {
            Looked::Again => {}
            Looked::Arrived(found) => return Ok((batch, Sending::Found(found))),
            Looked::Failed(error) => return Ok((batch, Sending::Failed(error))),
        }
        let (mut batch, sends) = match look_only {
            // Each delivery has its own nonce.
            true => {
                let batch = batch.first(1);
                let sends = self.store.in_flight(batch.key()).await?;
                (batch, sends)
            }
            false => (batch, Some(sends)),
        };
        let sending = self.send(&mut batch, sends, (None, None), now).await?;
        Ok((batch, sending))
    }

    /// Records that a batch was accepted; true if it causes another delivery to the same destination.
    async fn note_sent(
        &self,
        batch: &Batch,
        message_id: Option<String>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.overflow.count_sent(batch, message_id.as_deref(), now);
        self.files.note(batch.destination(), now).await?;
        let next = correction(batch, message_id.as_deref(), now);
        let outcome = Outcome::Delivered { at: self.clock.by_now(now), message_id };
        self.store.leave_queue_for(batch.deliveries(), &outcome, next.as_ref()).await?;
        Ok(next.is_some())
    }

    /// Sends a batch. What it was loaded with is held until it is its turn, so that those that wait for theirs
    /// are not all in memory.
    async fn send(
        &self,
        batch: &mut Batch,
        before: Option<InFlight>,
        (message, loading): (Option<Message>, Option<SemaphorePermit<'_>>),
        now: DateTime<Utc>,
    ) -> Result<Sending, StoreError> {
        let asks = before.is_none() && batch.thread_name().is_some();
        let loading = loading.filter(|_| !asks);
        let thread = match &before {
            Some(before) => before.thread,
            None => match self.notifier.thread(batch, now).await {
                Ok(thread) => thread,
                Err(error) => return Ok(Sending::Failed(error)),
            },
        };
        batch.set_thread(thread);
        if let Err(until) = self.notifier.turn(batch, now) {
            return Ok(Sending::Paced(until));
        }
        drop(loading);
        let charts = self.charts.of(batch).await;
        let sends = InFlight::another(before.clone(), batch, now);
        if !self.store.set_in_flight(batch.deliveries(), Some(&sends)).await? {
            return Ok(Sending::Found(Vec::new()));
        }
        self.store.flush().await?;
        // Waits that Discord asks for start from its answer.
        let now = self.clock.by_now(now);
        batch.set_sent_at(Some(now));
        match self.notifier.send_composed(batch, message, charts, now).await {
            Ok(sent) => Ok(Sending::Sent(sent)),
            Err(error) => {
                batch.set_sent_at(None);
                if !error.may_have_arrived {
                    self.store.set_in_flight(batch.deliveries(), before.as_ref()).await?;
                }
                Ok(Sending::Failed(error))
            }
        }
    }

    /// Records that a destination accepted something: its failures are over, and deliveries that waited for
    /// it are combined.
    async fn took(
        &self,
        lane: &mut Lane,
        paused: Option<&Paused>,
        report: &mut DeliverReport,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        (lane.failures, lane.is_paused, lane.took_at) = (0, false, Some(self.clock.by_now(now)));
        (lane.singly, lane.refused) = (lane.singly.saturating_sub(1), 0);
        match paused {
            Some(paused) => self.pauses.resume(paused, now).await,
            None => Ok(()),
        }
        .inspect(|()| report.paused = false)
    }
}

/// The reply to an edited message, if the edit withdrew its alert or changed it a lot.
fn correction(batch: &Batch, message_id: Option<&str>, now: DateTime<Utc>) -> Option<Delivery> {
    let [Delivery { body: Body::Alert(alert), .. }] = batch.deliveries() else { return None };
    batch.concerned().filter(|_| batch.destination().capabilities().edits && alert.changes_a_lot())?;
    let body = Body::Correction(alert.clone());
    let (answers, thread) = (message_id.map(str::to_owned), batch.deliveries().first()?.thread.clone());
    Some(Delivery { answers, thread, ..Delivery::new(batch.destination().clone(), body, now) })
}
