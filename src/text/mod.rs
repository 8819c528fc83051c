//! Turns bytes and loose text into clean text: declared encodings, folded white space, places in a text.

mod language;
pub mod redact;
mod time;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Path;

use encoding_rs::{Encoding, WINDOWS_1252};

pub use language::Language;
pub use time::eastern;

/// The text of an XML document or submission, and whether any of its bytes had to be replaced or guessed.
///
/// A byte order mark decides; then UTF-8, if the bytes are valid; then the encoding that the XML declares;
/// then Windows-1252, which reads any byte.
pub fn decode(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        let (text, lossy) = encoding.decode_without_bom_handling(&bytes[length..]);
        return (text, lossy);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (Cow::Borrowed(text), false);
    }
    let declared = declared_encoding(bytes).filter(|&encoding| encoding != encoding_rs::UTF_8);
    let (text, lossy) = declared.unwrap_or(WINDOWS_1252).decode_without_bom_handling(bytes);
    (text, lossy || declared.is_none())
}

/// The `encoding` of the first XML declaration, which follows the header in a submission.
fn declared_encoding(bytes: &[u8]) -> Option<&'static Encoding> {
    let declaration = &bytes[find(bytes, b"<?xml")?..];
    let head = &declaration[..declaration.len().min(200)];
    let start = find(head, b"encoding=")? + b"encoding=".len();
    let quote = *head.get(start)?;
    let label = head.get(start + 1..)?;
    let end = label.iter().position(|&b| b == quote)?;
    Encoding::for_label(&label[..end])
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// Trims the text, and replaces each run of white space with one space.
pub fn fold(text: &str) -> Cow<'_, str> {
    let trimmed = text.trim();
    // The compiler turns each of these scans into one over many bytes at once: filings are mostly clean
    // running text.
    let control = trimmed.bytes().fold(false, |found, byte| found | (byte < b' '));
    let bytes = trimmed.as_bytes();
    let pairs = bytes.iter().zip(bytes.iter().skip(1));
    let double = pairs.fold(false, |found, (&one, &next)| found | ((one == b' ') & (next == b' ')));
    if trimmed.is_ascii() && !control && !double {
        return Cow::Borrowed(trimmed);
    }
    Cow::Owned(trimmed.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Characters that are invisible, or that change the reading direction.
fn is_unseen(c: char) -> bool {
    // The characters that Unicode calls ignorable, line and paragraph separators, and the marks around
    // annotations.
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// One line without control characters, invisible characters, or marks that change the reading direction:
/// safe in a header, on a terminal and in a message, whatever a filer typed.
pub fn plain(text: &str) -> String {
    let safe: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|&c| !c.is_control() && !is_unseen(c))
        .collect();
    fold(&safe).into_owned()
}

/// A path as shown to people: on one line and of bounded length, whatever the file is called.
pub fn path_text(path: impl AsRef<Path>) -> String {
    const LONGEST: usize = 500;
    clip(&plain(&path.as_ref().to_string_lossy()), LONGEST).into_owned()
}

/// JSON with the same meaning that is safe to show on a terminal: C1 control characters, invisible characters
/// and marks that change the reading direction are escaped, as JSON itself does with the other control
/// characters.
pub fn visible(json: &str) -> Cow<'_, str> {
    let steers = |c: char| ('\u{80}'..='\u{9f}').contains(&c) || is_unseen(c);
    if json.is_ascii() || !json.contains(steers) {
        return Cow::Borrowed(json);
    }
    let mut shown = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        if steers(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a `String` cannot fail.
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// At most `limit` characters; the last is an ellipsis if something was cut.
pub fn clip(text: &str, limit: usize) -> Cow<'_, str> {
    // There are never more characters than bytes.
    if text.len() <= limit || text.chars().count() <= limit {
        return Cow::Borrowed(text);
    }
    let mut cut: String = text.chars().take(limit.saturating_sub(1)).collect();
    cut.truncate(cut.trim_end().len());
    cut.push('…');
    Cow::Owned(cut)
}

/// The same, cut between two words if the last one is not too long.
pub fn clip_words(text: &str, limit: usize) -> Cow<'_, str> {
    const LONGEST_WORD: usize = 20;
    let Cow::Owned(cut) = clip(text, limit) else { return Cow::Borrowed(text) };
    let kept = cut.trim_end_matches('…');
    match kept.rfind(' ') {
        Some(end) if !text[kept.len()..].starts_with(' ') && kept[end..].chars().count() <= LONGEST_WORD => {
            Cow::Owned(format!("{}…", kept[..end].trim_end_matches([' ', ','])))
        }
        _ => Cow::Owned(cut),
    }
}

