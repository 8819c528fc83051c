//! Buttons and selects: under alerts, and under answers.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::caller::Caller;
use super::commands::{end_subscription, trades};
use super::context::Context;
use super::explaining;
use super::interaction::Interaction;
use super::lines::{complete_since, fitting};
use super::muting::{self, Wanted, held_back};
use super::reply::{EPHEMERAL, Reply, Stopped, private, public, update};
use crate::filing::{PastFiling, index_url};
use crate::mute::Muting;
use crate::render::discord::{Action, Concerned, MUTED_DAYS, NOTE, Row, RuleMark, escaped};
use crate::service;
use crate::store::StoreError;

/// How far back *History* lists filings, and how many.
const REACH: TimeDelta = TimeDelta::days(2 * 366);
const MOST_OWN: usize = 8;
const MOST_OTHERS: usize = 5;
const MOST_IN_A_ROW: usize = 5;
/// Discord's limit of a message's text.
const TEXT: usize = 2_000;
/// The mark before a line about a mute.
const MUTED: &str = "\u{1f507}";

/// Answers a press on a button, or a choice in a select.
pub(super) async fn answer(
    context: &Context,
    caller: &Caller,
    interaction: &Interaction,
    now: DateTime<Utc>,
) -> Reply {
    let Ok(action) = interaction.data.custom_id.parse::<Action>() else {
        return private(
            "This button is from another version of the bot. The commands do the same: see `/help`.",
        );
    };
    if let Some(server) = caller.server
        && !context.app.settings.discord.allows(server)
    {
        return private("This bot does not serve this server.");
    }
    let done = match action {
        Action::Why(concerned) => {
            why(context, caller, &concerned, now).await.map(private).map_err(Stopped::from)
        }
        Action::History(concerned) => {
            history(context, &concerned, now).await.map(private).map_err(Stopped::from)
        }
        Action::Mute(what) => mute(context, caller, interaction, what, now).await,
        Action::Undo(what) => undo(context, caller, interaction, what, now).await,
        Action::Choose => Ok(chosen(interaction)),
        Action::Unsubscribe(rule) => end_subscription(context, caller, &rule).await,
        Action::Forget => forget(context, caller).await.map_err(Stopped::from),
    };
    done.unwrap_or_else(Stopped::reply)
}

/// True if a press changes the message with the button.
pub(super) fn updates(interaction: &Interaction) -> bool {
    use Action::{Choose, Forget, History, Mute, Undo, Unsubscribe, Why};
    let is_public = interaction.message.as_ref().is_some_and(|message| message.flags & EPHEMERAL == 0);
    match interaction.data.custom_id.parse() {
        // Others do not see the message that offered the buttons of one of several alerts.
        Ok(Mute(_)) => is_public,
        Ok(Undo(_) | Unsubscribe(_) | Forget) => true,
        Ok(Why(_) | History(_) | Choose) | Err(()) => false,
    }
}

/// Explains why the rule of an alert matches its filing.
async fn why(
    context: &Context,
    caller: &Caller,
    concerned: &Concerned,
    now: DateTime<Utc>,
) -> Result<String, StoreError> {
    let rules = context.app.rules.current();
    let Some(rule) = rules.iter().find(|rule| RuleMark::of(&rule.name) == concerned.rule) else {
        return Ok("The rule of this alert no longer exists, so it cannot be explained.".to_owned());
    };
    let filing = (concerned.accession, concerned.issuer);
    match explaining::filing(context, caller, filing, now).await? {
        Ok(filing) => explaining::explain(context, &rules, &[rule], &filing, now).await,
        Err(why) => Ok(why),
    }
}

/// Lists the trades of an alert's insider and of others in the issuer.
async fn history(context: &Context, concerned: &Concerned, now: DateTime<Utc>) -> Result<String, StoreError> {
    let app = &*context.app;
    let (past, whole_since) = app.store.history(concerned.issuer, now - REACH).await?;
    let of_owner = |past: &&PastFiling| {
        concerned.owner.is_some() && past.owners.iter().any(|owner| owner.cik == concerned.owner)
    };
    let (own, others): (Vec<&PastFiling>, Vec<&PastFiling>) = past.iter().rev().partition(of_owner);
    let lines = |filings: &[&PastFiling], most: usize| -> Vec<String> {
        let lines =
            filings.iter().filter_map(|past| trades::line(concerned.issuer, past, trades::Subject::Owner));
        lines.take(most).collect()
    };
    let (own, others) = (lines(&own, MOST_OWN), lines(&others, MOST_OTHERS));
    let company = concerned
        .ticker
        .as_deref()
        .map_or("this company".to_owned(), |ticker| format!("**{}**", escaped(ticker)));
    let (head, lines) = match (own.is_empty(), others.is_empty()) {
        (true, true) => (format!("I know no other insider trade in {company}."), Vec::new()),
        (false, _) => {
            let others = others.into_iter();
            let heading = format!("Others in {company}:");
            let others: Vec<String> = others
                .enumerate()
                .flat_map(|(place, line)| {
                    let heading = (place == 0).then(|| heading.clone());
                    heading.into_iter().chain([line])
                })
                .collect();
            (format!("This insider in {company}:"), [own, others].concat())
        }
        (true, false) => (format!("Others in {company}:"), others),
    };
    let since = complete_since(whole_since, now - REACH);
    Ok(fitting(&head, &lines, &format!("-# {since}")))
}

