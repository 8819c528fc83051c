//! The slash commands: their definitions and their answers.

use chrono::{DateTime, Utc};
use serenity::all::{CommandOptionType, CreateCommand, CreateCommandOption, InteractionContext, Permissions};

use crate::runtime::App;
use crate::service::{self, Subscribed};
use crate::store::{StoreError, Subscription};
use crate::text::{clip, plain};

/// Discord shows at most this many choices.
const MOST_CHOICES: usize = 25;
/// Discord's limit for a choice's name.
const CHOICE_NAME: usize = 100;
/// Discord's limit for a message, with room to spare.
const MESSAGE: usize = 1_900;

/// A command as somebody typed it in a channel.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) command: String,
    /// The rule as typed, possibly incomplete.
    pub(super) rule: String,
    pub(super) channel: u64,
    pub(super) user: u64,
    pub(super) server: Option<u64>,
    pub(super) may_manage: bool,
}

/// An answer to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) text: String,
    /// True if only the person who asked sees it.
    pub(super) private: bool,
}

/// The definitions of the commands for Discord.
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
        command("subscribe", "Send a rule's alerts to this channel").add_option(rule("Which rule")),
        command("unsubscribe", "Stop sending a rule's alerts to this channel").add_option(rule("Which rule")),
        command("subscriptions", "List the rules that this channel subscribes to"),
    ]
}

/// The reason to refuse a command and its choices, if there is one.
fn refusal(app: &App, asked: &Asked) -> Option<&'static str> {
    match asked.server {
        None => Some("Use this command in a server's channel."),
        Some(_) if !asked.may_manage => Some("You need the permission Manage Server for this."),
        Some(server) if !app.settings.discord.allows(server) => {
            Some("This bot does not serve this server. Its operators choose the servers it serves.")
        }
        Some(_) => None,
    }
}

/// Executes a command and answers it.
pub(super) async fn answer(app: &App, asked: &Asked, now: DateTime<Utc>) -> Reply {
    if let Some(refusal) = refusal(app, asked) {
        return private(refusal);
    }
    let done = match asked.command.as_str() {
        "subscribe" => subscribe(app, asked, now).await,
        "unsubscribe" => unsubscribe(app, asked).await,
        "subscriptions" => subscriptions(app, asked).await,
        _ => Ok(private("This command no longer exists.")),
    };
    // Older subscriptions do not record their server.
    let noted = match (&done, asked.server) {
        (Ok(_), Some(server)) => app.store.note_server(asked.channel, server).await.map(drop),
        _ => Ok(()),
    };
    noted.and(done).unwrap_or_else(|error| {
        tracing::error!("{error}");
        private("This could not be saved, so nothing has changed. The bot's log says why.")
    })
}

/// The choices for the text typed so far, each with name and value. People who may not use the command get
/// none, because the choices name rules.
pub(super) async fn choices(app: &App, asked: &Asked) -> Vec<(String, String)> {
    if refusal(app, asked).is_some() {
        return Vec::new();
    }
    let typed = asked.rule.to_lowercase();
    let described = |name: &str| {
        let rules = app.rules.current();
        let rule = rules.get(name);
        match rule.and_then(|rule| rule.description.as_deref()) {
            Some(description) => clip(&plain(&format!("{name}: {description}")), CHOICE_NAME).into_owned(),
            None => name.to_owned(),
        }
    };
    let names: Vec<String> = match asked.command.as_str() {
        "unsubscribe" => app.store.subscriptions(asked.channel).await.unwrap_or_default(),
        "subscribe" => app.rules.current().iter().map(|rule| rule.name.clone()).collect(),
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
    let Asked { server, channel, user, .. } = *asked;
    let asked = Subscription { server, channel, rule: asked.rule.trim(), by: user };
    Ok(match service::subscribe(app, asked, now).await? {
        Subscribed::New(rule) => {
            let about = rule.description.as_deref();
            let about = about.map_or(String::new(), |text| format!("\n> {}", clip(&plain(text), 300)));
            public(format!("\u{1f514} This channel now gets alerts for `{}`.{about}", rule.name))
        }
        Subscribed::NoRule => {
            private("There is no such rule. Choose one from the list that appears while you type.")
        }
        Subscribed::Known => private("This channel already subscribes to this rule."),
        Subscribed::ChannelFull(most) => private(format!(
            "This channel already subscribes to {most} rules, which is the limit. `/unsubscribe` removes one."
        )),
        Subscribed::ServerFull(most) => private(format!(
            "This server already has {most} subscriptions, which is the limit. `/unsubscribe` in a channel removes one."
        )),
        Subscribed::Full => private("This bot has reached its limit of subscriptions. Ask its operators."),
    })
}

async fn unsubscribe(app: &App, asked: &Asked) -> Result<Reply, StoreError> {
    let name = asked.rule.trim();
    if service::unsubscribe(app, asked.channel, name).await? {
        return Ok(public(format!("\u{1f515} This channel no longer gets alerts for `{name}`.")));
    }
    Ok(private("This channel does not subscribe to that rule. `/subscriptions` lists its rules."))
}

async fn subscriptions(app: &App, asked: &Asked) -> Result<Reply, StoreError> {
    let names = app.store.subscriptions(asked.channel).await?;
    if names.is_empty() {
        return Ok(private("This channel has no subscriptions. `/subscribe` adds one."));
    }
    let lines: Vec<String> = names
        .iter()
        .map(|name| match app.rules.current().iter().find(|rule| rule.name == *name) {
            Some(rule) => match rule.description.as_deref() {
                Some(description) => format!("- `{name}` {}", clip(&plain(description), 100)),
                None => format!("- `{name}`"),
            },
            None => format!("- `{name}` (this rule is currently missing)"),
        })
        .collect();
    let text = format!("This channel gets alerts for:\n{}", lines.join("\n"));
    Ok(private(clip(&text, MESSAGE).into_owned()))
}

fn private(text: impl Into<String>) -> Reply {
    Reply { text: text.into(), private: true }
}

fn public(text: impl Into<String>) -> Reply {
    Reply { text: text.into(), private: false }
}
