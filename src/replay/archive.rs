//! An archive of submissions, and the listings that EDGAR would show for them.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde::Serialize;
use thiserror::Error;

use crate::filing::{Accession, Cik, Filing, Form, IdError};
use crate::reader::{self, Unreadable};
use crate::source::archive as files;

macro_rules! bundled {
    ($($name:literal),* $(,)?) => {
        [$(include_bytes!(concat!("bundled/", $name, ".txt")).as_slice()),*]
    };
}

/// The bundled submissions: `bundled/README.md` describes what each one shows.
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

/// Filings, the listings that EDGAR would show for them, and the sources of their submissions, whose bytes
/// are read or made on request.
#[derive(Debug, Clone, Default)]
pub struct Archive {
    /// In the order in which they were added.
    pub(super) filings: Vec<Filed>,
    /// In the format of EDGAR's list of tickers.
    pub(super) tickers: BTreeMap<usize, CompanyTicker>,
    /// True to list only 50 of a company's filings per file, so that a company with few filings has further
    /// files; otherwise 1,000, as at EDGAR.
    pub small_company_files: bool,
    pub(super) skipped: u64,
    places: HashMap<Accession, usize>,
    known_tickers: HashSet<(Cik, String)>,
}

/// A filing whose submission is made on request.
#[derive(Clone)]
pub struct Made {
    /// Its accession.
    pub accession: Accession,
    /// `4` or `4/A`.
    pub form: Form,
    /// When EDGAR accepts it, in whole seconds.
    pub accepted_at: DateTime<Utc>,
    /// The issuer and its name.
    pub issuer: (Cik, String),
    /// The owners and their names.
    pub owners: Vec<(Cik, String)>,
    /// Makes the submission text: the same each time, and with these same facts.
    pub submission: Maker,
}

/// Makes a submission text.
pub type Maker = Arc<dyn Fn() -> Vec<u8> + Send + Sync>;

/// A ticker of an issuer, in the format of EDGAR's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct CompanyTicker {
    cik_str: Cik,
    ticker: String,
    title: String,
}

/// One filing, as EDGAR lists it.
#[derive(Debug, Clone)]
pub(super) struct Filed {
    pub(super) accession: Accession,
    pub(super) form: Cow<'static, str>,
    pub(super) accepted_at: DateTime<Utc>,
    pub(super) size: Box<str>,
    pub(super) filers: Vec<Filer>,
    pub(super) source: SubmissionSource,
}

/// A filer of a filing.
#[derive(Debug, Clone)]
pub(super) struct Filer {
    pub(super) cik: Cik,
    pub(super) name: Box<str>,
    pub(super) role: Cow<'static, str>,
}