/// Mutes a ticker or an insider in the message's channel. The message then says so, with a button to undo it.
async fn mute(
    context: &Context,
    caller: &Caller,
    interaction: &Interaction,
    what: Muting,
    now: DateTime<Utc>,
) -> Result<Reply, Stopped> {
    caller.check_allowed()?;
    let home = muting::place(context, caller).await?;
    let (ticker_days, owner_days) = MUTED_DAYS;
    let days = if matches!(what, Muting::Ticker(_)) { ticker_days } else { owner_days };
    let wanted = Wanted { what: what.clone(), until: now + TimeDelta::days(days), why: None };
    let mute = match muting::mute(context, caller, home, wanted, now).await? {
        Ok(mute) => mute,
        Err(refusal) => return Ok(private(refusal)),
    };
    let name = muting::name(&context.app, &what).await;
    let note =
        format!("{MUTED} {name} is muted here until <t:{}:f>, by <@{}>", mute.until.timestamp(), caller.user);
    let undo = Action::Undo(what);
    let label = format!("Undo: {}", name.replace("**", "").replace('\\', ""));
    // Others do not see the message that offered the buttons of one of several alerts.
    let alert = interaction.message.as_ref().filter(|message| message.flags & EPHEMERAL == 0);
    let Some(message) = alert else {
        return Ok(public(note).with([Row::buttons([(undo, label)])]));
    };
    let mut lines: Vec<&str> = without_note(&message.content, &name);
    let note = format!("{NOTE}{note}");
    lines.push(&note);
    let text = lines.join("\n");
    if text.chars().count() > TEXT {
        return Ok(public(note).with([Row::buttons([(undo, label)])]));
    }
    let mut rows = without_button(&message.components, &undo);
    let button = Row::buttons([(undo, label)]).to_value();
    // All buttons to undo something share the last row.
    match rows.last_mut().filter(|row| is_of_undo(row)).and_then(|row| row["components"].as_array_mut()) {
        Some(buttons) if buttons.len() < MOST_IN_A_ROW => buttons.push(button["components"][0].clone()),
        _ => rows.push(button),
    }
    Ok(update(text, rows))
}

/// Ends a mute that a button began.
async fn undo(
    context: &Context,
    caller: &Caller,
    interaction: &Interaction,
    what: Muting,
    now: DateTime<Utc>,
) -> Result<Reply, Stopped> {
    caller.check_allowed()?;
    let home = muting::place(context, caller).await?;
    let ended = muting::unmute(context, home, what.clone(), now).await?;
    let name = muting::name(&context.app, &what).await;
    let Some(message) = &interaction.message else {
        return Ok(private(format!("{name} is no longer muted here.")));
    };
    let mut text = without_note(&message.content, &name).join("\n");
    if text.trim().is_empty() {
        let held = ended.map(held_back).unwrap_or_default();
        text = format!("\u{1f514} {name} is no longer muted here, by <@{}>. {held}", caller.user);
    }
    Ok(update(text, without_button(&message.components, &Action::Undo(what))))
}

fn is_of_undo(row: &Value) -> bool {
    let action = row["components"][0]["custom_id"].as_str().and_then(|id| id.parse::<Action>().ok());
    matches!(action, Some(Action::Undo(_)))
}

/// The lines of a message without the one about a mute of this name.
fn without_note<'t>(content: &'t str, name: &str) -> Vec<&'t str> {
    let is_note = |line: &&str| {
        let bare = line.strip_prefix(NOTE).unwrap_or(line);
        bare.strip_prefix(MUTED)
            .is_some_and(|rest| rest.trim_start().starts_with(&format!("{name} is muted")))
    };
    content.lines().filter(|line| !is_note(line)).collect()
}

/// The rows of a message without one of its buttons.
fn without_button(rows: &[Value], action: &Action) -> Vec<Value> {
    let id = action.to_string();
    let mut rows = rows.to_vec();
    for row in &mut rows {
        if let Some(buttons) = row.get_mut("components").and_then(Value::as_array_mut) {
            buttons.retain(|button| button["custom_id"] != id);
        }
    }
    rows.retain(|row| row["components"].as_array().is_some_and(|buttons| !buttons.is_empty()));
    rows
}

/// The buttons of the alert that somebody chose.
fn chosen(interaction: &Interaction) -> Reply {
    let chosen = interaction.data.values.0.first().and_then(|value| value.parse::<Concerned>().ok());
    let Some(concerned) = chosen else { return private("Choose an alert.") };
    let row = Row::of_alert(&concerned, &index_url(concerned.issuer, concerned.accession));
    let name =
        concerned.ticker.as_deref().map_or("This alert".to_owned(), |name| format!("**{}**", escaped(name)));
    private(format!("{name}, filing {}:", concerned.accession)).with([row])
}

/// Deletes what is stored about somebody.
async fn forget(context: &Context, caller: &Caller) -> Result<Reply, StoreError> {
    service::forget(&context.app, caller.user).await?;
    Ok(update("Done. I store nothing about you.", Vec::new()))
}
