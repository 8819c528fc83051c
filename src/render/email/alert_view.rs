//! An alert as the e-mail templates show it.

use serde::Serialize;

use super::lot::LotView;
use crate::alert::{Agreed, Alert, Figure, Verb};
use crate::digest::Entry;
use crate::filing::Intent;
use crate::render::filing::capital;
use crate::render::listed;
use crate::rules::Sum;
use crate::text::{clip, eastern, plain};

const MOST_RULES: usize = 10;
const DESCRIPTION: usize = 500;
const MOST_LOTS: usize = 30;
const MOST_OWNERS: usize = 10;
const MOST_EVIDENCE: usize = 2;
const MOST_CHANGES: usize = 10;
const MOST_ODD: usize = 2;
const MOST_PARTS: usize = 10;
const MOST_PARTS_OF_ENTRY: usize = 3;
const PART: usize = 300;
pub(super) const SUBJECT: usize = 150;
const NAME: usize = 150;

#[derive(Serialize)]
pub(super) struct AlertView {
    pub(super) subject: String,
    message: Vec<String>,
    company: String,
    tickers: String,
    tone: &'static str,
    verb: &'static str,
    owners: Vec<OwnerView>,
    owners_text: String,
    more_owners: usize,
    what: String,
    also: Option<String>,
    did: String,
    odd: Vec<String>,
    detail: String,
    priced: String,
    value: String,
    range: Option<String>,
    securities: Vec<String>,
    pricing: Vec<String>,
    stake: Option<String>,
    holdings: Option<String>,
    lots_text: String,
    dates: String,
    lots: Vec<LotView>,
    more_lots: usize,
    plan: String,
    reason: Option<&'static str>,
    evidence: Vec<String>,
    accepted: Option<String>,
    late: bool,
    form: String,
    amendment: Option<String>,
    supersedes: bool,
    changes: Vec<String>,
    also_in: Option<String>,
    sums: Vec<SumView>,
    count: Option<&'static str>,
    warnings: Vec<String>,
    rules: Vec<RuleView>,
    url: String,
    reference: String,
}

#[derive(Serialize)]
struct OwnerView {
    name: String,
    position: String,
}

#[derive(Serialize)]
struct SumView {
    text: String,
    parts: Vec<PartView>,
    more: usize,
}

#[derive(Serialize)]
struct PartView {
    text: String,
    url: Option<String>,
}

impl SumView {
    fn new(sum: &Sum, most: usize) -> Self {
        let parts = sum.parts.iter().take(most);
        Self {
            text: sum.text(),
            parts: parts
                .map(|part| PartView {
                    text: plain(&clip(&part.text(), PART)),
                    url: part.url.clone().filter(|_| !part.own),
                })
                .collect(),
            more: sum.more + sum.parts.len().saturating_sub(most),
        }
    }
}

#[derive(Serialize)]
struct RuleView {
    name: String,
    description: Option<String>,
}

