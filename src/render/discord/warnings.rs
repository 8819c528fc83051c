//! The warnings of a filing, each in one short line for its card.

use super::glance::{Dates, and_more, dates_in};
use super::words::{escaped, whole};
use crate::alert::Alert;
use crate::filing::Warning;
use crate::render::filing::capital;
use crate::render::warning_words::short;
use crate::text::Language::English;
use crate::text::clip_words;

const MOST: usize = 2;
const LINE: usize = 120;

/// A line for each of the first warnings; the last one says how many more there are.
pub(super) fn warnings(alert: &Alert) -> Vec<String> {
    let dates = Dates::of(alert);
    let mut told: Vec<String> = Vec::new();
    for warning in alert.warnings.iter().filter(|warning| !repeats(warning, &alert.warnings)) {
        let line = format!("⚠️ {}", text(warning, dates));
        // Several rows may have the same oddity.
        if !told.contains(&line) {
            told.push(line);
        }
    }
    let more = told.len().saturating_sub(MOST);
    told.truncate(MOST);
    if let Some(last) = told.last_mut().filter(|_| more > 0) {
        last.push_str(&format!(" · {}", and_more(more, "warning", "warnings")));
    }
    told
}

/// True if another warning says of the same date that it is mistyped.
fn repeats(warning: &Warning, all: &[Warning]) -> bool {
    let first = |warning: &Warning| dates_in(&warning.message).first().copied();
    let is_mistyped = |other: &Warning| other.code == "date-mistyped" && other.at == "transactionDate";
    ["date-in-future", "date-after-signature"].contains(&warning.code.as_str())
        && all.iter().any(|other| is_mistyped(other) && first(other) == first(warning))
}

/// `Filed late: due Apr 3, filed Apr 15`, in markdown.
fn text(warning: &Warning, dates: Dates) -> String {
    let text = short(warning, English, escaped).unwrap_or_else(|| escaped(&warning.message));
    dates.in_text(whole(&clip_words(&capital(&text), LINE)))
}
