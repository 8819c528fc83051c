//! Conclusions from boxes and footnotes, each with the words as evidence.

use std::fmt;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Where a conclusion comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EvidenceSource {
    /// The 10b5-1 box, `aff10b5One`.
    PlanBox,
    /// A footnote, by id.
    Footnote(Arc<str>),
    /// The remarks.
    Remarks,
    /// The title of the row's security.
    Title,
}

/// The evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Where it comes from.
    pub source: EvidenceSource,
    /// The words found there; for the box, whether it is ticked.
    pub words: Arc<str>,
}

impl Evidence {
    /// True if it comes from the footnote with this id.
    pub fn is_of(&self, id: &str) -> bool {
        matches!(&self.source, EvidenceSource::Footnote(own) if &**own == id)
    }
}

impl fmt::Display for Evidence {
    /// `F2: "to cover tax withholding obligations"`, `10b5-1 box: ticked`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            EvidenceSource::PlanBox => write!(f, "10b5-1 box: {}", self.words),
            EvidenceSource::Footnote(id) => write!(f, "{id}: \"{}\"", self.words),
            EvidenceSource::Remarks => write!(f, "remarks: \"{}\"", self.words),
            EvidenceSource::Title => write!(f, "title: \"{}\"", self.words),
        }
    }
}

/// Whether a lot was traded under a Rule 10b5-1 plan. There are three states: `No` is not the same as "not
/// `Yes`".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Plan {
    /// The box is ticked, or a footnote that applies says so.
    Yes,
    /// The box is there but not ticked and no footnote says otherwise, or a footnote says that the lot was
    /// not traded under a plan.
    No,
    /// The form has no such box and no footnote mentions a plan.
    #[default]
    Unknown,
}

impl Plan {
    /// `yes`, `no`, `unknown`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

/// Why a lot of code S was sold; if there are several reasons, the first in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Intent {
    /// By a lender, a broker or a court: foreclosed, called in, ordered, or not authorised.
    Involuntary,
    /// In an underwritten or registered offering, or negotiated with a buyer.
    Offering,
    /// To the issuer itself.
    ToIssuer,
    /// To pay the tax or the price that an award costs its holder when it vests or is exercised.
    SellToCover,
    /// Under a Rule 10b5-1 plan.
    Plan,
    /// None of the above, not under a plan, and nothing says otherwise: the seller decided at the time.
    Discretionary,
    /// The filing does not say, or says only that the seller did not decide at the time.
    Unknown,
}

impl Intent {
    /// As written in JSON: `sell-to-cover`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Involuntary => "involuntary",
            Self::Offering => "offering",
            Self::ToIssuer => "to-issuer",
            Self::SellToCover => "sell-to-cover",
            Self::Plan => "plan",
            Self::Discretionary => "discretionary",
            Self::Unknown => "unknown",
        }
    }

    /// In words for people: `to cover tax or exercise cost`.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Involuntary => "by a lender, broker or court",
            Self::Offering => "in an offering or negotiated sale",
            Self::ToIssuer => "to the issuer",
            Self::SellToCover => "to cover tax or exercise cost",
            Self::Plan => "under a 10b5-1 plan",
            Self::Discretionary => "at discretion, under no plan",
            Self::Unknown => "not stated",
        }
    }
}

/// A conclusion and its evidence, which is absent if the conclusion rests on silence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Concluded<T> {
    /// The conclusion.
    pub value: T,
    /// The evidence.
    pub evidence: Option<Evidence>,
}

/// The adoption date of a plan, as precise as the filing states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlanDate {
    /// A month, given as its first day.
    Month(NaiveDate),
    /// A day.
    Day(NaiveDate),
}

impl PlanDate {
    /// The earliest day that it can be.
    pub fn earliest(self) -> NaiveDate {
        match self {
            Self::Month(first) => first,
            Self::Day(day) => day,
        }
    }
}

impl fmt::Display for PlanDate {
    /// `2022-09-12`, `2022-09`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Month(first) => write!(f, "{}", first.format("%Y-%m")),
            Self::Day(day) => write!(f, "{}", day.format("%Y-%m-%d")),
        }
    }
}
