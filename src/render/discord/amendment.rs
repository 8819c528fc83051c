//! What an alert's filing amends, and which others report the same trade, with links to them.

use super::glance::{Dates, and_more};
use super::words::escaped;
use crate::alert::Alert;
use crate::filing::{Accession, index_url};
use crate::render::filing::capital;
use crate::text::clip_words;

const MOST_CHANGES: usize = 3;
const CHANGE: usize = 150;
const MOST_REPORTS: usize = 3;

/// `✏️ Amends [the original](…), row 2: price $62.3815 → $62.8315`; a list for several changes.
pub(super) fn amendment(alert: &Alert) -> Option<String> {
    let text = format!("✏️ {}", capital(&amended(alert)?));
    let dates = Dates::of(alert);
    let change = |change: &String| dates.in_text(&escaped(&clip_words(change, CHANGE)));
    if let [only] = alert.changes.as_slice() {
        return Some(format!("{text}, {}", change(only)));
    }
    let mut lines = vec![text];
    lines.extend(alert.changes.iter().take(MOST_CHANGES).map(|own| format!("- {}", change(own))));
    if alert.changes.len() > MOST_CHANGES {
        lines.push(format!("- {}", and_more(alert.changes.len() - MOST_CHANGES, "change", "changes")));
    }
    Some(lines.join("\n"))
}

/// The amended filing, with a link to it. `None` for an original.
fn amended(alert: &Alert) -> Option<String> {
    let link = |words: &str, filing: Accession| format!("[{words}]({})", index_url(alert.issuer.cik, filing));
    if let Some(amendment) = alert.amended_by {
        return Some(format!("already amended by {}", link("a later filing", amendment)));
    }
    if !alert.form.is_amendment() {
        return None;
    }
    Some(match (alert.amends, alert.may_amend.as_slice()) {
        (Some(original), _) => {
            let unchanged =
                if alert.changes.is_empty() && !alert.withdrawn { ", no row is changed" } else { "" };
            format!("amends {}{unchanged}", link("the original", original))
        }
        (None, []) => "amends a filing that I have not seen".to_owned(),
        (None, [one]) => format!("may amend {}, which has another date", link("this filing", *one)),
        (None, several) => format!("amends one of {} filings, it is not clear which", several.len()),
    })
}

/// `Also reported in [0009900001-21-000002](…)`.
pub(super) fn other_reports(alert: &Alert) -> Option<String> {
    let link = |filing: &Accession| format!("[{filing}]({})", index_url(alert.issuer.cik, *filing));
    let mut links: Vec<String> = alert.also_in.iter().take(MOST_REPORTS).map(link).collect();
    if alert.also_in.len() > MOST_REPORTS {
        links.push(format!("{} more", alert.also_in.len() - MOST_REPORTS));
    }
    (!links.is_empty()).then(|| format!("Also reported in {}", links.join(", ")))
}
