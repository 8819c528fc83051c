//! Registers the slash commands if they changed, and retries until it works.

use std::sync::Weak;
use std::time::Duration;

use chrono::TimeDelta;
use serenity::all::ApplicationId;
use tokio::time::{sleep, timeout};

use super::commands;
use super::failures::{failure, late, log};
use crate::alert::Key;
use crate::notify::{DiscordBot, NoAnswer};
use crate::operators::GatewayFailure;
use crate::runtime::App;
use crate::store::Registration;

/// The first and the longest wait before the next attempt.
const PAUSE: (TimeDelta, TimeDelta) = (TimeDelta::seconds(5), TimeDelta::minutes(10));
/// How long an attempt may take.
const TRY: Duration = Duration::from_secs(60);
/// Discord's code for something that the bot cannot access.
const NO_ACCESS: &str = "code 50001";

/// Registers the commands, unless they are; ends when that is done or the bot is gone.
pub(super) async fn commands(app: Weak<App>, discord: DiscordBot, application: ApplicationId) {
    let mut pause = PAUSE.0;
    loop {
        let Some(strong) = app.upgrade() else { return };
        let (wanted, before) = (wanted(&strong, application), strong.store.registration().await);
        drop(strong);
        // What cannot be read is registered again.
        let before = before.unwrap_or_default();
        let tried = match before.as_ref() == Some(&wanted) {
            true => Ok(Ok(())),
            false => timeout(TRY, register(&discord, application, before, &wanted)).await,
        };
        let Some(app) = app.upgrade() else { return };
        let clock = app.clock();
        let failed = match tried {
            Ok(Ok(())) => {
                log(app.store.set_registration(&wanted).await);
                return log(app.gateway.registered(clock.now()).await);
            }
            Ok(Err(error)) => advised(failure(&error)),
            Err(_) => late(),
        };
        log(app.gateway.not_registered(&failed, clock.now()).await);
        drop(app);
        sleep(clock.real(pause)).await;
        pause = (pause * 2).min(PAUSE.1);
    }
}

fn wanted(app: &App, application: ApplicationId) -> Registration {
    // Definitions always are JSON.
    let definitions = serde_json::to_string(&commands::definitions()).unwrap_or_default();
    Registration {
        application: application.get(),
        server: app.settings.discord.test_server,
        definitions: Key::of(&[&definitions]).to_string(),
    }
}

/// Registers the commands. Where they were before and are not wanted, they are removed first: a server would show
/// them twice.
async fn register(
    discord: &DiscordBot,
    application: ApplicationId,
    before: Option<Registration>,
    wanted: &Registration,
) -> Result<(), NoAnswer> {
    let elsewhere = before.filter(|before| before.application == wanted.application);
    if let Some(before) = elsewhere.filter(|before| before.server != wanted.server) {
        discord.register(application, before.server, &[]).await?;
    }
    discord.register(application, wanted.server, &commands::definitions()).await
}

fn advised(failure: GatewayFailure) -> GatewayFailure {
    let uninvited = failure.reason.ends_with(NO_ACCESS);
    let advice = uninvited.then_some("invite the bot again, with the scopes bot and applications.commands");
    GatewayFailure { advice: failure.advice.or(advice), ..failure }
}
