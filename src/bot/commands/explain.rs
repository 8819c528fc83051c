//! `/explain`: why a filing sends alerts here, or why not.

use chrono::{DateTime, Utc};
use serenity::all::{CommandOptionType, CreateCommandOption};

use super::asked::Asked;
use super::options::option;
use super::texts;
use crate::bot::context::Context;
use crate::bot::explaining;
use crate::bot::reply::{Reply, private};
use crate::rules::{Rule, RuleSet};
use crate::runtime::App;
use crate::service::accession_named;
use crate::store::StoreError;

const FILING: &str = "filing";
/// The most rules to explain.
const MOST: usize = 10;

pub(super) fn options() -> Vec<CreateCommandOption> {
    vec![option(CommandOptionType::String, FILING, texts::FILING).required(true).max_length(200)]
}

pub(super) async fn answer(
    context: &Context,
    asked: &Asked,
    now: DateTime<Utc>,
) -> Result<Reply, StoreError> {
    let app = &*context.app;
    let Some((accession, filer)) = accession_named(asked.text(FILING)) else {
        return Ok(private(
            "That is neither an accession number like 0001107843-21-000101 nor the address of a filing on sec.gov.",
        ));
    };
    let rules = app.rules.current();
    let here = rules_of(app, &rules, asked.caller.channel).await?;
    if here.is_empty() {
        return Ok(private("No rule and no watch sends alerts here, so there is nothing to explain."));
    }
    let asked: Vec<&Rule> = here.iter().copied().take(MOST).collect();
    explaining::explain(context, &rules, &asked, (accession, filer), now).await.map(private)
}

/// The rules whose alerts a channel gets.
async fn rules_of<'r>(app: &App, rules: &'r RuleSet, channel: u64) -> Result<Vec<&'r Rule>, StoreError> {
    let destination = app.settings.discord.destination_of(channel);
    let subscribed = app.store.subscriptions(channel).await?;
    let sends = |rule: &&Rule| rule.notify.contains(&destination) || subscribed.contains(&rule.name);
    Ok(rules.iter().filter(sends).collect())
}
