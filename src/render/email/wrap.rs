//! Breaks the lines of an e-mail's text where people read it best.

use textwrap::{Options, WordSeparator, WordSplitter};

/// The most characters in a line, unless a word has more.
const WIDTH: usize = 76;
/// Mail programs fold or hide what follows it.
const SIGNATURE: &str = "-- ";

/// The text with long lines broken between words. A line that goes on is indented as it began, so that lists stay
/// lists; links stay whole.
pub(super) fn wrapped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 40);
    let mut blank = true;
    for line in text.lines() {
        // The mark before a signature ends with a space.
        if line == SIGNATURE {
            out.push_str("-- \n");
            continue;
        }
        let line = line.trim_end();
        // Templates leave several empty lines where a part is missing.
        if line.is_empty() && blank {
            continue;
        }
        blank = line.is_empty();
        let spaces = line.len() - line.trim_start().len();
        let start = spaces + if line[spaces..].starts_with("- ") { 2 } else { 0 };
        let indent = " ".repeat(start);
        let options = Options::new(WIDTH)
            .break_words(false)
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation)
            .initial_indent(&line[..start])
            .subsequent_indent(&indent);
        for part in textwrap::wrap(&line[start..], options) {
            out.push_str(part.trim_end());
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_links_are_not() {
        let word = "word ".repeat(20);
        let link = format!("  {}", "https://www.sec.gov/".repeat(6));
        let text = wrapped(&format!("- {word}\n\n\n{link}\n"));
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH || line.contains("://")), "{text}");
        assert_eq!(text.lines().nth(1).map(|line| line.starts_with("  word")), Some(true), "{text}");
        assert!(text.contains(&link) && !text.contains("\n\n\n"), "{text}");
    }
}
