//! `/subscribe`: sends a rule's alerts to a channel.

use chrono::{DateTime, Utc};
use serenity::all::{CommandOptionType, CreateCommandOption, Permissions};

use super::asked::Asked;
use super::choices::{Choice, ranked};
use super::reply::{Reply, private, public};
use super::texts::{self, Text};
use crate::render::discord::escaped;
use crate::rules::Rule;
use crate::runtime::App;
use crate::service::{self, Subscribed};
use crate::store::{StoreError, Subscription};
use crate::text::{clip, plain};

pub(super) const RULE: &str = "rule";

/// The option that names a rule.
pub(super) fn rule_option() -> CreateCommandOption {
    let Text { en, de } = texts::RULE;
    CreateCommandOption::new(CommandOptionType::String, RULE, en)
        .description_localized("de", de)
        .required(true)
        .set_autocomplete(true)
}

pub(super) fn choices(app: &App, typed: &str) -> Vec<Choice> {
    let rules = app.rules.current();
    let all = rules.iter().map(|rule| Choice::new(rule.name.clone(), rule.description.as_deref()));
    ranked(all, typed)
}

pub(super) async fn answer(app: &App, asked: &Asked, now: DateTime<Utc>) -> Result<Reply, StoreError> {
    if !asked.lacking.is_empty() {
        return Ok(private(lacks(asked.lacking)));
    }
    let Asked { server, channel, user, .. } = *asked;
    let subscription = Subscription { server, channel, rule: asked.text(RULE), by: user };
    Ok(match service::subscribe(app, subscription, now).await? {
        Subscribed::New(rule) => {
            let about = rule.description.as_deref();
            let about = about.map_or(String::new(), |text| format!("\n> {}", clip(&plain(text), 300)));
            let pings = unpinged(app, asked, &rule);
            public(format!("\u{1f514} This channel now gets alerts for `{}`.{about}{pings}", rule.name))
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

/// A sentence about the rule's roles that the bot cannot ping in the channel; empty if there are none.
fn unpinged(app: &App, asked: &Asked, rule: &Rule) -> String {
    let (Some(server), Some(bot), false) = (asked.server, app.notifier.bot(), asked.may_ping_all) else {
        return String::new();
    };
    let names = bot.servers().unpingable(server, rule.roles());
    if names.is_empty() {
        return String::new();
    }
    let names: Vec<String> = names.iter().map(|name| format!("**@{}**", escaped(name))).collect();
    let them = if names.len() == 1 { "this role" } else { "these roles" };
    format!(
        "\nI cannot ping {} here: allow anyone to @mention {them}, or give me the permission Mention Everyone.",
        names.join(", ")
    )
}

/// Advice about missing permissions, before the first alert fails.
fn lacks(lacking: Permissions) -> String {
    let names: Vec<String> =
        lacking.get_permission_names().iter().map(|name| format!("**{name}**")).collect();
    format!(
        "I cannot send alerts here yet. I lack {}. Allow that for me in this channel's settings, under \
         Permissions, and try again.",
        names.join(", ")
    )
}