impl AlertView {
    pub(super) fn new(alert: &Alert, reference: &str) -> Self {
        let owners_text = bounded(&alert.owners_text());
        let amended = alert.amended_mark();
        let ways = alert.ways();
        let subject = alert.deed_text(Figure::Full);
        let subject = format!("{}: {owners_text} {subject}{amended}", alert.ticker_or_name());
        let (verb, what) =
            ways.first().map_or(("traded", String::new()), |way| (way.verb.text(), way.what(Figure::Full)));
        let also = ways.get(1).map(|way| format!("and {} {}", way.verb, way.what(Figure::Full)));
        let also = also.or_else(|| alert.only_moves().then(|| "within their holdings".to_owned()));
        Self {
            message: alert.message.iter().flat_map(|text| text.lines()).map(plain).collect(),
            subject: clip(&plain(&subject), SUBJECT).into_owned(),
            company: bounded(&alert.issuer.name),
            tickers: bounded(&alert.issuer.tickers.join(", ")),
            tone: tone(alert),
            verb,
            also,
            did: ways
                .iter()
                .map(|way| format!("{} {}", way.verb, way.quantity))
                .collect::<Vec<_>>()
                .join(" and "),
            odd: alert.figure_warnings().take(MOST_ODD).map(|warning| bounded(&warning.message)).collect(),
            priced: priced(alert, || ways.first().map(|way| alert.for_value(way))),
            detail: ways.iter().map(|way| way.quantity.clone()).collect::<Vec<_>>().join(" and "),
            owners: owners(alert),
            owners_text,
            more_owners: alert.owners.len().saturating_sub(MOST_OWNERS),
            what,
            value: value(alert),
            range: alert.range_text(),
            securities: alert.security_lines(Figure::Full, plain),
            pricing: alert.pricing_lines().iter().map(|line| plain(&clip(line, 300))).collect(),
            stake: alert.stake_text(plain).map(|text| clip(&text, 400).into_owned()),
            holdings: alert.holdings_text().filter(|_| alert.stake_text(plain).is_none()),
            lots_text: alert.lots_text(),
            dates: alert.dates_text(),
            lots: alert.lots.iter().take(MOST_LOTS).map(|lot| LotView::new(lot, alert.sign(lot))).collect(),
            more_lots: alert.lots.len().saturating_sub(MOST_LOTS),
            plan: alert.plan_text(),
            reason: alert.reason_text(),
            evidence: evidence(alert),
            accepted: accepted(alert),
            late: alert.late,
            form: alert.form.to_string(),
            supersedes: alert.supersedes.is_some(),
            amendment: alert.amendment_text().map(|text| capital(&text)),
            changes: alert
                .changes
                .iter()
                .take(MOST_CHANGES)
                .map(|change| plain(&clip(change, 200)))
                .collect(),
            also_in: (!alert.also_in.is_empty()).then(|| listed(&alert.also_in)),
            sums: alert.sums.iter().map(|sum| SumView::new(sum, MOST_PARTS)).collect(),
            count: None,
            warnings: alert.warnings.iter().take(5).map(|warning| bounded(&warning.message)).collect(),
            rules: vec![RuleView {
                name: alert.rule.clone(),
                description: alert
                    .rule_description
                    .as_deref()
                    .map(|text| clip(text, DESCRIPTION).into_owned()),
            }],
            url: alert.url.clone(),
            reference: reference.to_owned(),
        }
    }

    pub(super) fn of_entry(entry: &Entry, reference: &str) -> Self {
        let rules = entry
            .rules
            .iter()
            .take(MOST_RULES)
            .map(|name| RuleView { name: name.clone(), description: None })
            .collect();
        let sums = entry.alert.sums.iter().map(|sum| SumView::new(sum, MOST_PARTS_OF_ENTRY)).collect();
        Self { rules, sums, count: entry.count_text(), ..Self::new(&entry.alert, reference) }
    }
}

fn owners(alert: &Alert) -> Vec<OwnerView> {
    let shown = alert.owners.iter().take(MOST_OWNERS);
    shown
        .map(|owner| OwnerView { name: bounded(&owner.name), position: bounded(&owner.position()) })
        .collect()
}

fn tone(alert: &Alert) -> &'static str {
    match alert.verb() {
        Verb::Sold => "#d64545",
        Verb::Bought => "#2e9e6b",
        Verb::Moved | Verb::Traded | Verb::Other(_) => "#808890",
    }
}

fn priced(alert: &Alert, first_value: impl FnOnce() -> Option<String>) -> String {
    match alert.price_text() {
        Some(price) if alert.lots.len() > 1 => format!(" at {price} on average"),
        Some(price) => format!(" at {price}"),
        None => first_value().filter(|_| alert.sound_value().is_none()).unwrap_or_default(),
    }
}

fn value(alert: &Alert) -> String {
    match alert.value_usd {
        Some(value) if value.is_zero() && !alert.value_is_odd => "no price".into(),
        None if alert.value_text() == "an unknown price" => "unknown".into(),
        _ => alert.value_text(),
    }
}

fn evidence(alert: &Alert) -> Vec<String> {
    if alert.intent == Some(Agreed::All(Intent::Discretionary)) {
        return Vec::new();
    }
    alert.evidence().into_iter().take(MOST_EVIDENCE).map(|words| plain(&clip(words, 300))).collect()
}

fn accepted(alert: &Alert) -> Option<String> {
    match (alert.accepted_at.map(eastern), alert.way_text()) {
        (Some(accepted), Some(way)) => Some(format!("{accepted} · {way}")),
        (None, Some(way)) => Some(format!("at an unknown time; {way}")),
        (accepted, None) => accepted,
    }
}

fn bounded(text: &str) -> String {
    clip(&plain(text), NAME).into_owned()
}
