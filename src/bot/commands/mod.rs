//! The slash commands: one table, and a file for each command.

mod asked;
mod choices;
mod command;
mod explain;
mod help;
mod insider;
mod latest;
mod mute;
mod names;
mod options;
mod privacy;
mod refusal;
mod status;
mod subscribe;
mod subscriptions;
mod test;
mod texts;
mod top;
pub(super) mod trades;
mod unsubscribe;
mod watch;

use chrono::{DateTime, Utc};
use serenity::all::{CreateCommand, InstallationContext, InteractionContext, Permissions};

use super::context::Context;
use super::reply::{Reply, Stopped, private};

pub(super) use asked::Asked;
pub(super) use choices::Choice;
use command::{Audience, Command};
use refusal::refusal;
pub(super) use subscriptions::unsubscribe as end_subscription;
use texts::Text;

/// The definition of a command for Discord.
fn definition(command: Command) -> CreateCommand {
    let Text { en, de } = command.description();
    let built = CreateCommand::new(command.name()).description(en).description_localized("de", de);
    let built = match command.audience() {
        Audience::Managers => built
            .contexts(vec![InteractionContext::Guild])
            .integration_types(vec![InstallationContext::Guild]),
        Audience::Owners | Audience::Everyone => built
            .contexts(vec![
                InteractionContext::Guild,
                InteractionContext::BotDm,
                InteractionContext::PrivateChannel,
            ])
            .integration_types(vec![InstallationContext::Guild, InstallationContext::User]),
    };
    let built = match command.audience() {
        Audience::Managers | Audience::Owners => built.default_member_permissions(Permissions::MANAGE_GUILD),
        Audience::Everyone => built,
    };
    built.set_options(match command {
        Command::Subscribe => subscribe::options(),
        Command::Unsubscribe => unsubscribe::options(),
        Command::Watch => watch::options(),
        Command::Unwatch => watch::unwatch_options(),
        Command::Mute => mute::options(),
        Command::Unmute => mute::unmute_options(),
        Command::Latest => latest::options(),
        Command::Insider => insider::options(),
        Command::Top => top::options(),
        Command::Explain => explain::options(),
        Command::Subscriptions | Command::Test | Command::Status | Command::Privacy | Command::Help => {
            Vec::new()
        }
    })
}

async fn run(
    command: Command,
    context: &Context,
    asked: &Asked,
    now: DateTime<Utc>,
) -> Result<Reply, Stopped> {
    let app = &*context.app;
    Ok(match command {
        Command::Subscribe => subscribe::answer(app, asked, now).await?,
        Command::Unsubscribe => unsubscribe::answer(app, asked).await?,
        Command::Watch => watch::answer(context, asked, now).await?,
        Command::Unwatch => watch::unwatch(context, asked).await?,
        Command::Subscriptions => subscriptions::answer(context, asked).await?,
        Command::Mute => mute::answer(context, asked, now).await?,
        Command::Unmute => mute::unmute(context, asked, now).await?,
        Command::Test => test::answer(context, asked, now).await?,
        Command::Latest => latest::answer(app, asked, now).await?,
        Command::Insider => insider::answer(app, asked, now).await?,
        Command::Top => top::answer(app, asked, now).await?,
        Command::Explain => explain::answer(context, asked, now).await?,
        Command::Status => status::answer(app, now).await?,
        Command::Privacy => privacy::answer(app, asked).await?,
        Command::Help => help::answer(app, asked),
    })
}

/// The definitions of all commands for Discord.
pub(super) fn definitions() -> Vec<CreateCommand> {
    Command::ALL.into_iter().map(definition).collect()
}

/// Executes a command and answers it.
pub(super) async fn answer(context: &Context, asked: &Asked, now: DateTime<Utc>) -> Reply {
    let (app, caller) = (&*context.app, &asked.caller);
    let Some(command) = asked.command else { return private("This command no longer exists.") };
    if let Some(refusal) = refusal(command, app, caller) {
        return private(refusal);
    }
    let done = run(command, context, asked, now).await;
    if let (Ok(_), Some(server)) = (&done, caller.server)
        && let Err(error) = names::learn(app, caller, server).await
    {
        tracing::error!("{error}");
    }
    done.unwrap_or_else(Stopped::reply)
}

/// The choices for the text typed so far. People who may not use the command get none, because the choices name
/// rules.
pub(super) async fn offer(context: &Context, asked: &Asked, now: DateTime<Utc>) -> Vec<Choice> {
    let app = &*context.app;
    let Some(command) = asked.command else { return Vec::new() };
    if refusal(command, app, &asked.caller).is_some() {
        return Vec::new();
    }
    match command {
        Command::Subscribe => subscribe::choices(app, asked.typed().1),
        Command::Unsubscribe => unsubscribe::choices(app, asked).await,
        Command::Watch | Command::Latest => latest::choices(app, asked.typed().1).await,
        Command::Unwatch => watch::choices(context, asked).await,
        Command::Mute => mute::choices(context, asked).await,
        Command::Unmute => mute::unmute_choices(context, asked, now).await,
        Command::Insider => insider::choices(app, asked.typed().1).await,
        Command::Top
        | Command::Explain
        | Command::Subscriptions
        | Command::Test
        | Command::Status
        | Command::Privacy
        | Command::Help => Vec::new(),
    }
}
