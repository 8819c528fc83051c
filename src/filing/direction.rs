//! Which way a row goes.

use serde::{Deserialize, Serialize};

/// Whether a row acquires or disposes.
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
    /// As rules and our JSON write it: `acquired`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Acquired => "acquired",
            Self::Disposed => "disposed",
        }
    }
}
