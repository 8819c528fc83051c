//! `/latest`: the latest insider trades of a company, from history.

use chrono::{DateTime, TimeDelta, Utc};
use serenity::all::{CommandOptionType, CreateCommandOption};

use super::asked::Asked;
use super::choices::{Choice, ranked};
use super::options::{TICKER, completed, option};
use super::texts;
use super::trades::{Subject, line};
use super::watch::unknown;
use crate::bot::lines::{complete_since, fitting};
use crate::bot::reply::{Reply, private};
use crate::runtime::App;
use crate::store::StoreError;

const COUNT: &str = "count";
const USUAL: i64 = 5;
const MOST: i64 = 10;
/// How far back filings are listed.
const REACH: TimeDelta = TimeDelta::days(2 * 366);

pub(super) fn options() -> Vec<CreateCommandOption> {
    vec![
        completed(TICKER, texts::TICKER),
        option(CommandOptionType::Integer, COUNT, texts::LATEST_COUNT)
            .min_int_value(1)
            .max_int_value(MOST.unsigned_abs()),
    ]
}

pub(super) async fn choices(app: &App, typed: &str) -> Vec<Choice> {
    let Ok(tickers) = app.intake.tickers.current().await else { return Vec::new() };
    let all = tickers.iter().flat_map(|(_, own)| own.iter().map(|ticker| Choice::new(ticker.clone(), None)));
    ranked(all, typed)
}

pub(super) async fn answer(app: &App, asked: &Asked, now: DateTime<Utc>) -> Result<Reply, StoreError> {
    let typed = asked.text(TICKER).trim_start_matches('$').to_uppercase();
    let tickers = app.intake.tickers.current().await?;
    if tickers.is_empty() {
        return Ok(private("EDGAR's list of tickers is not here yet. Try again in a minute."));
    }
    let Some(issuer) = tickers.company(&typed) else {
        return Ok(private(unknown(&typed)));
    };
    let ticker = tickers.spelling(&typed).unwrap_or(&typed);
    let (past, whole_since) = app.store.history(issuer, now - REACH).await?;
    let count = asked.number(COUNT).unwrap_or(USUAL).clamp(1, MOST);
    let count = usize::try_from(count).unwrap_or(1);
    let lines: Vec<String> =
        past.iter().rev().filter_map(|past| line(issuer, past, Subject::Owner)).take(count).collect();
    let since = complete_since(whole_since, now - REACH);
    Ok(private(match lines.is_empty() {
        true => format!("I know no insider trade of **{ticker}**. {since}"),
        false => fitting(&format!("**{ticker}**: latest insider trades"), &lines, &format!("-# {since}")),
    }))
}
