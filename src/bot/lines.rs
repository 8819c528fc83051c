//! Lists that fit into a message: whole lines only, since half of one may end within a link.

use chrono::{DateTime, NaiveDate, Utc};

use crate::filing::edgar_day;

/// The most characters of a list; Discord's limit of a message's text is 2,000.
const TEXT: usize = 1_950;

/// A heading, as many lines as there is room for, and a last line. What is left out is counted.
pub(super) fn fitting(head: &str, lines: &[String], foot: &str) -> String {
    let length = |text: &str| text.chars().count() + 1;
    // With room for the line that counts what is left out.
    let mut left = TEXT.saturating_sub(length(head) + length(foot) + "and 1000 more".len());
    let mut text = head.to_owned();
    let mut shown = 0;
    for line in lines {
        let Some(rest) = left.checked_sub(length(line)) else { break };
        left = rest;
        shown += 1;
        push(&mut text, line);
    }
    if shown < lines.len() {
        push(&mut text, &format!("and {} more", lines.len() - shown));
    }
    push(&mut text, foot);
    text
}

fn push(text: &mut String, line: &str) {
    if !line.is_empty() {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(line);
    }
}

/// A day: `Dec 1, 2025`.
pub(super) fn day(day: NaiveDate) -> String {
    day.format("%b %-d, %Y").to_string()
}

/// Since when the history of an answer is complete, as far as it reaches back.
pub(super) fn complete_since(whole: Option<DateTime<Utc>>, reach: DateTime<Utc>) -> String {
    whole.map_or_else(
        || "I have no complete history yet.".to_owned(),
        |since| format!("My history is complete since {}.", day(edgar_day(since.max(reach)))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_whole_lines_and_its_last_line() {
        let line = |number: usize| format!("{number} {}", "x".repeat(190));
        let lines: Vec<String> = (0..40).map(line).collect();
        let text = fitting("Head", &lines, "foot");
        assert!(text.chars().count() <= 2_000 && text.starts_with("Head\n0 x"));
        assert!(text.ends_with("\nand 31 more\nfoot"), "{text}");
        assert_eq!(fitting("Head", &["a".to_owned()], ""), "Head\na");
        assert_eq!(fitting("", &["a".to_owned()], "b"), "a\nb");
    }
}
