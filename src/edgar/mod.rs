//! EDGAR's formats and what its answers mean. Knows nothing of how they are fetched.

pub mod answer;
pub mod company;
pub mod feed;
pub mod former;
mod header;
pub mod index;
pub mod submission;
pub mod tickers;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::filing::{Accession, Cik, Form};

/// A filing that EDGAR lists: enough to fetch it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilingRef {
    /// Which filing.
    pub accession: Accession,
    /// Which form, exact.
    pub form: Form,
    /// When EDGAR accepted it.
    pub accepted_at: DateTime<Utc>,
    /// A filer of it: the issuer where the listing shows it, else an owner. Any works in the path.
    pub filer: Cik,
    /// The issuer, where the listing shows it.
    pub issuer: Option<Cik>,
}

/// Path of a complete submission text, below the base address.
pub fn submission_path(filer: Cik, accession: Accession) -> String {
    format!("/Archives/edgar/data/{filer}/{accession}.txt")
}
