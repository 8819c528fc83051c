//! `/unsubscribe`: ends a subscription of a channel.

use super::asked::Asked;
use super::choices::{Choice, ranked};
use super::reply::{Reply, private, public};
use super::subscribe::RULE;
use crate::runtime::App;
use crate::service;
use crate::store::StoreError;

pub(super) async fn choices(app: &App, asked: &Asked) -> Vec<Choice> {
    let names = app.store.subscriptions(asked.channel).await.unwrap_or_default();
    let rules = app.rules.current();
    let about = |name: &str| rules.get(name).and_then(|rule| rule.description.as_deref());
    ranked(names.iter().map(|name| Choice::new(name.clone(), about(name))), asked.typed())
}

pub(super) async fn answer(app: &App, asked: &Asked) -> Result<Reply, StoreError> {
    let name = asked.text(RULE);
    if service::unsubscribe(app, asked.channel, name).await? {
        return Ok(public(format!("\u{1f515} This channel no longer gets alerts for `{name}`.")));
    }
    Ok(private("This channel does not subscribe to that rule. `/subscriptions` lists its rules."))
}
