//! Adds warnings to a filing, within bounds.

use crate::filing::Warning;
use crate::text::clip;

/// More warnings of one filing than this are not kept.
const MOST_WARNINGS: usize = 100;
/// Most characters of one that are kept; those with a note's words are the longest.
const LONGEST_WARNING: usize = 600;

/// Adds a warning, where there are not too many already.
pub(super) fn warn(warnings: &mut Vec<Warning>, code: &str, message: String, at: &str) {
    if warnings.len() < MOST_WARNINGS {
        let message = clip(&message, LONGEST_WARNING).into_owned();
        warnings.push(Warning { code: code.to_owned(), message, at: at.to_owned() });
    }
}
