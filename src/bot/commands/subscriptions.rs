//! `/subscriptions`: lists the rules and watches of a channel, with a button to end each.

use super::asked::Asked;
use crate::bot::caller::Caller;
use crate::bot::context::Context;
use crate::bot::lines::fitting;
use crate::bot::reply::{Reply, Stopped, private, update};
use crate::render::discord::{Action, Row, RuleMark};
use crate::rules::Watch;
use crate::runtime::App;
use crate::service;
use crate::store::StoreError;
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
    let names = app.store.subscriptions(channel).await?;
    if names.is_empty() {
        let text = match is_personal {
            true => "You have no watches. `/watch` adds one.",
            false => "This channel has no subscriptions. `/subscribe` adds a rule, `/watch` a company.",
        };
        return Ok((text.to_owned(), Vec::new()));
    }
    let rules = app.rules.of_files();
    let line = |name: &String| {
        let about = match (name.parse::<Watch>(), rules.get(name)) {
            (Ok(watch), _) => return format!("- {}", watch.in_words()),
            (Err(()), Some(rule)) => rule.description.as_deref().map(plain).unwrap_or_default(),
            (Err(()), None) => "(this rule is currently missing)".to_owned(),
        };
        clip(format!("- `{name}` {about}").trim_end(), LINE).into_owned()
    };
    let lines: Vec<String> = names.iter().map(line).collect();
    let head = if is_personal { "You get alerts for:" } else { "This channel gets alerts for:" };
    let buttons = names
        .iter()
        .take(MOST_BUTTONS)
        .map(|name| (Action::Unsubscribe(RuleMark::of(name)), format!("Stop {}", short(name))));
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
