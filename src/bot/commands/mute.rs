//! `/mute` and `/unmute`: hold back alerts in a channel for a while.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serenity::all::{CommandOptionType, CreateCommandOption};

use super::asked::Asked;
use super::choices::{Choice, ranked};
use super::options::{RULE, TICKER, completed, option};
use super::texts::{self, Text};
use super::{insider, latest};
use crate::bot::context::Context;
use crate::bot::muting::{self, Wanted, held_back};
use crate::bot::reply::{Reply, Stopped, private, public};
use crate::mute::Muting;
use crate::render::discord::escaped;
use crate::rules::label;
use crate::text::clip;

const INSIDER: &str = "insider";
const FOR: &str = "for";
const WHY: &str = "why";
const MUTE: &str = "mute";
/// The spans that are offered.
const SPANS: [(&str, &str); 6] = [
    ("1h", "1 hour"),
    ("8h", "8 hours"),
    ("1d", "1 day"),
    ("7d", "7 days"),
    ("30d", "30 days"),
    ("90d", "90 days"),
];

pub(super) fn options() -> Vec<CreateCommandOption> {
    let subcommand = |name: &str, text: Text, own: CreateCommandOption| {
        option(CommandOptionType::SubCommand, name, text)
            .add_sub_option(own)
            .add_sub_option(completed(FOR, texts::SPAN))
            .add_sub_option(option(CommandOptionType::String, WHY, texts::WHY).max_length(150))
    };
    vec![
        subcommand(TICKER, texts::MUTE_TICKER, completed(TICKER, texts::TICKER)),
        subcommand(INSIDER, texts::MUTE_INSIDER, completed(INSIDER, texts::INSIDER_NAME)),
        subcommand(RULE, texts::MUTE_RULE, completed(RULE, texts::RULE)),
    ]
}

pub(super) fn unmute_options() -> Vec<CreateCommandOption> {
    vec![completed(MUTE, texts::MUTED)]
}

pub(super) async fn choices(context: &Context, asked: &Asked) -> Vec<Choice> {
    let app = &*context.app;
    match asked.typed() {
        (FOR, typed) => ranked(SPANS.into_iter().map(|(value, name)| Choice::titled(value, name)), typed),
        (TICKER, typed) => latest::choices(app, typed).await,
        (INSIDER, typed) => insider::choices(app, typed).await,
        (RULE, typed) => {
            let Some(home) = context.known_home(&asked.caller) else { return Vec::new() };
            let names = app.store.subscriptions(home.channel).await.unwrap_or_default();
            ranked(names.iter().map(|name| Choice::titled(name.clone(), &label(name))), typed)
        }
        _ => Vec::new(),
    }
}

pub(super) async fn answer(context: &Context, asked: &Asked, now: DateTime<Utc>) -> Result<Reply, Stopped> {
    let typed = asked.text(FOR);
    let span = humantime::parse_duration(typed).ok().filter(|span| !span.is_zero());
    let Some(until) = span.and_then(|span: Duration| now.checked_add_signed(TimeDelta::from_std(span).ok()?))
    else {
        let typed = escaped(&clip(typed, 40));
        return Ok(private(format!(
            "**{typed}** is not a span of time. Write something like 90m, 8h or 7d."
        )));
    };
    let target = match asked.subcommand.as_str() {
        TICKER => format!("ticker:{}", asked.text(TICKER).trim_start_matches('$')),
        INSIDER => format!("owner:{}", asked.text(INSIDER)),
        _ => format!("rule:{}", asked.text(RULE)),
    };
    let Ok(what) = target.parse::<Muting>() else {
        return Ok(private("Say what to mute. Choose it from the list that appears while you type."));
    };
    let home = muting::place(context, &asked.caller).await?;
    let why = Some(asked.text(WHY)).filter(|why| !why.is_empty());
    let mute = match muting::mute(context, &asked.caller, home, Wanted { what, until, why }, now).await? {
        Ok(mute) => mute,
        Err(refusal) => return Ok(private(refusal)),
    };
    let name = muting::name(&context.app, &mute.what).await;
    let why = mute.why.as_deref().map_or(String::new(), |why| format!(" Why: {}", escaped(why)));
    let here = if asked.caller.is_personal() { "in your direct messages" } else { "here" };
    let said = format!(
        "\u{1f507} {name} is muted {here} until <t:{}:f>. Alerts held back until then come in one message.{why}",
        until.timestamp()
    );
    Ok(if asked.caller.is_personal() { private(said) } else { public(said) })
}

pub(super) async fn unmute_choices(context: &Context, asked: &Asked, now: DateTime<Utc>) -> Vec<Choice> {
    let Some(home) = context.known_home(&asked.caller) else { return Vec::new() };
    let mutes = muting::mutes(&context.app, home, now).await.unwrap_or_default();
    let mut choices = Vec::new();
    for mute in mutes {
        let name = muting::name(&context.app, &mute.what).await.replace("**", "").replace('\\', "");
        choices.push(Choice::titled(mute.what.target().to_string(), &name));
    }
    ranked(choices.into_iter(), asked.typed().1)
}

pub(super) async fn unmute(context: &Context, asked: &Asked, now: DateTime<Utc>) -> Result<Reply, Stopped> {
    let home = muting::place(context, &asked.caller).await?;
    let typed = asked.text(MUTE);
    // People may type the ticker alone.
    let what = typed.parse().or_else(|_| format!("ticker:{typed}").parse::<Muting>());
    let ended = match what {
        Ok(what) => muting::unmute(context, home, what.clone(), now).await?.map(|count| (what, count)),
        Err(_) => None,
    };
    let Some((what, count)) = ended else {
        return Ok(private(
            "That is not muted here. Choose a mute from the list that appears while you type.",
        ));
    };
    let name = muting::name(&context.app, &what).await;
    let said = format!("\u{1f514} {name} is no longer muted here. {}", held_back(count));
    Ok(if asked.caller.is_personal() { private(said) } else { public(said) })
}
