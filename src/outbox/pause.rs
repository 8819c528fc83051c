//! Paused destinations, which accept nothing until somebody fixes them: reported once, tried rarely, with
//! their deliveries kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::given_up::GivenUpDeliveries;
use super::overflow::join_waiting;
use crate::config::Settings;
use crate::destination::Destination;
use crate::notice::{About, DestinationNews, Notice, Waited};
use crate::notify::{Notifier, SendError};
use crate::operators::Operators;
use crate::parts::Parts;
use crate::store::{Paused, Store, StoreError};
use crate::wake::Wakes;

/// The first wait before a paused destination is tried again, which doubles each time, and the longest wait.
const TRIED_AGAIN: (TimeDelta, TimeDelta) = (TimeDelta::minutes(5), TimeDelta::hours(6));
/// How long deliveries to a paused destination are kept at least, and the fewest tries, which take two weeks
/// of running, because a clock may be wrong or the bot may have been off.
const KEPT: (TimeDelta, u32) = (TimeDelta::days(30), 60);
/// Operators get at most one notice about a destination's pause, and one about its end, within this time.
const QUIET: TimeDelta = TimeDelta::hours(1);
/// The most deliveries to read at once.
const BATCH: usize = 100;

/// When operators were sent notices that are not repeated for an hour, by destination.
#[derive(Debug, Default)]
struct Reported {
    /// Notices that it accepts alerts again.
    resumed: BTreeMap<Destination, DateTime<Utc>>,
    /// Notices that it refuses a message while it accepts others.
    refused: BTreeMap<Destination, DateTime<Utc>>,
}

fn lately(
    times: &BTreeMap<Destination, DateTime<Utc>>,
    destination: &Destination,
    now: DateTime<Utc>,
) -> bool {
    // A time in the future comes from a wrong clock.
    times.get(destination).is_some_and(|at| *at <= now && now - *at < QUIET)
}

/// Pauses destinations that accept nothing.
pub(crate) struct Pauses {
    settings: Arc<Settings>,
    store: Store,
    notifier: Arc<Notifier>,
    operators: Arc<Operators>,
    given_up: Arc<GivenUpDeliveries>,
    wakes: Wakes,
    reported: Mutex<Reported>,
}

impl Pauses {
    pub(super) fn new(parts: &Parts, given_up: Arc<GivenUpDeliveries>) -> Self {
        Self {
            settings: Arc::clone(&parts.settings),
            store: parts.store.clone(),
            notifier: Arc::clone(&parts.notifier),
            operators: Arc::clone(&parts.operators),
            given_up,
            wakes: parts.wakes.clone(),
            reported: Mutex::default(),
        }
    }

    /// Pauses a destination that clearly accepts nothing, or leaves it paused.
    pub(super) async fn pause(
        &self,
        destination: &Destination,
        error: &SendError,
        now: DateTime<Utc>,
    ) -> Result<Paused, StoreError> {
        let known = self.store.paused(destination).await?;
        let advice = error.advice.map_or(String::new(), |advice| format!(" What to do: {advice}."));
        if known.is_none() {
            tracing::error!(%destination, %error, "nothing is sent there until it accepts messages again.{advice}");
        } else {
            tracing::debug!(%destination, %error, "it still accepts nothing");
        }
        let since = known.as_ref().map_or(now, |known| known.since);
        // A destination that pauses repeatedly is reported once an hour.
        let again = lately(&self.reported().resumed, destination, now);
        let is_due = !again || now - since >= QUIET;
        // Whoever closes their inbox does so on purpose: operators can do nothing about it.
        let is_direct = match destination {
            Destination::Channel(channel) => self.store.is_direct(*channel).await?,
            _ => false,
        };
        let notices = match &known {
            _ if is_direct => Vec::new(),
            Some(known) if known.reported => Vec::new(),
            _ if is_due => {
                let news = DestinationNews::Paused {
                    reason: error.message.clone(),
                    advice: error.advice.map(str::to_owned),
                    kept_days: KEPT.0.num_days(),
                    retry_minutes: TRIED_AGAIN.0.num_minutes(),
                };
                let mut notices = self.operators.deliveries(&notice(destination, news, now), now).await?;
                // The destination cannot accept this notice; the notice of the pause's end says why.
                notices.retain(|notice| notice.destination != *destination);
                notices
            }
            _ => Vec::new(),
        };
        let paused = Paused {
            destination: destination.clone(),
            since,
            reason: error.message.clone(),
            tried_at: now,
            tries: known.as_ref().map_or(0, |known| known.tries.saturating_add(1)),
            reported: !is_direct && is_due || known.is_some_and(|known| known.reported),
        };
        self.store.pause(&paused, &notices).await?;
        self.wakes.queued.notify_one();
        Ok(paused)
    }

