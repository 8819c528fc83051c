//! The bot in Discord's channels: connects to the gateway, registers its commands, answers them.

mod commands;

use std::sync::{Arc, Weak};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serenity::all::{
    AutocompleteChoice, Command, CommandInteraction, Context, CreateAllowedMentions,
    CreateAutocompleteResponse, CreateInteractionResponse, CreateInteractionResponseMessage, EventHandler,
    GatewayIntents, Interaction, Permissions, Ready,
};
use serenity::async_trait;
use serenity::client::ClientBuilder;
use serenity::http::Http;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::app::App;
use commands::{Asked, Reply};

/// The wait before the gateway is tried again: first, and at most.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);

/// How long the shards may take to close.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// Keeps the gateway connected until `stop` turns true; returns at once where no token is set.
///
/// A gateway that cannot be reached holds up nothing else: alerts go by HTTP.
pub async fn run(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let Some(bot) = app.notifier.bot().cloned() else { return };
    let mut pause = FIRST_PAUSE;
    while !*stop.borrow() {
        let handler = Handler { app: Arc::downgrade(&app) };
        let began = Instant::now();
        let connected = connect(bot.gateway_connection(), handler, &mut stop).await;
        if began.elapsed() > LONGEST_PAUSE {
            pause = FIRST_PAUSE;
        }
        if *stop.borrow() {
            return;
        }
        let reason = connected.map_or_else(|error| gateway_error(&error), |()| "it was closed".to_owned());
        tracing::warn!("Discord's gateway: {reason}; tried again in {} seconds", pause.as_secs());
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => return,
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Connects and stays connected, until `stop` or an error.
async fn connect(http: Http, handler: Handler, stop: &mut watch::Receiver<bool>) -> serenity::Result<()> {
    let builder = async {
        // Without this the builder would fall back to a gateway of its own choice, in silence.
        http.get_gateway().await?;
        // Slash commands arrive without any intent, privileged or not.
        ClientBuilder::new_with_http(http, GatewayIntents::empty()).event_handler(handler).await
    };
    let mut client = tokio::select! {
        client = builder => client?,
        _ = stop.changed() => return Ok(()),
    };
    let shards = Arc::clone(&client.shard_manager);
    let ended = tokio::select! {
        ended = client.start() => Some(ended),
        _ = stop.changed() => None,
    };
    // A shard outlives the future that started it. One that is reconnecting does not hear: hence the bound.
    let _ = tokio::time::timeout(SHUTDOWN, shards.shutdown_all()).await;
    ended.unwrap_or(Ok(()))
}

/// serenity's words, which hold no token; an address that they hold may.
fn gateway_error(error: &serenity::Error) -> String {
    match error {
        serenity::Error::Http(error) => match error.status_code() {
            Some(status) => format!("Discord answers {status}"),
            None => "Discord cannot be reached".to_owned(),
        },
        serenity::Error::Gateway(error) => error.to_string(),
        _ => "the connection failed".to_owned(),
    }
}

struct Handler {
    /// A shard may outlive the bot, and must not hold its store.
    app: Weak<App>,
}

#[async_trait]
impl EventHandler for Handler {
    async fn ready(&self, context: Context, ready: Ready) {
        match Command::set_global_commands(&context.http, commands::definitions()).await {
            Ok(_) => tracing::info!(bot = ready.user.name, "connected to Discord, commands are registered"),
            Err(error) => tracing::error!("the commands cannot be registered: {}", gateway_error(&error)),
        }
    }

    async fn interaction_create(&self, context: Context, interaction: Interaction) {
        let Some(app) = self.app.upgrade() else { return };
        let answered = match &interaction {
            Interaction::Command(command) => {
                let reply = commands::answer(&app, &asked(command), now()).await;
                command.create_response(&context.http, message(reply)).await
            }
            Interaction::Autocomplete(command) => {
                let choices = commands::choices(&app, &asked(command));
                let choices =
                    choices.into_iter().map(|(name, value)| AutocompleteChoice::new(name, value)).collect();
                let response = CreateAutocompleteResponse::new().set_choices(choices);
                command
                    .create_response(&context.http, CreateInteractionResponse::Autocomplete(response))
                    .await
            }
            _ => return,
        };
        if let Err(error) = answered {
            tracing::warn!("a command could not be answered: {}", gateway_error(&error));
        }
    }
}

fn asked(command: &CommandInteraction) -> Asked {
    let rule = command
        .data
        .autocomplete()
        .map(|option| option.value.to_owned())
        .or_else(|| Some(command.data.options.first()?.value.as_str()?.to_owned()));
    let permissions = command.member.as_ref().and_then(|member| member.permissions);
    Asked {
        command: command.data.name.clone(),
        rule: rule.unwrap_or_default(),
        channel: command.channel_id.get(),
        user: command.user.id.get(),
        in_server: command.guild_id.is_some(),
        // An administrator has every permission.
        may_manage: permissions
            .is_some_and(|p| p.intersects(Permissions::MANAGE_GUILD | Permissions::ADMINISTRATOR)),
    }
}

fn message(reply: Reply) -> CreateInteractionResponse {
    CreateInteractionResponse::Message(
        CreateInteractionResponseMessage::new()
            .content(reply.text)
            .ephemeral(reply.private)
            .allowed_mentions(CreateAllowedMentions::new()),
    )
}

#[expect(clippy::disallowed_methods, reason = "a command arrives now")]
fn now() -> DateTime<Utc> {
    Utc::now()
}
