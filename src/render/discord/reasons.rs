//! Why an alert's lots were traded, with the filing's words for it, and the earlier trades of the same owners.

use super::glance::Dates;
use super::headline::is_about_lots;
use super::words::escaped;
use crate::alert::{Agreed, Alert, TradeHistory};
use crate::filing::{Intent, Plan};
use crate::render::filing::capital;
use crate::text::clip_words;

/// What fits on one line of a phone.
const ONE_LINE: usize = 42;
/// The longest words of a filing: two lines, with the plan.
const QUOTE: usize = 58;
/// What is kept of them before the word that matters.
const BEFORE: usize = 34;
/// The words that matter, in this order.
const KEYS: [&str; 9] =
    ["10b5", "tax", "withh", "underwrit", "offering", "exercise", "cover", "trading plan", "plan"];

/// `📋 10b5-1 plan, adopted Sep 12, 2022` and `📈 4th sale in 12 months, $31.00M together`; in one line if that is
/// short.
pub(super) fn reasons(alert: &Alert) -> Vec<String> {
    let plan = match (alert.plan, &alert.plan_adopted) {
        (Agreed::All(Plan::Yes), Some(date)) => {
            Some(format!("📋 10b5-1 plan, adopted {}", Dates::of(alert).written(date)))
        }
        (Agreed::All(Plan::Yes), None) => Some("📋 10b5-1 plan".to_owned()),
        (Agreed::Mixed, _) => Some(format!("📋 10b5-1 plan {}", alert.plan_text())),
        (Agreed::All(Plan::No | Plan::Unknown), _) => None,
    };
    let reason = match alert.intent {
        Some(Agreed::All(Intent::Discretionary)) => Some("own decision, no 10b5-1 plan".to_owned()),
        // The headline says it.
        _ if is_about_lots(alert) => None,
        _ => alert.reason_text().map(str::to_owned),
    };
    let reasons: Vec<String> = [plan, reason].into_iter().flatten().collect();
    let stated = match (capital(&reasons.join(" · ")), quote(alert)) {
        (reasons, None) => reasons,
        (reasons, Some(quote)) if reasons.is_empty() => quote,
        (reasons, Some(quote)) => format!("{reasons} · {quote}"),
    };
    let history = alert.history.as_ref().and_then(TradeHistory::brief_text);
    let lines = [Some(stated), history.map(|history| format!("📈 {}", capital(&history)))];
    let lines: Vec<String> = lines.into_iter().flatten().filter(|line| !line.is_empty()).collect();
    let joined = lines.join(" · ");
    if joined.chars().count() <= ONE_LINE { vec![joined] } else { lines }
}

/// The filing's words for the reason; the date of a plan's adoption says enough without them.
fn quote(alert: &Alert) -> Option<String> {
    let is_stated =
        alert.reason_text().is_some() || alert.plan == Agreed::Mixed || alert.plan == Agreed::All(Plan::Yes);
    let is_quoted = is_stated && alert.plan_adopted.is_none();
    let words = alert.evidence().into_iter().next().filter(|_| is_quoted)?;
    let text = match words.split_once('"') {
        Some((place, quoted)) => format!("{place}\"{}", around_the_key(quoted)),
        None => clip_words(words.strip_prefix("10b5-1 ").unwrap_or(words), QUOTE).into_owned(),
    };
    Some(escaped(&text))
}

/// `…pursuant to a Rule 10b5-1 trading plan."`: the part of a sentence that matters. What begins within a sentence
/// says so.
fn around_the_key(quoted: &str) -> String {
    let quoted = quoted.trim_start();
    let starts_within = quoted.starts_with(|first: char| first.is_lowercase() || ",;:)".contains(first));
    if quoted.chars().count() <= QUOTE {
        return format!("{}{quoted}", if starts_within { "…" } else { "" });
    }
    let lower = quoted.to_ascii_lowercase();
    let key = KEYS.iter().find_map(|key| lower.find(key)).unwrap_or(0);
    let before = quoted[..key].chars().count();
    let skipped = before.saturating_sub(BEFORE);
    let from: String = quoted.chars().skip(skipped).collect();
    // Whole words only.
    let from = match from.split_once(' ') {
        Some((_, rest)) if skipped > 0 => rest,
        _ => &from,
    };
    let cut = clip_words(from, QUOTE);
    let end = if cut.ends_with('…') { "\"" } else { "" };
    format!("{}{cut}{end}", if skipped > 0 || starts_within { "…" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_has_the_words_that_matter() {
        for (quoted, expected) in [
            ("Sold to cover taxes\"", "Sold to cover taxes\""),
            ("to cover taxes\"", "…to cover taxes\""),
            (
                "The transactions reported in this Form 4 were effected pursuant to a Rule 10b5-1 trading plan.\"",
                "…were effected pursuant to a Rule 10b5-1 trading plan.\"",
            ),
            (
                "Sold under a 10b5-1 plan that the reporting person, her trust and both of its trustees adopted\"",
                "Sold under a 10b5-1 plan that the reporting person, her…\"",
            ),
            (
                "ẞold in accordance with a written instruction and plan for trading securities pursuant to Rule 1\"",
                "…with a written instruction and plan for trading…\"",
            ),
        ] {
            assert_eq!(around_the_key(quoted), expected);
        }
    }
}
