//! `/subscriptions`: lists the rules that a channel subscribes to.

use super::asked::Asked;
use super::reply::{Reply, private};
use crate::runtime::App;
use crate::store::StoreError;
use crate::text::{clip, plain};

pub(super) async fn answer(app: &App, asked: &Asked) -> Result<Reply, StoreError> {
    let names = app.store.subscriptions(asked.channel).await?;
    if names.is_empty() {
        return Ok(private("This channel has no subscriptions. `/subscribe` adds one."));
    }
    let rules = app.rules.current();
    let lines: Vec<String> = names
        .iter()
        .map(|name| match rules.get(name) {
            Some(rule) => match rule.description.as_deref() {
                Some(description) => format!("- `{name}` {}", clip(&plain(description), 100)),
                None => format!("- `{name}`"),
            },
            None => format!("- `{name}` (this rule is currently missing)"),
        })
        .collect();
    Ok(private(format!("This channel gets alerts for:\n{}", lines.join("\n"))))
}
