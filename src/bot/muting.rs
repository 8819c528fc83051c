//! Mutes of a channel, made by a command or a button.

use chrono::{DateTime, Utc};

use super::caller::Caller;
use super::context::{Context, Home};
use super::reply::Stopped;
use crate::destination::Destination;
use crate::filing::Cik;
use crate::mute::{DISCORD_USER, Mute, Muting};
use crate::render::discord::escaped;
use crate::rules::label;
use crate::runtime::App;
use crate::store::StoreError;
use crate::text::clip;

/// The most mutes of one channel, and of all together.
const MOST: (usize, usize) = (50, 10_000);
/// The longest name in an answer, in characters.
const NAME: usize = 80;

/// A mute of a channel.
pub(super) struct Wanted<'a> {
    /// The ticker, owner or rule.
    pub(super) what: Muting,
    pub(super) until: DateTime<Utc>,
    pub(super) why: Option<&'a str>,
}

/// The mutes of a channel that are in force.
pub(super) async fn mutes(app: &App, home: Home, now: DateTime<Utc>) -> Result<Vec<Mute>, StoreError> {
    let destination = destination(app, home);
    let own = |mute: &Mute| mute.holds(now) && mute.what.only_in() == Some(&destination);
    Ok(app.store.mutes().await?.into_iter().filter(own).collect())
}

fn destination(app: &App, home: Home) -> Destination {
    app.settings.discord.destination_of(home.channel)
}

/// The channel whose alerts somebody means: where they are or, in a post of a forum that has none of its own, the
/// forum.
pub(super) async fn place(context: &Context, caller: &Caller) -> Result<Home, Stopped> {
    let home = context.home(caller).await?;
    Ok(match caller.parent.filter(|_| home.server.is_some()) {
        Some(parent) if alerting(&context.app, home).await?.is_empty() => Home { channel: parent, ..home },
        _ => home,
    })
}

/// The names of the rules and watches that send alerts to a channel.
async fn alerting(app: &App, home: Home) -> Result<Vec<String>, StoreError> {
    let (destination, rules) = (destination(app, home), app.rules.of_files());
    let named = rules.iter().filter(|rule| rule.notify.contains(&destination)).map(|rule| rule.name.clone());
    Ok(named.chain(app.store.subscriptions(home.channel).await?).collect())
}

/// Mutes something in a channel; the inner error says why not.
pub(super) async fn mute(
    context: &Context,
    caller: &Caller,
    home: Home,
    wanted: Wanted<'_>,
    now: DateTime<Utc>,
) -> Result<Result<Mute, String>, StoreError> {
    let app = &*context.app;
    let destination = destination(app, home);
    let rules = alerting(app, home).await?;
    if rules.is_empty() {
        return Ok(Err("No rule and no watch sends alerts here, so there is nothing to mute.".to_owned()));
    }
    if let Muting::Rule(rule) = &wanted.what
        && !rules.contains(rule)
    {
        let refusal = "That rule sends no alerts here. Choose one from the list that appears while you type.";
        return Ok(Err(refusal.to_owned()));
    }
    let what = wanted.what.within(destination.clone());
    let all = app.store.mutes().await?;
    if all.iter().all(|mute| mute.what != what) {
        let (most, most_of_all) = MOST;
        if all.iter().filter(|mute| mute.what.only_in() == Some(&destination)).count() >= most {
            let refusal =
                format!("There are already {most} mutes here, which is the limit. `/unmute` ends one.");
            return Ok(Err(refusal));
        }
        if all.len() >= most_of_all {
            return Ok(Err("This bot has reached its limit of mutes. Ask its operators.".to_owned()));
        }
    }
    let mute = match Mute::new(what, now, wanted.until) {
        Ok(mute) => mute.said(Some(&format!("{DISCORD_USER}{}", caller.user)), wanted.why),
        Err(error) => return Ok(Err(sentence(&error.to_string()))),
    };
    if let Err(error) = app.outbox.mutes.mute(&mute).await? {
        return Ok(Err(sentence(&error.to_string())));
    }
    app.store.flush().await?;
    tracing::info!(user = caller.user, "{} is muted until {}", mute.what, mute.until);
    Ok(Ok(mute))
}

/// Ends a mute of a channel. Returns how many alerts it held back, or `None` if there was none.
pub(super) async fn unmute(
    context: &Context,
    home: Home,
    what: Muting,
    now: DateTime<Utc>,
) -> Result<Option<usize>, StoreError> {
    let app = &*context.app;
    let what = what.within(destination(app, home));
    let ended = app.outbox.mutes.unmute(&what, now).await?;
    app.store.flush().await?;
    if ended.is_some() {
        tracing::info!("{what} is no longer muted");
    }
    Ok(ended)
}

/// What is muted, in markdown: `**QLYS**`, `**DOE JANE**`, rule `large-sales`.
pub(super) async fn name(app: &App, what: &Muting) -> String {
    let bold = |text: &str| format!("**{}**", escaped(&clip(text, NAME)));
    match what.target() {
        Muting::Ticker(ticker) => bold(ticker),
        Muting::Owner(cik) => bold(&owner(app, *cik).await),
        Muting::OwnerNamed(name) => bold(name),
        Muting::Rule(rule) => format!("rule `{}`", label(rule)),
        other => bold(&other.in_words()),
    }
}

/// An owner's name as last filed, or their CIK.
async fn owner(app: &App, cik: Cik) -> String {
    let newest = app.store.filings_of(cik, 1).await.unwrap_or_default().pop();
    let owners = newest.map(|newest| newest.filing.owners).unwrap_or_default();
    let name = owners.into_iter().find(|owner| owner.cik == Some(cik)).map(|owner| owner.name);
    name.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| format!("CIK {}", cik.number()))
}

/// How many alerts were held back, as a sentence.
pub(super) fn held_back(count: usize) -> &'static str {
    match count {
        0 => "Nothing was held back.",
        1 => "One alert was held back; it comes now.",
        _ => "The alerts that were held back come now, in one message.",
    }
}

/// A text as a sentence.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}
