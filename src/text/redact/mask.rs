//! Finds mail addresses in a text.

use std::ops::Range;

use super::views::{MOST_DECODED, View};

/// Shown in place of hidden text.
pub const HIDDEN: &str = "•••";

/// The forms that people and programs write; escapes decode to one of these.
const AT: [char; 3] = ['@', '\u{ff20}', '\u{fe6b}'];

/// The hidden part of each mail address: everything before its `@` except the first letter.
pub(super) fn addresses(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    if !text.contains(AT) && !text.contains(['%', '\\', '&']) {
        return found;
    }
    let mut view = View::of(text);
    for _ in 0..=MOST_DECODED {
        add(&view, &mut found);
        match view.decoded() {
            Some(decoded) => view = decoded,
            None => break,
        }
    }
    found
}

fn add(view: &View, found: &mut Vec<Range<usize>>) {
    let is_local = |c: char| c.is_alphanumeric() || "._%+-!#$&'*/=?^`{|}~•".contains(c);
    let text = view.text();
    for (at, _) in text.match_indices(AT).filter(|(at, _)| *at > 0) {
        let before = &text[..at];
        let start = match before.strip_suffix('"') {
            Some(quoted) => quoted.rfind('"').unwrap_or(0),
            None => before
                .rfind(|c| !is_local(c))
                .map_or(0, |end| end + before[end..].chars().next().map_or(1, char::len_utf8)),
        };
        let local = &before[start..];
        // A single letter is hidden, too.
        let first =
            local.chars().next().filter(|first| local.len() > first.len_utf8() && !local.starts_with(HIDDEN));
        let from = start + first.map_or(0, char::len_utf8);
        if from < at && local != HIDDEN {
            found.push(view.place(from..at));
        }
    }
}
