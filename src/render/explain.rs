//! Why rules match or not, as lines on a terminal.

use super::terminal::{BOLD, BOUGHT, Colour, DIM, ODD, SOLD};
use crate::filing::Filing;
use crate::rules::{Explanation, Finding, Truth};
use crate::text::{clip_words, eastern, plain};

/// The maximum width of the wanted value, shown beside the found one.
const WANTED: usize = 60;
const FOUND: usize = 160;

/// Identifies the filing, in a line or two.
pub fn headline(filing: &Filing, colour: Colour) -> String {
    let tickers = filing.issuer.tickers().join(", ");
    let tickers = if tickers.is_empty() { "no ticker".to_owned() } else { tickers };
    let owners: Vec<&str> = filing.owners.iter().map(|owner| owner.name.as_str()).take(3).collect();
    let accession = filing.accession.map_or("no accession".to_owned(), |accession| accession.to_string());
    let accepted =
        filing.accepted_at.map_or("no acceptance time".to_owned(), |at| format!("accepted {}", eastern(at)));
    format!(
        "{} {}  form {} · {}\n  {accession} · {accepted}\n\n",
        colour.paint(BOLD, &format!("[{tickers}]")),
        plain(&filing.issuer.name),
        filing.form,
        plain(&owners.join("; ")),
    )
}

/// One rule: its conditions, its outcome, and where the alert goes.
pub fn rule(
    name: &str,
    explanation: &Explanation,
    outcome: &str,
    ways: &[(String, &str)],
    colour: Colour,
) -> String {
    let (mark, tone) = match explanation.holds {
        Truth::Yes => ("\u{2714}", BOUGHT),
        Truth::No => ("\u{2718}", SOLD),
        Truth::Unknown => ("?", ODD),
    };
    let mut text = format!("{} {}  {}\n", colour.paint(tone, mark), colour.paint(BOLD, name), plain(outcome));
    let width = |finding: &Finding| label(finding).chars().count() + 2 * finding.depth();
    let widest = explanation.findings.iter().map(width).max().unwrap_or(0);
    for finding in &explanation.findings {
        text.push_str(&line(finding, widest, colour));
    }
    for (destination, standing) in ways {
        text.push_str(&format!("    \u{2192} {destination}: {}\n", plain(standing)));
    }
    text.push('\n');
    text
}

fn label(finding: &Finding) -> &str {
    finding.condition.rsplit('.').next().unwrap_or_default()
}

fn line(finding: &Finding, widest: usize, colour: Colour) -> String {
    let indent = 2 * finding.depth();
    let (mark, tone) = match finding.holds {
        Truth::Yes => ("\u{2714}", BOUGHT),
        Truth::No => ("\u{2718}", SOLD),
        Truth::Unknown => ("?", ODD),
    };
    let name = format!("{:<width$}", label(finding), width = widest - indent);
    let said = if finding.group {
        String::new()
    } else {
        let wanted = plain(&clip_words(&finding.wanted, WANTED));
        format!("{}  {}", colour.paint(DIM, &format!("{wanted}:")), plain(&clip_words(&finding.found, FOUND)))
    };
    let line = format!("    {}{} {name}  {said}", " ".repeat(indent), colour.paint(tone, mark));
    format!("{}\n", line.trim_end())
}
