//! The slash commands: what they are and what they answer.

use chrono::{DateTime, Utc};
use serenity::all::{CommandOptionType, CreateCommand, CreateCommandOption, InteractionContext, Permissions};

use crate::runtime::App;
use crate::service::{self, Subscribed};
use crate::store::{StoreError, Subscription};
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
        "subscriptions" => subscriptions(app, asked).await,
        _ => Ok(private("This command is not known any more.")),
    };
    // Older subscriptions do not say it.
    let noted = match (&done, asked.server) {
        (Ok(_), Some(server)) => app.store.note_server(asked.channel, server).await.map(drop),
        _ => Ok(()),
    };
    noted.and(done).unwrap_or_else(|error| {
        tracing::error!("{error}");
        private("That could not be written down, so nothing has changed. The log says why.")
    })
}

/// The choices for what is typed so far: name and value. They name rules, so that who may not use the command gets none.
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
            public(format!("\u{1f514} This channel now rings for `{}`.{about}", rule.name))
        }
        Subscribed::NoRule => {
            private("There is no such rule. Choose one from the list that appears while you type.")
        }
        Subscribed::Known => private("This channel subscribes to it already."),
        Subscribed::ChannelFull(most) => private(format!(
            "This channel subscribes to {most} rules, and cannot to more. `/unsubscribe` ends one."
        )),
        Subscribed::ServerFull(most) => private(format!(
            "This server has {most} subscriptions, and cannot have more. `/unsubscribe`, in the channel that has it, ends one."
        )),
        Subscribed::Full => private("This bot has as many subscriptions as it may. Ask those who run it."),
    })
}

async fn unsubscribe(app: &App, asked: &Asked) -> Result<Reply, StoreError> {
    let name = asked.rule.trim();
    if service::unsubscribe(app, asked.channel, name).await? {
        return Ok(public(format!("\u{1f515} This channel no longer rings for `{name}`.")));
    }
    Ok(private("This channel does not subscribe to such a rule. `/subscriptions` lists those that it does."))
}

async fn subscriptions(app: &App, asked: &Asked) -> Result<Reply, StoreError> {
    let names = app.store.subscriptions(asked.channel).await?;
    if names.is_empty() {
        return Ok(private("This channel subscribes to no rule. `/subscribe` adds one."));
    }
    let lines: Vec<String> = names
        .iter()
        .map(|name| match app.rules.current().iter().find(|rule| rule.name == *name) {
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
