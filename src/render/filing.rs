//! A whole filing for people on a terminal: `sellbell show`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::eastern;
use super::terminal::{BOLD, Colour, DIM};
use crate::filing::record::LotRecord;
use crate::filing::{Direction, Filing, Holding, Lot, Ownership, Role, Table, Trade};
use crate::text::plain;

/// The lines of a filing read under the name `file`.
pub fn show(file: &str, filing: &Filing, colour: Colour) -> String {
    let mut out = String::new();
    let issuer = &filing.issuer;
    let symbol = issuer.symbol.as_deref().map_or(String::new(), |symbol| format!(" [{}]", plain(symbol)));
    let mut head = vec![format!("form {}", filing.form)];
    head.extend(filing.accession.map(|accession| accession.to_string()));
    head.extend(filing.accepted_at.map(|time| format!("accepted {}", eastern(time))));
    line(&mut out, &colour.paint(BOLD, &format!("{}{symbol}  CIK {}", plain(&issuer.name), issuer.cik)));
    line(&mut out, &colour.paint(DIM, &format!("{} · {}", plain(file), head.join(" · "))));
    if let Some(date) = filing.date_of_original_submission {
        line(&mut out, &format!("amends the filing of {date}"));
    }
    for owner in &filing.owners {
        let mut position: Vec<String> = filing.roles(owner).iter().map(Role::to_string).collect();
        position.extend(filing.title(owner).map(plain));
        position.extend(owner.other_text.as_deref().map(plain));
        line(&mut out, &format!("by {}  {}", colour.paint(BOLD, &plain(&owner.name)), position.join(", ")));
    }
    if let Some(ticked) = filing.plan_10b5_1 {
        line(&mut out, &format!("10b5-1 box: {}", if ticked { "ticked" } else { "not ticked" }));
    }
    for (table, name) in [(Table::NonDerivative, "Table I"), (Table::Derivative, "Table II")] {
        transactions(&mut out, filing, table, name, colour);
    }
    if !filing.holdings.is_empty() {
        line(&mut out, &colour.paint(BOLD, "Held, without a transaction"));
        filing.holdings.iter().for_each(|holding| line(&mut out, &format!("  {}", held(holding))));
    }
    notes(&mut out, filing, colour);
    out.push('\n');
    out
}

fn transactions(out: &mut String, filing: &Filing, table: Table, name: &str, colour: Colour) {
    let rows: Vec<&Lot> = filing.lots.iter().filter(|lot| lot.line.table == table).collect();
    if rows.is_empty() {
        return;
    }
    line(out, &colour.paint(BOLD, name));
    let records: Vec<LotRecord> = rows.iter().map(|lot| LotRecord::from(*lot)).collect();
    for (lot, columns) in rows.iter().zip(super::terminal::lots(&records)) {
        let code = lot.code.value.map_or("?".into(), |code| code.to_string());
        let sign = match lot.direction.value {
            Some(Direction::Acquired) => '+',
            Some(Direction::Disposed) => '-',
            None => '?',
        };
        let title = plain(lot.line.security.value.as_deref().unwrap_or("?"));
        let notes = lot.footnotes();
        let notes = if notes.is_empty() { String::new() } else { format!(" ({})", plain(&notes.join(" "))) };
        line(
            out,
            &format!("  {code} {sign} {columns}  {title}{}{}", through(lot), colour.paint(DIM, &notes)),
        );
    }
    let mut by_code: BTreeMap<char, Vec<&Lot>> = BTreeMap::new();
    for lot in rows {
        if let Some(code) = lot.code.value {
            by_code.entry(code.letter()).or_default().push(lot);
        }
    }
    for (letter, lots) in by_code {
        let trade = Trade::of(lots.iter().map(|lot| lot.figures()));
        let meaning = lots
            .iter()
            .find_map(|lot| lot.code.value.and_then(|code| code.meaning()))
            .unwrap_or("unknown code");
        let value = trade.value.map_or("unknown".to_owned(), |value| value.to_string());
        let least = if trade.value_is_at_least && trade.value.is_some() { "at least " } else { "" };
        let shares = trade.shares.map_or("unknown".to_owned(), |shares| shares.to_string());
        let meaning = colour.paint(DIM, meaning);
        line(out, &format!("  {letter} in all: {shares} for {least}{value}  {meaning}"));
    }
}

fn through(lot: &Lot) -> String {
    match (lot.line.ownership.value, lot.line.nature.value.as_deref()) {
        (Some(Ownership::Indirect), Some(nature)) => format!(", indirect: {}", plain(nature)),
        (Some(Ownership::Indirect), None) => ", indirect".into(),
        _ => String::new(),
    }
}

fn held(holding: &Holding) -> String {
    let line = &holding.line;
    let count = line.shares_after.value.map(|shares| shares.to_string());
    let count = count.or_else(|| line.value_after.value.map(|value| value.to_string())).unwrap_or("?".into());
    let title = plain(line.security.value.as_deref().unwrap_or("?"));
    let nature = line.nature.value.as_deref().map_or(String::new(), |nature| format!(", {}", plain(nature)));
    format!("{count}  {title}{nature}")
}

fn notes(out: &mut String, filing: &Filing, colour: Colour) {
    for note in &filing.footnotes {
        line(out, &colour.paint(DIM, &format!("{}: {}", plain(&note.id), plain(&note.text))));
    }
    if let Some(remarks) = &filing.remarks {
        line(out, &colour.paint(DIM, &format!("Remarks: {}", plain(remarks))));
    }
    for warning in &filing.warnings {
        line(out, &format!("odd [{}]: {} ({})", warning.code, plain(&warning.message), plain(&warning.at)));
    }
    if let Some(url) = filing.url() {
        line(out, &colour.paint(DIM, &url));
    }
}

fn line(out: &mut String, text: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{text}");
}
