//! Looks up the servers of channels that subscribed before their servers were recorded.

use std::sync::Weak;

use chrono::TimeDelta;
use tokio::time::sleep;

use super::failures::log;
use crate::runtime::App;

/// The time between two requests; nobody waits for their answers.
const BETWEEN: TimeDelta = TimeDelta::milliseconds(250);

/// Asks Discord about each such channel once, if the settings name the servers that the bot serves.
pub(super) async fn learn(app: Weak<App>) {
    let Some(strong) = app.upgrade() else { return };
    if strong.settings.discord.servers.is_empty() {
        return;
    }
    let channels = match strong.store.channels_without_server().await {
        Ok(channels) => channels,
        Err(error) => return log(Err(error)),
    };
    drop(strong);
    for channel in channels {
        let Some(app) = app.upgrade() else { return };
        let Some(bot) = app.notifier.bot() else { return };
        match bot.server_of(channel).await {
            Ok(Some(server)) => {
                log(app.store.note_server(channel, server).await.map(|_| ()));
                if !app.settings.discord.allows(server) {
                    tracing::warn!(
                        channel,
                        server,
                        "a channel gets no more alerts, because [discord] servers does not list its server"
                    );
                }
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(channel, "the server of a subscribed channel is unknown: {error}")
            }
        }
        let wait = app.clock().real(BETWEEN);
        drop(app);
        sleep(wait).await;
    }
    if let Some(app) = app.upgrade() {
        log(app.store.flush().await);
    }
}
