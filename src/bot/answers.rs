//! Answers interactions in time: Discord waits three seconds for a first answer, and 15 minutes for the rest.

use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use serenity::all::{
    AutocompleteChoice, CreateAutocompleteResponse, CreateInteractionResponse, InteractionId,
};
use tokio::time::timeout;

use super::buttons;
use super::caller::Caller;
use super::commands::{self, Asked};
use super::context::{Context, Directs};
use super::failures::{failure, log};
use super::interaction::Interaction;
use super::reply::{Reply, deferred, private};
use crate::notice::InstanceSign;
use crate::notify::{DiscordBot, NoAnswer};
use crate::runtime::App;
use crate::service::Lookup;

/// Discord's code for an interaction that was already answered.
const ANSWERED: i64 = 40_060;
/// How long to work before saying that the answer comes later. Discord waits twice as long, also for the way.
const QUICK: Duration = Duration::from_millis(1_500);
/// How long to work at most. Discord accepts an answer for 15 minutes.
const LONGEST: Duration = Duration::from_secs(5 * 60);

/// Answers an interaction.
pub(super) async fn answer(
    app: Weak<App>,
    (discord, lookup, directs): (DiscordBot, Arc<Lookup>, Arc<Directs>),
    interaction: Interaction,
) {
    let Some(app) = app.upgrade() else { return };
    let Some(caller) = Caller::of(&interaction) else {
        tracing::warn!("an interaction of Discord's does not say who used it, or where");
        return;
    };
    if let (Some(server), Some(kind)) = (caller.server, caller.kind) {
        discord.kinds().note(caller.channel, server, kind);
    }
    let context = Context { app, discord, lookup, directs };
    let Err(error) = answer_in_time(&context, caller, &interaction).await else { return };
    tracing::warn!("a command could not be answered: {}", failure(&error).reason);
    // We answer each one only once.
    if matches!(error, NoAnswer::Refused { code: Some(ANSWERED), .. }) {
        let now = context.app.clock().now();
        log(context.app.troubles.another_instance(InstanceSign::Answered, now).await);
    }
}

/// Asks somebody to try again later, because many others are being answered.
pub(super) async fn put_off(discord: DiscordBot, interaction: Interaction) {
    let (id, token) = (interaction.id, interaction.token.as_str());
    let answered = match interaction.kind {
        Interaction::AUTOCOMPLETE => {
            let none = CreateInteractionResponse::Autocomplete(CreateAutocompleteResponse::new());
            discord.respond(id, token, &none, &[]).await
        }
        Interaction::COMMAND | Interaction::COMPONENT => {
            let busy = private("Many people are asking me something just now. Try again in a minute.");
            discord.respond(id, token, &busy.response(), &[]).await
        }
        _ => Ok(()),
    };
    if let Err(error) = answered {
        tracing::debug!("a command could not be put off: {}", failure(&error).reason);
    }
}

async fn answer_in_time(
    context: &Context,
    caller: Caller,
    interaction: &Interaction,
) -> Result<(), NoAnswer> {
    let (discord, now) = (&context.discord, context.app.clock().now());
    let (id, token) = (interaction.id, interaction.token.as_str());
    let work = async {
        match interaction.kind {
            Interaction::COMPONENT => buttons::answer(context, &caller, interaction, now).await,
            _ => commands::answer(context, &Asked::of(interaction, caller.clone()), now).await,
        }
    };
    match interaction.kind {
        Interaction::AUTOCOMPLETE => {
            let choices = commands::offer(context, &Asked::of(interaction, caller.clone()), now).await;
            let choices = choices.into_iter().map(AutocompleteChoice::from).collect();
            let response = CreateAutocompleteResponse::new().set_choices(choices);
            discord.respond(id, token, &CreateInteractionResponse::Autocomplete(response), &[]).await
        }
        Interaction::COMMAND | Interaction::COMPONENT => {
            let mut work = pin!(work);
            if let Ok(reply) = timeout(QUICK, &mut work).await {
                return respond(discord, id, token, reply).await;
            }
            let updates = interaction.kind == Interaction::COMPONENT && buttons::updates(interaction);
            let announced = discord.respond(id, token, &deferred(updates), &[]).await;
            // What has begun is done, whether or not anybody can be told.
            let reply = timeout(LONGEST, work).await;
            let reply = reply.unwrap_or_else(|_| private("This took too long. Try again later."));
            announced?;
            follow_up(context, interaction, &reply, updates).await
        }
        _ => Ok(()),
    }
}

/// The first answer; without its chart where Discord does not take that.
async fn respond(discord: &DiscordBot, id: InteractionId, token: &str, reply: Reply) -> Result<(), NoAnswer> {
    let answered = discord.respond(id, token, &reply.response(), reply.files()).await;
    match answered {
        Err(NoAnswer::Refused { code, .. }) if code != Some(ANSWERED) && !reply.files().is_empty() => {
            discord.respond(id, token, &reply.without_chart().response(), &[]).await
        }
        answered => answered,
    }
}

/// The answer after a deferred one. What only one person sees stays so; what the channel sees is a message of its own,
/// because the first one is private.
async fn follow_up(
    context: &Context,
    interaction: &Interaction,
    reply: &Reply,
    updates: bool,
) -> Result<(), NoAnswer> {
    let (discord, application, token) =
        (&context.discord, interaction.application_id, interaction.token.as_str());
    match (updates, reply.is_update()) {
        // The message with the button is the first answer.
        (true, true) => discord.follow_up(application, token, &reply.message(), reply.files()).await,
        (true, false) => discord.add_follow_up(application, token, &reply.follow_up()).await,
        (false, _) if reply.is_public() => {
            discord.follow_up(application, token, &private("Done.").message(), &[]).await?;
            discord.add_follow_up(application, token, &reply.follow_up()).await
        }
        (false, _) => discord.follow_up(application, token, &reply.message(), reply.files()).await,
    }
}
