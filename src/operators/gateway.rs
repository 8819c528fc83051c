//! The state of the connection to Discord's gateway, through which slash commands arrive, for the log, the
//! status and the operators.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::troubles::{COMMANDS, GATEWAY, Troubles};
use crate::notice::{About, BotNews, Notice};
use crate::notify::Notifier;
use crate::render::notice::{Words, words};
use crate::store::{StoreError, Trouble};
use crate::text::eastern;

/// How long a failure must last to be reported.
const DOWN_AFTER: TimeDelta = TimeDelta::minutes(2);

/// The state of the gateway and of command registration. The JSON keys are the field names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayStatus {
    /// True if commands can arrive.
    pub connected: bool,
    /// Since when it has been in this state.
    pub since: DateTime<Utc>,
    /// Why it is not connected, if known.
    pub reason: Option<String>,
    /// Consecutive failed attempts.
    pub failures: u64,
    /// True if the slash commands are registered.
    pub registered: bool,
    /// Why they are not registered, if known, and since when.
    pub unregistered: Option<String>,
}

/// The last known state of the connection to the gateway.
pub struct GatewayHealth {
    notifier: Arc<Notifier>,
    troubles: Arc<Troubles>,
    /// `None` until the bot first tried to connect.
    seen: Mutex<Option<Seen>>,
}

/// The status, and since when registration has failed.
#[derive(Debug, Clone)]
struct Seen {
    status: GatewayStatus,
    /// Since when registration has failed.
    failing_since: Option<DateTime<Utc>>,
}

/// The most characters of a reason.
const MOST_REASON: usize = 300;

/// Why it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayFailure {
    /// A description without secrets.
    pub reason: String,
    /// Advice, if only a person can fix it.
    pub advice: Option<&'static str>,
}

impl Seen {
    fn new(now: DateTime<Utc>) -> Self {
        let status = GatewayStatus {
            connected: false,
            since: now,
            reason: None,
            failures: 0,
            registered: false,
            unregistered: None,
        };
        Self { status, failing_since: None }
    }
}

impl GatewayHealth {
    /// The state before the first attempt.
    pub fn new(notifier: Arc<Notifier>, troubles: Arc<Troubles>) -> Self {
        Self { notifier, troubles, seen: Mutex::default() }
    }

    /// The state of the gateway; `None` if no bot connects.
    pub fn status(&self) -> Option<GatewayStatus> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.as_ref().map(|seen| seen.status.clone())
    }

    fn change<T>(&self, now: DateTime<Utc>, change: impl FnOnce(&mut Seen) -> T) -> T {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = seen.get_or_insert_with(|| Seen::new(now));
        // A clock that was ahead must not delay a report.
        seen.status.since = seen.status.since.min(now);
        seen.failing_since = seen.failing_since.map(|since| since.min(now));
        change(seen)
    }

    /// Records that the gateway is connected, so commands arrive.
    pub async fn connected(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.mark_connected(now);
        self.report_connected(now).await
    }

    /// The same, but only for the status and the log, until [`Self::report_connected`].
    pub fn mark_connected(&self, now: DateTime<Utc>) {
        let failures = self.change(now, |Seen { status, .. }| {
            let failures = status.failures;
            if !status.connected {
                (status.connected, status.since) = (true, now);
            }
            (status.reason, status.failures) = (None, 0);
            failures
        });
        if failures > 0 {
            tracing::info!(failures, "Discord's gateway is connected again");
        }
    }

    /// Reports that the gateway is connected again, if operators know it was not and it still is.
    pub async fn report_connected(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        if !self.status().is_some_and(|status| status.connected) {
            return Ok(());
        }
        let back = |trouble: &Trouble| About::Bot(BotNews::GatewayBack { since: trouble.since });
        self.troubles.end(GATEWAY, back, now).await
    }

    /// A failure with secrets removed and its text clipped.
    fn cleaned(&self, failure: &GatewayFailure) -> GatewayFailure {
        let reason = self.notifier.redactor().clean(&failure.reason, MOST_REASON);
        GatewayFailure { reason, ..failure.clone() }
    }

    /// Records that the gateway could not be connected, or that its connection ended. It is reported once it
    /// lasts, or at once if only a person can fix it.
    pub async fn failed(&self, failure: &GatewayFailure, now: DateTime<Utc>) -> Result<(), StoreError> {
        let GatewayFailure { reason, advice } = self.cleaned(failure);
        let status = self.change(now, |Seen { status, .. }| {
            if status.connected {
                (status.connected, status.since) = (false, now);
            }
            status.failures = status.failures.saturating_add(1);
            status.reason = Some(reason.clone());
            status.clone()
        });
        let (failures, since) = (status.failures, status.since);
        if failures == 1 {
            tracing::warn!("Discord's gateway: {reason}; will retry");
        } else {
            tracing::debug!(failures, "Discord's gateway: {reason}");
        }
        let known = self.troubles.is_known(GATEWAY).await?;
        let news = match advice {
            Some(advice) => BotNews::GatewayRefuses { since, reason, advice: advice.to_owned() },
            // A failure that only a person can fix is reported even after an outage was reported, but not the
            // other way round.
            None if known || now - since < DOWN_AFTER => return Ok(()),
            None => BotNews::GatewayDown { since, reason },
        };
        let notice = Notice::new(now, About::Bot(news));
        if self.troubles.begin(GATEWAY, None, &notice, now).await? {
            let Words { title, text } = words(&notice);
            tracing::error!(failures, "{title}. {text}");
        }
        Ok(())
    }

    /// Records that the commands are registered.
    pub async fn registered(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.change(now, |seen| {
            (seen.status.registered, seen.status.unregistered) = (true, None);
            seen.failing_since = None;
        });
        tracing::info!("the slash commands are registered");
        let news = |trouble: &Trouble| About::Bot(BotNews::CommandsRegistered { since: trouble.since });
        self.troubles.end(COMMANDS, news, now).await
    }

    /// Records that the commands could not be registered. It is reported like a failing gateway.
    pub async fn not_registered(
        &self,
        failure: &GatewayFailure,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let GatewayFailure { reason, advice } = self.cleaned(failure);
        let since = self.change(now, |seen| {
            let since = *seen.failing_since.get_or_insert(now);
            seen.status.unregistered = Some(format!("{reason}, since {}", eastern(since)));
            since
        });
        if since == now {
            tracing::warn!("the slash commands cannot be registered: {reason}; will retry");
        }
        if advice.is_none() && now - since < DOWN_AFTER {
            return Ok(());
        }
        let news = BotNews::CommandsNotRegistered { reason, advice: advice.map(str::to_owned) };
        let notice = Notice::new(now, About::Bot(news));
        if self.troubles.begin(COMMANDS, None, &notice, now).await? {
            let Words { title, text } = words(&notice);
            tracing::error!("{title}. {text}");
        }
        Ok(())
    }
}
