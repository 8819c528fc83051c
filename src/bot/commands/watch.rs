//! `/watch` and `/unwatch`: a channel's or a person's own alerts about a company, without a rule file.

use chrono::{DateTime, Utc};
use serenity::all::{CommandOptionType, CreateCommandOption};

use super::asked::Asked;
use super::choices::{Choice, ranked};
use super::options::{MENTION, TICKER, completed, mention, option};
use super::subscribe::{cannot_send, no_room, unpinged};
use super::texts;
use crate::bot::context::{Context, Home};
use crate::bot::reply::{Reply, Stopped, private, public};
use crate::filing::Usd;
use crate::render::discord::escaped;
use crate::rules::{Mention, Watch, WatchedRole, WatchedTrades};
use crate::service::{self, Subscribed};
use crate::store::{StoreError, Subscription};
use crate::text::clip;

const TRADES: &str = "trades";
const MIN_VALUE: &str = "min-value";
const ROLE: &str = "role";
const SKIP_PLANS: &str = "skip-plans";
/// The highest least value, in dollars.
const HIGHEST: u64 = 1_000_000_000_000;

pub(super) fn options() -> Vec<CreateCommandOption> {
    let mut trades = option(CommandOptionType::String, TRADES, texts::TRADES);
    for (word, _) in WatchedTrades::WORDS {
        trades = trades.add_string_choice(word.replace('-', " "), word);
    }
    let mut role = option(CommandOptionType::String, ROLE, texts::ROLE);
    for (_, word) in WatchedRole::all() {
        role = role.add_string_choice(word, word);
    }
    vec![
        completed(TICKER, texts::TICKER),
        trades,
        option(CommandOptionType::Integer, MIN_VALUE, texts::MIN_VALUE)
            .min_int_value(1)
            .max_int_value(HIGHEST),
        role,
        option(CommandOptionType::Boolean, SKIP_PLANS, texts::SKIP_PLANS),
        mention(),
    ]
}

pub(super) fn unwatch_options() -> Vec<CreateCommandOption> {
    vec![completed(TICKER, texts::TICKER)]
}

/// The tickers that are watched here.
pub(super) async fn choices(context: &Context, asked: &Asked) -> Vec<Choice> {
    let Some(home) = context.known_home(&asked.caller) else { return Vec::new() };
    let watches = watches(context, home).await.unwrap_or_default();
    let choice = |watch: &Watch| {
        let words = watch.in_words();
        Choice::new(watch.ticker(), words.split_once(": ").map(|(_, words)| words))
    };
    ranked(watches.iter().map(choice), asked.typed().1)
}

async fn watches(context: &Context, home: Home) -> Result<Vec<Watch>, StoreError> {
    let names = context.app.store.subscriptions(home.channel).await?;
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

/// The watch that somebody asks for, or what is wrong with it.
async fn wanted(context: &Context, asked: &Asked) -> Result<Result<Watch, Reply>, StoreError> {
    let tickers = context.app.intake.tickers.current().await?;
    if tickers.is_empty() {
        return Ok(Err(private("EDGAR's list of tickers is not here yet. Try again in a minute.")));
    }
    let typed = asked.text(TICKER).trim_start_matches('$').to_uppercase();
    let spelling = tickers.spelling(&typed).unwrap_or_default();
    let Some(mut watch) = Watch::new(spelling) else { return Ok(Err(private(unknown(&typed)))) };
    let min_value = asked.number(MIN_VALUE).filter(|value| *value > 0);
    watch.trades = WatchedTrades::named(asked.text(TRADES)).unwrap_or(WatchedTrades::Market);
    watch.min_value = min_value.and_then(|value| value.to_string().parse::<Usd>().ok());
    watch.role = WatchedRole::named(asked.text(ROLE));
    watch.skips_plans = asked.is_set(SKIP_PLANS);
    Ok(Ok(watch))
}

/// The answer for a ticker that EDGAR does not list.
pub(super) fn unknown(typed: &str) -> String {
    let typed = escaped(&clip(typed, 60));
    format!(
        "EDGAR lists no company with the ticker **{typed}**. Choose one from the list that appears while you type."
    )
}

pub(super) async fn answer(context: &Context, asked: &Asked, now: DateTime<Utc>) -> Result<Reply, Stopped> {
    let caller = &asked.caller;
    if let Some(refusal) = cannot_send(caller) {
        return Ok(refusal);
    }
    let watch = match wanted(context, asked).await? {
        Ok(watch) => watch,
        Err(refusal) => return Ok(refusal),
    };
    let home = context.home(caller).await?;
    let mention = asked.id(MENTION).filter(|_| !caller.is_personal());
    let rule = watch.to_string();
    let subscription = Subscription {
        server: home.server,
        channel: home.channel,
        is_direct: caller.is_personal(),
        rule: &rule,
        by: caller.user,
        mention: mention.map(Mention::Role),
        threads: None,
    };
    let own = watches(context, home).await?.into_iter();
    let replaced: Vec<Watch> = own.filter(|own| own.is_of(watch.ticker()) && *own != watch).collect();
    let done = service::watch(&context.app, &watch, subscription, &replaced, now).await?;
    let here = if caller.is_personal() { "You now get" } else { "This channel now gets" };
    let mentions = mention.map_or(String::new(), |role| format!(" Each mentions <@&{role}>."));
    let pings = unpinged(&context.app, caller, mention.into_iter());
    let said = |change: &str| {
        let by = if caller.is_personal() { " by direct message" } else { "" };
        format!("\u{1f514} {here} alerts{by} about {}.{mentions}{change}{pings}", watch.in_words())
    };
    Ok(match done {
        Subscribed::New(_) => shown(asked, said("")),
        Subscribed::Changed => shown(asked, said(" That replaces the earlier watch.")),
        Subscribed::Known => private("This is already watched here, in the same way."),
        full => private(no_room(&full)),
    })
}

/// An answer that the channel of a server sees.
fn shown(asked: &Asked, text: String) -> Reply {
    if asked.caller.is_personal() { private(text) } else { public(text) }
}

pub(super) async fn unwatch(context: &Context, asked: &Asked) -> Result<Reply, Stopped> {
    let home = context.home(&asked.caller).await?;
    let typed = asked.text(TICKER).trim_start_matches('$');
    let watches = watches(context, home).await?;
    let Some(watch) = watches.iter().find(|watch| watch.is_of(typed)) else {
        return Ok(private("That company is not watched here. `/subscriptions` lists what is."));
    };
    service::unsubscribe(&context.app, home.channel, &watch.to_string()).await?;
    let here = if asked.caller.is_personal() { "You no longer get" } else { "This channel no longer gets" };
    Ok(shown(asked, format!("\u{1f515} {here} alerts about {}.", watch.ticker())))
}
