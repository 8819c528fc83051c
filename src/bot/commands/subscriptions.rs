//! `/subscriptions`: lists the rules and watches of a channel, with a button to end each.

use super::asked::Asked;
use super::subscribe::in_words;
use crate::bot::caller::Caller;
use crate::bot::context::Context;
use crate::bot::lines::fitting;
use crate::bot::reply::{Reply, Stopped, private, update};
use crate::render::discord::{Action, Row, RuleMark};
use crate::rules::{Mention, Watch};
use crate::runtime::App;
use crate::service;
use crate::store::{OwnSubscription, StoreError};
use crate::text::{clip, plain};

/// The most buttons: four rows of five.
const MOST_BUTTONS: usize = 20;
/// The longest line, in characters.
const LINE: usize = 120;

pub(super) async fn answer(context: &Context, asked: &Asked) -> Result<Reply, Stopped> {
    let home = context.home(&asked.caller).await?;
    let (text, rows) = list(&context.app, home.channel, asked.caller.is_personal()).await?;
    Ok(private(text).with(rows))
}

/// The list and its buttons.
async fn list(app: &App, channel: u64, is_personal: bool) -> Result<(String, Vec<Row>), StoreError> {
    let own = app.store.subscriptions_of(channel).await?;
    if own.is_empty() {
        let text = match is_personal {
            true => "You have no watches. `/watch` adds one.",
            false => "This channel has no subscriptions. `/subscribe` adds a rule, `/watch` a company.",
        };
        return Ok((text.to_owned(), Vec::new()));
    }
    let rules = app.rules.of_files();
    let line = |OwnSubscription { rule: name, mention, threads }: &OwnSubscription| {
        let about = match (name.parse::<Watch>(), rules.get(name)) {
            (Ok(watch), _) => watch.in_words(),
            (Err(()), Some(rule)) => {
                let about = rule.description.as_deref().map(plain).unwrap_or_default();
                format!("`{name}` {about}")
            }
            (Err(()), None) => format!("`{name}` (this rule is currently missing)"),
        };
        let about = clip(about.trim_end(), LINE);
        let role = mention.and_then(|mention| match mention {
            Mention::Role(id) => Some(format!(" · mentions <@&{id}>")),
            Mention::User(_) | Mention::Here | Mention::Everyone => None,
        });
        let threads = threads.map(|threads| format!(" · in {}", in_words(threads)));
        format!("- {about}{}{}", role.unwrap_or_default(), threads.unwrap_or_default())
    };
    let lines: Vec<String> = own.iter().map(line).collect();
    let head = if is_personal { "You get alerts for:" } else { "This channel gets alerts for:" };
    let buttons = own
        .iter()
        .take(MOST_BUTTONS)
        .map(|own| (Action::Unsubscribe(RuleMark::of(&own.rule)), format!("Stop {}", short(&own.rule))));
    let buttons: Vec<(Action, String)> = buttons.collect();
    let rows = buttons.chunks(5).map(|row| Row::buttons(row.iter().cloned())).collect();
    Ok((fitting(head, &lines, ""), rows))
}

/// The rule's name, or the ticker of a watch.
fn short(name: &str) -> String {
    name.parse::<Watch>().map_or_else(|()| name.to_owned(), |watch| watch.ticker().to_owned())
}

/// Ends the subscription of a button, and shows the list without it.
pub(in crate::bot) async fn unsubscribe(
    context: &Context,
    caller: &Caller,
    rule: &RuleMark,
) -> Result<Reply, Stopped> {
    caller.check_allowed()?;
    let home = context.home(caller).await?;
    let names = context.app.store.subscriptions(home.channel).await?;
    let found = names.iter().find(|name| RuleMark::of(name) == *rule);
    let ended = match found {
        Some(name) => {
            service::unsubscribe(&context.app, home.channel, name).await?;
            format!("\u{1f515} Stopped {}.\n", short(name))
        }
        None => String::new(),
    };
    let (text, rows) = list(&context.app, home.channel, caller.is_personal()).await?;
    Ok(update(format!("{ended}{text}"), rows.iter().map(Row::to_value).collect()))
}
