//! `/subscribe`: sends a rule's alerts to a channel.

use chrono::{DateTime, Utc};
use serenity::all::{CreateCommandOption, Permissions};

use super::asked::Asked;
use super::choices::{Choice, ranked};
use super::options::{MENTION, RULE, THREADS, completed, mention, threads};
use super::texts;
use crate::bot::caller::Caller;
use crate::bot::reply::{Reply, private, public};
use crate::destination::Threads;
use crate::notify::ChannelKind;
use crate::render::discord::escaped;
use crate::rules::Mention;
use crate::runtime::App;
use crate::service::{self, Subscribed};
use crate::store::{StoreError, Subscription};
use crate::text::{clip, plain};

pub(super) fn options() -> Vec<CreateCommandOption> {
    vec![completed(RULE, texts::RULE), mention(), threads()]
}

pub(super) fn choices(app: &App, typed: &str) -> Vec<Choice> {
    let rules = app.rules.of_files();
    let all = rules.iter().map(|rule| Choice::new(rule.name.clone(), rule.description.as_deref()));
    ranked(all, typed)
}

pub(super) async fn answer(app: &App, asked: &Asked, now: DateTime<Utc>) -> Result<Reply, StoreError> {
    let caller = &asked.caller;
    if let Some(refusal) = cannot_send(caller) {
        return Ok(refusal);
    }
    let threads = asked.text(THREADS).parse::<Threads>().ok();
    if let Some(refusal) = threads.and_then(|_| no_threads(caller)) {
        return Ok(private(refusal));
    }
    let mention = asked.id(MENTION).map(Mention::Role);
    let subscription = Subscription {
        server: caller.server,
        channel: caller.channel,
        is_direct: false,
        rule: asked.text(RULE),
        by: caller.user,
        mention,
        threads,
    };
    let role = asked.id(MENTION);
    let mentions = role.map_or(String::new(), |role| format!(" Each mentions <@&{role}>."));
    let to = threads.map_or(String::new(), |threads| format!(", in {}", in_words(threads)));
    Ok(match service::subscribe(app, subscription, now).await? {
        Subscribed::New(rule) => {
            let about = rule.description.as_deref();
            let about = about.map_or(String::new(), |text| format!("\n> {}", clip(&plain(text), 300)));
            let roles = rule.roles().chain(role);
            let pings = unpinged(app, caller, roles);
            public(format!(
                "\u{1f514} This channel now gets alerts for `{}`{to}.{mentions}{about}{pings}",
                rule.name
            ))
        }
        Subscribed::NoRule => {
            private("There is no such rule. Choose one from the list that appears while you type.")
        }
        Subscribed::Known => private("This channel already subscribes to this rule, in the same way."),
        Subscribed::Changed => {
            let to = threads.map_or("this channel", in_words);
            let mentions =
                role.map_or("no longer mention a role".to_owned(), |role| format!("mention <@&{role}>"));
            public(format!("\u{1f514} Alerts for `{}` now go to {to}, and {mentions}.", asked.text(RULE)))
        }
        full => private(no_room(&full)),
    })
}

/// The threads in the words of an answer.
pub(super) fn in_words(threads: Threads) -> &'static str {
    match threads {
        Threads::Ticker => "a thread for each company",
        Threads::Day => "a thread a day",
    }
}

/// Why the channel's alerts cannot go to threads, if there is a reason.
fn no_threads(caller: &Caller) -> Option<String> {
    if caller.kind == Some(ChannelKind::Thread) {
        return Some(
            "This is a thread, which has no threads of its own. Use this command in its channel, or without \
             `threads`."
                .to_owned(),
        );
    }
    let lacking = caller.lacking_for_threads;
    (!lacking.is_empty()).then(|| lacks("I cannot open threads here yet.", lacking))
}

/// A sentence about the roles that the bot cannot ping in the channel; empty if there are none.
pub(super) fn unpinged(app: &App, caller: &Caller, roles: impl Iterator<Item = u64>) -> String {
    let (Some(server), Some(bot), false) = (caller.server, app.notifier.bot(), caller.may_ping_all) else {
        return String::new();
    };
    let names = bot.servers().unpingable(server, roles);
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

/// The answer where a limit is reached.
pub(super) fn no_room(full: &Subscribed) -> String {
    let at_limit = |who: &str, most: usize, way: &str| {
        format!("{who} has reached its limit of subscriptions and watches ({most}). {way}")
    };
    match full {
        Subscribed::ChannelFull(most) => {
            at_limit("This channel", *most, "`/unsubscribe` or `/unwatch` removes one.")
        }
        Subscribed::PersonFull(most) => {
            format!("You have reached your limit of watches ({most}). `/unwatch` removes one.")
        }
        Subscribed::ServerFull(most) => {
            at_limit("This server", *most, "`/unsubscribe` or `/unwatch` in a channel removes one.")
        }
        _ => "This bot has reached its limit of subscriptions. Ask its operators.".to_owned(),
    }
}

/// The answer where the bot cannot send alerts, before the first one fails: the channel is of a wrong kind, or
/// the bot lacks permissions in it.
pub(super) fn cannot_send(caller: &Caller) -> Option<Reply> {
    let is_refused = !caller.is_personal() && !caller.lacking.is_empty();
    let lacking = is_refused.then(|| lacks("I cannot send alerts here yet.", caller.lacking));
    caller.wrong_kind().or(lacking).map(private)
}

fn lacks(what: &str, lacking: Permissions) -> String {
    let names: Vec<String> =
        lacking.get_permission_names().iter().map(|name| format!("**{name}**")).collect();
    format!(
        "{what} I lack {}. Allow that for me in this channel's settings, under \
         Permissions, and try again.",
        names.join(", ")
    )
}
