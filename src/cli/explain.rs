//! `sellbell explain`: evaluates every rule and condition for a filing, and shows what would happen next.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::anyhow;
use chrono::{DateTime, Utc};

use super::named::named;
use super::output::print;
use super::{environment, filings, remote, setup};
use crate::render::explain as words;
use crate::rules::{Rule, RuleSet};
use crate::service::Explainer;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Settings file [default: config/sellbell.toml if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Rule folder or file [default: the rules folder of the settings]
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    /// Explain this rule only
    #[arg(long, value_name = "NAME")]
    rule: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Submission text, bare XML document, accession number or sec.gov URL
    #[arg(value_name = "FILE|ACCESSION|URL")]
    filing: String,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut settings = setup::settings(args.config.as_deref())?;
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
    let runtime = remote::runtime()?;
    if let Some(store) = &store {
        settings.name_inboxes(&runtime.block_on(store.known_addresses())?);
    }
    let accepted_at = filing.accepted_at.unwrap_or_else(now);
    let explainer =
        Explainer { rules: &rules, settings: &settings, store: store.as_ref(), now: now(), deliveries: true };
    let explained = runtime.block_on(async {
        let listed = match &store {
            Some(store) => store.tickers().await.ok().flatten(),
            None => None,
        };
        listed.map(|(_, listed)| listed).unwrap_or_default().place(&mut filing);
        if let Some(store) = &store {
            store.teach(&mut filing, accepted_at).await?;
        }
        explainer.explain(&asked, &filing, accepted_at).await
    })?;
    if args.json {
        let notes: Vec<&str> = note.iter().map(String::as_str).collect();
        let json = serde_json::json!({ "accession": filing.accession, "notes": notes, "rules": explained });
        print(&mut io::stdout(), &format!("{json}\n"));
        return Ok(ExitCode::SUCCESS);
    }
    let colour = environment::colour();
    let mut text = words::headline(&filing, colour);
    for one in &explained {
        let mut ways: Vec<(String, &str)> = Vec::new();
        for way in &one.deliveries {
            let shown = runtime.block_on(named(store.as_ref(), &settings, &way.destination))?;
            ways.push((shown, way.standing.as_str()));
        }
        text.push_str(&words::rule(&one.rule, &one.explanation, &one.outcome, &ways, colour));
    }
    if let Some(note) = note {
        text.push_str(&format!("{note}\n"));
    }
    print(&mut io::stdout(), &text);
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::disallowed_methods, reason = "a filing is explained as of now")]
fn now() -> DateTime<Utc> {
    Utc::now()
}
