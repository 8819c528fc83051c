//! Explains to people on Discord why rules match a filing, or why not.

use chrono::{DateTime, Utc};

use super::context::Context;
use crate::filing::{Accession, Cik, Filing};
use crate::render::discord::escaped;
use crate::rules::{Explanation, Finding, Rule, RuleSet, Truth, label};
use crate::service::{Explainer, Found};
use crate::store::StoreError;
use crate::text::{clip, clip_words};

/// The longest explanation of all rules together, and of one condition, in characters.
const TEXT: usize = 1_900;
const CONDITION: usize = 160;
const NAME: usize = 80;

/// Explains rules for a filing, in the folder of one of its filers; or says why it cannot.
pub(super) async fn explain(
    context: &Context,
    rules: &RuleSet,
    asked: &[&Rule],
    (accession, filer): (Accession, Cik),
    now: DateTime<Utc>,
) -> Result<String, StoreError> {
    let app = &*context.app;
    let filing = match context.lookup.filing(app, accession, filer, now).await? {
        Found::Filing(filing) => filing,
        Found::Nothing => {
            return Ok(format!(
                "EDGAR has no filing {accession} in that folder. Use the filing's address on sec.gov."
            ));
        }
        Found::Pause(until) => {
            return Ok(format!("EDGAR asks for a pause. Try again <t:{}:R>.", until.timestamp()));
        }
        Found::TooMany => return Ok("Too many filings were asked for. Try again in an hour.".to_owned()),
        Found::Failed(why) => {
            return Ok(format!("The filing cannot be read: {}.", escaped(&clip(&why, 200))));
        }
    };
    let accepted_at = filing.accepted_at.unwrap_or(now);
    let explainer = Explainer { rules, settings: &app.settings, store: Some(&app.store), now };
    let explained = explainer.explain(asked, &filing, accepted_at).await?;
    let mut text = head(&filing);
    for one in &explained {
        let lines = rule(&one.rule, &one.explanation, &one.outcome);
        if text.chars().count() + lines.chars().count() > TEXT {
            text.push_str("\n-# There is more than fits here.");
            break;
        }
        text.push_str(&lines);
    }
    Ok(text)
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

/// One rule: its outcome and its conditions.
fn rule(name: &str, explanation: &Explanation, outcome: &str) -> String {
    let mut text = format!(
        "\n{} **{}**: {}",
        mark(explanation.holds),
        escaped(&label(name)),
        escaped(&clip_words(outcome, 300))
    );
    for finding in &explanation.findings {
        text.push_str(&condition(finding));
    }
    text
}

fn condition(finding: &Finding) -> String {
    let own = finding.condition.rsplit('.').next().unwrap_or_default();
    let indent = "  ".repeat(finding.depth().min(3));
    if finding.group {
        return format!("\n{indent}- {} `{own}`", mark(finding.holds));
    }
    let wanted = escaped(&clip_words(&finding.wanted, CONDITION / 2));
    let found = escaped(&clip_words(&finding.found, CONDITION));
    format!("\n{indent}- {} `{own}` {wanted}: {found}", mark(finding.holds))
}