/// Line and column, both from 1, of a byte offset; columns count characters.
pub fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declared_and_undeclared_encodings_are_read() {
        assert_eq!(decode("Société".as_bytes()), ("Société".into(), false));
        let latin = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>Soci\xe9t\xe9</a>";
        let (text, doubtful) = decode(latin);
        assert!(text.ends_with("<a>Société</a>") && !doubtful);
        let wrapped = [b"<SEC-DOCUMENT>\n".repeat(40), latin.to_vec()].concat();
        assert!(decode(&wrapped).0.ends_with("<a>Société</a>") && !decode(&wrapped).1);
        assert_eq!(decode(b"Soci\xe9t\xe9"), ("Société".into(), true));
        assert_eq!(decode(b"\xef\xbb\xbfabc"), ("abc".into(), false));
        assert_eq!(decode(b""), ("".into(), false));
    }

    #[test]
    fn white_space_folds() {
        assert_eq!(fold(" General\n  Counsel "), "General Counsel");
        assert!(matches!(fold("General Counsel"), Cow::Borrowed(_)));
        assert_eq!(fold("a\tb"), "a b");
        assert_eq!(fold("  "), "");
    }

    #[test]
    fn plain_text_has_nothing_that_steers() {
        assert_eq!(plain("A\r\nBcc: x\u{1b}[31m\u{202e}\0 é"), "A Bcc: x[31m é");
        for unseen in [
            '\u{34f}',
            '\u{115f}',
            '\u{17b4}',
            '\u{180b}',
            '\u{206a}',
            '\u{fe0f}',
            '\u{fff0}',
            '\u{1bca0}',
            '\u{1d173}',
            '\u{e01ef}',
        ] {
            assert_eq!(plain(&format!("a{unseen}b")), "ab", "{}", unseen.escape_unicode());
        }
        assert_eq!(plain("\u{fffd} \u{1f514}\u{fe0f}"), "\u{fffd} \u{1f514}");
    }

    #[test]
    fn what_steers_a_terminal_is_escaped_in_json() {
        assert!(matches!(visible("{\"a\":\"é €\"}"), Cow::Borrowed(_)));
        let json = serde_json::to_string("a\u{9b}31m\u{202e}\u{1b}\u{e0041}\u{2028}é").unwrap();
        let shown = visible(&json);
        assert_eq!(shown, r#""a\u009b31m\u202e\u001b\udb40\udc41\u2028é""#);
        assert_eq!(
            serde_json::from_str::<String>(&shown).unwrap(),
            "a\u{9b}31m\u{202e}\u{1b}\u{e0041}\u{2028}é"
        );
    }

    #[test]
    fn places_are_lines_and_columns_from_one() {
        assert_eq!(line_column("ab\ncd", 0), (1, 1));
        assert_eq!(line_column("ab\ncd", 4), (2, 2));
        assert_eq!(line_column("é\né", 99), (2, 2));
        assert_eq!(line_column("é", 1), (1, 1));
    }

    #[test]
    fn clipping_counts_characters() {
        assert_eq!(clip("héllo", 5), "héllo");
        assert_eq!(clip("héllo world", 7), "héllo…");
    }
}
