//! EDGAR's formats and the meaning of its answers. Knows nothing about how they are fetched.

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

/// A filing that EDGAR lists, with everything needed to fetch it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilingRef {
    /// Its accession.
    pub accession: Accession,
    /// Its exact form.
    pub form: Form,
    /// When EDGAR accepted it.
    pub accepted_at: DateTime<Utc>,
    /// One of its filers: the issuer if the listing shows it, else an owner. Any filer works in the path.
    pub filer: Cik,
    /// The issuer, if the listing shows it.
    pub issuer: Option<Cik>,
}

/// Path of a complete submission text, below the base address.
pub fn submission_path(filer: Cik, accession: Accession) -> String {
    format!("/Archives/edgar/data/{filer}/{accession}.txt")
}
