//! Adds warnings to a filing, within bounds.

use crate::filing::Warning;
use crate::text::clip;

/// The most warnings of one filing that are kept.
const MOST_WARNINGS: usize = 100;
/// The most characters of a warning that are kept; warnings that quote a note are the longest.
const LONGEST_WARNING: usize = 600;

/// Adds a warning, unless there are too many already.
pub(super) fn warn(warnings: &mut Vec<Warning>, code: &str, message: String, at: &str) {
    if warnings.len() < MOST_WARNINGS {
        let message = clip(&message, LONGEST_WARNING).into_owned();
        warnings.push(Warning { code: code.to_owned(), message, at: at.to_owned() });
    }
}
