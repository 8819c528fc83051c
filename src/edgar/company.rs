//! The list of a company's filings, as EDGAR's data server publishes it: `CIK##########.json` with at least
//! the newest 1,000 filings or one year of them, and the names of further files with the older ones
//! (<https://www.sec.gov/search-filings/edgar-application-programming-interfaces>).

use chrono::NaiveDate;
use serde::Deserialize;
use thiserror::Error;

use crate::bounds::AtMost;
use crate::filing::{Accession, Cik, Form};
use crate::text::clip;

/// A file has some thousands of filings. One with more than this is not read.
const MOST_FILINGS: usize = 200_000;
/// A company has about ten further files. One with more than this is not read.
const MOST_FILES: usize = 1_000;

/// The path of a company's list, below the data server's address.
pub fn path(company: Cik) -> String {
    format!("/submissions/CIK{:010}.json", company.number())
}

/// A Form 4 or 4/A that names the company: as its issuer, or as an owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filed {
    /// Its accession.
    pub accession: Accession,
    /// Its exact form.
    pub form: Form,
    /// The day it was filed.
    pub filed: NaiveDate,
}

/// A file with older filings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Older {
    /// Its path, below the data server's address.
    pub path: String,
    /// The day of its newest filing; `None` if it is not stated.
    pub until: Option<NaiveDate>,
}

/// The filings of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Company {
    /// The Forms 4 and 4/A, in the order of the file: newest first.
    pub filings: Vec<Filed>,
    /// The files with older filings; empty in such a file itself.
    pub older: Vec<Older>,
}

/// Why the list could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the company's list of filings cannot be read: {0}")]
pub struct CompanyError(String);

impl CompanyError {
    /// The quoted text may have any length.
    fn new(message: &str) -> Self {
        const LONGEST: usize = 200;
        Self(clip(message, LONGEST).into_owned())
    }
}

/// The first file of a company has its columns under `filings`, a further one at the top level. Nothing else
/// in it is kept.
#[derive(Deserialize)]
struct Wire {
    filings: Option<WireFilings>,
    #[serde(rename = "accessionNumber")]
    accession: Option<Column>,
    #[serde(rename = "filingDate")]
    filed: Option<Column>,
    form: Option<Column>,
}

#[derive(Deserialize)]
struct WireFilings {
    recent: Columns,
    #[serde(default)]
    files: AtMost<WireFile, MOST_FILES>,
}

#[derive(Deserialize)]
struct WireFile {
    name: String,
    #[serde(rename = "filingTo")]
    filing_to: Option<NaiveDate>,
}

/// Columns of equal length.
#[derive(Deserialize)]
struct Columns {
    #[serde(rename = "accessionNumber")]
    accession: Column,
    #[serde(rename = "filingDate")]
    filed: Column,
    form: Column,
}

type Column = AtMost<String, MOST_FILINGS>;

/// Reads a company's list, or a further file of it.
///
/// # Errors
/// Other bytes, columns of unequal length, and a Form 4 without accession or day: nothing that is not
/// understood is skipped.
pub fn read(bytes: &[u8]) -> Result<Company, CompanyError> {
    let wire: Wire = serde_json::from_slice(bytes).map_err(|error| CompanyError::new(&error.to_string()))?;
    let (columns, files) = match wire {
        Wire { filings: Some(filings), .. } => (filings.recent, filings.files.0),
        Wire { accession: Some(accession), filed: Some(filed), form: Some(form), .. } => {
            (Columns { accession, filed, form }, Vec::new())
        }
        _ => return Err(CompanyError("it has no columns of filings".into())),
    };
    let (accession, filed, form) = (columns.accession.0, columns.filed.0, columns.form.0);
    if accession.len() != filed.len() || accession.len() != form.len() {
        return Err(CompanyError("its columns have unequal lengths".into()));
    }
    let mut company = Company::default();
    for ((accession, filed), form) in accession.iter().zip(&filed).zip(&form) {
        let Some(form) = form.parse::<Form>().ok().filter(|form| form.is_form_4()) else { continue };
        let accession = accession.parse().map_err(|error| CompanyError::new(&format!("{error}")))?;
        let filed =
            filed.parse().map_err(|_| CompanyError::new(&format!("{accession}: `{filed}` is not a day")))?;
        company.filings.push(Filed { accession, form, filed });
    }
    for file in files {
        if file.name.contains(['/', '?', '#', '%']) || !file.name.ends_with(".json") {
            return Err(CompanyError::new(&format!("`{}` is not the name of a file", file.name)));
        }
        company.older.push(Older { path: format!("/submissions/{}", file.name), until: file.filing_to });
    }
    Ok(company)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_4_of_both_kinds_of_file_are_read() {
        let recent = r#"{"accessionNumber":["0000000007-23-000003","0000000007-23-000002","0000000008-23-000001"],
            "filingDate":["2023-03-08","2023-03-07","2023-01-02"],"form":["4/A","8-K","4"],"size":[1,2,3]}"#;
        let first = format!(
            r#"{{"cik":"70","filings":{{"recent":{recent},"files":[{{"name":"CIK0000000070-submissions-001.json",
            "filingCount":5,"filingFrom":"2001-01-01","filingTo":"2022-12-30"}}]}}}}"#
        );
        let company = read(first.as_bytes()).unwrap();
        let shown: Vec<String> =
            company.filings.iter().map(|f| format!("{} {} {}", f.accession, f.form, f.filed)).collect();
        assert_eq!(shown, ["0000000007-23-000003 4/A 2023-03-08", "0000000008-23-000001 4 2023-01-02"]);
        let older = &company.older[0];
        assert_eq!(older.path, "/submissions/CIK0000000070-submissions-001.json");
        assert_eq!(older.until, "2022-12-30".parse().ok());
        assert_eq!(read(recent.as_bytes()).unwrap().filings, company.filings);
        assert_eq!(path(Cik::new(70).unwrap()), "/submissions/CIK0000000070.json");
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        for wrong in [
            "",
            "<html>",
            "{}",
            r#"{"accessionNumber":[],"filingDate":["2023-01-02"],"form":[]}"#,
            r#"{"accessionNumber":["x"],"filingDate":["2023-01-02"],"form":["4"]}"#,
            r#"{"accessionNumber":["0000000008-23-000001"],"filingDate":["soon"],"form":["4"]}"#,
            r#"{"filings":{"recent":{"accessionNumber":[],"filingDate":[],"form":[]},"files":[{"name":"../x.json"}]}}"#,
        ] {
            assert!(read(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
