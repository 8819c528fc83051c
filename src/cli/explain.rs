//! `sellbell explain`: every rule and every condition held against a filing, and what would happen next.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::anyhow;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{environment, filings, setup, tell};
use crate::alert::{Alert, Key};
use crate::app;
use crate::config::Settings;
use crate::decide::{self, Case, NoAlert};
use crate::delivery::{Body, Delivery, Outcome};
use crate::destination::Destination;
use crate::filing::{Accession, Filing, PastFiling};
use crate::render::explain as words;
use crate::rules::{Explanation, Rule, RuleSet};
use crate::store::{DeliveryStanding, DigestStanding, Store};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Settings file [default: config/sellbell.toml, where it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Rule folder or file [default: the one that the settings name]
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    /// One rule only
    #[arg(long, value_name = "NAME")]
    rule: Option<String>,
    /// One JSON object, for machines
    #[arg(long)]
    json: bool,
    /// A submission text, a bare XML document, an accession, or an address on sec.gov
    #[arg(value_name = "FILE|ACCESSION|URL")]
    filing: String,
}

/// What became, or would become, of a filing by one rule.
#[derive(Debug, Serialize)]
struct Told {
    rule: String,
    enabled: bool,
    #[serde(flatten)]
    explanation: Explanation,
    /// What comes next, in words.
    outcome: String,
    /// The alert's key, where there is one.
    key: Option<Key>,
    /// Where it goes.
    deliveries: Vec<Way>,
}

#[derive(Debug, Serialize)]
struct Way {
    destination: Destination,
    /// `would be sent`, `waits`, `was sent 2025-12-12 …`
    standing: String,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let settings = setup::settings(args.config.as_deref())?;
    let rules = RuleSet::new(setup::rules(&settings, args.rules.as_deref().unwrap_or(&settings.rules_dir))?);
    let asked: Vec<&Rule> = match &args.rule {
        None => rules.iter().collect(),
        Some(name) => vec![rules.get(name).ok_or_else(|| {
            let names: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
            anyhow!("there is no rule `{name}`; there are {}", names.join(", "))
        })?],
    };
    let mut filing = filings::Named::new(|| Ok(settings.clone()))
        .read(&args.filing)
        .map_err(|error| anyhow!("{}: {error}", args.filing))?;
    let (store, note) = setup::store(&settings)?;
    let listed = store.as_ref().and_then(|store| store.tickers().ok().flatten());
    listed.map(|(_, listed)| listed).unwrap_or_default().place(&mut filing);
    let accepted_at = filing.accepted_at.unwrap_or_else(now);
    if let Some(store) = &store {
        store.teach(&mut filing, accepted_at)?;
    }
    let since = decide::since(asked.iter().copied(), &filing, accepted_at);
    let Before { known, whole_since, came } = before(store.as_ref(), &filing, since, accepted_at)?;
    let case = Case { filing: &filing, accepted_at, seen_at: accepted_at, known: &known, whole_since };
    let mut told = Vec::new();
    for rule in asked {
        let mut one = tell_of(&rules, rule, case, &settings, store.as_ref())?;
        if let Some(came) = &came {
            let did = match came.rang.get(&rule.name) {
                Some(rang) if rang.withdrawn => "it took an alert back",
                Some(_) => "it rang",
                None => "it was silent",
            };
            one.outcome = format!("{} (when the bot read it, {did})", one.outcome);
        }
        told.push(one);
    }
    if args.json {
        let notes: Vec<&str> = note.iter().map(String::as_str).collect();
        let json = serde_json::json!({ "accession": filing.accession, "notes": notes, "rules": told });
        tell(&mut io::stdout(), &format!("{json}\n"));
        return Ok(ExitCode::SUCCESS);
    }
    let colour = environment::colour();
    let mut text = words::headline(&filing, colour);
    for one in &told {
        let ways: Vec<(String, &str)> =
            one.deliveries.iter().map(|way| (way.destination.to_string(), way.standing.as_str())).collect();
        text.push_str(&words::rule(&one.rule, &one.explanation, &one.outcome, &ways, colour));
    }
    if let Some(note) = note {
        text.push_str(&format!("{note}\n"));
    }
    tell(&mut io::stdout(), &text);
    Ok(ExitCode::SUCCESS)
}

/// What came before a filing.
#[derive(Default)]
struct Before {
    known: Vec<PastFiling>,
    whole_since: Option<DateTime<Utc>>,
    /// What history keeps of the filing itself, where the bot has read it.
    came: Option<PastFiling>,
}

/// What history had of the issuer when the filing came.
fn before(
    store: Option<&Store>,
    filing: &Filing,
    since: DateTime<Utc>,
    accepted_at: DateTime<Utc>,
) -> anyhow::Result<Before> {
    let Some(store) = store else { return Ok(Before::default()) };
    let (mut known, whole_since) =
        decide::read_history(filing, since, |since| store.history(filing.issuer.cik, since))?;
    let came = known.iter().find(|past| Some(past.accession) == filing.accession).cloned();
    // What the bot knew then: filings of one second come by accession, and what came later replaced nothing yet.
    let own = (accepted_at, filing.accession);
    known.retain(|past| (past.accepted_at, Some(past.accession)) < own);
    let accessions: BTreeSet<Accession> = known.iter().map(|past| past.accession).collect();
    let known = known.into_iter().map(|past| past.as_known(|other| accessions.contains(&other))).collect();
    Ok(Before { known, whole_since, came })
}

