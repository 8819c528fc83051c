//! The parts that all shards share.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use chrono::TimeDelta;
use serenity::all::ApplicationId;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::context::Directs;
use super::failures::late;
use super::guild_events::GuildEvent;
use super::interaction::Interaction;
use super::shard::Shard;
use super::turns::Sessions;
use super::{answers, gateway, register, servers};
use crate::clock::Clock;
use crate::notify::{DiscordBot, Gateway, NoGateway};
use crate::operators::GatewayFailure;
use crate::runtime::App;
use crate::service::Lookup;

const OWN_GATEWAY: &str = "check that [discord] api_base leads to Discord, or to your own proxy";
/// The most interactions to work on at once, and the most to answer at all.
const MOST_AT_ONCE: (usize, usize) = (64, 512);
/// The most interactions whose ids are remembered, so that none is answered twice.
const MOST_REMEMBERED: usize = 4_096;
/// How long a request outside the gateway connection may take.
const REQUEST: Duration = Duration::from_secs(30);
/// A shard number that Discord rejects twice within this time is reported.
const REJECTED_AGAIN: TimeDelta = TimeDelta::hours(1);

/// The parts that all shards share.
pub(super) struct Common {
    pub(super) discord: DiscordBot,
    /// A task that is still answering may outlive the bot, and must not keep its store open.
    pub(super) app: Weak<App>,
    /// Takes the events about servers.
    pub(super) guilds: mpsc::Sender<(Shard, GuildEvent)>,
    /// The sessions that were begun.
    pub(super) sessions: Sessions,
    /// Filings that people ask about.
    lookup: Arc<Lookup>,
    /// The channels of people's direct messages.
    directs: Arc<Directs>,
    /// When the bot started.
    began: Instant,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tasks: JoinSet<()>,
    /// True if the commands are registered, or about to be.
    registering: bool,
    /// The ids and tokens of the latest interactions.
    interactions: BTreeSet<(u64, String)>,
    /// The gateway's latest description, until a session begins with it.
    fresh: Option<Gateway>,
    /// When Discord last rejected the number of a shard.
    rejected_at: Option<TimeDelta>,
}

impl Common {
    pub(super) fn new(
        app: &Arc<App>,
        discord: DiscordBot,
        guilds: mpsc::Sender<(Shard, GuildEvent)>,
    ) -> Self {
        Self {
            discord,
            app: Arc::downgrade(app),
            guilds,
            sessions: Sessions::default(),
            lookup: Arc::default(),
            directs: Arc::default(),
            began: Instant::now(),
            clock: app.clock(),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time since the bot started, by its clock.
    pub(super) fn now(&self) -> TimeDelta {
        self.clock.played_in(self.began.elapsed())
    }

    /// Asks Discord about the gateway.
    pub(super) async fn ask(&self) -> Result<Gateway, GatewayFailure> {
        match timeout(REQUEST, self.discord.gateway()).await {
            Ok(Ok(gateway)) => Ok(gateway),
            Ok(Err(no_gateway)) => {
                let advice = match no_gateway {
                    NoGateway::Failed(_) => None,
                    NoGateway::Refused => Some(gateway::TOKEN),
                    NoGateway::Bad(_) => Some(OWN_GATEWAY),
                };
                Err(GatewayFailure { reason: no_gateway.to_string(), advice })
            }
            Err(_) => Err(late()),
        }
    }

    /// Keeps a description of the gateway for the first session that begins.
    pub(super) fn keep(&self, gateway: Gateway) {
        self.state().fresh = Some(gateway);
    }

    /// The gateway for a new session.
    pub(super) async fn gateway(&self) -> Result<Gateway, GatewayFailure> {
        let fresh = self.state().fresh.take();
        match fresh {
            Some(gateway) => Ok(gateway),
            None => self.ask().await,
        }
    }

    /// Starts what a bot does once: registers its commands.
    pub(super) fn opened(&self, application: ApplicationId) {
        let mut state = self.state();
        if !std::mem::replace(&mut state.registering, true) {
            let (app, discord) = (Weak::clone(&self.app), self.discord.clone());
            state.tasks.spawn(register::commands(app, discord, application));
            state.tasks.spawn(servers::learn(Weak::clone(&self.app)));
        }
    }

    /// Answers an interaction that is not known yet. While many are being answered, it asks people to try again;
    /// beyond the second limit, it does nothing.
    pub(super) fn answer(&self, interaction: Interaction) {
        let mut state = self.state();
        if !state.interactions.insert((interaction.id.get(), interaction.token.clone())) {
            tracing::debug!("an interaction arrived twice");
            return;
        }
        if state.interactions.len() > MOST_REMEMBERED {
            // Ids grow with time.
            state.interactions.pop_first();
        }
        while state.tasks.try_join_next().is_some() {}
        let (most, most_in_all) = MOST_AT_ONCE;
        match state.tasks.len() {
            busy if busy < most => {
                let parts = (self.discord.clone(), Arc::clone(&self.lookup), Arc::clone(&self.directs));
                state.tasks.spawn(answers::answer(Weak::clone(&self.app), parts, interaction));
            }
            busy if busy < most_in_all => {
                tracing::warn!("many commands at once: one is put off");
                state.tasks.spawn(answers::put_off(self.discord.clone(), interaction));
            }
            _ => tracing::warn!("too many commands at once: one is not answered"),
        }
    }

    /// Records that Discord rejected the number of a shard. Returns true if it did so before.
    pub(super) fn is_rejected_again(&self) -> bool {
        let now = self.now();
        let before = self.state().rejected_at.replace(now);
        before.is_some_and(|before| now - before < REJECTED_AGAIN)
    }
}
