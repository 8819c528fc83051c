//! Alerts that a destination gets in one message: those above a channel's budget for ten minutes, and those
//! that waited while a destination accepted nothing.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::America::New_York;

use crate::alert::Alert;
use crate::config::Settings;
use crate::delivery::{Batch, Body, Delivery};
use crate::destination::{Destination, Inbox};
use crate::digest::Digest;
use crate::parts::Parts;
use crate::schedule::Schedule;
use crate::store::{Store, StoreError};
use crate::summary::{Line, Summary, Why};

/// The period of a channel's budget, and how long an overflow message is edited before a new one starts.
const WINDOW: TimeDelta = TimeDelta::minutes(10);
/// How often a growing overflow message is edited.
const BETWEEN_EDITS: TimeDelta = TimeDelta::seconds(30);
/// When to try again if nothing could be joined.
const AGAIN: TimeDelta = TimeDelta::seconds(1);
/// The most alerts in an overflow message; its list then takes some megabytes.
const MOST_LINES: usize = 5_000;
/// The most alerts to join at once.
const AT_ONCE: usize = 1_000;
/// How often to choose alerts again if one of them has left the queue meanwhile.
const TRIES: u32 = 10;

/// Keeps each channel within its budget.
pub(crate) struct Overflow {
    /// How many alerts a channel gets one by one within the window.
    budget: usize,
    store: Store,
    /// The recent messages of channels.
    floods: Mutex<BTreeMap<Destination, Flood>>,
}

#[derive(Debug, Default)]
struct Flood {
    /// When alerts were sent one by one, and how many.
    sent: VecDeque<(DateTime<Utc>, usize)>,
    /// The overflow message that more alerts may join, and when it was last sent or edited.
    growing: Option<(Summary, DateTime<Utc>)>,
}

impl Overflow {
    pub(super) fn new(parts: &Parts) -> Self {
        let budget = parts.settings.discord.channel_budget;
        Self { budget, store: parts.store.clone(), floods: Mutex::default() }
    }

    fn floods(&self) -> MutexGuard<'_, BTreeMap<Destination, Flood>> {
        self.floods.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many more alerts a destination may get one by one now.
    pub(super) fn room(&self, destination: &Destination, now: DateTime<Utc>) -> usize {
        if !destination.capabilities().batches {
            return usize::MAX;
        }
        let mut floods = self.floods();
        let Some(flood) = floods.get_mut(destination) else { return self.budget };
        flood.sent.retain(|(at, _)| now - WINDOW < *at && *at <= now);
        let sent: usize = flood.sent.iter().map(|(_, count)| count).sum();
        self.budget.saturating_sub(sent)
    }

    /// Records what a destination accepted.
    pub(super) fn count_sent(&self, batch: &Batch, message_id: Option<&str>, now: DateTime<Utc>) {
        let (destination, sent) = (batch.destination(), batch.deliveries());
        if !destination.capabilities().batches {
            return;
        }
        let mut floods = self.floods();
        // Forget everything that is older than the window.
        floods.retain(|_, flood| {
            let newest = flood.sent.back().map(|(at, _)| *at).max(flood.growing.as_ref().map(|(_, at)| *at));
            newest.is_some_and(|newest| now - newest < WINDOW)
        });
        let flood = floods.entry(destination.clone()).or_default();
        let alerts = sent.iter().filter(|delivery| matches!(delivery.body, Body::Alert(_))).count();
        if alerts > 0 {
            flood.sent.push_back((now, alerts));
        }
        for delivery in sent {
            if let (Body::Summary(summary), Some(id)) = (&delivery.body, message_id)
                && summary.why == Why::TooMany
            {
                let summary =
                    Summary { message_id: Some(id.to_owned()), lines: Vec::new(), ..(**summary).clone() };
                flood.growing = Some((summary, now));
            }
        }
    }

    /// Makes the channel's next overflow message start its own list, because a dead one keeps its lines.
    pub(super) fn forget_growing(&self, destination: &Destination) {
        if let Some(flood) = self.floods().get_mut(destination) {
            flood.growing = None;
        }
    }

    /// Joins a channel's waiting alerts above its budget into a new or existing overflow message, or returns
    /// when to do so.
    pub(super) async fn join_over_budget(
        &self,
        destination: &Destination,
        impatient: bool,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let growing = self.floods().get(destination).and_then(|flood| flood.growing.clone());
        let growing = growing.filter(|(summary, edited_at)| {
            *edited_at <= now && now - summary.since < WINDOW && summary.count + AT_ONCE <= MOST_LINES
        });
        if let Some((_, edited_at)) = &growing
            && now - *edited_at < BETWEEN_EDITS
            && !impatient
        {
            return Ok(Some(*edited_at + BETWEEN_EDITS));
        }
        let alerts = waiting_alerts(&self.store, destination, AT_ONCE).await?;
        let Some(first) = alerts.first() else { return Ok(Some(now + AGAIN)) };
        let summary = match growing {
            Some((summary, _)) => summary,
            None => Summary::new(&first.key, Why::TooMany, now),
        };
        // If one of them has left the queue meanwhile, they are chosen again.
        join(&self.store, destination, &summary, &alerts, now).await?;
        Ok(None)
    }

