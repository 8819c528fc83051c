//! `/latest`: the latest insider trades of a company, from history.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serenity::all::{CommandOptionType, CreateCommandOption};

use super::asked::Asked;
use super::choices::{Choice, ranked};
use super::reply::{Reply, private};
use super::texts::{self, Text};
use crate::alert::{Figure, Verb, Way};
use crate::filing::record::LotRecord;
use crate::filing::{Cik, Code, Direction, PastFiling, Trade, edgar_day, index_url};
use crate::render::discord::escaped;
use crate::runtime::App;
use crate::store::StoreError;
use crate::text::clip;

const TICKER: &str = "ticker";
const COUNT: &str = "count";
const USUAL: i64 = 5;
const MOST: i64 = 10;
/// How far back filings are listed.
const REACH: TimeDelta = TimeDelta::days(2 * 366);
const NAME: usize = 60;
const MOST_DEEDS: usize = 3;

pub(super) fn options() -> Vec<CreateCommandOption> {
    let option = |kind, name: &str, Text { en, de }: Text| {
        CreateCommandOption::new(kind, name, en).description_localized("de", de)
    };
    vec![
        option(CommandOptionType::String, TICKER, texts::LATEST_TICKER).required(true).set_autocomplete(true),
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
        let typed = escaped(&clip(&typed, NAME));
        return Ok(private(format!(
            "EDGAR lists no company with the ticker **{typed}**. Choose one from the list that appears while you type."
        )));
    };
    let ticker = tickers.spelling(&typed).unwrap_or(&typed);
    let (past, whole_since) = app.store.history(issuer, now - REACH).await?;
    let count = asked.number(COUNT).unwrap_or(USUAL).clamp(1, MOST);
    let count = usize::try_from(count).unwrap_or(1);
    let lines: Vec<String> = past.iter().rev().filter_map(|past| line(issuer, past)).take(count).collect();
    let since = whole_since.map_or_else(
        || "I have no complete history yet.".to_owned(),
        |since| format!("My history is complete since {}.", edgar_day(since.max(now - REACH))),
    );
    Ok(private(match lines.is_empty() {
        true => format!("I know no insider trade of **{ticker}**. {since}"),
        false => format!("**{ticker}**: latest insider trades\n{}\n-# {since}", lines.join("\n")),
    }))
}

/// `- Dec 10: DOE JANE sold $2.66M (filing)`; `None` for a filing without rows that count.
fn line(issuer: Cik, past: &PastFiling) -> Option<String> {
    let mut deeds: BTreeMap<(Option<Code>, Option<Direction>), Vec<&LotRecord>> = BTreeMap::new();
    let counted = past.lots.iter().enumerate().filter(|(number, _)| !past.not_counted.contains(number));
    for (_, lot) in counted {
        deeds.entry((lot.code, lot.acquired_disposed)).or_default().push(lot);
    }
    let mut deeds: Vec<(bool, String)> = deeds.into_iter().map(|(kind, lots)| deed(kind, &lots)).collect();
    // Sales and purchases first.
    deeds.sort_by_key(|(is_trade, _)| !is_trade);
    let more = deeds.len().saturating_sub(MOST_DEEDS);
    let mut words: Vec<String> = deeds.into_iter().take(MOST_DEEDS).map(|(_, words)| words).collect();
    if words.is_empty() {
        return None;
    }
    if more > 0 {
        words.push(format!("{more} more"));
    }
    let day: NaiveDate = (0..past.lots.len()).filter_map(|lot| past.day_of(lot)).max()?;
    let owner = past.owners.first().map(|owner| escaped(&clip(&owner.name, NAME))).unwrap_or_default();
    let owner = if owner.is_empty() { "somebody".to_owned() } else { owner };
    let others = match past.owners.len() {
        0 | 1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    let url = index_url(issuer, past.accession);
    Some(format!("- {}: {owner}{others} {} ([filing](<{url}>))", day.format("%b %-d, %Y"), words.join(", ")))
}

/// The words for rows of one code and direction, and true if they are sales or purchases.
fn deed((code, direction): (Option<Code>, Option<Direction>), lots: &[&LotRecord]) -> (bool, String) {
    let verb = match code {
        _ if lots.iter().all(|lot| lot.moved) => Verb::Moved,
        Some(code) => Verb::of(code, direction),
        None => Verb::Traded,
    };
    let way = Way::new(verb, Trade::of(lots.iter().map(|lot| lot.figures())).sums);
    (matches!(verb, Verb::Sold | Verb::Bought), format!("{verb} **{}**", way.what(Figure::Short)))
}
