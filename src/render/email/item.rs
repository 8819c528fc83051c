//! A filing as an entry of a digest.

use chrono_tz::Tz;
use serde::Serialize;

use super::sums::{SumView, sums};
use super::words::bounded;
use crate::alert::{Agreed, Alert, Verb};
use crate::digest::{Entry, Kind};
use crate::filing::Plan;
use crate::render::listed;
use crate::text::Language::{self, English, German};
use crate::text::{clip, plain};

const MOST_ODD: usize = 2;
const MOST_CHANGES: usize = 3;
const MOST_PARTS: usize = 3;
const MOST_RULES: usize = 5;
const LINE: usize = 200;

/// An entry as the templates show it.
#[derive(Serialize)]
pub(super) struct ItemView {
    who: String,
    position: String,
    tone: &'static str,
    value: String,
    deed: String,
    prices: Option<String>,
    /// Plan, reason, share of the holdings and history, each in a few words.
    facts: Vec<String>,
    /// Securities and pricing, a line each.
    lines: Vec<String>,
    amendment: Option<String>,
    changes: Vec<String>,
    sums: Vec<SumView>,
    also_in: Option<String>,
    /// Remarks about what this digest makes of it.
    remarks: Vec<String>,
    warnings: Vec<String>,
    rules: String,
    form: String,
    url: String,
}

impl ItemView {
    pub(super) fn new(entry: &Entry, language: Language, zone: Tz) -> Self {
        let alert = &entry.alert;
        let lines = language.securities(alert).into_iter().chain(pricing(alert));
        Self {
            who: who(alert, language),
            position: alert.owners.first().map(|owner| language.position(owner)).unwrap_or_default(),
            tone: tone(alert),
            value: language.value_short(alert),
            deed: language.deed(alert),
            prices: language.range(alert),
            facts: facts(alert, language),
            lines: lines.collect(),
            amendment: amendment(alert, language),
            changes: changes(alert, MOST_CHANGES),
            sums: sums(alert, language, MOST_PARTS),
            also_in: (!alert.also_in.is_empty()).then(|| listed(&alert.also_in)),
            remarks: remarks(entry, language, zone),
            warnings: alert.figure_warnings().take(MOST_ODD).map(|odd| language.warning(odd)).collect(),
            rules: entry.rules.iter().take(MOST_RULES).cloned().collect::<Vec<_>>().join(", "),
            form: alert.form.to_string(),
            url: alert.url.clone(),
        }
    }
}

/// The owners by name: the first, and how many others there are.
fn who(alert: &Alert, language: Language) -> String {
    let Some(first) = alert.owners.first() else { return language.owners(alert) };
    let name = bounded(&first.name);
    match (alert.owners.len(), language) {
        (1, _) => name,
        (2, English) => format!("{name} and {}", bounded(&alert.owners[1].name)),
        (2, German) => format!("{name} und {}", bounded(&alert.owners[1].name)),
        (n, English) => format!("{name} and {} others", n - 1),
        (n, German) => format!("{name} und {} weitere", n - 1),
    }
}

/// The class that gives a trade its colour.
pub(super) fn tone(alert: &Alert) -> &'static str {
    match (Kind::of_alert(alert), alert.verb()) {
        (Some(Kind::Sale), _) | (_, Verb::Sold) => "sale",
        (Some(Kind::Purchase), _) | (_, Verb::Bought) => "buy",
        _ => "other",
    }
}

/// The statements of a filing about the currency and unit of its prices.
pub(super) fn pricing(alert: &Alert) -> impl Iterator<Item = String> {
    alert.pricing_lines().into_iter().map(|line| plain(&clip(&line, 300)))
}

pub(super) fn changes(alert: &Alert, most: usize) -> Vec<String> {
    alert.changes.iter().take(most).map(|change| plain(&clip(change, LINE))).collect()
}

fn amendment(alert: &Alert, language: Language) -> Option<String> {
    language.amendment(alert).map(|text| crate::render::filing::capital(&text))
}

fn facts(alert: &Alert, language: Language) -> Vec<String> {
    let plan = match (alert.plan, &alert.plan_adopted, language) {
        (Agreed::All(Plan::Yes), Some(date), English) => {
            Some(format!("10b5-1 plan, adopted {}", language.written(date)))
        }
        (Agreed::All(Plan::Yes), Some(date), German) => {
            Some(format!("10b5-1-Plan, beschlossen {}", language.written(date)))
        }
        (Agreed::All(Plan::Yes), None, English) => Some("10b5-1 plan".to_owned()),
        (Agreed::All(Plan::Yes), None, German) => Some("10b5-1-Plan".to_owned()),
        // For other trades than sales, it goes without saying.
        (Agreed::All(Plan::No), ..) if alert.intent.is_none() => None,
        (Agreed::All(Plan::No), _, English) => Some("no 10b5-1 plan".to_owned()),
        (Agreed::All(Plan::No), _, German) => Some("kein 10b5-1-Plan".to_owned()),
        (Agreed::Mixed, _, English) => Some(format!("10b5-1 plan: {}", language.plan(alert))),
        (Agreed::Mixed, _, German) => Some(format!("10b5-1-Plan: {}", language.plan(alert))),
        (Agreed::All(Plan::Unknown), ..) => None,
    };
    let reason = language.reason(alert).map(str::to_owned);
    let stake = language.holdings(alert);
    [Some(language.dates(alert)), plan, reason, stake, language.history(alert)]
        .into_iter()
        .flatten()
        .collect()
}

fn remarks(entry: &Entry, language: Language, zone: Tz) -> Vec<String> {
    let sent = entry.sent_at.map(|at| {
        let time = language.time(at, zone);
        match language {
            English => format!("Already sent to you on {time}"),
            German => format!("Bereits an Sie gesandt am {time}"),
        }
    });
    let not_counted = entry.counted == 0;
    let in_part = !not_counted && entry.counted < entry.alert.lots.len();
    let count = match language {
        English if not_counted => Some("Not in the total"),
        English if in_part => Some("In part in the total"),
        German if not_counted => Some("Nicht in der Summe"),
        German if in_part => Some("Zum Teil in der Summe"),
        _ => None,
    };
    sent.into_iter().chain(count.map(str::to_owned)).collect()
}
