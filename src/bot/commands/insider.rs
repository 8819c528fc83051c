//! `/insider`: the latest trades of an insider, in all companies.

use chrono::{DateTime, Utc};
use serenity::all::CreateCommandOption;

use super::asked::Asked;
use super::choices::Choice;
use super::options::completed;
use super::texts;
use super::trades::{Subject, line};
use crate::bot::lines::{day, fitting};
use crate::bot::reply::{Reply, private};
use crate::edgar::tickers::Tickers;
use crate::filing::{Cik, edgar_day};
use crate::intake::InScope;
use crate::outbox::drawn;
use crate::render::chart::Chart;
use crate::render::discord::escaped;
use crate::runtime::App;
use crate::store::{IssuersFiling, StoreError};
use crate::text::clip;

const NAME: &str = "name";
/// Filings to read, and to list.
const MOST_READ: usize = 200;
const MOST: usize = 12;
/// The most insiders that are offered.
const MOST_CHOICES: usize = 25;
const LONGEST: usize = 60;

pub(super) fn options() -> Vec<CreateCommandOption> {
    vec![completed(NAME, texts::INSIDER_NAME)]
}

/// The insiders with a word of their name that begins with what was typed.
pub(super) async fn choices(app: &App, typed: &str) -> Vec<Choice> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Vec::new();
    }
    let found = app.store.insiders(typed, MOST_CHOICES).await.unwrap_or_default();
    found.into_iter().map(|(cik, name)| Choice::titled(cik.number().to_string(), &name)).collect()
}

pub(super) async fn answer(app: &App, asked: &Asked, now: DateTime<Utc>) -> Result<Reply, StoreError> {
    let typed = asked.text(NAME);
    let shown = escaped(&clip(typed, LONGEST));
    let owner = match typed.parse::<u64>().ok().and_then(Cik::new) {
        Some(cik) => cik,
        None => match app.store.insiders(typed, 2).await?.as_slice() {
            [] => return Ok(private(format!("I know no insider called **{shown}**."))),
            [(cik, _)] => *cik,
            _ => {
                return Ok(private(format!(
                    "Several insiders are called **{shown}**. Choose one from the list that appears while you type."
                )));
            }
        },
    };
    let filings = app.store.filings_of(owner, MOST_READ).await?;
    let tickers = app.intake.tickers.current().await?;
    let lines: Vec<String> = filings
        .iter()
        .filter_map(|own| line(own.issuer, &own.filing, Subject::Company(&company(&tickers, own))))
        .take(MOST)
        .collect();
    let name = filings.iter().flat_map(|own| &own.filing.owners).find(|own| own.cik == Some(owner));
    let name = name.map_or_else(|| format!("CIK {}", owner.number()), |own| own.name.clone());
    let title = name.clone();
    let name = escaped(&clip(&name, LONGEST));
    let complete = app.store.frontier().await?.map_or(now, |frontier| frontier.whole_since());
    let of = match &*app.intake.scope.current().await? {
        InScope::All(_) => "all companies",
        InScope::Some(_) => "the companies that rules and watches name",
    };
    let since = format!("-# My history of {of} begins {} at the earliest.", day(edgar_day(complete)));
    if lines.is_empty() {
        return Ok(private(format!("I know no trade of **{name}**.\n{since}")));
    }
    let reply = private(fitting(&format!("**{name}**: latest trades"), &lines, &since));
    let past = filings.iter().map(|own| &own.filing);
    // Of more filings, the oldest are not known here.
    let since = Some(edgar_day(complete)).filter(|_| filings.len() < MOST_READ);
    let chart =
        Chart::of_insider(&title, past, since, edgar_day(now)).filter(|_| app.settings.discord.charts);
    let drawn = match chart {
        Some(chart) => drawn(chart).await,
        None => None,
    };
    Ok(match drawn {
        Some((png, alt_text)) => reply.with_chart(png, alt_text),
        None => reply,
    })
}

/// The ticker of a filing's company, or else its name, or CIK.
pub(super) fn company(tickers: &Tickers, own: &IssuersFiling) -> String {
    let name = &own.filing.issuer_name;
    match tickers.of(own.issuer).first() {
        Some(ticker) => ticker.clone(),
        None if name.trim().is_empty() => format!("CIK {}", own.issuer.number()),
        None => name.clone(),
    }
}
