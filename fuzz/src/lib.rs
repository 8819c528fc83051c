//! What both targets do with a filing that was read: all that `sellbell show` does.

use sellbell::filing::Filing;
use sellbell::filing::record::FilingRecord;
use sellbell::render::filing;
use sellbell::render::terminal::Colour;

const NAME: &str = "fuzzed.txt";

/// Tells a filing as JSON and as text. Panics where either breaks a promise.
pub fn tell(read: &Filing) {
    let json = serde_json::to_string(&FilingRecord::new(NAME, read)).expect("a record becomes JSON");
    assert!(!json.contains('\n'), "one filing, one line");

    let shown = filing::show(NAME, read, Colour::Plain);
    let steers = ['\u{1b}', '\u{202e}', '\0', '\r'];
    assert!(!shown.contains(steers), "nothing that a filer typed steers a terminal");
    filing::show(NAME, read, Colour::Ansi);
}

/// An error says what is wrong and where.
pub fn refused(kind: &str, message: &str, at: &str) {
    assert!(!kind.is_empty() && !message.is_empty() && !at.is_empty());
}
