//! The state of the connections to Discord's gateway, through which slash commands arrive, for the log, the
//! status and the operators.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::connections::Connections;
use super::troubles::{COMMANDS, GATEWAY, Troubles};
use crate::notice::{About, BotNews, Notice};
use crate::notify::Notifier;
use crate::render::notice::{Words, words};
use crate::store::{StoreError, Trouble};
use crate::text::eastern;

/// How long a failure must last to be reported.
const DOWN_AFTER: TimeDelta = TimeDelta::minutes(2);
/// Connections that have failed for this long are counted with one that is reported.
const DOWN_WITH: TimeDelta = TimeDelta::minutes(1);

/// The state of the gateway and of command registration. The JSON keys are the field names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayStatus {
    /// True if all commands can arrive.
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
    /// The connections, if there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<ConnectionCount>,
}

/// How many connections there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionCount {
    /// Those that are open.
    pub open: usize,
    /// All of them.
    pub all: usize,
}

/// The last known state of the connections to the gateway.
pub struct GatewayHealth {
    notifier: Arc<Notifier>,
    troubles: Arc<Troubles>,
    /// `None` until the bot first tried to connect.
    seen: Mutex<Option<Seen>>,
}

/// The state of the connections, and of registration.
#[derive(Debug, Clone)]
struct Seen {
    connections: Connections,
    /// How many connections were reported to be down; 0 if none was.
    reported: usize,
    registered: bool,
    /// Why the commands are not registered.
    unregistered: Option<String>,
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
        let connections = Connections::new(1, now);
        Self { connections, reported: 0, registered: false, unregistered: None, failing_since: None }
    }

    fn status(&self) -> GatewayStatus {
        let all = self.connections.count();
        let open = self.connections.open();
        GatewayStatus {
            connected: open == all,
            since: self.connections.since(),
            reason: self.connections.reason(),
            failures: self.connections.failures(),
            registered: self.registered,
            unregistered: self.unregistered.clone(),
            connections: (all > 1).then_some(ConnectionCount { open, all }),
        }
    }

    /// The news that connections are down, if operators must be told: the first time, and again when there are
    /// twice as many, or all.
    fn down(
        &mut self,
        (since, reason): (DateTime<Utc>, String),
        known: bool,
        now: DateTime<Utc>,
    ) -> Option<BotNews> {
        let (down, all) = (self.connections.down_for(DOWN_WITH, now), self.connections.count());
        let was = self.reported;
        if known && (was == 0 || down.len() <= was || (down.len() < was * 2 && down.len() < all)) {
            // A trouble that is known from before the start.
            self.reported = was.max(1);
            return None;
        }
        self.reported = down.len();
        match down.len() == all {
            true => Some(BotNews::GatewayDown { since, reason }),
            false => Some(BotNews::ConnectionsDown { since, reason, down, all }),
        }
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
        seen.as_ref().map(Seen::status)
    }

    fn change<T>(&self, now: DateTime<Utc>, change: impl FnOnce(&mut Seen) -> T) -> T {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = seen.get_or_insert_with(|| Seen::new(now));
        // A clock that was ahead must not delay a report.
        seen.connections.set_back(now);
        seen.failing_since = seen.failing_since.map(|since| since.min(now));
        change(seen)
    }

    /// From now on there are so many connections.
    pub fn begin(&self, count: u32, now: DateTime<Utc>) {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        self.change(now, |seen| seen.connections.resize(count, now));
    }

    /// Records that the gateway is connected, so all commands arrive.
    pub async fn connected(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let all = self.change(now, |seen| seen.connections.count());
        (0..all).for_each(|connection| self.mark_connected(connection, now));
        self.report_connected(now).await
    }

    /// Records that a connection is open, but only for the status and the log, until
    /// [`Self::report_connected`].
    pub fn mark_connected(&self, connection: usize, now: DateTime<Utc>) {
        let (failures, shard) = self.change(now, |Seen { connections, .. }| {
            (connections.opened(connection, now), connections.named(connection))
        });
        if failures > 0 {
            tracing::info!(failures, shard, "Discord's gateway is connected again");
        }
    }

    /// Reports that the gateway is connected again, if operators know it was not and all connections are open.
    pub async fn report_connected(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let all = self.change(now, |seen| {
            let all = seen.connections.count();
            let is_open = seen.connections.open() == all;
            seen.reported = if is_open { 0 } else { seen.reported };
            is_open.then_some(all)
        });
        let Some(all) = all else { return Ok(()) };
        let back = |trouble: &Trouble| {
            About::Bot(match all {
                0 | 1 => BotNews::GatewayBack { since: trouble.since },
                _ => BotNews::ConnectionsBack { since: trouble.since, all },
            })
        };
        self.troubles.end(GATEWAY, back, now).await
    }

    /// A failure with secrets removed and its text clipped.
    fn cleaned(&self, failure: &GatewayFailure) -> GatewayFailure {
        let reason = self.notifier.redactor().clean(&failure.reason, MOST_REASON);
        GatewayFailure { reason, ..failure.clone() }
    }

    /// Records that the gateway could not be connected, before it is known how many connections it takes.
    pub async fn failed(&self, failure: &GatewayFailure, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.connection_failed(0, failure, now).await
    }

    /// Records that a connection could not be made, or that it ended. It is reported once it lasts, or at once
    /// if only a person can fix it.
    pub async fn connection_failed(
        &self,
        connection: usize,
        failure: &GatewayFailure,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let GatewayFailure { reason, advice } = self.cleaned(failure);
        let ((failures, since), shard) = self.change(now, |Seen { connections, .. }| {
            (connections.failed(connection, &reason, now), connections.named(connection))
        });
        if failures == 1 {
            tracing::warn!(shard, "Discord's gateway: {reason}; will retry");
        } else {
            tracing::debug!(failures, shard, "Discord's gateway: {reason}");
        }
        let known = self.troubles.is_known(GATEWAY).await?;
        let news = match advice {
            Some(advice) => {
                self.change(now, |seen| seen.reported = seen.connections.count());
                Some(BotNews::GatewayRefuses { since, reason, advice: advice.to_owned() })
            }
            // A failure that only a person can fix is reported even after an outage was reported, but not the
            // other way round.
            None if now - since < DOWN_AFTER => None,
            None => self.change(now, |seen| seen.down((since, reason), known, now)),
        };
        let Some(news) = news else { return Ok(()) };
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
            (seen.registered, seen.unregistered) = (true, None);
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
            seen.unregistered = Some(format!("{reason}, since {}", eastern(since)));
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
