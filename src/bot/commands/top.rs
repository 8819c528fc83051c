//! `/top`: the largest insider trades of a period.

use std::cmp::Reverse;

use chrono::{DateTime, Days, Utc};
use serenity::all::{CommandOptionType, CreateCommandOption};

use super::asked::Asked;
use super::insider::company;
use super::options::option;
use super::texts;
use super::trades::{Subject, line};
use crate::bot::lines::{day, fitting};
use crate::bot::reply::{Reply, private};
use crate::filing::{Code, edgar_day};
use crate::intake::InScope;
use crate::runtime::App;
use crate::store::StoreError;

const PERIOD: &str = "period";
const BY: &str = "by";
const PERIODS: [(&str, &str, u64); 3] =
    [("day", "today", 1), ("week", "in the last 7 days", 7), ("month", "in the last 30 days", 30)];
const PURCHASES: &str = "purchases";
const SALES: &str = "sales";
const MOST: usize = 10;

pub(super) fn options() -> Vec<CreateCommandOption> {
    let mut period = option(CommandOptionType::String, PERIOD, texts::PERIOD);
    for (value, name, _) in PERIODS {
        period = period.add_string_choice(name, value);
    }
    let by = option(CommandOptionType::String, BY, texts::KIND)
        .add_string_choice(SALES, SALES)
        .add_string_choice(PURCHASES, PURCHASES);
    vec![period, by]
}

pub(super) async fn answer(app: &App, asked: &Asked, now: DateTime<Utc>) -> Result<Reply, StoreError> {
    let period = PERIODS.into_iter().find(|(value, ..)| *value == asked.text(PERIOD));
    let (_, name, days) = period.unwrap_or(PERIODS[1]);
    let (code, kind) = match asked.text(BY) {
        PURCHASES => (Code::PURCHASE, PURCHASES),
        _ => (Code::SALE, SALES),
    };
    let today = edgar_day(now);
    let mut found = Vec::new();
    for back in 0..days {
        let Some(day) = today.checked_sub_days(Days::new(back)) else { break };
        found.extend(app.store.largest(day, code, MOST).await?);
    }
    found.sort_by_key(|(value, own)| Reverse((*value, own.filing.accepted_at)));
    let tickers = app.intake.tickers.current().await?;
    let lines: Vec<String> = found
        .iter()
        .filter_map(|(_, own)| line(own.issuer, &own.filing, Subject::Both(&company(&tickers, own))))
        .take(MOST)
        .enumerate()
        .map(|(place, line)| format!("{}. {}", place + 1, line.trim_start_matches("- ")))
        .collect();
    let whole = app.store.frontier().await?.map_or(now, |frontier| frontier.whole_since());
    let begins = format!("My history begins {}.", day(edgar_day(whole)));
    let foot = match &*app.intake.scope.current().await? {
        InScope::All(_) => format!("-# {begins}"),
        InScope::Some(_) => format!("-# Only of companies that rules and watches name. {begins}"),
    };
    Ok(private(match lines.is_empty() {
        true => format!("I know no {kind} filed {name}.\n{foot}"),
        false => fitting(&format!("**Largest {kind}** filed {name}"), &lines, &foot),
    }))
}
