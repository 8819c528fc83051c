//! The slash commands: one table, and a file for each command.

mod asked;
mod choices;
mod command;
mod help;
mod latest;
mod names;
mod reply;
mod status;
mod subscribe;
mod subscriptions;
mod texts;
mod unsubscribe;

use chrono::{DateTime, Utc};
use serenity::all::{CreateCommand, InteractionContext, Permissions};

use crate::runtime::App;
use crate::store::StoreError;

pub(super) use asked::Asked;
pub(super) use choices::Choice;
use command::{Audience, Command};
pub(super) use reply::Reply;
use reply::private;
use texts::Text;

/// The definition of a command for Discord.
fn definition(command: Command) -> CreateCommand {
    let Text { en, de } = command.description();
    let built = CreateCommand::new(command.name()).description(en).description_localized("de", de);
    let built = match command.audience() {
        Audience::Managers => built
            .default_member_permissions(Permissions::MANAGE_GUILD)
            .contexts(vec![InteractionContext::Guild]),
        Audience::Everyone => built.contexts(vec![InteractionContext::Guild, InteractionContext::BotDm]),
    };
    let options = match command {
        Command::Subscribe | Command::Unsubscribe => vec![subscribe::rule_option()],
        Command::Latest => latest::options(),
        Command::Subscriptions | Command::Status | Command::Help => Vec::new(),
    };
    built.set_options(options)
}

/// The reason to refuse a command and its choices, if there is one.
fn refusal(command: Command, app: &App, asked: &Asked) -> Option<&'static str> {
    match (asked.server, command.audience()) {
        (Some(server), _) if !app.settings.discord.allows(server) => {
            Some("This bot does not serve this server. Its operators choose the servers it serves.")
        }
        (_, Audience::Everyone) => None,
        (None, Audience::Managers) => Some("Use this command in a server's channel."),
        (Some(_), Audience::Managers) if !asked.may_manage => {
            Some("You need the permission Manage Server for this.")
        }
        (Some(_), Audience::Managers) => None,
    }
}

async fn run(command: Command, app: &App, asked: &Asked, now: DateTime<Utc>) -> Result<Reply, StoreError> {
    match command {
        Command::Subscribe => subscribe::answer(app, asked, now).await,
        Command::Unsubscribe => unsubscribe::answer(app, asked).await,
        Command::Subscriptions => subscriptions::answer(app, asked).await,
        Command::Latest => latest::answer(app, asked, now).await,
        Command::Status => status::answer(app, now).await,
        Command::Help => Ok(help::answer(asked)),
    }
}

/// The definitions of all commands for Discord.
pub(super) fn definitions() -> Vec<CreateCommand> {
    Command::ALL.into_iter().map(definition).collect()
}

/// Executes a command and answers it.
pub(super) async fn answer(app: &App, asked: &Asked, now: DateTime<Utc>) -> Reply {
    let Some(command) = asked.command else { return private("This command no longer exists.") };
    if let Some(refusal) = refusal(command, app, asked) {
        return private(refusal);
    }
    let done = run(command, app, asked, now).await;
    let noted = match (&done, asked.server) {
        (Ok(_), Some(server)) => names::learn(app, asked, server).await,
        _ => Ok(()),
    };
    noted.and(done).unwrap_or_else(|error| {
        tracing::error!("{error}");
        private("This could not be saved, so nothing has changed. The bot's log says why.")
    })
}

/// The choices for the text typed so far. People who may not use the command get none, because the choices name
/// rules.
pub(super) async fn offer(app: &App, asked: &Asked) -> Vec<Choice> {
    let Some(command) = asked.command else { return Vec::new() };
    if refusal(command, app, asked).is_some() {
        return Vec::new();
    }
    let typed = asked.typed();
    match command {
        Command::Subscribe => subscribe::choices(app, typed),
        Command::Unsubscribe => unsubscribe::choices(app, asked).await,
        Command::Latest => latest::choices(app, typed).await,
        Command::Subscriptions | Command::Status | Command::Help => Vec::new(),
    }
}
