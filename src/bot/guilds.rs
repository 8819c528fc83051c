//! Follows the servers, channels and roles that Discord's gateway reports: sets the subscriptions of channels
//! that are gone aside, puts them back, and learns names.
//!
//! <https://discord.com/developers/docs/events/gateway-events#guilds>

use std::collections::BTreeSet;
use std::sync::Weak;

use tokio::sync::mpsc::Receiver;

use super::failures::log;
use super::guild_events::{Channel, GuildEvent, Server};
use super::shard::Shard;
use crate::notify::ChannelKind;
use crate::runtime::{App, take_watches};
use crate::store::{Gone, StoreError};

/// The ids that an event must name to concern a subscription, so that most events read nothing.
#[derive(Debug, Default)]
struct Concerned {
    /// Servers that may have channels whose subscriptions are set aside.
    set_aside: BTreeSet<u64>,
    /// Subscribed channels whose server is unknown.
    without_server: BTreeSet<u64>,
}

/// Handles the events in their order, until there will be no more or the bot is gone.
pub(super) async fn follow(app: Weak<App>, mut events: Receiver<(Shard, GuildEvent)>) {
    let mut concerned = Concerned::default();
    while let Some((shard, event)) = events.recv().await {
        let Some(app) = app.upgrade() else { return };
        log(concerned.handle(&app, shard, event).await);
    }
}

impl Concerned {
    async fn handle(&mut self, app: &App, shard: Shard, event: GuildEvent) -> Result<(), StoreError> {
        match event {
            GuildEvent::Ready(servers) => self.ready(app, shard, &servers).await,
            GuildEvent::Here(server) => self.here(app, &server).await,
            GuildEvent::Changed(server) => {
                keep(app, &server);
                app.store.note_names((server.id, Some(&server.name)), &[]).await
            }
            GuildEvent::Left(server) => self.left(app, server).await,
            GuildEvent::Channel(channel) => self.exists(app, &channel).await,
            GuildEvent::Role { server, role } => {
                app.notifier.bot().inspect(|bot| bot.servers().keep_role(server, role));
                Ok(())
            }
            GuildEvent::RoleDeleted { server, role } => {
                app.notifier.bot().inspect(|bot| bot.servers().forget_role(server, role));
                Ok(())
            }
            GuildEvent::Deleted { server, channel } => {
                self.gone(app, server, &BTreeSet::from([channel]), Gone::Deleted).await
            }
        }
    }

    /// A shard's session begins. A server of that shard with subscriptions that Discord does not list was left
    /// while the bot was offline.
    async fn ready(&mut self, app: &App, shard: Shard, servers: &BTreeSet<u64>) -> Result<(), StoreError> {
        self.set_aside = app.store.channels_set_aside().await?.iter().map(|one| one.server).collect();
        self.without_server = app.store.channels_without_server().await?;
        let subscribed = app.store.subscribed_servers().await?;
        for server in subscribed.difference(servers).filter(|server| shard.has(**server)) {
            self.left(app, *server).await?;
        }
        Ok(())
    }

    /// The bot is on a server, which may be one that it comes back to.
    async fn here(&mut self, app: &App, server: &Server) -> Result<(), StoreError> {
        keep(app, server);
        note_kinds(app, server.id, &server.kinds);
        let listed: BTreeSet<u64> = server.channels.iter().map(|(id, _)| *id).collect();
        self.learn_server(app, server.id, &listed).await?;
        if self.set_aside.contains(&server.id) {
            let back = app.store.channels_set_aside().await?.into_iter().filter(|one| {
                let is_back = one.why == Gone::LeftServer || listed.contains(&one.channel);
                one.server == server.id && is_back
            });
            take_back(app, server.id, &back.map(|one| one.channel).collect()).await?;
        }
        if !app.store.has_subscriptions(server.id).await? {
            return Ok(());
        }
        app.store.note_names((server.id, Some(&server.name)), &server.channels).await
    }

    async fn left(&mut self, app: &App, server: u64) -> Result<(), StoreError> {
        app.notifier.bot().inspect(|bot| bot.servers().forget(server));
        if !app.store.has_subscriptions(server).await? {
            return Ok(());
        }
        let channels = app.store.channels_of(server).await?;
        self.gone(app, server, &channels, Gone::LeftServer).await
    }

    /// A channel or thread exists.
    async fn exists(&mut self, app: &App, channel: &Channel) -> Result<(), StoreError> {
        let Channel { server, id, ref name, kind } = *channel;
        note_kinds(app, server, kind.map(|kind| (id, kind)).as_slice());
        let own = BTreeSet::from([id]);
        self.learn_server(app, server, &own).await?;
        if self.set_aside.contains(&server) {
            take_back(app, server, &own).await?;
        }
        if !app.store.has_subscriptions(server).await? {
            return Ok(());
        }
        app.store.note_names((server, None), &[(id, name.clone())]).await
    }

    async fn gone(
        &mut self,
        app: &App,
        server: u64,
        channels: &BTreeSet<u64>,
        why: Gone,
    ) -> Result<(), StoreError> {
        self.learn_server(app, server, channels).await?;
        if app.outbox.set_aside(server, channels, why, app.clock().now()).await? {
            self.set_aside.insert(server);
        }
        Ok(())
    }

    /// Records the server of subscriptions that lack theirs.
    async fn learn_server(
        &mut self,
        app: &App,
        server: u64,
        channels: &BTreeSet<u64>,
    ) -> Result<(), StoreError> {
        let known: Vec<u64> = self.without_server.intersection(channels).copied().collect();
        for channel in known {
            app.store.note_server(channel, server).await?;
            self.without_server.remove(&channel);
        }
        Ok(())
    }
}

/// Keeps the kinds of a server's channels in memory.
fn note_kinds(app: &App, server: u64, kinds: &[(u64, ChannelKind)]) {
    let Some(bot) = app.notifier.bot() else { return };
    kinds.iter().for_each(|(channel, kind)| bot.kinds().note(*channel, server, *kind));
}

/// Keeps a server's name and roles in memory.
fn keep(app: &App, server: &Server) {
    app.notifier.bot().inspect(|bot| bot.servers().keep(server.id, &server.name, server.roles.clone()));
}

async fn take_back(app: &App, server: u64, channels: &BTreeSet<u64>) -> Result<(), StoreError> {
    let subscriptions = app.store.take_back(channels).await?;
    if subscriptions > 0 {
        take_watches(app).await?;
    }
    if subscriptions > 0 {
        tracing::info!(server, subscriptions, "subscriptions that were set aside are in force again");
        app.store.flush().await?;
    }
    Ok(())
}
