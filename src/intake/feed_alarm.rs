//! Notifies operators when EDGAR shows nothing new during its hours, and once more when it does again.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use chrono_tz::America::New_York;

use super::backoff::Backoff;
use super::calendar::{CLOSES, OPENS};
use crate::filing::{edgar_day, edgar_time, is_business_day};
use crate::notice::{About, EdgarNews, FeedSilence, Notice};
use crate::operators::Operators;
use crate::parts::Parts;
use crate::render::notice::words;
use crate::source::Client;
use crate::store::{Alarm, Store, StoreError};

/// Watches the age of the newest filing on the feed.
pub struct FeedAlarm {
    stale_after: Duration,
    store: Store,
    client: Arc<Client>,
    backoff: Arc<Backoff>,
    operators: Arc<Operators>,
}

impl FeedAlarm {
    pub(super) fn new(parts: &Parts, backoff: Arc<Backoff>) -> Self {
        Self {
            stale_after: parts.settings.schedule.stale_after,
            store: parts.store.clone(),
            client: Arc::clone(&parts.client),
            backoff,
            operators: Arc::clone(&parts.operators),
        }
    }

    /// Checks the age of the newest filing of any kind on the feed; true if it is too old. Operators are
    /// notified once, and once more when it is over. Nights, weekends and federal holidays do not count.
    pub async fn watch(&self, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let Some(frontier) = self.store.frontier().await? else { return Ok(false) };
        let newest = frontier.seen_until.min(now);
        let alarm = self.store.alarm().await?;
        let bound = TimeDelta::from_std(self.stale_after).unwrap_or(TimeDelta::MAX);
        let Some(alarm) = alarm else {
            let Some(quiet) = quiet_for(newest, now).filter(|quiet| *quiet > bound) else { return Ok(false) };
            let why = self.why_nothing_comes(now).await?;
            let quiet_s = quiet.num_seconds().unsigned_abs();
            let news = EdgarNews::NothingNew { quiet_s, newest, why };
            let notice = Notice::new(now, About::Edgar(news));
            tracing::error!("{}", words(&notice).text);
            self.store.set_alarm(Some(&Alarm { since: now, newest })).await?;
            self.operators.notify(&notice, now).await?;
            return Ok(true);
        };
        if newest <= alarm.newest || quiet_for(newest, now).is_some_and(|quiet| quiet > bound) {
            return Ok(true);
        }
        let minutes = (now - alarm.since).num_minutes();
        let notice = Notice::new(now, About::Edgar(EdgarNews::NewAgain { minutes, newest }));
        tracing::info!("{}", words(&notice).text);
        self.store.set_alarm(None).await?;
        self.operators.notify(&notice, now).await?;
        Ok(false)
    }

    async fn why_nothing_comes(&self, now: DateTime<Utc>) -> Result<FeedSilence, StoreError> {
        if let (Some(until), Some(silence)) =
            (self.backoff.silent_until(now).await?, self.store.silence().await?)
        {
            return Ok(FeedSilence::BackOff { until, reason: silence.reason });
        }
        Ok(match self.client.last_failure() {
            Some(answer) => FeedSilence::Failing { answer },
            None => FeedSilence::OldFeed,
        })
    }
}

/// How long the feed has been quiet within EDGAR's current hours; `None` while EDGAR is closed.
fn quiet_for(newest: DateTime<Utc>, now: DateTime<Utc>) -> Option<TimeDelta> {
    let local = now.with_timezone(&New_York);
    if !is_business_day(edgar_day(now)) || !(OPENS..CLOSES).contains(&local.hour()) {
        return None;
    }
    Some(now - newest.max(edgar_time(edgar_day(now), OPENS, 0)))
}
