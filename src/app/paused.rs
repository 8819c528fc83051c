//! Destinations that take nothing until somebody mends them: told once, tried seldom, with what they are to be told kept.

use chrono::{DateTime, TimeDelta, Utc};

use super::App;
use super::together::put_waited_together;
use crate::delivery::Notice;
use crate::destination::Destination;
use crate::notify::SendError;
use crate::store::{Paused, StoreError};

/// A paused destination is tried again after so long, twice as long each time, and at least so often.
const TRIED_AGAIN: (TimeDelta, TimeDelta) = (TimeDelta::minutes(5), TimeDelta::hours(6));
/// So long deliveries to it are kept, and until it was tried so often, which takes two weeks of running: a clock may be wrong, and
/// the bot may have been off.
const KEPT: (TimeDelta, u32) = (TimeDelta::days(30), 60);
/// So many deliveries are looked at at once.
const BATCH: usize = 100;

impl App {
    /// Pauses a destination that said clearly that it takes nothing, or leaves it paused.
    pub(super) fn pause(
        &self,
        destination: &Destination,
        error: &SendError,
        now: DateTime<Utc>,
    ) -> Result<Paused, StoreError> {
        let known = self.store.paused(destination)?;
        let advice = error.advice.map_or(String::new(), |advice| format!(" What to do: {advice}."));
        let notices = if known.is_none() {
            tracing::error!(%destination, %error, "nothing is sent there until it takes something again.{advice}");
            let text = format!(
                "{error}.{advice}\nWhat it is to be told is kept for {} days. It is tried again in {} minutes, then less and less \
                 often, and after each start.",
                KEPT.0.num_days(),
                TRIED_AGAIN.0.num_minutes(),
            );
            self.to_operators(&Notice::new(now, format!("{destination} takes nothing"), text), now)
        } else {
            tracing::debug!(%destination, %error, "it still takes nothing");
            Vec::new()
        };
        let paused = Paused {
            destination: destination.clone(),
            since: known.as_ref().map_or(now, |known| known.since),
            reason: error.message.clone(),
            tried_at: now,
            tries: known.map_or(0, |known| known.tries.saturating_add(1)),
        };
        self.store.pause(&paused, &notices)?;
        self.wake.notify_one();
        Ok(paused)
    }

    /// Ends a pause.
    pub(super) fn resume(&self, paused: &Paused, now: DateTime<Utc>) -> Result<(), StoreError> {
        let destination = &paused.destination;
        tracing::info!(%destination, "it takes alerts again");
        let together = put_waited_together(&self.store, &self.settings, destination, paused.since, now)?;
        let waiting = self.store.queued(destination, BATCH)?.len();
        let more = if waiting < BATCH { "" } else { " or more" };
        let what = match together {
            0 if waiting == 0 => "Nothing else waited for it.".to_owned(),
            0 => format!("{waiting}{more} deliveries that waited are sent now, the oldest first."),
            _ => format!("{together} alerts that waited come together now."),
        };
        let text = format!("It took nothing since {}. {what}", paused.since.format("%Y-%m-%d %H:%M UTC"));
        let notice = Notice::new(now, format!("{destination} takes alerts again"), text);
        self.store.resume(destination, &self.to_operators(&notice, now))?;
        self.wake.notify_one();
        Ok(())
    }

    /// Gives up what waited too long for a destination that still takes nothing, and tells so.
    pub(super) fn give_up_kept(&self, paused: &Paused, now: DateTime<Utc>) -> Result<(), StoreError> {
        if paused.tries < KEPT.1 || now - paused.since < KEPT.0 {
            return Ok(());
        }
        let (destination, mut given_up) = (&paused.destination, 0);
        let reason = format!("kept for {} days: {}", KEPT.0.num_days(), paused.reason);
        loop {
            let mut old = self.store.queued(destination, BATCH)?;
            old.retain(|delivery| now - delivery.queued_at > KEPT.0);
            given_up += old.len();
            for delivery in &old {
                tracing::error!(%destination, key = %delivery.key, "a delivery is given up, {reason}");
                self.store.give_up(delivery, (now, &reason), self.is_reported(delivery))?;
            }
            if old.len() < BATCH {
                break;
            }
        }
        if given_up > 0 {
            self.report_given_up(now)?;
        }
        Ok(())
    }

    /// Forgets pauses of destinations for which nothing waits: nothing would end them.
    pub(super) fn end_idle_pauses(&self) -> Result<(), StoreError> {
        for Paused { destination, .. } in self.store.all_paused()? {
            if self.store.queued(&destination, 1)?.is_empty() {
                self.store.resume(&destination, &[])?;
            }
        }
        Ok(())
    }
}

/// Until when a paused destination is left alone. No time that a wrong clock left ahead counts.
pub(super) fn left_alone(paused: &Paused, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let next = paused.tried_at + retry_after(paused.tries);
    Some(next).filter(|next| now < *next && *next - now <= TRIED_AGAIN.1)
}

/// How long something is left alone that needs somebody to mend it, after so many tries.
pub(super) fn retry_after(tries: u32) -> TimeDelta {
    let (first, longest) = TRIED_AGAIN;
    (first * 2_i32.pow(tries.min(10))).min(longest)
}
