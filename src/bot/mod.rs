//! The bot in Discord's channels: connects to the gateway, registers its commands, answers them.

mod answers;
mod buttons;
mod caller;
mod commands;
mod connect;
mod context;
mod explaining;
mod failures;
mod gateway;
mod guild_events;
mod guilds;
mod interaction;
mod lines;
mod muting;
mod reconnect;
mod register;
mod reply;
mod servers;

use std::sync::{Arc, Weak};
use std::time::Duration;

use chrono::TimeDelta;
use secrecy::ExposeSecret;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use url::Url;

use crate::notify::{DiscordBot, NoGateway};
use crate::operators::GatewayFailure;
use crate::runtime::App;
use crate::service::Lookup;
use crate::store::StoreError;
use context::Directs;
use failures::{late, log};
use gateway::{Ended, Event, Session, Way};
use guild_events::GuildEvent;
use reconnect::{Closed, End, LONGEST_PAUSE, Next, Reconnect, STEADY};

/// Discord resets the token of a bot that begins more than 1,000 sessions a day. This many are left unused.
const SESSIONS_LEFT: u64 = 50;
const LONGEST_RESET: TimeDelta = TimeDelta::hours(24);
const OWN_BOT: &str = "check whether another program uses the same token: each program needs its own bot";
const TOO_MANY: &str = "check whether sellbell restarts again and again, or another program uses the same token: each program needs its own bot";
const OWN_GATEWAY: &str = "check that [discord] api_base leads to Discord, or to your own proxy";
/// The most interactions to answer at once.
const MOST_AT_ONCE: usize = 64;
/// The most events about servers that wait to be handled.
const MOST_EVENTS: usize = 2;
/// How long a request outside the gateway connection may take.
const REQUEST: Duration = Duration::from_secs(30);

