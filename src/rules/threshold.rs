//! Thresholds: figures above zero.

use std::fmt::Display;
use std::str::FromStr;

/// Why a text is not a valid threshold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ThresholdError {
    /// It is not a figure of this kind.
    Unreadable(String),
    /// It is zero or less.
    NotAboveZero,
}

/// Reads a figure above zero.
pub(super) fn threshold<T>(digits: &str) -> Result<T, ThresholdError>
where
    T: FromStr<Err: Display> + Default + PartialOrd,
{
    let figure: T = digits.parse().map_err(|error: T::Err| ThresholdError::Unreadable(error.to_string()))?;
    if figure > T::default() { Ok(figure) } else { Err(ThresholdError::NotAboveZero) }
}
