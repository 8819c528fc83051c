//! The languages that e-mails are written in.

use serde::{Deserialize, Serialize};

/// The language of an e-mail: of its words, numbers and dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// `en`
    #[default]
    English,
    /// `de`
    German,
}

impl Language {
    /// Each with its tag (BCP 47), which settings use.
    pub const TAGS: [(&str, Self); 2] = [("en", Self::English), ("de", Self::German)];

    /// Its tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }
}
