//! Alerts as a table that spreadsheets read.

use chrono::SecondsFormat;

use crate::alert::AlertDirection;
use crate::summary::Line;
use crate::text::{clip, plain};

/// The most characters in a cell.
const CELL: usize = 200;

/// All alerts as CSV, one per line.
pub(in crate::render) fn table(lines: &[Line]) -> Vec<u8> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let head = [
        "accepted_at",
        "ticker",
        "issuer",
        "cik",
        "owners",
        "what",
        "shares",
        "value_usd",
        "value_is_at_least",
        "value_is_odd",
        "direction",
        "opposite_value_usd",
        "stake_before",
        "stake_after",
        "warnings",
        "rule",
        "accession",
        "url",
        "ref",
    ];
    let rows = lines.iter().map(|line| {
        [
            line.accepted_at.map_or(String::new(), |at| at.to_rfc3339_opts(SecondsFormat::Secs, true)),
            cell(line.ticker.as_deref().unwrap_or_default()),
            cell(&line.issuer),
            line.cik.to_string(),
            cell(&line.owners),
            line.verb.clone(),
            line.shares.map_or(String::new(), |shares| shares.plain()),
            line.value_usd.map_or(String::new(), |value| value.plain()),
            line.value_is_at_least.to_string(),
            line.value_is_odd.to_string(),
            line.direction.map_or("", AlertDirection::word).to_owned(),
            line.opposite_usd.map_or(String::new(), |value| value.plain()),
            line.stake.map_or(String::new(), |(before, _)| before.plain()),
            line.stake.map_or(String::new(), |(_, after)| after.plain()),
            line.warnings.join(" "),
            cell(&line.rule),
            line.accession.to_string(),
            line.url.clone(),
            line.key.to_string(),
        ]
    });
    // Writing to memory does not fail, and a truncated table would show by its number of rows.
    let _ = table.write_record(head);
    for row in rows {
        let _ = table.write_record(row);
    }
    table.into_inner().unwrap_or_default()
}

/// A filer's text, changed so that no spreadsheet takes it for a formula.
fn cell(text: &str) -> String {
    let text = plain(&clip(text, CELL));
    if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text }
}
