//! The roles that an owner can have.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A role, in the order in which a headline names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Chief executive officer.
    #[serde(rename = "ceo")]
    Ceo,
    /// Chief financial officer.
    #[serde(rename = "cfo")]
    Cfo,
    /// Chief operating officer.
    #[serde(rename = "coo")]
    Coo,
    /// President of the issuer, not of a part of it.
    #[serde(rename = "president")]
    President,
    /// Chair of the board.
    #[serde(rename = "chair")]
    Chair,
    /// General counsel or chief legal officer.
    #[serde(rename = "general counsel")]
    GeneralCounsel,
    /// An officer whose title says none of these.
    #[serde(rename = "other officer")]
    OtherOfficer,
    /// The director's box.
    #[serde(rename = "director")]
    Director,
    /// The ten percent owner's box.
    #[serde(rename = "10% owner")]
    TenPercentOwner,
    /// The box "other".
    #[serde(rename = "other")]
    Other,
}

impl Role {
    /// As named in rules and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ceo => "ceo",
            Self::Cfo => "cfo",
            Self::Coo => "coo",
            Self::President => "president",
            Self::Chair => "chair",
            Self::GeneralCounsel => "general counsel",
            Self::OtherOfficer => "other officer",
            Self::Director => "director",
            Self::TenPercentOwner => "10% owner",
            Self::Other => "other",
        }
    }

    /// True if it is an office that a title names.
    pub fn is_office(self) -> bool {
        self <= Self::OtherOfficer
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
