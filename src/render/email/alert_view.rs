//! An alert as its templates show it.

use chrono_tz::America::New_York;
use serde::Serialize;

use super::frame::{Frame, Reader};
use super::item::{changes, pricing, tone};
use super::lot::LotView;
use super::sums::{SumView, sums};
use super::words::bounded;
use crate::alert::{Agreed, Alert};
use crate::filing::Intent;
use crate::render::filing::capital;
use crate::render::listed;
use crate::text::Language::{self, English, German};
use crate::text::{clip, clip_words, plain};

const DESCRIPTION: usize = 500;
const MOST_LOTS: usize = 30;
const MOST_OWNERS: usize = 10;
const MOST_EVIDENCE: usize = 2;
const MOST_CHANGES: usize = 10;
const MOST_PARTS: usize = 10;
const MOST_WARNINGS: usize = 5;
const SUBJECT: usize = 150;
const PREHEADER: usize = 200;

#[derive(Serialize)]
pub(super) struct AlertView<'a> {
    #[serde(flatten)]
    pub(super) frame: Frame<'a>,
    message: Vec<String>,
    company: String,
    tickers: String,
    tone: &'static str,
    owners: Vec<OwnerView>,
    owners_text: String,
    more_owners: usize,
    headline: String,
    deed: String,
    prices: Option<String>,
    securities: Vec<String>,
    pricing: Vec<String>,
    stake: Option<String>,
    holdings: Option<String>,
    history: Option<String>,
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
    warnings: Vec<String>,
    rule: String,
    description: Option<String>,
    url: String,
}

#[derive(Serialize)]
struct OwnerView {
    name: String,
    position: String,
}

impl<'a> AlertView<'a> {
    pub(super) fn new(alert: &Alert, reader: &Reader<'a>, reference: &'a str) -> Self {
        let language = reader.language;
        let subject = clip(&plain(&language.subject(alert)), SUBJECT).into_owned();
        let stake = language.stake(alert);
        let deed = language.deed(alert);
        let frame = Frame::new(reader, reference, subject, preheader(alert, language, &deed));
        Self {
            frame: frame.because_of(reader, std::slice::from_ref(&alert.rule)),
            message: alert.message.iter().flat_map(|text| text.lines()).map(plain).collect(),
            company: bounded(&alert.issuer.name),
            tickers: bounded(&alert.issuer.tickers.join(", ")),
            tone: tone(alert),
            owners: owners(alert, language),
            owners_text: language.owners(alert),
            more_owners: alert.owners.len().saturating_sub(MOST_OWNERS),
            headline: language.headline(alert),
            deed: capital(&deed),
            prices: language.range(alert),
            securities: language.securities(alert),
            pricing: pricing(alert).collect(),
            holdings: language.holdings(alert).filter(|_| stake.is_none()),
            stake,
            history: language.history(alert),
            lots_text: language.lots(alert),
            dates: language.dates(alert),
            lots: alert.lots.iter().take(MOST_LOTS).map(|lot| LotView::new(lot, alert, language)).collect(),
            more_lots: alert.lots.len().saturating_sub(MOST_LOTS),
            plan: language.plan(alert),
            reason: language.reason(alert),
            evidence: evidence(alert),
            accepted: accepted(alert, language),
            late: alert.late,
            form: alert.form.to_string(),
            supersedes: alert.supersedes.is_some(),
            amendment: language.amendment(alert).map(|text| capital(&text)),
            changes: changes(alert, MOST_CHANGES),
            also_in: (!alert.also_in.is_empty()).then(|| listed(&alert.also_in)),
            sums: sums(alert, language, MOST_PARTS),
            warnings: alert.warnings.iter().take(MOST_WARNINGS).map(|odd| language.warning(odd)).collect(),
            rule: alert.rule.clone(),
            description: alert.rule_description.as_deref().map(|text| clip(text, DESCRIPTION).into_owned()),
            url: alert.url.clone(),
        }
    }
}

/// The line that mail programs show below the subject: what the subject leaves out.
fn preheader(alert: &Alert, language: Language, deed: &str) -> String {
    let facts = [Some(capital(deed)), language.holdings(alert), language.history(alert)];
    let facts = facts.into_iter().flatten().chain([language.dates(alert)]);
    clip_words(&plain(&facts.collect::<Vec<_>>().join(" · ")), PREHEADER).into_owned()
}

fn owners(alert: &Alert, language: Language) -> Vec<OwnerView> {
    let shown = alert.owners.iter().take(MOST_OWNERS);
    shown.map(|owner| OwnerView { name: bounded(&owner.name), position: language.position(owner) }).collect()
}

fn evidence(alert: &Alert) -> Vec<String> {
    if alert.intent == Some(Agreed::All(Intent::Discretionary)) {
        return Vec::new();
    }
    alert.evidence().into_iter().take(MOST_EVIDENCE).map(|words| plain(&clip(words, 300))).collect()
}

/// When EDGAR accepted it, and in English how long it took from there.
fn accepted(alert: &Alert, language: Language) -> Option<String> {
    let accepted = alert.accepted_at.map(|time| language.time(time, New_York));
    match (language, accepted, alert.way_text()) {
        (English, Some(accepted), Some(way)) => Some(format!("{accepted} · {way}")),
        (English, None, Some(way)) => Some(format!("at an unknown time; {way}")),
        (German, None, _) => Some("Zeitpunkt unbekannt".to_owned()),
        (_, accepted, _) => accepted,
    }
}
