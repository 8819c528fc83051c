//! The daily index: every filing that EDGAR accepted on a day, one line per filer, created during the
//! following night.
//!
//! Two of its files have the same content, and both are read: `master.<day>.idx`, whose columns are separated
//! by `|`, and `form.<day>.idx`, whose columns begin where its header line says, which differs between files.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate};
use thiserror::Error;

use crate::filing::{Accession, Cik, Form};
use crate::text::{clip, decode};

/// A day has about 10,000 lines. A file with more than this is not a day's index.
const MOST_LINES: usize = 150_000;

/// Paths of a day's two files, below the base address, the smaller file first.
pub fn paths(day: NaiveDate) -> [String; 2] {
    let (year, quarter) = (day.year(), day.month0() / 3 + 1);
    ["master", "form"].map(|kind| {
        format!("/Archives/edgar/daily-index/{year}/QTR{quarter}/{kind}.{}.idx", day.format("%Y%m%d"))
    })
}

/// A Form 4 or 4/A of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its accession.
    pub accession: Accession,
    /// Its exact form.
    pub form: Form,
    /// The first of its filers.
    pub filer: Cik,
    /// All of its filers, issuer and owners, in any order.
    pub filers: Vec<Cik>,
}

/// The filings of a day's index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Index {
    /// The Forms 4 and 4/A, one per accession, in the order of the file.
    pub filings: Vec<Listed>,
    /// The first of the lines that could not be read.
    pub unreadable: Vec<String>,
}

/// The answer is not an index.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IndexError {
    /// No line names the columns.
    #[error("the answer is not an index: it begins with `{0}`")]
    NotAnIndex(String),
    /// It ends in the middle of a line.
    #[error("the index is cut: its last line has no end")]
    Cut,
    /// More lines than a day can have.
    #[error("the index has more than {MOST_LINES} lines")]
    TooLong,
}

/// Most unreadable lines that are kept for the report.
const MOST_REPORTED: usize = 20;

/// Reads either of the two files.
///
/// # Errors
/// Bytes that are not an index, or a truncated index.
pub fn read(bytes: &[u8]) -> Result<Index, IndexError> {
    let (text, _) = decode(bytes);
    let mut lines = text.lines().take(MOST_LINES + 1).enumerate();
    let columns = loop {
        match lines.next() {
            Some((_, line)) => {
                if let Some(columns) = Columns::of(line) {
                    break columns;
                }
            }
            None => {
                let first = text.lines().next().unwrap_or_default();
                return Err(IndexError::NotAnIndex(clip(first, 60).into_owned()));
            }
        }
    };
    if !text.ends_with('\n') {
        return Err(IndexError::Cut);
    }
    let mut index = Index::default();
    let mut places: HashMap<Accession, usize> = HashMap::new();
    for (number, line) in lines {
        if number >= MOST_LINES {
            return Err(IndexError::TooLong);
        }
        if line.trim().is_empty() || line.starts_with("---") {
            continue;
        }
        let Some((form, path)) = columns.form_and_path(line) else {
            index.note_unreadable(line);
            continue;
        };
        let Some(form) = form.parse::<Form>().ok().filter(|form| form.is_form_4()) else { continue };
        let Some((filer, accession)) = filer_and_accession(path) else {
            index.note_unreadable(line);
            continue;
        };
        let place = *places.entry(accession).or_insert_with(|| {
            index.filings.push(Listed { accession, form, filer, filers: Vec::new() });
            index.filings.len() - 1
        });
        index.filings[place].filers.push(filer);
    }
    Ok(index)
}

impl Index {
    fn note_unreadable(&mut self, line: &str) {
        if self.unreadable.len() < MOST_REPORTED {
            self.unreadable.push(clip(line, 120).into_owned());
        }
    }
}

enum Columns {
    /// Form and file name are the third and the fifth of five columns.
    Parted,
    /// Where the form ends and where the file name begins, in characters.
    Fixed { form_end: usize, path: usize },
}

