//! Registers the slash commands, and retries until it works.

use std::sync::Weak;
use std::time::Duration;

use chrono::TimeDelta;
use serenity::all::ApplicationId;
use tokio::time::{sleep, timeout};

use super::commands;
use super::failures::{failure, late, log};
use crate::notify::DiscordBot;
use crate::operators::GatewayFailure;
use crate::runtime::App;

/// The first and the longest wait before the next attempt.
const PAUSE: (TimeDelta, TimeDelta) = (TimeDelta::seconds(5), TimeDelta::minutes(10));
/// How long an attempt may take.
const TRY: Duration = Duration::from_secs(60);
/// Discord's code for something that the bot cannot access.
const NO_ACCESS: &str = "code 50001";

/// Registers the commands; ends when that is done or the bot is gone.
pub(super) async fn commands(app: Weak<App>, discord: DiscordBot, application: ApplicationId) {
    let mut pause = PAUSE.0;
    loop {
        let tried = timeout(TRY, discord.register(application, &commands::definitions())).await;
        let Some(app) = app.upgrade() else { return };
        let clock = app.clock();
        let failed = match tried {
            Ok(Ok(_)) => return log(app.gateway.registered(clock.now()).await),
            Ok(Err(error)) => advised(failure(&error)),
            Err(_) => late(),
        };
        log(app.gateway.not_registered(&failed, clock.now()).await);
        drop(app);
        sleep(clock.real(pause)).await;
        pause = (pause * 2).min(PAUSE.1);
    }
}

fn advised(failure: GatewayFailure) -> GatewayFailure {
    let uninvited = failure.reason.ends_with(NO_ACCESS);
    let advice = uninvited.then_some("invite the bot again, with the scopes bot and applications.commands");
    GatewayFailure { advice: failure.advice.or(advice), ..failure }
}
