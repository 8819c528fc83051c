//! Words and pings of a message: nothing that a filer wrote can ping or link.

use super::embed::{AllowedMentions, MOST_MENTIONS};
use crate::rules::{self, Mention};
use crate::text::{clip, plain};

/// A message's pings, and who may be pinged.
pub(super) fn mentions(wanted: &[Mention]) -> (Vec<String>, AllowedMentions) {
    let mut allowed = AllowedMentions::default();
    let mut pings: Vec<String> = Vec::new();
    for (place, mention) in wanted.iter().enumerate() {
        // Discord rejects duplicates.
        if wanted[..place].contains(mention) || pings.len() >= MOST_MENTIONS {
            continue;
        }
        match mention {
            Mention::Role(id) => {
                allowed.roles.push(id.to_string());
                pings.push(format!("<@&{id}>"));
            }
            Mention::User(id) => {
                allowed.users.push(id.to_string());
                pings.push(format!("<@{id}>"));
            }
            Mention::Here | Mention::Everyone => {
                allowed.parse = vec!["everyone".to_owned()];
                pings.push(format!("@{mention}"));
            }
        }
    }
    (pings, allowed)
}

/// A rule in a footer: `rule “large-sales”`, `watch QLYS`.
pub(super) fn rule_mark(name: &str) -> String {
    let label = clip(&plain(&rules::label(name)), 80).into_owned();
    if rules::is_watch(name) { label } else { format!("rule “{label}”") }
}

/// The same for a text of several lines; empty ones are left out.
pub(super) fn escaped_lines(text: &str) -> String {
    text.lines().map(escaped).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Escapes a filer's text so that Discord shows it unchanged: no markdown, no mentions, no links.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::new();
    let text = plain(text);
    // At the start of a line these would begin a list.
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if text.starts_with(['-', '+']) {
        out.push('\\');
    } else if digits > 0 && text[digits..].starts_with('.') {
        out.push('\u{200b}');
    }
    for c in text.chars() {
        match c {
            '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '<' | '#' | '[' | ']' | '(' | ')' => {
                out.push('\\');
                out.push(c);
            }
            '@' => out.push_str("@\u{200b}"),
            ':' => out.push_str(":\u{200b}"),
            c => out.push(c),
        }
    }
    out
}

/// A cut may leave half of an escape, which would escape what follows.
pub(super) fn whole(text: &str) -> &str {
    let kept = text.trim_end_matches('…');
    let slashes = kept.len() - kept.trim_end_matches('\\').len();
    if slashes % 2 == 1 { &kept[..kept.len() - 1] } else { text }
}
