//! The names that people give to rules, channels and recipients.

/// True if a text can name a rule, channel or recipient: 1 to 64 of `a-z`, `0-9`, `-` and `_`.
pub fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}
