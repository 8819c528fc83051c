//! The direction of a row.

use serde::{Deserialize, Serialize};

/// The direction of a row: does it acquire or dispose?
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Direction {
    /// `A`: acquired.
    #[serde(rename = "A")]
    Acquired,
    /// `D`: disposed of.
    #[serde(rename = "D")]
    Disposed,
}

impl Direction {
    /// As written in rules and in our JSON: `acquired`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Acquired => "acquired",
            Self::Disposed => "disposed",
        }
    }
}
