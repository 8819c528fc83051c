//! `/explain`: why a filing sends alerts here, or why not.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serenity::all::{CommandOptionType, CreateCommandOption};

use super::asked::Asked;
use super::options::option;
use super::texts;
use crate::bot::context::Context;
use crate::bot::reply::{Reply, Stopped, private};
use crate::bot::{explaining, muting};
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

pub(super) async fn answer(context: &Context, asked: &Asked, now: DateTime<Utc>) -> Result<Reply, Stopped> {
    let app = &*context.app;
    let Some((accession, filer)) = accession_named(asked.text(FILING)) else {
        return Ok(private(
            "That is neither an accession number like 0001107843-21-000101 nor the address of a filing on sec.gov.",
        ));
    };
    let home = muting::place(context, &asked.caller).await?;
    let rules = app.rules.current();
    let mut here = rules_of(app, &rules, home.channel).await?;
    if here.is_empty() {
        let here = if asked.caller.is_personal() { "to you" } else { "here" };
        return Ok(private(format!(
            "No rule and no watch sends alerts {here}, so there is nothing to explain."
        )));
    }
    let filing = match explaining::filing(context, &asked.caller, (accession, filer), now).await? {
        Ok(filing) => filing,
        Err(why) => return Ok(private(why)),
    };
    // Those that may match come first.
    let candidates: BTreeSet<&str> =
        rules.candidates(&filing).into_iter().map(|rule| rule.name.as_str()).collect();
    here.sort_by_key(|rule| !candidates.contains(rule.name.as_str()));
    let left_out = here.len().saturating_sub(MOST);
    here.truncate(MOST);
    let text = explaining::explain(context, &rules, &here, &filing, now).await?;
    Ok(private(match left_out {
        0 => text,
        1 => format!("{text}\n-# One more rule is not shown."),
        n => format!("{text}\n-# {n} more rules are not shown."),
    }))
}

/// The rules whose alerts a channel gets.
async fn rules_of<'r>(app: &App, rules: &'r RuleSet, channel: u64) -> Result<Vec<&'r Rule>, StoreError> {
    let destination = app.settings.discord.destination_of(channel);
    let subscribed = app.store.subscriptions(channel).await?;
    let sends = |rule: &&Rule| rule.notify.contains(&destination) || subscribed.contains(&rule.name);
    Ok(rules.iter().filter(sends).collect())
}