    fn reported(&self) -> MutexGuard<'_, Reported> {
        self.reported.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reports, at most once an hour, that a destination refuses a message while it accepts others.
    pub(super) async fn report_refused(
        &self,
        destination: &Destination,
        error: &SendError,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if lately(&self.reported().refused, destination, now) {
            return Ok(());
        }
        let (reason, advice) = (error.message.clone(), error.advice.map(str::to_owned));
        let news = DestinationNews::Refuses { reason, advice };
        self.operators.notify(&notice(destination, news, now), now).await?;
        self.reported().refused.insert(destination.clone(), now);
        Ok(())
    }

    /// Ends a pause.
    pub(super) async fn resume(&self, paused: &Paused, now: DateTime<Utc>) -> Result<(), StoreError> {
        let destination = &paused.destination;
        tracing::info!(%destination, "it takes alerts again");
        let together = join_waiting(&self.store, &self.settings, destination, paused.since, now).await?;
        let waiting = self.store.queued(destination, BATCH).await?.len();
        let mut notices = Vec::new();
        if paused.reported {
            let waited = Waited { together, singly: waiting, or_more: waiting >= BATCH };
            let news =
                DestinationNews::Resumed { since: paused.since, reason: paused.reason.clone(), waited };
            notices = self.operators.deliveries(&notice(destination, news, now), now).await?;
            self.reported().resumed.insert(destination.clone(), now);
        }
        self.store.resume(destination, &notices).await?;
        self.wakes.queued.notify_one();
        Ok(())
    }

    /// Gives up deliveries that waited too long for a destination that still accepts nothing, and reports it.
    pub(super) async fn give_up_kept(&self, paused: &Paused, now: DateTime<Utc>) -> Result<(), StoreError> {
        if paused.tries < KEPT.1 || now - paused.since < KEPT.0 {
            return Ok(());
        }
        let (destination, mut given_up) = (&paused.destination, 0);
        let reason = format!("kept for {} days: {}", KEPT.0.num_days(), paused.reason);
        loop {
            let mut old = self.store.queued(destination, BATCH).await?;
            old.retain(|delivery| now - delivery.queued_at > KEPT.0);
            given_up += old.len();
            for delivery in &old {
                if self.store.give_up(delivery, (now, &reason), self.given_up.is_reported(delivery)).await? {
                    tracing::error!(%destination, key = %delivery.key, "a delivery is given up, {reason}");
                }
            }
            if old.len() < BATCH {
                break;
            }
        }
        if given_up > 0 {
            self.given_up.report(now).await?;
        }
        Ok(())
    }

    /// Runs once at start-up: forgets pauses that nothing would end, of destinations that the settings no
    /// longer define and of channels that no longer subscribe. The others were reported and are not explained
    /// again.
    pub(crate) async fn forget_idle(&self) -> Result<(), StoreError> {
        for Paused { destination, .. } in self.store.all_paused().await? {
            let is_used = match destination {
                Destination::Channel(id) => !self.store.subscriptions(id).await?.is_empty(),
                _ => self.notifier.serves(&destination),
            };
            if !is_used && self.store.queued(&destination, 1).await?.is_empty() {
                self.store.resume(&destination, &[]).await?;
            } else {
                self.notifier.refused_before(&destination);
            }
        }
        Ok(())
    }
}

fn notice(destination: &Destination, news: DestinationNews, now: DateTime<Utc>) -> Notice {
    Notice::new(now, About::Destination { destination: destination.clone(), news })
}

/// Until when a paused destination is left alone. Times in the future left by a wrong clock do not count.
pub(super) fn left_alone(paused: &Paused, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let next = paused.tried_at + retry_after(paused.tries);
    Some(next).filter(|next| now < *next && *next - now <= TRIED_AGAIN.1)
}

/// How long to wait after this many tries of something that a person must fix.
pub(super) fn retry_after(tries: u32) -> TimeDelta {
    let (first, longest) = TRIED_AGAIN;
    (first * 2_i32.pow(tries.min(10))).min(longest)
}
