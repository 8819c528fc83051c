//! Keeps one shard connected to the gateway.

use std::sync::Weak;
use std::time::Duration;

use chrono::TimeDelta;
use secrecy::ExposeSecret;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use url::Url;

use super::common::Common;
use super::failures::log;
use super::gateway::{self, Ended, Event, Session, Way, WrongShards};
use super::reconnect::{Closed, End, LONGEST_PAUSE, Next, Reconnect, STEADY};
use super::shard::{Shard, held};
use super::turns::{Turn, Turns};
use crate::notify::Gateway;
use crate::operators::GatewayFailure;
use crate::runtime::App;
use crate::store::StoreError;

/// Discord resets the token of a bot that begins more than 1,000 sessions a day. This many are left unused.
const SESSIONS_LEFT: u64 = 50;
const LONGEST_RESET: TimeDelta = TimeDelta::hours(24);
const OWN_BOT: &str = "check whether another program uses the same token: each program needs its own bot";
const TOO_MANY: &str = "check whether sellbell restarts again and again, or another program uses the same token: each program needs its own bot";
const MOST_SERVERS: &str = "sellbell already has as many connections (shards) as Discord recommends, or 64: remove the bot from servers that do not use it";
const REJECTED: &str = "use a newer sellbell, and check that [discord] api_base leads to Discord";

/// Keeps one shard connected.
pub(super) struct Keeper<'a> {
    common: &'a Common,
    app: &'a App,
    turns: &'a Turns,
    shard: Shard,
    /// The session that can be resumed.
    session: Option<Session>,
    reconnect: Reconnect,
}

/// The next step after a connection ended.
enum Step {
    /// Another attempt after this time.
    Wait(TimeDelta),
    /// Other shards.
    Reshard(Gateway),
    /// It is time to stop.
    Stop,
}

/// A way to open a session: where, and the turn if it is a new one.
struct Opening {
    address: Url,
    turn: Option<Turn>,
}

impl<'a> Keeper<'a> {
    pub(super) fn new(common: &'a Common, app: &'a App, turns: &'a Turns, shard: Shard) -> Self {
        Self { common, app, turns, shard, session: None, reconnect: Reconnect::new() }
    }

