//! Shared by the targets. A filing that was read is shown as `sellbell show` does, and compared with itself as history does.

use sellbell::filing::{Filing, PastFiling};
use sellbell::filing::record::FilingRecord;
use sellbell::render::filing;
use sellbell::render::terminal::Colour;

const NAME: &str = "fuzzed.txt";

/// Tells a filing as JSON and as text. Panics where either breaks a promise.
pub fn tell(read: &Filing) {
    let json = serde_json::to_string(&FilingRecord::new(NAME, read)).expect("a record becomes JSON");
    assert!(!json.contains('\n'), "one filing, one line");

    let shown = filing::show(NAME, read, Colour::Plain);
    assert!(!steers(&shown), "nothing that a filer typed steers a terminal");
    filing::show(NAME, read, Colour::Ansi);
    relate(read);
}

/// Whether a text has what moves a terminal's cursor, colours or reading direction.
pub fn steers(text: &str) -> bool {
    text.contains(|c: char| c.is_control() && c != '\n' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
}

/// Relates a filing to itself under another number: each row is told before, or repeated by the amendment.
fn relate(read: &Filing) {
    let Some(past) = PastFiling::of(read, read.accepted_at.unwrap_or_default()) else { return };
    let Ok(accession) = "0000000001-01-000001".parse() else { return };
    let other = PastFiling { accession, ..past.clone() };
    let relation = past.relate(&[other]);
    if let Some(changes) = relation.changes {
        assert_eq!(changes.unchanged, past.lots.len(), "a filing changes nothing of itself");
    }
}

/// An error says what is wrong and where.
pub fn refused(kind: &str, message: &str, at: &str) {
    assert!(!kind.is_empty() && !message.is_empty() && !at.is_empty());
}
