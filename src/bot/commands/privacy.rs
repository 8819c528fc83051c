//! `/privacy`: what the bot stores about somebody, with a button to delete it.

use super::asked::Asked;
use crate::bot::reply::{Reply, private};
use crate::render::discord::{Action, Row};
use crate::runtime::App;
use crate::store::StoreError;

pub(super) async fn answer(app: &App, asked: &Asked) -> Result<Reply, StoreError> {
    let known = app.store.known_of(asked.caller.user).await?;
    let count = |number: usize, one: &str, more: &str| match number {
        0 => None,
        1 => Some(format!("- 1 {one}")),
        n => Some(format!("- {n} {more}")),
    };
    let lines: Vec<String> = [
        count(known.watches, "watch by direct message", "watches by direct message"),
        count(
            known.subscriptions,
            "subscription of a channel that you made",
            "subscriptions of channels that you made",
        ),
        count(known.mutes, "mute that you made", "mutes that you made"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let about = "I read no messages. I store your Discord id beside what you set up here, to show who did it; \
        nothing else about you.";
    if lines.is_empty() {
        return Ok(private(format!("{about}\n**I store nothing about you.**")));
    }
    let delete = "Deleting removes your watches, and your id from the rest. What channels subscribe to and mute stays.";
    let row = Row::buttons([(Action::Forget, "Delete my data".to_owned())]);
    Ok(private(format!("{about}\n**About you:**\n{}\n{delete}", lines.join("\n"))).with([row]))
}
