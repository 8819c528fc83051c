//! Mutes, and the one message when one is over.

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

/// Most alerts of one message; further ones come in another.
const AT_ONCE: usize = 1_000;
/// Most of them that a notice names; the rest is counted.
const MOST_LINES: usize = 25;

/// Mutes, and ends mutes.
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

    /// Mutes something from now on.
    ///
    /// # Errors
    /// The target is not known here; then nothing changes. Failures of the store.
    pub async fn mute(&self, mute: &Mute) -> Result<Result<(), MuteError>, StoreError> {
        if let Err(error) = mute.what.check(&self.settings, &self.rules.current()) {
            return Ok(Err(error));
        }
        self.store.set_mute(mute).await?;
        self.wakes.housekeeping.notify_one();
        Ok(Ok(()))
    }

    /// Ends a mute; how many alerts it kept back, or `None` where there was none.
    pub async fn unmute(&self, what: &Muting, now: DateTime<Utc>) -> Result<Option<usize>, StoreError> {
        let ended = unmute(&self.store, what, now).await?;
        self.wakes.queued.notify_one();
        Ok(ended)
    }

    /// Ends the mutes that are over, and says when the next one is.
    pub async fn end_due(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, StoreError> {
        let (over, held): (Vec<Mute>, Vec<Mute>) =
            self.store.mutes().await?.into_iter().partition(|mute| !mute.holds(now));
        for mute in &over {
            end(&self.store, mute).await?;
        }
        // What was kept back while its mute ended.
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

/// Ends a mute in a store; how many alerts it kept back, or `None` where there was none.
pub async fn unmute(store: &Store, what: &Muting, now: DateTime<Utc>) -> Result<Option<usize>, StoreError> {
    let Some(mute) = store.mute_of(what).await? else { return Ok(None) };
    let mute = Mute { until: mute.until.min(now), ..mute };
    // From now on nothing is added to it.
    store.set_mute(&mute).await?;
    end(store, &mute).await.map(Some)
}

/// Queues the messages about what a mute kept back, and forgets it; how many alerts.
async fn end(store: &Store, mute: &Mute) -> Result<usize, StoreError> {
    let mut count = 0;
    loop {
        let mut muted = store.muted(&mute.what, AT_ONCE).await?;
        let Some(first) = muted.first().map(|muted| muted.destination.clone()) else { break };
        muted.retain(|muted| muted.destination == first);
        // Another filing of the same trade was told meanwhile.
        let mut untold = Vec::new();
        for one in &muted {
            if store.delivery_standing(&one.line.key).await? == Some(DeliveryStanding::Muted) {
                untold.push(one.clone());
            }
        }
        if untold.len() < muted.len() {
            let gone: Vec<&Muted> = muted.iter().filter(|one| !untold.contains(one)).collect();
            store.forget_muted(&gone).await?;
            muted = untold;
        }
        if muted.is_empty() {
            continue;
        }
        // It is muted itself for longer.
        let own = Muting::Destination(first.clone());
        if own != mute.what && store.mute_of(&own).await?.is_some_and(|other| other.holds(mute.until)) {
            store.hand_over(&muted, &own).await?;
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

/// The message to a destination when a mute is over; `None` where it takes alerts alone.
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
