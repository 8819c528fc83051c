//! The name of a forum's post.

use super::compose::single;
use crate::delivery::Delivery;
use crate::text::{clip_words, plain};

/// Discord's limit of a post's name.
const NAME: usize = 100;

/// The name of a delivery's post: its headline without markdown, never empty. The same delivery always has the
/// same name.
pub fn post_name(delivery: &Delivery) -> String {
    let part = single(delivery);
    let headline = part.map(|part| part.headline.unwrap_or(part.embed.title)).unwrap_or_default();
    let name = plain(&unmarked(&headline));
    let clipped = clip_words(&name, NAME);
    let mut length = 0;
    // Discord may count a character beyond Unicode's first plane as two.
    let fits = |c: &char| {
        length += c.len_utf16();
        length <= NAME
    };
    let name: String = clipped.chars().take_while(fits).collect();
    if name.trim().is_empty() { "sellbell".to_owned() } else { name.trim().to_owned() }
}

/// Removes bold marks, escapes and what keeps text from being taken for a mention.
fn unmarked(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next()),
            '*' | '\u{200b}' => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_removed_and_what_was_escaped_stays() {
        for (text, expected) in [
            ("**SNPS** CEO sold **$9.31M**", "SNPS CEO sold $9.31M"),
            (r"a \*\*b\*\* \\ \[c\]\(d\)", r"a **b** \ [c](d)"),
            ("@\u{200b}everyone :\u{200b}x:\u{200b}", "@everyone :x:"),
            ("\\", ""),
        ] {
            assert_eq!(unmarked(text), expected);
        }
    }
}