/// Keeps the gateway connected until `stop` becomes true. Returns at once if no token is set.
///
/// A gateway that cannot be reached holds up nothing else, because alerts are sent over HTTP.
pub async fn run(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let Some(discord) = app.notifier.bot().cloned() else { return };
    if let Some(warning) = app.settings.discord.open_to_all() {
        tracing::warn!("{warning}");
    }
    let (guilds, events) = mpsc::channel(MOST_EVENTS);
    let mut following = JoinSet::new();
    following.spawn(guilds::follow(Arc::downgrade(&app), events));
    let mut bot = Bot {
        discord,
        app: Arc::downgrade(&app),
        lookup: Arc::default(),
        directs: Arc::default(),
        guilds,
        tasks: JoinSet::new(),
        registering: false,
        session: None,
        reconnect: Reconnect::new(),
        began: Instant::now(),
    };
    let clock = app.clock();
    while !*stop.borrow() {
        let pause = match bot.connect(&app, &mut stop).await {
            Ok(Some(pause)) => pause,
            Ok(None) => return,
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
}

/// The bot's connection to the gateway.
struct Bot {
    discord: DiscordBot,
    /// A task that is still answering may outlive the bot, and must not keep its store open.
    app: Weak<App>,
    /// Filings that people ask about.
    lookup: Arc<Lookup>,
    /// The channels of people's direct messages.
    directs: Arc<Directs>,
    /// Takes the events about servers.
    guilds: mpsc::Sender<GuildEvent>,
    tasks: JoinSet<()>,
    /// True if the commands are registered, or about to be.
    registering: bool,
    /// The session that can be resumed.
    session: Option<Session>,
    reconnect: Reconnect,
    /// When the bot started.
    began: Instant,
}

impl Bot {
    /// Connects and stays connected. Returns how long to wait before the next attempt, or `None` if it is
    /// time to stop.
    async fn connect(
        &mut self,
        app: &App,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<Option<TimeDelta>, StoreError> {
        let clock = app.clock();
        let address = tokio::select! {
            address = self.address() => address,
            _ = stop.changed() => return Ok(None),
        };
        let address = match address {
            Ok(address) => address,
            Err((failure, pause)) => {
                app.gateway.failed(&failure, clock.now()).await?;
                return Ok(Some(pause.unwrap_or_else(|| self.reconnect.pause(failure.advice.is_some()))));
            }
        };
        let token = self.discord.token().expose_secret().to_owned();
        let (discord, mut session) = (self.discord.clone(), self.session.take());
        let (resumed, mut opened, mut steadying) = (session.is_some(), None, JoinSet::new());
        let on = |event| match event {
            Event::Begins => self.reconnect.begins(clock.played_in(self.began.elapsed())),
            Event::Open(application) => {
                opened = Some(Instant::now());
                if let Some(application) = application
                    && !std::mem::replace(&mut self.registering, true)
                {
                    let (app, discord) = (Weak::clone(&self.app), discord.clone());
                    self.tasks.spawn(register::commands(app, discord, application));
                    self.tasks.spawn(servers::learn(Weak::clone(&self.app)));
                }
                match self.reconnect.is_shaky() {
                    true => drop(steadying.spawn(steady(Weak::clone(&self.app), clock.real(STEADY)))),
                    false => {
                        app.gateway.mark_connected(clock.now());
                        steadying.spawn(report_connected(Weak::clone(&self.app)));
                    }
                }
            }
            Event::Interaction(interaction) => {
                while self.tasks.try_join_next().is_some() {}
                if self.tasks.len() < MOST_AT_ONCE {
                    let parts = (discord.clone(), Arc::clone(&self.lookup), Arc::clone(&self.directs));
                    self.tasks.spawn(answers::answer(Weak::clone(&self.app), parts, *interaction));
                } else {
                    tracing::warn!("too many commands at once: one is not answered");
                }
            }
        };
        let resuming = |named: &str| match discord.gateway_address(named) {
            Ok(address) => Some(address),
            Err(bad) => {
                tracing::warn!("{bad}: the session cannot be resumed");
                None
            }
        };
        let guilds = self.guilds.clone();
        let way = Way { address: &address, token: &token, resuming: &resuming, guilds: &guilds };
        let ended = gateway::hold(way, &mut session, stop, on).await;
        // Reports still pending from a connection that is over are no longer true.
        drop(steadying);
        let (end, reason, advice) = match ended {
            Ended::Stopped => return Ok(None),
            Ended::Asked => (End::Asked, "it asks for a new connection".to_owned(), None),
            Ended::Failed(reason) => (End::Failed, reason, None),
            Ended::SessionOver(reason) => (End::SessionOver, reason, None),
            Ended::Refused(reason, advice) => (End::Refused, reason, Some(advice)),
        };
        let open_for = opened.map(|opened| clock.played_in(opened.elapsed()));
        let closed = Closed { end, open_for, resumed, has_session: session.is_some() };
        self.session = session;
        self.closed(app, closed, GatewayFailure { reason, advice }).await.map(Some)
    }

    /// Records how a connection ended, and returns how long to wait before the next one.
    async fn closed(
        &mut self,
        app: &App,
        closed: Closed,
        failure: GatewayFailure,
    ) -> Result<TimeDelta, StoreError> {
        let clock = app.clock();
        let now = clock.played_in(self.began.elapsed());
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
            app.gateway.failed(&failure, clock.now()).await?;
        }
        Ok(wait)
    }

    /// The address to connect to; otherwise why there is none, and when to ask again if Discord says so.
    async fn address(&self) -> Result<Url, (GatewayFailure, Option<TimeDelta>)> {
        let asked = timeout(REQUEST, self.discord.gateway()).await;
        let gateway = match asked {
            Ok(Ok(gateway)) => gateway,
            Ok(Err(no_gateway)) => {
                let advice = match no_gateway {
                    NoGateway::Failed(_) => None,
                    NoGateway::Refused => Some(gateway::TOKEN),
                    NoGateway::Bad(_) => Some(OWN_GATEWAY),
                };
                return Err((GatewayFailure { reason: no_gateway.to_string(), advice }, None));
            }
            Err(_) => return Err((late(), None)),
        };
        if self.session.is_none() && gateway.sessions_left < SESSIONS_LEFT {
            let reset = i64::try_from(gateway.reset_after_ms).ok().and_then(TimeDelta::try_milliseconds);
            let reason = format!("Discord lets this bot begin {} more sessions today", gateway.sessions_left);
            return Err((
                GatewayFailure { reason, advice: Some(TOO_MANY) },
                Some(reset.unwrap_or(LONGEST_RESET).clamp(LONGEST_PAUSE, LONGEST_RESET)),
            ));
        }
        Ok(gateway.address)
    }
}

/// Reports that a session is open: the operators are notified if they know that none was.
async fn report_connected(app: Weak<App>) {
    if let Some(app) = app.upgrade() {
        log(app.gateway.report_connected(app.clock().now()).await);
    }
}

/// Counts a session as connected once it has lasted, even after others that did not.
async fn steady(app: Weak<App>, wait: Duration) {
    sleep(wait).await;
    if let Some(app) = app.upgrade() {
        log(app.gateway.connected(app.clock().now()).await);
    }
}