/// Where the bytes of a submission are.
#[derive(Clone)]
pub(super) enum SubmissionSource {
    /// Nowhere: the filing is only listed.
    Nowhere,
    /// In the program.
    Bundled(&'static [u8]),
    /// In memory.
    Owned(Arc<[u8]>),
    /// At this position in files on disk.
    Files(Arc<Mutex<files::Archive>>, usize),
    /// Made by this function.
    Made(Maker),
}

/// Why something cannot be added to an archive.
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
    /// An invalid identifier in a listing.
    #[error(transparent)]
    Id(#[from] IdError),
    /// Files that cannot be used.
    #[error(transparent)]
    Files(#[from] files::ArchiveError),
}

impl Archive {
    /// The bundled archive.
    ///
    /// # Errors
    /// None, as the tests prove, but the reader cannot know that.
    pub fn bundled() -> Result<Self, ArchiveError> {
        let mut archive = Self::default();
        for bytes in BUNDLED {
            archive.add_read(&reader::read(bytes)?, bytes.len(), SubmissionSource::Bundled(bytes))?;
        }
        for line in BUNDLED_OTHER.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
            archive.add_other(line)?;
        }
        Ok(archive)
    }

    /// Adds a submission and its listings: its owners, then its issuer. A filing that is already present is
    /// replaced.
    ///
    /// # Errors
    /// A submission that cannot be read, or has no header.
    pub fn add(&mut self, bytes: Vec<u8>) -> Result<(), ArchiveError> {
        let filing = reader::read(&bytes)?;
        self.add_read(&filing, bytes.len(), SubmissionSource::Owned(bytes.into()))
    }

    /// Adds a filing whose submission is made on request, and its listings: its owners, then its issuer.
    pub fn add_made(&mut self, made: Made) {
        let owners = made.owners.into_iter().map(|(cik, name)| Filer::new(cik, &name, "Reporting"));
        let issuer = Filer::new(made.issuer.0, &made.issuer.1, "Issuer");
        self.put(Filed {
            accession: made.accession,
            form: made.form.to_string().into(),
            accepted_at: made.accepted_at,
            size: "10 KB".into(),
            filers: owners.chain([issuer]).collect(),
            source: SubmissionSource::Made(made.submission),
        });
    }

    /// Adds a filing that is only listed: it has no submission.
    pub fn add_listed(
        &mut self,
        accession: Accession,
        form: &str,
        accepted_at: DateTime<Utc>,
        filers: &[(Cik, String)],
    ) {
        let filers = filers.iter().map(|(cik, name)| Filer::new(*cik, name, "Filer")).collect();
        let form = form.to_owned().into();
        self.put(Filed {
            accession,
            form,
            accepted_at,
            size: "10 KB".into(),
            filers,
            source: SubmissionSource::Nowhere,
        });
    }

    /// How many submissions there are.
    pub fn len(&self) -> usize {
        self.filings.iter().filter(|filing| filing.has_submission()).count()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of Forms 4 and 4/A.
    pub fn forms_4(&self) -> usize {
        self.filings.iter().filter(|filing| filing.is_form_4()).count()
    }

    /// The Forms 4 and 4/A with their acceptance times and issuers, in order of acceptance.
    pub fn filings_4(&self) -> impl Iterator<Item = (Accession, DateTime<Utc>, Cik)> + use<> {
        let forms_4 = self.filings.iter().filter(|filing| filing.is_form_4());
        let mut filings: Vec<_> = forms_4
            .filter_map(|filing| {
                let issuer = filing.filers.iter().find(|filer| filer.role == "Issuer")?;
                Some((filing.accession, filing.accepted_at, issuer.cik))
            })
            .collect();
        filings.sort_unstable_by_key(|&(accession, accepted_at, _)| (accepted_at, accession));
        filings.into_iter()
    }

    /// When the first filing was accepted; `None` if there is none.
    pub fn first(&self) -> Option<DateTime<Utc>> {
        self.filings.iter().map(|filing| filing.accepted_at).min()
    }

    /// When the last filing was accepted; `None` if there is none.
    pub fn last(&self) -> Option<DateTime<Utc>> {
        self.filings.iter().map(|filing| filing.accepted_at).max()
    }

    /// How many entries of files were skipped: other forms, other days, and anything that cannot be served.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Adds a submission that has been read, wherever its bytes are.
    pub(super) fn add_read(
        &mut self,
        filing: &Filing,
        bytes: usize,
        source: SubmissionSource,
    ) -> Result<(), ArchiveError> {
        let (Some(accession), Some(accepted_at)) = (filing.accession, filing.accepted_at) else {
            return Err(ArchiveError::NoHeader);
        };
        for ticker in filing.issuer.tickers() {
            if self.known_tickers.insert((filing.issuer.cik, ticker.clone())) {
                let entry =
                    CompanyTicker { cik_str: filing.issuer.cik, ticker, title: filing.issuer.name.clone() };
                self.tickers.insert(self.tickers.len(), entry);
            }
        }
        let owners =
            filing.owners.iter().filter_map(|owner| Some(Filer::new(owner.cik?, &owner.name, "Reporting")));
        let issuer = Filer::new(filing.issuer.cik, &filing.issuer.name, "Issuer");
        self.put(Filed {
            accession,
            form: filing.form.to_string().into(),
            accepted_at,
            size: format!("{} KB", bytes.div_ceil(1024)).into(),
            filers: owners.chain([issuer]).collect(),
            source,
        });
        Ok(())
    }

    /// True if a filing of this accession is listed.
    pub(super) fn has(&self, accession: Accession) -> bool {
        self.places.contains_key(&accession)
    }

    /// Adds a filing, replacing the one with its accession.
    pub(super) fn put(&mut self, filing: Filed) {
        match self.places.get(&filing.accession).and_then(|&place| self.filings.get_mut(place)) {
            Some(known) => *known = filing,
            None => {
                self.places.insert(filing.accession, self.filings.len());
                self.filings.push(filing);
            }
        }
    }

    fn add_other(&mut self, line: &str) -> Result<(), ArchiveError> {
        let malformed = || ArchiveError::Listing(line.to_owned());
        let columns: Vec<&str> = line.split('\t').collect();
        let [form, accession, name, filer, role, accepted, size] = columns.as_slice() else {
            return Err(malformed());
        };
        let accession = accession.parse()?;
        let filer = Filer { cik: filer.parse()?, name: (*name).into(), role: (*role).to_owned().into() };
        let accepted_at = DateTime::parse_from_rfc3339(accepted).map_err(|_| malformed())?.to_utc();
        match self.places.get(&accession).and_then(|&place| self.filings.get_mut(place)) {
            Some(known) => known.filers.push(filer),
            None => self.put(Filed {
                accession,
                form: (*form).to_owned().into(),
                accepted_at,
                size: (*size).into(),
                filers: vec![filer],
                source: SubmissionSource::Nowhere,
            }),
        }
        Ok(())
    }
}

impl Filed {
    pub(super) fn is_form_4(&self) -> bool {
        matches!(&*self.form, "4" | "4/A")
    }

    pub(super) fn has_submission(&self) -> bool {
        !matches!(self.source, SubmissionSource::Nowhere)
    }

    /// True if it has a submission, and this filer.
    pub(super) fn is_served_under(&self, filer: Cik) -> bool {
        self.has_submission() && self.filers.iter().any(|known| known.cik == filer)
    }
}

impl Filer {
    pub(super) fn new(cik: Cik, name: &str, role: &'static str) -> Self {
        Self { cik, name: name.into(), role: role.into() }
    }
}

impl SubmissionSource {
    /// The submission text; `None` if there is none, or it can no longer be read.
    pub(super) fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::Nowhere => None,
            Self::Bundled(bytes) => Some(bytes.to_vec()),
            Self::Owned(bytes) => Some(bytes.to_vec()),
            Self::Files(files, place) => {
                files.lock().unwrap_or_else(PoisonError::into_inner).submission(*place).ok().flatten()
            }
            Self::Made(make) => Some(make()),
        }
    }
}

impl fmt::Debug for SubmissionSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nowhere => "Nowhere",
            Self::Bundled(_) => "Bundled",
            Self::Owned(_) => "Owned",
            Self::Files(..) => "Files",
            Self::Made(_) => "Made",
        })
    }
}
