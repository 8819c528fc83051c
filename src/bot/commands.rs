//! The slash commands: what they are and what they answer.

use chrono::{DateTime, Utc};
use serenity::all::{CommandOptionType, CreateCommand, CreateCommandOption, InteractionContext, Permissions};

use crate::app::App;
use crate::store::StoreError;
use crate::text::clip;

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
    pub(super) in_server: bool,
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

/// Does what was asked and says so.
pub(super) async fn answer(app: &App, asked: &Asked, now: DateTime<Utc>) -> Reply {
    if !asked.in_server {
        return private("Use this in a channel of a server.");
    }
    if !asked.may_manage {
        return private("You need the permission to manage this server.");
    }
    let done = match asked.command.as_str() {
        "subscribe" => subscribe(app, asked, now).await,
        "unsubscribe" => unsubscribe(app, asked).await,
        "subscriptions" => subscriptions(app, asked),
        _ => Ok(private("This command is not known any more.")),
    };
    done.unwrap_or_else(|error| {
        tracing::error!("{error}");
        private("That could not be written down, so nothing has changed. The log says why.")
    })
}

/// The choices for what is typed so far: name and value.
pub(super) fn choices(app: &App, asked: &Asked) -> Vec<(String, String)> {
    let typed = asked.rule.to_lowercase();
    let described = |name: &str| {
        let rules = app.rules();
        let rule = rules.get(name);
        match rule.and_then(|rule| rule.description.as_deref()) {
            Some(description) => clip(&format!("{name}: {description}"), CHOICE_NAME).into_owned(),
            None => name.to_owned(),
        }
    };
    let names: Vec<String> = match asked.command.as_str() {
        "unsubscribe" => app.store.subscriptions(asked.channel).unwrap_or_default(),
        _ => app.rules().iter().map(|rule| rule.name.clone()).collect(),
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
    let new = app.store.subscribe(asked.channel, &rule.name, asked.user, now)?;
    app.store.flush().await?;
    if !new {
        return Ok(private("This channel subscribes to it already, or to as many rules as it can."));
    }
    let about =
        rule.description.as_deref().map(|text| format!("\n> {}", clip(text, 300))).unwrap_or_default();
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
                Some(description) => format!("- `{name}` {}", clip(description, 100)),
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