    /// Keeps the shard connected until `stop` becomes true, or Discord requires another number of shards: then
    /// returns its description of the gateway.
    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>) -> Option<Gateway> {
        let clock = self.app.clock();
        while !*stop.borrow() {
            let pause = match self.connect(&mut stop).await {
                Ok(Step::Wait(pause)) => pause,
                Ok(Step::Reshard(gateway)) => return Some(gateway),
                Ok(Step::Stop) => return None,
                Err(error) => {
                    tracing::error!("{error}");
                    LONGEST_PAUSE
                }
            };
            tokio::select! {
                () = sleep(clock.real(pause)) => {}
                _ = stop.changed() => {}
            }
        }
        None
    }

    /// Connects, stays connected, and says how to continue.
    async fn connect(&mut self, stop: &mut watch::Receiver<bool>) -> Result<Step, StoreError> {
        let clock = self.app.clock();
        let opening = tokio::select! {
            opening = self.opening() => opening,
            _ = stop.changed() => return Ok(Step::Stop),
        };
        let Opening { address, mut turn } = match opening {
            Ok(opening) => opening,
            Err((failure, pause)) => {
                self.failed(&failure).await?;
                let pause = pause.unwrap_or_else(|| self.reconnect.pause(failure.advice.is_some()));
                return Ok(Step::Wait(pause));
            }
        };
        let (common, app, shard) = (self.common, self.app, self.shard);
        let (mut session, is_shaky) = (self.session.take(), self.reconnect.is_shaky());
        let (resumed, mut opened, mut steadying) = (session.is_some(), None, JoinSet::new());
        let on = |event| match event {
            Event::Begins => turn.take().into_iter().for_each(|turn| turn.begins(common.now())),
            Event::Open(application) => {
                opened = Some(Instant::now());
                application.into_iter().for_each(|application| common.opened(application));
                let app_then = Weak::clone(&common.app);
                if is_shaky {
                    steadying.spawn(steady(app_then, shard, clock.real(STEADY)));
                } else {
                    app.gateway.mark_connected(shard.index(), clock.now());
                    steadying.spawn(report_connected(app_then));
                }
            }
            Event::Interaction(interaction) => common.answer(*interaction),
        };
        let resuming = |named: &str| match common.discord.gateway_address(named) {
            Ok(address) => Some(address),
            Err(bad) => {
                tracing::warn!("{bad}: the session cannot be resumed");
                None
            }
        };
        let token = common.discord.token().expose_secret().to_owned();
        let guilds = &common.guilds;
        let way = Way { address: &address, token: &token, shard, resuming: &resuming, guilds };
        let ended = gateway::hold(way, &mut session, stop, on).await;
        // Reports still pending from a connection that is over are no longer true. The next shard may connect.
        drop((steadying, turn));
        let open_for = opened.map(|opened| clock.played_in(opened.elapsed()));
        let has_session = session.is_some();
        self.session = session;
        let closed = |end| Closed { end, open_for, resumed, has_session };
        let (end, reason, advice) = match ended {
            Ended::Stopped => return Ok(Step::Stop),
            Ended::Asked => (End::Asked, "it asks for a new connection".to_owned(), None),
            Ended::Failed(reason) => (End::Failed, reason, None),
            Ended::SessionOver(reason) => (End::SessionOver, reason, None),
            Ended::Refused(reason, advice) => (End::Refused, reason, Some(advice)),
            Ended::WrongShards(why) => {
                let rejected = tokio::select! {
                    rejected = self.rejected(why) => rejected,
                    _ = stop.changed() => return Ok(Step::Stop),
                };
                match rejected {
                    Ok(gateway) => return Ok(Step::Reshard(gateway)),
                    Err(GatewayFailure { reason, advice: None }) => (End::Failed, reason, None),
                    Err(GatewayFailure { reason, advice }) => (End::Refused, reason, advice),
                }
            }
        };
        self.closed(closed(end), GatewayFailure { reason, advice }).await.map(Step::Wait)
    }

    /// Waits for the shard's turn, unless it has a session to resume. Otherwise why it cannot connect, and when
    /// to try again if Discord says so.
    async fn opening(&self) -> Result<Opening, (GatewayFailure, Option<TimeDelta>)> {
        if let Some(session) = &self.session {
            return Ok(Opening { address: session.address().clone(), turn: None });
        }
        let turn = self.turns.next(self.shard.index(), || self.common.now()).await;
        sleep(self.app.clock().real(turn.wait(self.common.now()))).await;
        let gateway = self.common.gateway().await.map_err(|failure| (failure, None))?;
        if gateway.sessions_left < SESSIONS_LEFT {
            let reset = i64::try_from(gateway.reset_after_ms).ok().and_then(TimeDelta::try_milliseconds);
            let reason = format!("Discord lets this bot begin {} more sessions today", gateway.sessions_left);
            return Err((
                GatewayFailure { reason, advice: Some(TOO_MANY) },
                Some(reset.unwrap_or(LONGEST_RESET).clamp(LONGEST_PAUSE, LONGEST_RESET)),
            ));
        }
        Ok(Opening { address: gateway.address, turn: Some(turn) })
    }

    /// Discord does not accept this shard: asks it how many there should be. Returns the answer if that is
    /// another number, and otherwise the failure.
    async fn rejected(&self, why: WrongShards) -> Result<Gateway, GatewayFailure> {
        let Shard { id, count } = self.shard;
        let again = why == WrongShards::Invalid && self.common.is_rejected_again();
        let gateway = self.common.ask().await?;
        let recommended = held(gateway.shards);
        tracing::warn!(id, count, recommended, "Discord's gateway rejects a shard");
        match why {
            WrongShards::TooFew if recommended > count => Ok(gateway),
            WrongShards::TooFew => {
                let connections = if count == 1 { "one connection" } else { "its connections" };
                let reason = format!("the bot is on too many servers for {connections} (code 4011)");
                Err(GatewayFailure { reason, advice: Some(MOST_SERVERS) })
            }
            WrongShards::Invalid => {
                let reason = format!("it rejects shard {id} of {count} (code 4010)");
                let advice = again.then_some(REJECTED);
                let failure = GatewayFailure { reason, advice };
                if recommended == count {
                    return Err(failure);
                }
                if again {
                    log(self.failed(&failure).await);
                }
                Ok(gateway)
            }
        }
    }

    /// Records how a connection ended, and returns how long to wait before the next one.
    async fn closed(&mut self, closed: Closed, failure: GatewayFailure) -> Result<TimeDelta, StoreError> {
        let now = self.common.now();
        let Next { wait, forget_session, routine, rivalled } = self.reconnect.after(closed, now);
        self.session.take_if(|_| forget_session);
        if !routine {
            let failure = match rivalled {
                true => GatewayFailure {
                    reason: format!("{}, as it did several times within minutes", failure.reason),
                    advice: Some(OWN_BOT),
                },
                false => failure,
            };
            self.failed(&failure).await?;
        }
        Ok(wait)
    }

    async fn failed(&self, failure: &GatewayFailure) -> Result<(), StoreError> {
        let now = self.app.clock().now();
        self.app.gateway.connection_failed(self.shard.index(), failure, now).await
    }
}

/// Reports that a session is open: the operators are notified if they know that none was.
async fn report_connected(app: Weak<App>) {
    if let Some(app) = app.upgrade() {
        log(app.gateway.report_connected(app.clock().now()).await);
    }
}

/// Counts a session as connected once it has lasted, even after others that did not.
async fn steady(app: Weak<App>, shard: Shard, wait: Duration) {
    sleep(wait).await;
    if let Some(app) = app.upgrade() {
        let now = app.clock().now();
        app.gateway.mark_connected(shard.index(), now);
        log(app.gateway.report_connected(now).await);
    }
}
