//! Writes to the standard streams.

use std::borrow::Cow;
use std::io::Write;

use crate::text::visible;

/// Writes to a stream and ignores errors, because its reader may be gone. Escapes everything that could
/// control a terminal, except our own colours.
pub(super) fn print(stream: &mut dyn Write, text: &str) {
    let _ = stream.write_all(steady(&visible(text)).as_bytes()).and_then(|()| stream.flush());
}

/// Escapes control characters, except newlines, tabs and colours.
fn steady(text: &str) -> Cow<'_, str> {
    let steers = |c: char| c.is_control() && c != '\n' && c != '\t';
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 64);
    for (at, c) in text.char_indices() {
        let is_colour = || {
            let rest = text[at..].strip_prefix("\u{1b}[").unwrap_or_default();
            rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m')
        };
        match c {
            '\u{1b}' if is_colour() => shown.push(c),
            c if steers(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}
