//! The names of posts and threads.

use chrono_tz::America::New_York;

use super::compose::single;
use crate::alert::Alert;
use crate::delivery::Delivery;
use crate::destination::Threads;
use crate::text::{clip_words, plain};

/// Discord's limit of a post's name.
const NAME: usize = 100;

/// The name of a delivery's post: its headline without markdown, never empty. The same delivery always has the
/// same name.
pub fn post_name(delivery: &Delivery) -> String {
    let part = single(delivery);
    let headline = part.map(|part| part.headline.unwrap_or(part.embed.title)).unwrap_or_default();
    fitting(&plain(&unmarked(&headline))).unwrap_or_else(|| "sellbell".to_owned())
}

/// A name within Discord's limit; `None` if nothing is left.
fn fitting(name: &str) -> Option<String> {
    let clipped = clip_words(name, NAME);
    let mut length = 0;
    // Discord may count a character beyond Unicode's first plane as two.
    let fits = |c: &char| {
        length += c.len_utf16();
        length <= NAME
    };
    let name: String = clipped.chars().take_while(fits).collect();
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// The name of the thread that an alert goes to: the same for all alerts that share it, never empty.
pub fn thread_name(alert: &Alert, threads: Threads) -> String {
    let name = match threads {
        Threads::Ticker => plain(alert.ticker_or_name()),
        Threads::Day => {
            let day = alert.accepted_at.unwrap_or(alert.seen_at).with_timezone(&New_York);
            day.format("Insider trades, %b %-d, %Y").to_string()
        }
    };
    fitting(&name).unwrap_or_else(|| format!("CIK {}", alert.issuer.cik))
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
