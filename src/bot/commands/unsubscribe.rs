//! `/unsubscribe`: ends a subscription of a channel.

use serenity::all::CreateCommandOption;

use super::asked::Asked;
use super::choices::{Choice, ranked};
use super::options::{RULE, completed};
use super::texts;
use crate::bot::reply::{Reply, private, public};
use crate::rules::is_watch;
use crate::runtime::App;
use crate::service;
use crate::store::StoreError;

pub(super) fn options() -> Vec<CreateCommandOption> {
    vec![completed(RULE, texts::RULE)]
}

pub(super) async fn choices(app: &App, asked: &Asked) -> Vec<Choice> {
    let names = app.store.subscriptions(asked.caller.channel).await.unwrap_or_default();
    let rules = app.rules.of_files();
    let about = |name: &str| rules.get(name).and_then(|rule| rule.description.as_deref());
    let of_files = names.iter().filter(|name| !is_watch(name));
    ranked(of_files.map(|name| Choice::new(name.clone(), about(name))), asked.typed().1)
}

pub(super) async fn answer(app: &App, asked: &Asked) -> Result<Reply, StoreError> {
    let name = asked.text(RULE);
    if service::unsubscribe(app, asked.caller.channel, name).await? {
        return Ok(public(format!("\u{1f515} This channel no longer gets alerts for `{name}`.")));
    }
    Ok(private("This channel does not subscribe to that rule. `/subscriptions` lists its rules."))
}
