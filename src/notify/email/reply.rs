//! Parsing of a mail server's lines: reply codes, the text of several lines, and offered extensions.

use lettre::transport::smtp::response::{Category, Code, Detail, Severity};

/// The three-digit code of a reply.
pub(super) fn code(digits: &str) -> Option<Code> {
    let [severity, category, detail]: [u8; 3] = digits.as_bytes().try_into().ok()?;
    let severity = match severity {
        b'2' => Severity::PositiveCompletion,
        b'3' => Severity::PositiveIntermediate,
        b'4' => Severity::TransientNegativeCompletion,
        b'5' => Severity::PermanentNegativeCompletion,
        _ => return None,
    };
    let category = match category {
        b'0' => Category::Syntax,
        b'1' => Category::Information,
        b'2' => Category::Connections,
        b'3' => Category::Unspecified3,
        b'4' => Category::Unspecified4,
        b'5' => Category::MailSystem,
        _ => return None,
    };
    let detail = match detail {
        b'0' => Detail::Zero,
        b'1' => Detail::One,
        b'2' => Detail::Two,
        b'3' => Detail::Three,
        b'4' => Detail::Four,
        b'5' => Detail::Five,
        b'6' => Detail::Six,
        b'7' => Detail::Seven,
        b'8' => Detail::Eight,
        b'9' => Detail::Nine,
        _ => return None,
    };
    Some(Code::new(severity, category, detail))
}

/// The text of several lines, with the enhanced code that each may repeat kept only once.
pub(super) fn joined(lines: &[String]) -> String {
    let first = lines.first().map_or("", |line| line.split(' ').next().unwrap_or_default());
    let is_enhanced = first.split('.').count() == 3 && first.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let mut words = lines.first().cloned().unwrap_or_default();
    for line in lines.iter().skip(1) {
        let line = if is_enhanced { line.strip_prefix(first).unwrap_or(line) } else { line };
        words.push(' ');
        words.push_str(line.trim());
    }
    words
}

/// An offered extension, with words in upper case and `AUTH=` as `AUTH`.
pub(super) fn offer(line: &str) -> String {
    let words: Vec<String> = line.split_whitespace().map(str::to_ascii_uppercase).collect();
    let line = words.join(" ");
    match line.strip_prefix("AUTH=") {
        Some(ways) => format!("AUTH {ways}"),
        None => line,
    }
}

/// The most bytes of a mail by an offered extension that [`offer`] read, if it is SIZE; 0 for any number
/// (RFC 1870).
pub(super) fn size(offer: &str) -> Option<u64> {
    let number = offer.strip_prefix("SIZE")?;
    match number.strip_prefix(' ') {
        // A number that is too large, or none, limits nothing.
        Some(number) => Some(number.parse().unwrap_or(0)),
        None => number.is_empty().then_some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_code_is_said_once() {
        let lines = ["5.1.1 The account does", "5.1.1 not exist.  ", "", "bye"].map(str::to_owned);
        assert_eq!(joined(&lines), "5.1.1 The account does not exist.  bye");
        assert_eq!(joined(&["a".into(), "a b".into()]), "a a b");
        assert_eq!(joined(&[]), "");
    }

    #[test]
    fn a_size_may_be_without_a_limit() {
        for (line, most) in [
            ("size 26214400", Some(26_214_400)),
            ("SIZE", Some(0)),
            ("SIZE 0", Some(0)),
            ("SIZE 99999999999999999999", Some(0)),
            ("SIZE many", Some(0)),
            ("SIZES 5", None),
            ("8BITMIME", None),
        ] {
            assert_eq!(size(&offer(line)), most, "{line}");
        }
    }
}
