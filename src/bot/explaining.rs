//! Explains to people on Discord why rules match a filing, or why not.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::caller::Caller;
use super::context::Context;
use super::lines::fitting;
use crate::filing::{Accession, Cik, Filing};
use crate::render::discord::escaped;
use crate::rules::{Explanation, Finding, Rule, RuleSet, Truth, label};
use crate::service::{Explainer, Found};
use crate::store::StoreError;
use crate::text::{clip, clip_words};

/// The longest condition, in characters.
const CONDITION: usize = 160;
const NAME: usize = 80;

/// A filing that somebody asks about, in the folder of one of its filers; or why there is none.
pub(super) async fn filing(
    context: &Context,
    caller: &Caller,
    (accession, filer): (Accession, Cik),
    now: DateTime<Utc>,
) -> Result<Result<Arc<Filing>, String>, StoreError> {
    Ok(match context.lookup.filing(&context.app, caller.user, (accession, filer), now).await? {
        Found::Filing(filing) => Ok(filing),
        Found::Nothing => Err(format!(
            "EDGAR has no filing {accession} in that folder. Use the filing's address on sec.gov."
        )),
        Found::Pause(until) => Err(format!("EDGAR asks for a pause. Try again <t:{}:R>.", until.timestamp())),
        Found::TooMany => Err("Too many filings were asked for. Try again in an hour.".to_owned()),
        Found::Failed(why) => Err(format!("The filing cannot be read: {}.", escaped(&clip(&why, 200)))),
    })
}

/// Explains rules for a filing, as far as there is room.
pub(super) async fn explain(
    context: &Context,
    rules: &RuleSet,
    asked: &[&Rule],
    filing: &Filing,
    now: DateTime<Utc>,
) -> Result<String, StoreError> {
    let app = &*context.app;
    let accepted_at = filing.accepted_at.unwrap_or(now);
    // Nobody asks here where else alerts go.
    let deliveries = false;
    let explainer = Explainer { rules, settings: &app.settings, store: Some(&app.store), now, deliveries };
    let explained = explainer.explain(asked, filing, accepted_at).await?;
    let mut lines = Vec::new();
    for one in &explained {
        lines.extend(rule(&one.rule, &one.explanation, &one.outcome));
    }
    Ok(fitting(&head(filing), &lines, ""))
}

/// `**QLYS** QUALYS, INC. · Form 4 · accepted …`
fn head(filing: &Filing) -> String {
    let ticker = filing.issuer.tickers().first().map_or("no ticker".to_owned(), |ticker| escaped(ticker));
    let name = escaped(&clip(&filing.issuer.name, NAME));
    let accepted = filing.accepted_at.map(|at| format!(" · accepted <t:{}:f>", at.timestamp()));
    format!("**{ticker}** {name} · Form {}{}", filing.form, accepted.unwrap_or_default())
}

fn mark(holds: Truth) -> &'static str {
    match holds {
        Truth::Yes => "\u{2705}",
        Truth::No => "\u{274c}",
        Truth::Unknown => "\u{2754}",
    }
}

/// One rule, line by line: its outcome and its conditions.
fn rule(name: &str, explanation: &Explanation, outcome: &str) -> Vec<String> {
    let first = format!(
        "{} **{}**: {}",
        mark(explanation.holds),
        escaped(&label(name)),
        escaped(&clip_words(outcome, 300))
    );
    [first].into_iter().chain(explanation.findings.iter().map(condition)).collect()
}

fn condition(finding: &Finding) -> String {
    let own = finding.condition.rsplit('.').next().unwrap_or_default();
    let indent = "  ".repeat(finding.depth().min(3));
    if finding.group {
        return format!("{indent}- {} `{own}`", mark(finding.holds));
    }
    let wanted = escaped(&clip_words(&finding.wanted, CONDITION / 2));
    let found = escaped(&clip_words(&finding.found, CONDITION));
    format!("{indent}- {} `{own}` {wanted}: {found}", mark(finding.holds))
}
