//! Requests, parsed.

use axum::extract::{Query, Request};
use axum::http::{Method, Uri};
use chrono::NaiveDate;
use serde::Deserialize;

use super::faults::Endpoint;
use crate::edgar::{company, index, tickers};
use crate::filing::{Accession, Cik};

/// A recognised request.
#[derive(Debug)]
pub(super) enum Target {
    Feed(FeedQuery),
    Submission(Cik, Accession),
    /// A file of a day's index, with its path.
    Index(NaiveDate, String),
    /// The list of a company's filings: 0 is the first file, 1 the first with older ones.
    Company(Cik, usize),
    Tickers,
    Unknown,
}

/// The requested page of the feed.
#[derive(Debug, Deserialize)]
pub(super) struct FeedQuery {
    #[serde(default)]
    pub(super) start: usize,
    pub(super) count: Option<usize>,
    /// The start of the forms' names.
    #[serde(rename = "type", default)]
    pub(super) form: String,
}

impl Target {
    /// The requested thing.
    pub(super) fn of(request: &Request) -> Self {
        let known = (request.method() == Method::GET).then(|| Self::of_uri(request.uri()));
        known.flatten().unwrap_or(Self::Unknown)
    }

    /// The endpoint, as faults distinguish it.
    pub(super) fn endpoint(&self) -> Endpoint {
        match self {
            Self::Feed(_) => Endpoint::Feed,
            Self::Submission(..) => Endpoint::Submission,
            Self::Index(..) => Endpoint::Index,
            Self::Company(..) | Self::Tickers | Self::Unknown => Endpoint::Other,
        }
    }

    fn of_uri(uri: &Uri) -> Option<Self> {
        let path = uri.path();
        if path == "/cgi-bin/browse-edgar" {
            let Query(query) = Query::try_from_uri(uri).ok()?;
            return Some(Self::Feed(query));
        }
        if path == tickers::PATH {
            return Some(Self::Tickers);
        }
        if let Some(rest) = path.strip_prefix("/Archives/edgar/data/") {
            let (filer, file) = rest.split_once('/')?;
            let accession = file.strip_suffix(".txt")?.parse().ok()?;
            return Some(Self::Submission(filer.parse().ok()?, accession));
        }
        if path.starts_with("/Archives/edgar/daily-index/") {
            let day = path.rsplit('.').nth(1)?;
            let day = NaiveDate::parse_from_str(day, "%Y%m%d").ok()?;
            let known = index::paths(day).iter().any(|known| known == path);
            return known.then(|| Self::Index(day, path.to_owned()));
        }
        let file = path.strip_prefix("/submissions/CIK")?.strip_suffix(".json")?;
        let (digits, number) = match file.split_once("-submissions-") {
            Some((digits, number)) => (digits, number.parse().ok()?),
            None => (file, 0),
        };
        let company: Cik = digits.parse().ok()?;
        (number > 0 || company::path(company) == path).then_some(Self::Company(company, number))
    }
}
