//! The slash commands: what they are and what they answer.

use chrono::{DateTime, Utc};
use serenity::all::{CommandOptionType, CreateCommand, CreateCommandOption, InteractionContext, Permissions};

use crate::app::App;
use crate::store::{StoreError, Subscribing, Subscription};
use crate::text::{clip, plain};

/// Discord shows at most this many choices.
const MOST_CHOICES: usize = 25;
/// Discord's limit of a choice's name.
const CHOICE_NAME: usize = 100;
/// Discord's limit of a message, with room to spare.
const MESSAGE: usize = 1_900;

/// What somebody asked in a channel.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) command: String,
    /// The rule as typed, perhaps in part.
    pub(super) rule: String,
    pub(super) channel: u64,
    pub(super) user: u64,
    pub(super) server: Option<u64>,
    pub(super) may_manage: bool,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) text: String,
    /// Whether only the one who asked sees it.
    pub(super) private: bool,
}

/// The commands as Discord is told of them.
pub(super) fn definitions() -> Vec<CreateCommand> {
    let command = |name: &str, description: &str| {
        CreateCommand::new(name)
            .description(description)
            .default_member_permissions(Permissions::MANAGE_GUILD)
            .contexts(vec![InteractionContext::Guild])
    };
    let rule = |description: &str| {
        CreateCommandOption::new(CommandOptionType::String, "rule", description)
            .required(true)
            .set_autocomplete(true)
    };
    vec![
        command("subscribe", "Ring in this channel when a rule does").add_option(rule("Which rule")),
        command("unsubscribe", "Stop ringing in this channel for a rule").add_option(rule("Which rule")),
        command("subscriptions", "Which rules ring in this channel"),
    ]
}

/// Why a command, or a list of choices for it, is refused, if it is.
fn refusal(app: &App, asked: &Asked) -> Option<&'static str> {
    match asked.server {
        None => Some("Use this in a channel of a server."),
        Some(_) if !asked.may_manage => Some("You need the permission to manage this server."),
        Some(server) if !app.settings.discord.allows(server) => {
            Some("This bot is not for this server: those who run it name the servers that it is for.")
        }
        Some(_) => None,
    }
}

/// Does what was asked and says so.
pub(super) async fn answer(app: &App, asked: &Asked, now: DateTime<Utc>) -> Reply {
    if let Some(refusal) = refusal(app, asked) {
        return private(refusal);
    }
    let done = match asked.command.as_str() {
        "subscribe" => subscribe(app, asked, now).await,
        "unsubscribe" => unsubscribe(app, asked).await,
        "subscriptions" => subscriptions(app, asked),
        _ => Ok(private("This command is not known any more.")),
    };
    let done = done.and_then(|reply| {
        // Older subscriptions do not say it.
        asked.server.map(|server| app.store.note_server(asked.channel, server)).transpose()?;
        Ok(reply)
    });
    done.unwrap_or_else(|error| {
        tracing::error!("{error}");
        private("That could not be written down, so nothing has changed. The log says why.")
    })
}

/// The choices for what is typed so far: name and value. They name rules, so that who may not use the command gets none.
pub(super) fn choices(app: &App, asked: &Asked) -> Vec<(String, String)> {
    if refusal(app, asked).is_some() {
        return Vec::new();
    }
    let typed = asked.rule.to_lowercase();
    let described = |name: &str| {
        let rules = app.rules();
        let rule = rules.get(name);
        match rule.and_then(|rule| rule.description.as_deref()) {
            Some(description) => clip(&plain(&format!("{name}: {description}")), CHOICE_NAME).into_owned(),
            None => name.to_owned(),
        }
    };
    let names: Vec<String> = match asked.command.as_str() {
        "unsubscribe" => app.store.subscriptions(asked.channel).unwrap_or_default(),
        "subscribe" => app.rules().iter().map(|rule| rule.name.clone()).collect(),
        _ => Vec::new(),
    };
    names
        .into_iter()
        .map(|name| (described(&name), name))
        .filter(|(shown, _)| shown.to_lowercase().contains(&typed))
        .take(MOST_CHOICES)
        .collect()
}

async fn subscribe(app: &App, asked: &Asked, now: DateTime<Utc>) -> Result<Reply, StoreError> {
    let name = asked.rule.trim();
    let rules = app.rules();
    let Some(rule) = rules.get(name) else {
        return Ok(private("There is no such rule. Choose one from the list that appears while you type."));
    };
    let limits = app.settings.discord.limits;
    let Asked { server, channel, user, .. } = *asked;
    let subscription = Subscription { server, channel, rule: &rule.name, by: user };
    let server = server.unwrap_or_default();
    match app.store.subscribe_within(subscription, limits, now)? {
        Subscribing::New => {
            tracing::info!(server, channel, user, rule = rule.name, "a channel subscribed");
            app.store.flush().await?;
        }
        Subscribing::Known => return Ok(private("This channel subscribes to it already.")),
        Subscribing::ChannelFull(most) => {
            let text = format!(
                "This channel subscribes to {most} rules, and cannot to more. `/unsubscribe` ends one."
            );
            return Ok(private(text));
        }
        Subscribing::ServerFull => {
            tracing::info!(
                server,
                channel,
                user,
                "a server has as many subscriptions as [discord] subscriptions_per_server"
            );
            return Ok(private(format!(
                "This server has {} subscriptions, and cannot have more. `/unsubscribe`, in the channel that has it, ends one.",
                limits.per_server
            )));
        }
        Subscribing::Full => {
            tracing::warn!(
                server,
                channel,
                user,
                "there are as many subscriptions as [discord] subscriptions_in_all"
            );
            return Ok(private("This bot has as many subscriptions as it may. Ask those who run it."));
        }
    }
    let about = rule
        .description
        .as_deref()
        .map(|text| format!("\n> {}", clip(&plain(text), 300)))
        .unwrap_or_default();
    Ok(public(format!("\u{1f514} This channel now rings for `{}`.{about}", rule.name)))
}

async fn unsubscribe(app: &App, asked: &Asked) -> Result<Reply, StoreError> {
    let name = asked.rule.trim();
    let was = app.store.unsubscribe(asked.channel, name)?;
    app.store.flush().await?;
    if was {
        return Ok(public(format!("\u{1f515} This channel no longer rings for `{name}`.")));
    }
    Ok(private("This channel does not subscribe to such a rule. `/subscriptions` lists those that it does."))
}

fn subscriptions(app: &App, asked: &Asked) -> Result<Reply, StoreError> {
    let names = app.store.subscriptions(asked.channel)?;
    if names.is_empty() {
        return Ok(private("This channel subscribes to no rule. `/subscribe` adds one."));
    }
    let lines: Vec<String> = names
        .iter()
        .map(|name| match app.rules().iter().find(|rule| rule.name == *name) {
            Some(rule) => match rule.description.as_deref() {
                Some(description) => format!("- `{name}` {}", clip(&plain(description), 100)),
                None => format!("- `{name}`"),
            },
            None => format!("- `{name}` (this rule is not in force now)"),
        })
        .collect();
    let text = format!("This channel rings for:\n{}", lines.join("\n"));
    Ok(private(clip(&text, MESSAGE).into_owned()))
}

fn private(text: impl Into<String>) -> Reply {
    Reply { text: text.into(), private: true }
}

fn public(text: impl Into<String>) -> Reply {
    Reply { text: text.into(), private: false }
}
