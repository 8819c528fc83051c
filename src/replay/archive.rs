//! An archive of submissions with the listings that EDGAR would show of them.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use serde::Serialize;
use thiserror::Error;

use crate::filing::{Accession, Cik, IdError};
use crate::reader::{self, Unreadable};

macro_rules! bundled {
    ($($name:literal),* $(,)?) => {
        [$(include_bytes!(concat!("bundled/", $name, ".txt")).as_slice()),*]
    };
}

/// The submissions that the program brings along: `bundled/README.md` says what each shows.
const BUNDLED: [&[u8]; 13] = bundled![
    "0009900001-21-000001",
    "0009900105-21-000022",
    "0009900108-21-000009",
    "0009900109-21-000041",
    "0009900110-21-000012",
    "0009900112-25-000027",
    "0009900201-21-000031",
    "0009900201-21-000033",
    "0009900201-21-000038",
    "0009900201-25-000064",
    "0009900202-21-000015",
    "0009900203-21-000007",
    "0009900204-25-000018",
];
const BUNDLED_OTHER: &str = include_str!("bundled/other.tsv");

/// The bundled submission of an accession.
pub fn bundled(accession: Accession) -> Option<&'static [u8]> {
    let line = format!("ACCESSION NUMBER:\t\t{accession}\n");
    let head = |bytes: &[u8]| String::from_utf8_lossy(&bytes[..bytes.len().min(4_096)]).contains(&line);
    BUNDLED.into_iter().find(|bytes| head(bytes))
}

/// Submissions and listings.
#[derive(Debug, Clone, Default)]
pub struct Archive {
    /// Newest first, one a filer of a filing.
    pub(super) listings: Vec<Listing>,
    pub(super) submissions: HashMap<Accession, Submission>,
    /// In the shape of EDGAR's list of tickers.
    pub(super) tickers: BTreeMap<usize, CompanyTicker>,
}

/// A ticker of an issuer, as EDGAR's list has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct CompanyTicker {
    cik_str: Cik,
    ticker: String,
    title: String,
}

/// One filer of one filing, as the feed shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listing {
    pub(super) form: String,
    pub(super) accession: Accession,
    pub(super) filer: Cik,
    pub(super) name: String,
    pub(super) role: String,
    pub(super) accepted_at: DateTime<Utc>,
    pub(super) size: String,
}

#[derive(Debug, Clone)]
pub(super) struct Submission {
    pub(super) filers: Vec<Cik>,
    pub(super) bytes: Vec<u8>,
}

/// Why something cannot stand in an archive.
#[derive(Debug, Error)]
pub enum ArchiveError {
    /// A submission that cannot be read.
    #[error("a submission cannot be read: {0}")]
    Unreadable(#[from] Unreadable),
    /// A submission without accession number or acceptance time.
    #[error("a submission has no header with accession number and acceptance time")]
    NoHeader,
    /// A line of a listing that is not form, accession, name, CIK, role, time and size.
    #[error("`{0}` is not a listing of seven columns")]
    Listing(String),
    /// An identifier of a listing.
    #[error(transparent)]
    Id(#[from] IdError),
}

impl Archive {
    /// The archive that the program brings along.
    ///
    /// # Errors
    /// None, as the tests prove; the reader cannot know.
    pub fn bundled() -> Result<Self, ArchiveError> {
        let mut archive = Self::default();
        for bytes in BUNDLED {
            archive.add(bytes.to_vec())?;
        }
        for line in BUNDLED_OTHER.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
            archive.add_other(line)?;
        }
        Ok(archive)
    }

    /// Adds a submission and its listings: its owners, then its issuer.
    ///
    /// # Errors
    /// A submission that cannot be read, or without header.
    pub fn add(&mut self, bytes: Vec<u8>) -> Result<(), ArchiveError> {
        let filing = reader::read(&bytes)?;
        let (Some(accession), Some(accepted_at)) = (filing.accession, filing.accepted_at) else {
            return Err(ArchiveError::NoHeader);
        };
        for ticker in filing.issuer.tickers() {
            let entry =
                CompanyTicker { cik_str: filing.issuer.cik, ticker, title: filing.issuer.name.clone() };
            if !self.tickers.values().any(|known| *known == entry) {
                self.tickers.insert(self.tickers.len(), entry);
            }
        }
        let owners =
            filing.owners.iter().filter_map(|owner| Some((owner.cik?, owner.name.clone(), "Reporting")));
        let issuer = (filing.issuer.cik, filing.issuer.name.clone(), "Issuer");
        let filers: Vec<(Cik, String, &str)> = owners.chain([issuer]).collect();
        let size = format!("{} KB", bytes.len().div_ceil(1024));
        self.submissions
            .insert(accession, Submission { filers: filers.iter().map(|filer| filer.0).collect(), bytes });
        for (filer, name, role) in filers {
            self.list(Listing {
                form: filing.form.to_string(),
                accession,
                filer,
                name,
                role: role.to_owned(),
                accepted_at,
                size: size.clone(),
            });
        }
        Ok(())
    }

    /// How many submissions there are.
    pub fn len(&self) -> usize {
        self.submissions.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.submissions.is_empty()
    }

    fn add_other(&mut self, line: &str) -> Result<(), ArchiveError> {
        let malformed = || ArchiveError::Listing(line.to_owned());
        let columns: Vec<&str> = line.split('\t').collect();
        let [form, accession, name, filer, role, accepted, size] = columns.as_slice() else {
            return Err(malformed());
        };
        self.list(Listing {
            form: (*form).to_owned(),
            accession: accession.parse()?,
            filer: filer.parse()?,
            name: (*name).to_owned(),
            role: (*role).to_owned(),
            accepted_at: DateTime::parse_from_rfc3339(accepted).map_err(|_| malformed())?.to_utc(),
            size: (*size).to_owned(),
        });
        Ok(())
    }

    fn list(&mut self, listing: Listing) {
        let place = self.listings.partition_point(|other| other.accepted_at >= listing.accepted_at);
        self.listings.insert(place, listing);
    }
}