impl Columns {
    /// The columns, if the line names them.
    fn of(line: &str) -> Option<Self> {
        if line.starts_with("CIK|Company Name|Form Type|Date Filed|File Name") {
            return Some(Self::Parted);
        }
        let starts = |name: &str| line.find(name).map(|at| line[..at].chars().count());
        if !line.starts_with("Form Type") {
            return None;
        }
        Some(Self::Fixed { form_end: starts("Company Name")?, path: starts("File Name")? })
    }

    fn form_and_path<'a>(&self, line: &'a str) -> Option<(&'a str, &'a str)> {
        match self {
            Self::Parted => {
                // A company's name might contain the separator; the other columns cannot.
                let mut back = line.rsplitn(4, '|');
                let path = back.next()?;
                let (_, form) = (back.next()?, back.next()?);
                back.next()?.contains('|').then_some((form.trim(), path.trim()))
            }
            Self::Fixed { form_end, path } => {
                let at = |place: usize| line.char_indices().nth(place).map(|(at, _)| at);
                let (form_end, path) = (at(*form_end)?, at(*path)?);
                Some((line[..form_end].trim(), line[path..].trim()))
            }
        }
    }
}

/// `edgar/data/1107843/0001107843-21-000101.txt`
fn filer_and_accession(path: &str) -> Option<(Cik, Accession)> {
    let (cik, file) = path.strip_prefix("edgar/data/")?.split_once('/')?;
    Some((cik.parse().ok()?, file.strip_suffix(".txt")?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASTER: &str = "Description:           Daily Index of EDGAR Dissemination Feed\n\n\
        CIK|Company Name|Form Type|Date Filed|File Name\n\
        --------------------------------------------------------------------------------\n\
        7|DOE JANE|4|20181231|edgar/data/7/0000000007-18-000001.txt\n\
        70|ACME | SONS|4|20181231|edgar/data/70/0000000007-18-000001.txt\n\
        9|BANK|424B2|20181231|edgar/data/9/0000000009-18-000001.txt\n\
        8|ROE|4/A|20181231|edgar/data/8/0000000008-18-000001.txt\n";

    fn shown(index: &Index) -> Vec<String> {
        let filers = |listed: &Listed| listed.filers.iter().map(Cik::to_string).collect::<Vec<_>>().join(" ");
        index.filings.iter().map(|l| format!("{} {} {}", l.accession, l.form, filers(l))).collect()
    }

    #[test]
    fn both_files_are_read_to_one_filing_an_accession() {
        let fixed = "Description:  x\n \nForm Type   Company Name     CIK    Date Filed  File Name\n-----\n\
            4           DOE JANE         7      20181231    edgar/data/7/0000000007-18-000001.txt     \n\
            4           ACMÉ CORP        70     20181231    edgar/data/70/0000000007-18-000001.txt    \n\
            4/A         ROE              8      20181231    edgar/data/8/0000000008-18-000001.txt     \n\
            424B2       BANK             9      20181231    edgar/data/9/0000000009-18-000001.txt     \n";
        let expected = ["0000000007-18-000001 4 7 70", "0000000008-18-000001 4/A 8"];
        for text in [MASTER, fixed] {
            let index = read(text.as_bytes()).unwrap();
            assert_eq!(shown(&index), expected);
            assert!(index.unreadable.is_empty());
        }
    }

    #[test]
    fn what_is_no_index_or_is_cut_is_an_error_and_a_bad_line_is_told() {
        assert!(matches!(read(b"<html>busy</html>\n"), Err(IndexError::NotAnIndex(_))));
        assert!(matches!(read(b""), Err(IndexError::NotAnIndex(_))));
        for cut in 1..40 {
            let cut = &MASTER.as_bytes()[..MASTER.len() - cut];
            assert_eq!(read(cut), Err(IndexError::Cut));
        }
        let odd = format!("{MASTER}nonsense\n8|ROE|4|20181231|elsewhere\n");
        let index = read(odd.as_bytes()).unwrap();
        assert_eq!((index.filings.len(), index.unreadable.len()), (2, 2));
    }

    #[test]
    fn a_day_lies_in_its_quarter() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(paths(day("2018-12-31"))[0], "/Archives/edgar/daily-index/2018/QTR4/master.20181231.idx");
        assert_eq!(paths(day("2020-03-18"))[1], "/Archives/edgar/daily-index/2020/QTR1/form.20200318.idx");
    }
}
