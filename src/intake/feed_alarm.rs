//! Rings for those who run it when EDGAR shows nothing new in its hours, and once more when it does again.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use chrono_tz::America::New_York;

use super::backoff::Backoff;
use super::calendar::{CLOSES, OPENS};
use crate::delivery::Notice;
use crate::filing::{edgar_day, edgar_time, is_business_day};
use crate::operators::Operators;
use crate::parts::Parts;
use crate::source::Client;
use crate::store::{Alarm, Store, StoreError};

/// Watches how old the newest filing is that the feed showed.
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

    /// Looks how old the newest filing is that the feed showed, of any kind; whether that is too old. The operators are told
    /// once, and once when it is over. Nights, weekends and federal holidays are silent.
    ///
    /// # Errors
    /// Failures of the store.
    pub fn watch(&self, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let Some(frontier) = self.store.frontier()? else { return Ok(false) };
        let newest = frontier.seen_until.min(now);
        let alarm = self.store.alarm()?;
        let bound = TimeDelta::from_std(self.stale_after).unwrap_or(TimeDelta::MAX);
        let Some(alarm) = alarm else {
            let Some(quiet) = quiet_for(newest, now).filter(|quiet| *quiet > bound) else { return Ok(false) };
            let text = format!(
                "EDGAR has shown no new filing of any kind for {} in its hours; the newest was accepted {}. {}\n\
                 What comes meanwhile is found as soon as it answers.",
                humantime::format_duration(Duration::from_secs(quiet.num_seconds().unsigned_abs())),
                newest.with_timezone(&New_York).format("%Y-%m-%d %H:%M %Z"),
                self.why_nothing_comes(now)?,
            );
            tracing::error!("{text}");
            self.store.set_alarm(Some(&Alarm { since: now, newest }))?;
            self.operators.notify(&Notice::new(now, "EDGAR shows nothing new", text), now)?;
            return Ok(true);
        };
        if newest <= alarm.newest || quiet_for(newest, now).is_some_and(|quiet| quiet > bound) {
            return Ok(true);
        }
        let minutes = (now - alarm.since).num_minutes();
        let text = format!(
            "EDGAR shows new filings again, {minutes} minutes after that was told; the newest was accepted {}.",
            newest.with_timezone(&New_York).format("%Y-%m-%d %H:%M %Z"),
        );
        tracing::info!("{text}");
        self.store.set_alarm(None)?;
        self.operators.notify(&Notice::new(now, "EDGAR shows new filings again", text), now)?;
        Ok(false)
    }

    fn why_nothing_comes(&self, now: DateTime<Utc>) -> Result<String, StoreError> {
        if let (Some(until), Some(silence)) = (self.backoff.silent_until(now)?, self.store.silence()?) {
            let until = until.with_timezone(&New_York).format("%H:%M %Z");
            return Ok(format!("It is asked nothing until {until}: {}.", silence.reason));
        }
        Ok(match self.client.last_failure() {
            Some(failure) => format!("Its last answer: {failure}."),
            None => "It answers, and its feed is old.".to_owned(),
        })
    }
}

/// For how much of EDGAR's present hours the newest filing is old; `None` while EDGAR is closed.
fn quiet_for(newest: DateTime<Utc>, now: DateTime<Utc>) -> Option<TimeDelta> {
    let local = now.with_timezone(&New_York);
    if !is_business_day(edgar_day(now)) || !(OPENS..CLOSES).contains(&local.hour()) {
        return None;
    }
    Some(now - newest.max(edgar_time(edgar_day(now), OPENS, 0)))
}
