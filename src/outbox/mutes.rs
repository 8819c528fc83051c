//! Mutes, and the message when a mute is over.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::config::Settings;
use crate::delivery::{Body, Delivery};
use crate::destination::{Capabilities, Destination};
use crate::mute::{Mute, MuteError, Muting};
use crate::notice::{About, Notice, SummedAlerts};
use crate::parts::Parts;
use crate::rules::ActiveRules;
use crate::store::{DeliveryStanding, Muted, Store, StoreError};
use crate::summary::{Summary, Why};
use crate::wake::Wakes;

/// The most alerts in one message; further ones go into another.
const AT_ONCE: usize = 1_000;
/// The most alerts to name in a notice; the rest are only counted.
const MOST_LINES: usize = 25;

/// Starts and ends mutes.
pub struct Mutes {
    settings: Arc<Settings>,
    rules: ActiveRules,
    store: Store,
    wakes: Wakes,
}

impl Mutes {
    pub(super) fn new(parts: &Parts) -> Self {
        Self {
            settings: Arc::clone(&parts.settings),
            rules: parts.rules.clone(),
            store: parts.store.clone(),
            wakes: parts.wakes.clone(),
        }
    }

    /// Mutes a target from now on.
    ///
    /// # Errors
    /// Failures of the store. The inner error means that the target is unknown; nothing then changes.
    pub async fn mute(&self, mute: &Mute) -> Result<Result<(), MuteError>, StoreError> {
        if let Err(error) = mute.what.check(&self.settings, &self.rules.current()) {
            return Ok(Err(error));
        }
        self.store.set_mute(mute).await?;
        self.wakes.housekeeping.notify_one();
        Ok(Ok(()))
    }

    /// Ends a mute. Returns how many alerts it held back, or `None` if there was no such mute.
    pub async fn unmute(&self, what: &Muting, now: DateTime<Utc>) -> Result<Option<usize>, StoreError> {
        let ended = unmute(&self.store, what, now).await?;
        self.wakes.queued.notify_one();
        Ok(ended)
    }

    /// Ends expired mutes, and returns when the next one expires.
    pub async fn end_due(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, StoreError> {
        let (over, held): (Vec<Mute>, Vec<Mute>) =
            self.store.mutes().await?.into_iter().partition(|mute| !mute.holds(now));
        for mute in &over {
            end(&self.store, mute).await?;
        }
        // Alerts that were held back while their mute ended.
        let mut left = false;
        for what in self.store.muted_without_mute().await? {
            let mute = Mute { what, since: now, until: now, why: None, by: None };
            left |= end(&self.store, &mute).await? > 0;
        }
        if !over.is_empty() || left {
            self.wakes.queued.notify_one();
        }
        Ok(held.iter().map(|mute| mute.until).min())
    }
}

/// Ends a mute in a store. Returns how many alerts it held back, or `None` if there was no such mute.
pub async fn unmute(store: &Store, what: &Muting, now: DateTime<Utc>) -> Result<Option<usize>, StoreError> {
    let Some(mute) = store.mute_of(what).await? else { return Ok(None) };
    let mute = Mute { until: mute.until.min(now), ..mute };
    // From now on, no alerts are added to it.
    store.set_mute(&mute).await?;
    end(store, &mute).await.map(Some)
}

/// Queues the messages about alerts that a mute held back, and removes the mute. Returns how many alerts
/// there were.
async fn end(store: &Store, mute: &Mute) -> Result<usize, StoreError> {
    let mut count = 0;
    loop {
        let mut muted = store.muted(&mute.what, AT_ONCE).await?;
        let Some(first) = muted.first().map(|muted| muted.destination.clone()) else { break };
        muted.retain(|muted| muted.destination == first);
        // Another filing about the same trade may have been reported meanwhile.
        let mut unreported = Vec::new();
        for one in &muted {
            if store.delivery_standing(&one.line.key).await? == Some(DeliveryStanding::Muted) {
                unreported.push(one.clone());
            }
        }
        if unreported.len() < muted.len() {
            let gone: Vec<&Muted> = muted.iter().filter(|one| !unreported.contains(one)).collect();
            store.forget_muted(&gone).await?;
            muted = unreported;
        }
        if muted.is_empty() {
            continue;
        }
        if let Some(longer) = muted_for_longer(store, &first, mute).await? {
            store.hand_over(&muted, &longer).await?;
            continue;
        }
        if store.release(&muted, message(mute, &first, &muted).as_ref(), mute.until).await? {
            count += muted.len();
        }
    }
    store.forget_mute(mute).await?;
    tracing::info!("{} is no longer muted; {count} alerts were held back", mute.what);
    Ok(count)
}

/// The mute of a destination, or of the recipient that it belongs to, which goes on after this mute.
async fn muted_for_longer(
    store: &Store,
    destination: &Destination,
    mute: &Mute,
) -> Result<Option<Muting>, StoreError> {
    for one in [Some(destination.clone()), destination.recipient()].into_iter().flatten() {
        let own = Muting::Destination(one);
        if own != mute.what && store.mute_of(&own).await?.is_some_and(|other| other.holds(mute.until)) {
            return Ok(Some(own));
        }
    }
    Ok(None)
}

/// The message to a destination when a mute is over; `None` if it accepts only alerts.
fn message(mute: &Mute, destination: &Destination, muted: &[Muted]) -> Option<Delivery> {
    let Mute { what, since, until, .. } = mute;
    let first = &muted.first()?.line;
    let can = destination.capabilities();
    let body = match can {
        Capabilities { notices: false, .. } => return None,
        Capabilities { batches: true, .. } => {
            let why = Why::Muted { what: what.clone(), since: *since, until: *until };
            let mut summary = Summary::new(&first.key, why, *until);
            (summary.count, summary.added) = (muted.len(), muted.len());
            Body::Summary(Box::new(summary))
        }
        Capabilities { .. } => {
            let line = |muted: &Muted| {
                let accepted = muted.line.accepted_at.unwrap_or(muted.line.seen_at);
                (accepted.date_naive(), muted.line.text())
            };
            let lines = muted.iter().take(MOST_LINES).map(line).collect();
            let alerts = SummedAlerts { count: muted.len(), lines, days: None };
            let about = About::MutedAlerts { what: what.clone(), since: *since, until: *until, alerts };
            Body::Notice(Box::new(Notice::new(*until, about)))
        }
    };
    Some(Delivery::new(destination.clone(), body, *until))
}
