//! The bot in Discord's channels: connects to the gateway, registers its commands, answers them.

mod answers;
mod buttons;
mod caller;
mod commands;
mod common;
mod connect;
mod context;
mod explaining;
mod failures;
mod gateway;
mod guild_events;
mod guilds;
mod interaction;
mod keeper;
mod lines;
mod muting;
mod reconnect;
mod register;
mod reply;
mod servers;
mod shard;
mod turns;

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::notify::Gateway;
use crate::runtime::App;
use common::Common;
use failures::log;
use keeper::Keeper;
use reconnect::{LONG, Reconnect};
use shard::{Shard, held};
use turns::Turns;

/// The most events about servers that wait to be handled.
const MOST_EVENTS: usize = 2;

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
    let common = Common::new(&app, discord, guilds);
    let (clock, mut restarts, mut known) = (app.clock(), Reconnect::new(), None);
    while !*stop.borrow() {
        let asked = match known.take() {
            Some(gateway) => Ok(gateway),
            None => tokio::select! {
                asked = common.ask() => asked,
                _ = stop.changed() => return,
            },
        };
        let refused = match asked {
            Ok(gateway) => {
                let began = Instant::now();
                known = hold_shards(&common, &app, gateway, &mut stop).await;
                if known.is_none() {
                    return;
                }
                if clock.played_in(began.elapsed()) >= LONG {
                    restarts = Reconnect::new();
                }
                false
            }
            Err(failure) => {
                log(app.gateway.failed(&failure, clock.now()).await);
                failure.advice.is_some()
            }
        };
        tokio::select! {
            () = sleep(clock.real(restarts.pause(refused))) => {}
            _ = stop.changed() => return,
        }
    }
}

/// Keeps as many shards connected as Discord recommends, until `stop` becomes true or Discord requires another
/// number: then returns its description of the gateway.
async fn hold_shards(
    common: &Common,
    app: &App,
    gateway: Gateway,
    stop: &mut watch::Receiver<bool>,
) -> Option<Gateway> {
    let count = held(gateway.shards);
    if u64::from(count) < gateway.shards {
        tracing::warn!(recommended = gateway.shards, "sellbell holds at most {count} connections to Discord");
    } else if count > 1 {
        tracing::info!(count, "Discord recommends several connections");
    }
    let turns = Turns::new(held(gateway.max_concurrency), common.sessions.clone(), common.now());
    app.gateway.begin(count, app.clock().now());
    common.keep(gateway);
    let (end, ends) = watch::channel(false);
    let keep = |id| Keeper::new(common, app, &turns, Shard { id, count }).run(ends.clone());
    let mut shards: FuturesUnordered<_> = (0..count).map(keep).collect();
    let mut other = None;
    loop {
        tokio::select! {
            ended = shards.next() => match ended {
                Some(gateway) => other = other.or(gateway),
                None => return other,
            },
            _ = stop.changed(), if !*end.borrow() => {}
        }
        // All close their connections.
        end.send_replace(true);
    }
}