fn tell_of(
    rules: &RuleSet,
    rule: &Rule,
    case: Case<'_>,
    settings: &Settings,
    store: Option<&Store>,
) -> anyhow::Result<Told> {
    let explanation = decide::explain(rule, case);
    let decision = decide::decide_for(rules, vec![rule], case);
    let own = decision.alerts.into_iter().find(|(own, _)| own.name == rule.name);
    let alert = own.map(|(_, alert)| alert);
    let silence = decision.silent.into_iter().map(|(_, silence)| silence).next();
    let mut deliveries = Vec::new();
    if let Some(alert) = alert.as_ref().filter(|_| rule.enabled) {
        let destinations = match store {
            Some(store) => app::destinations(settings, store, rule)?,
            None => rule.notify.clone(),
        };
        for destination in destinations {
            let standing = standing(alert, &destination, settings, store)?;
            deliveries.push(Way { destination, standing });
        }
    }
    let outcome = match (&alert, silence) {
        (_, _) if !rule.enabled => "nothing: the rule is not enabled".to_owned(),
        (Some(alert), _) if alert.withdrawn => format!("takes back what was told: {}", alert.text),
        (Some(alert), _) if alert.is_told_before() => {
            let other = alert.also_in.first().or(alert.follows.as_ref()).or(alert.amended_by.as_ref());
            let other =
                other.map_or("an earlier filing".to_owned(), |accession| format!("filing {accession}"));
            format!("is told already: it is a duplicate of the alert of {other}")
        }
        (Some(alert), _) => format!("rings: {}", alert.text),
        (None, Some(NoAlert::Cooldown(accession))) => {
            format!("silent: it rang for {accession}, and cools down")
        }
        (None, Some(NoAlert::NoAccession)) => {
            "would ring, had the file an accession, which bare XML lacks".to_owned()
        }
        (None, _) => match explanation.deciding() {
            Some(finding) => format!("silent, because of {}", finding.condition),
            None => "silent".to_owned(),
        },
    };
    Ok(Told {
        rule: rule.name.clone(),
        enabled: rule.enabled,
        explanation,
        outcome,
        key: alert.map(|alert| alert.key),
        deliveries,
    })
}

fn standing(
    alert: &Alert,
    destination: &Destination,
    settings: &Settings,
    store: Option<&Store>,
) -> anyhow::Result<String> {
    let digest = settings.digest_of(destination);
    let Some(store) = store else {
        return Ok(if digest.is_some() { "would wait for the digest" } else { "would be sent" }.to_owned());
    };
    if let (Destination::Email(recipient), Some(_)) = (destination, digest) {
        return Ok(match store.digest_standing(recipient, &alert.key)? {
            Some(DigestStanding::Waits) => "waits for the digest",
            Some(DigestStanding::Told) => "was in a digest",
            None => "would wait for the digest",
        }
        .to_owned());
    }
    let delivery = Delivery::new(destination.clone(), Body::Alert(Box::new(alert.clone())), alert.seen_at);
    Ok(match store.delivery_standing(&delivery.key)? {
        None => match store
            .mutes()?
            .into_iter()
            .find(|mute| mute.holds(now()) && mute.what.covers(alert, destination))
        {
            Some(mute) => format!(
                "would not be sent: {} is muted until {}",
                mute.what,
                mute.until.format("%Y-%m-%d %H:%M UTC")
            ),
            None => "would be sent".to_owned(),
        },
        Some(DeliveryStanding::Muted) => "is muted, and is told when that ends".to_owned(),
        Some(DeliveryStanding::Untold { .. }) => "was muted".to_owned(),
        Some(DeliveryStanding::Queued) => "waits to be sent".to_owned(),
        Some(DeliveryStanding::InFlight(sends)) => {
            let at = sends.last.format("%Y-%m-%d %H:%M UTC");
            format!("waits to be sent; what became of the try of {at} is not known")
        }
        Some(DeliveryStanding::Joined(key)) => match store.delivery_standing(&key)? {
            Some(DeliveryStanding::Left(Outcome::Delivered { at, .. })) => {
                format!("was sent {}, with others in one message", at.format("%Y-%m-%d %H:%M UTC"))
            }
            Some(DeliveryStanding::Left(Outcome::Dead { reason, .. })) => format!("was given up: {reason}"),
            _ => "waits to be sent, with others in one message".to_owned(),
        },
        Some(DeliveryStanding::Left(Outcome::Delivered { at, .. })) => {
            format!("was sent {}", at.format("%Y-%m-%d %H:%M UTC"))
        }
        Some(DeliveryStanding::Left(Outcome::Dead { reason, .. })) => format!("was given up: {reason}"),
    })
}

#[expect(clippy::disallowed_methods, reason = "a filing without a time is explained as of now")]
fn now() -> DateTime<Utc> {
    Utc::now()
}
