//! Values of conditions: who, which company, which way, how much over time, and the words that rules use for
//! them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::span::Span;
use crate::filing::{Cik, Code, Direction, Intent, Ownership, Plan, Role, Table, Usd};

/// The tables, as rules write them; `None` for either.
pub(super) const TABLES: [(&str, Option<Table>); 3] =
    [("non-derivative", Some(Table::NonDerivative)), ("derivative", Some(Table::Derivative)), ("any", None)];
/// How lots are held, as rules write it.
pub(super) const OWNERSHIPS: [(&str, Ownership); 2] =
    [("direct", Ownership::Direct), ("indirect", Ownership::Indirect)];
/// States of a 10b5-1 plan, as rules write them.
pub(super) const PLANS: [(&str, Plan); 3] =
    [("yes", Plan::Yes), ("no", Plan::No), ("unknown", Plan::Unknown)];
/// Reasons for a sale, as rules write them.
pub(super) const INTENTS: [(&str, Intent); 7] = [
    ("involuntary", Intent::Involuntary),
    ("offering", Intent::Offering),
    ("to-issuer", Intent::ToIssuer),
    ("sell-to-cover", Intent::SellToCover),
    ("plan", Intent::Plan),
    ("discretionary", Intent::Discretionary),
    ("unknown", Intent::Unknown),
];

/// The conditions of a group on the company.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompanyWanted {
    /// Its Standard Industrial Classification begins with one of these digits.
    pub sic: Vec<String>,
    /// The title of its classification has the words of one of these, folded.
    pub sectors: Vec<String>,
    /// Its address or place of incorporation is in one of these states or countries, by name or ISO code.
    pub countries: Vec<String>,
    /// True if it is a foreign company.
    pub foreign: Option<bool>,
}

impl CompanyWanted {
    /// True if there are no conditions.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Which way a lot goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DirectionWanted {
    /// Acquired or disposed of.
    One(Direction),
    /// Either.
    Any,
}

impl DirectionWanted {
    /// The words that rules use.
    pub const WORDS: [(&'static str, Self); 3] = [
        ("acquired", Self::One(Direction::Acquired)),
        ("disposed", Self::One(Direction::Disposed)),
        ("any", Self::Any),
    ];

    /// The word that rules use for it.
    pub(super) fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, known)| *known == self).map_or("", |(word, _)| word)
    }

    /// True if a lot with this code and direction is wanted. If a rule leaves the direction to the code,
    /// codes whose verb in an alert implies a direction, such as "gave away", mean that direction.
    pub(super) fn takes(
        wanted: Option<Self>,
        code: Option<Code>,
        direction: Option<Direction>,
    ) -> Option<bool> {
        let meant = match wanted {
            Some(Self::Any) => None,
            Some(Self::One(meant)) => Some(meant),
            None => code.and_then(Code::usual_direction),
        };
        meant.map_or(Some(true), |meant| direction.map(|direction| direction == meant))
    }
}

/// How amendments (`4/A`) are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amendments {
    /// They are treated like other filings.
    Include,
    /// They never match.
    Exclude,
    /// Only they match.
    Only,
}

impl Amendments {
    /// The words that rules use.
    pub const WORDS: [(&'static str, Self); 3] =
        [("include", Self::Include), ("exclude", Self::Exclude), ("only", Self::Only)];
}

/// A reporting person that a rule looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnerWanted {
    /// By CIK.
    Cik(Cik),
    /// By words of the name, in any order, ignoring case.
    Name(Vec<String>),
}

impl fmt::Display for OwnerWanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cik(cik) => write!(f, "CIK {cik}"),
            Self::Name(words) => f.write_str(&words.join(" ")),
        }
    }
}

/// A role that a rule looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleWanted {
    /// This one.
    Role(Role),
    /// Any office: the officer's box, or a title.
    Officer,
}

impl RoleWanted {
    /// The words that rules use.
    pub const WORDS: [(&'static str, Self); 11] = [
        ("ceo", Self::Role(Role::Ceo)),
        ("cfo", Self::Role(Role::Cfo)),
        ("coo", Self::Role(Role::Coo)),
        ("president", Self::Role(Role::President)),
        ("chair", Self::Role(Role::Chair)),
        ("general counsel", Self::Role(Role::GeneralCounsel)),
        ("other officer", Self::Role(Role::OtherOfficer)),
        ("officer", Self::Officer),
        ("director", Self::Role(Role::Director)),
        ("10% owner", Self::Role(Role::TenPercentOwner)),
        ("other", Self::Role(Role::Other)),
    ];

    /// True if an owner's roles include it.
    pub fn is_among(self, roles: &[Role]) -> bool {
        match self {
            Self::Role(wanted) => roles.contains(&wanted),
            Self::Officer => roles.iter().any(|role| role.is_office()),
        }
    }
}

impl fmt::Display for RoleWanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = Self::WORDS.iter().find(|(_, wanted)| wanted == self).map_or("", |(word, _)| word);
        f.write_str(word)
    }
}

/// `cluster`: a number of insiders within a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cluster {
    /// How many different insiders, at least 2. Owners who report together, or report the same trade, are
    /// one.
    pub insiders: u32,
    /// From the first trade to the last.
    pub within: Span,
    /// The least total value of their trades.
    pub min_value: Option<Usd>,
}

/// `cumulative`: a sum within a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cumulative {
    /// Whose trades are added up.
    pub per: Per,
    /// From the first trade to the last.
    pub within: Span,
    /// The least total value.
    pub min_value: Usd,
}

/// Whose trades are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// Those of the filing's owners at the issuer.
    Owner,
    /// Those of all insiders of the issuer.
    Issuer,
}

impl Per {
    /// The words that rules use.
    pub const WORDS: [(&'static str, Self); 2] = [("owner", Self::Owner), ("issuer", Self::Issuer)];
}
