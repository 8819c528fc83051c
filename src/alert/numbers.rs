//! Numbers of shares, in words.

use crate::filing::Shares;

/// `24,133`, `at least 24,133`, `an unknown number of`.
pub(super) fn number_text(shares: Option<Shares>, is_at_least: bool) -> String {
    match shares {
        None => "an unknown number of".into(),
        Some(shares) if is_at_least => format!("at least {shares}"),
        Some(shares) => shares.to_string(),
    }
}