    /// Adds the lines, which the store keeps separately, to messages about many alerts.
    pub(super) async fn fill_lines(&self, batch: &mut Batch) -> Result<(), StoreError> {
        for summary in batch.summaries() {
            summary.lines = self.store.lines(&summary.list, summary.count).await?;
        }
        Ok(())
    }

    /// Removes the lists of messages that were sent and no longer grow.
    pub(crate) async fn forget_sent_lists(&self) -> Result<(), StoreError> {
        self.store
            .forget_lists(|list| {
                let floods = self.floods();
                floods.values().any(|flood| {
                    flood.growing.as_ref().is_some_and(|(summary, _)| summary.list.as_str() == list)
                })
            })
            .await
    }
}

/// Joins alerts that waited for a destination that accepted nothing into one message. Returns how many alerts
/// there were.
pub(super) async fn join_waiting(
    store: &Store,
    settings: &Settings,
    destination: &Destination,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let (mut count, mut tries) = (0, 0);
    let most = destination.capabilities().joins;
    if most == 0 {
        return Ok(0);
    }
    loop {
        let alerts = waiting_alerts(store, destination, most).await?;
        // A single alert needs no list.
        let ([first, _, ..], false) = (&alerts[..], count >= MOST_LINES) else { return Ok(count) };
        let joined = match destination {
            Destination::Email(inbox) => join_into_mail(store, settings, inbox, since, &alerts, now).await?,
            _ => {
                let summary = Summary::new(&first.key, Why::Waited { since }, now);
                join(store, destination, &summary, &alerts, now).await?
            }
        };
        if joined {
            count += alerts.len();
        } else if tries < TRIES {
            tries += 1;
        } else {
            // They are sent one by one.
            return Ok(count);
        }
    }
}

async fn join(
    store: &Store,
    destination: &Destination,
    summary: &Summary,
    alerts: &[Delivery],
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let grown = summary.grown(alerts.iter().filter_map(alert_of));
    let line = |delivery: &Delivery| Some(Line::new(&delivery.key, alert_of(delivery)?));
    let lines: Vec<Line> = alerts.iter().filter_map(line).collect();
    let count = grown.count;
    let queued_at = alerts.iter().map(|one| one.queued_at).min().unwrap_or(now);
    let delivery = Delivery::new(destination.clone(), Body::Summary(Box::new(grown)), now);
    let delivery = Delivery { queued_at, ..delivery };
    let joined = store.join_into(&delivery, alerts, &lines).await?;
    if joined {
        tracing::info!(%destination, alerts = alerts.len(), of = count, "joined into one message");
    }
    Ok(joined)
}

async fn join_into_mail(
    store: &Store,
    settings: &Settings,
    inbox: &Inbox,
    since: DateTime<Utc>,
    alerts: &[Delivery],
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let destination = Destination::Email(inbox.clone());
    let zone = settings.digest_of(&destination).map_or(New_York, Schedule::zone);
    let slot = now.with_timezone(&zone).format("%Y-%m-%dT%H:%M").to_string();
    let own = alerts.iter().filter_map(alert_of).cloned().collect();
    let digest = Digest::new(&inbox.to_string(), slot, zone.name().to_owned(), (since, now), own);
    let delivery = Delivery::new(destination, Body::Digest(Box::new(digest)), now);
    store.join_into(&delivery, alerts, &[]).await
}

/// The alerts that wait for a destination and certainly have not reached it, oldest first.
async fn waiting_alerts(
    store: &Store,
    destination: &Destination,
    most: usize,
) -> Result<Vec<Delivery>, StoreError> {
    let mut alerts = store.queued(destination, most).await?;
    // An alert refused for its own content would cause all of them to be refused.
    alerts.retain(|delivery| {
        let is_alert = alert_of(delivery).is_some() && delivery.concerns.is_none();
        is_alert && delivery.failing_since.is_none() && delivery.in_flight.is_none()
    });
    Ok(alerts)
}

fn alert_of(delivery: &Delivery) -> Option<&Alert> {
    match &delivery.body {
        Body::Alert(alert) => Some(alert),
        Body::Digest(_) | Body::Notice(_) | Body::Summary(_) | Body::Addition(_) | Body::Correction(_) => {
            None
        }
    }
}
